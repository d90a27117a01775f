// How far an export came, so that another run goes on behind the last metric that is in the file.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"
#include "base/time.h"
#include "tools/move/move_state.h"

namespace firn::tools {

struct ExportCounts {
  uint64_t series = 0;  // Or parts of series.
  uint64_t samples = 0;
  uint64_t histograms = 0;  // Of the samples.
  // What OpenMetrics has no form for: native histograms and marks of where a series ended.
  uint64_t left_out = 0;
};

struct ExportPosition {
  std::string metric;  // It and all before it, in order of bytes, are in the file,
  uint64_t bytes = 0;  // ... which has so many then.
  ExportCounts counts;
  TimeRange range;  // What relative times of the selection meant when the export began.
};

// One thread at a time.
class ExportState {
 public:
  // `source` names what is read, with the selection as it was typed.
  ExportState(std::string path, std::string source, std::string target);

  // Where an earlier run stopped; none if there was none. InvalidArgument if the file is of another
  // export, Corruption if it is of something else. `finished` is set if nothing is left to do.
  Result<std::optional<ExportPosition>> Load(bool* finished) const;
  // Whether the last save is long enough ago: what is written must be on disk by then, which takes
  // its time.
  bool due() const;
  // What is in the file up to `position` must be on disk.
  Status Save(const ExportPosition& position, bool finished);

 private:
  const std::string path_;
  MoveState state_;
  std::chrono::steady_clock::time_point saved_ = std::chrono::steady_clock::now();
};

}  // namespace firn::tools
