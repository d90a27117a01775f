#include "engine/tier/series_scan.h"

#include <utility>

#include "engine/head/columns.h"

namespace firn::engine {
namespace {

// The order of WindowWriter.
bool Before(const Labels& a, const Labels& b) {
  if (a == b) return false;
  const int names = a.metric_name().compare(b.metric_name());
  return names != 0 ? names < 0 : a < b;
}

}  // namespace

struct SeriesScan::Source {
  Source(size_t place_, const ScanInput& input)
      : place(place_), reader(input.reader), cursor(reader->Scan()) {}

  const Labels& labels() const { return cursor.series().labels; }

  size_t place = 0;  // Among the inputs.
  std::shared_ptr<const storage::WindowReader> reader;
  storage::WindowReader::Cursor cursor;
  storage::ReadCache cache;
  bool at_end = false;
};

SeriesScan::SeriesScan(std::span<const ScanInput> inputs) {
  for (const ScanInput& input : inputs) {
    filters_.push_back(input.filter);
    sources_.push_back(std::make_unique<Source>(sources_.size(), input));
  }
}

SeriesScan::~SeriesScan() = default;

Status SeriesScan::Advance(Source* source) {
  FIRN_ASSIGN_OR_RETURN(const bool more, source->cursor.Next());
  source->at_end = !more;
  return OkStatus();
}

Result<bool> SeriesScan::NextParts(Part part) {
  if (!std::exchange(started_, true)) {
    for (const auto& source : sources_) FIRN_RETURN_IF_ERROR(Advance(source.get()));
  }
  std::erase_if(sources_, [](const auto& source) { return source->at_end; });
  if (sources_.empty()) return false;
  const Source* first = sources_.front().get();
  for (const auto& source : sources_) {
    if (Before(source->labels(), first->labels())) first = source.get();
  }
  labels_ = first->labels();
  for (const auto& source : sources_) {
    if (source->labels() != labels_) continue;
    data_.clear();
    FIRN_RETURN_IF_ERROR(source->reader->Read(source->cursor.series(), {}, &source->cache, &data_));
    FIRN_RETURN_IF_ERROR(part(source->place, data_));
    FIRN_RETURN_IF_ERROR(Advance(source.get()));
  }
  return true;
}

Result<bool> SeriesScan::Next() {
  samples_.Clear();
  return NextParts([&](size_t input, storage::SeriesData& data) {
    std::swap(part_.t, data.t);
    std::swap(part_.v, data.v);
    std::swap(part_.ht, data.ht);
    std::swap(part_.h, data.h);
    if (filters_[input] != nullptr) RemoveTimes(filters_[input]->Hidden(labels_), &part_);
    MergeColumns(part_, &samples_);
    return OkStatus();
  });
}

}  // namespace firn::engine
