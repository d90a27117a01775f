// All series of several stored windows in the order in which a window is written, each with
// its samples of all of them.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include <absl/functional/function_ref.h>

#include "engine/api/querier.h"
#include "engine/tier/merge/sample_filter.h"
#include "storage/page/window_reader.h"

namespace firn::engine {

struct ScanInput {
  std::shared_ptr<const storage::WindowReader> reader;
  std::shared_ptr<const SampleFilter> filter;  // Null: nothing is hidden.
};

// One thread at a time. Holds a segment of each window in memory.
class SeriesScan {
 public:
  explicit SeriesScan(std::span<const ScanInput> inputs);
  ~SeriesScan();

  // Reads the next series, of which everything may be hidden; false at the end.
  Result<bool> Next();
  // The same, but in place of merging samples calls part(input, data) for each input, by its
  // place, that has the series. Nothing is hidden.
  using Part = absl::FunctionRef<Status(size_t input, storage::SeriesData& data)>;
  Result<bool> NextParts(Part part);
  // REQUIRES: the last Next() returned true.
  const Labels& labels() const { return labels_; }
  // Merged; where several windows have a time, the first one's sample stays.
  const SampleColumns& samples() const { return samples_; }

 private:
  struct Source;
  Status Advance(Source* source);

  std::vector<std::shared_ptr<const SampleFilter>> filters_;  // Of all inputs.
  std::vector<std::unique_ptr<Source>> sources_;              // Those that are not at their end.
  bool started_ = false;
  Labels labels_;
  SampleColumns samples_;
  SampleColumns part_;
  storage::SeriesData data_;
};

}  // namespace firn::engine
