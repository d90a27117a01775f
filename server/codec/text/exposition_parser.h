// Reads exposition text that was pushed: Prometheus 0.0.4 or OpenMetrics 1.0, both with quoted
// UTF-8 names.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "server/codec/text/exposition_writer.h"
#include "server/codec/write_visitor.h"

namespace firn::server {

struct ExpositionOptions {
  TextFormat format = TextFormat::kPrometheus;
  TimestampMs default_time = 0;            // Of samples and exemplars without a time.
  std::span<const LabelView> more_labels;  // Of every series, before its own.
};

// Calls the visitor for each sample, in order, and then for the metadata of each family.
// InvalidArgument "line 3: ..." at the first line that is malformed; errors of the visitor get
// the line's number too.
Status ParseExposition(std::string_view text, const ExpositionOptions& options,
                       WriteVisitor* visitor);

// The same for a text that comes in parts. One thread at a time; borrows the visitor and what the
// options point to.
class ExpositionReader {
 public:
  ExpositionReader(const ExpositionOptions& options, WriteVisitor* visitor);
  ~ExpositionReader();

  // Whole lines. Errors as of ParseExposition, lines counted from the first part on.
  Status Read(std::string_view lines);
  // Tells the visitor the metadata that it was not told yet.
  Status TellMetadata();
  // To be called last: the same, and InvalidArgument if the end is missing.
  Status Finish();

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
  size_t line_ = 0;
};

}  // namespace firn::server
