// Files of exposition text or of JSON lines.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tools/move/source/import_source.h"

namespace firn::tools {

enum class TextKind : uint8_t { kOpenMetrics, kPrometheus, kJsonLines };

struct TextSourceOptions {
  TextKind kind = TextKind::kOpenMetrics;
  std::string path;               // "-": standard input.
  std::vector<LabelView> labels;  // In place of those of the same names; borrowed.
};

// Samples without a time are InvalidArgument: what time would they have? NotFound or Io if the file
// cannot be opened. Borrows `visitor`.
Result<std::unique_ptr<ImportSource>> OpenTextSource(const TextSourceOptions& options,
                                                     server::WriteVisitor* visitor);

}  // namespace firn::tools
