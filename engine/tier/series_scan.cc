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
  explicit Source(const ScanInput& input)
      : reader(input.reader), filter(input.filter), cursor(reader->Scan()) {}

  const Labels& labels() const { return cursor.series().labels; }

  std::shared_ptr<const storage::WindowReader> reader;
  std::shared_ptr<const SampleFilter> filter;
  storage::WindowReader::Cursor cursor;
  storage::ReadCache cache;
  bool at_end = false;
};

SeriesScan::SeriesScan(std::span<const ScanInput> inputs) {
  for (const ScanInput& input : inputs) sources_.push_back(std::make_unique<Source>(input));
}

SeriesScan::~SeriesScan() = default;

Status SeriesScan::Advance(Source* source) {
  FIRN_ASSIGN_OR_RETURN(const bool more, source->cursor.Next());
  source->at_end = !more;
  return OkStatus();
}

Result<bool> SeriesScan::Next() {
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
  samples_.Clear();
  for (const auto& source : sources_) {
    if (source->labels() != labels_) continue;
    data_.clear();
    FIRN_RETURN_IF_ERROR(source->reader->Read(source->cursor.series(), {}, &source->cache, &data_));
    std::swap(part_.t, data_.t);
    std::swap(part_.v, data_.v);
    std::swap(part_.ht, data_.ht);
    std::swap(part_.h, data_.h);
    if (source->filter != nullptr) RemoveTimes(source->filter->Hidden(labels_), &part_);
    MergeColumns(part_, &samples_);
    FIRN_RETURN_IF_ERROR(Advance(source.get()));
  }
  return true;
}

}  // namespace firn::engine
