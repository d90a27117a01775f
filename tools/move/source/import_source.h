// Where samples to be imported come from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "server/codec/write_visitor.h"

namespace firn::tools {

struct SourceProgress {
  uint64_t done = 0;
  uint64_t total = 0;  // 0: nobody knows.
  bool bytes = true;   // Else of something without a unit.
};

// Gives everything to the visitor that it was made with. One thread at a time.
class ImportSource {
 public:
  virtual ~ImportSource() = default;

  // Gives the next part, at most some ten thousand samples if the source can tell; false at the
  // end. Errors of the visitor, and of what is read.
  virtual Result<bool> Next() = 0;
  // What was given so far, so that another run can go on behind it.
  virtual std::string position() const = 0;
  // To be called before the first Next(): goes on behind a position of an earlier run.
  // InvalidArgument if this source cannot.
  virtual Status Resume(std::string_view position) = 0;
  // Tells sources apart; a position is worth something for one of the same identity only.
  virtual std::string identity() const = 0;
  virtual SourceProgress progress() const = 0;
};

}  // namespace firn::tools
