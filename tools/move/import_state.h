// A small file that says how far an import came, so that another run goes on from there.
#pragma once

#include <string>

#include "base/status.h"

namespace firn::tools {

struct ImportState {
  std::string source;  // As ImportSource::identity().
  std::string target;  // Where the samples went.
  std::string position;
  bool finished = false;
};

// NotFound if there is no such file, Corruption if it is not one of these.
Result<ImportState> LoadImportState(const std::string& path);
// Replaces the file at once and as a whole.
Status SaveImportState(const std::string& path, const ImportState& state);

}  // namespace firn::tools
