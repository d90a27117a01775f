#include "storage/page/column_reader.h"

#include <algorithm>

#include "storage/page/clock_table.h"

namespace firn::storage {
namespace {

// Longer ones take about as long to read as their samples.
constexpr size_t kSharedTimesMax = 1024;
// Who reads more would push out what others come back to.
constexpr size_t kSharedPagesMax = 16;

}  // namespace

void ColumnReader::Use(const std::shared_ptr<const WindowPages>& window) {
  if (window_ == window) return;
  window_ = window;
  metric_ = data_number_ = clock_page_number_ = kNone;
  data_ = {};
  clock_page_ = {};
  for (Clock& clock : clocks_) clock.number = kNone;
}

Result<const std::vector<TimestampMs>*> ColumnReader::GetClock(uint32_t number) {
  for (const Clock& clock : clocks_) {
    if (clock.number == number) return clock.times.get();
  }
  WindowPages::SharedTimes times = shares_ ? window_->KeptClock(number) : nullptr;
  if (times == nullptr) {
    FIRN_ASSIGN_OR_RETURN(times, ReadClock(number));
    if (shares_ && times->size() <= kSharedTimesMax) window_->KeepClock(number, times);
  }
  Clock& clock = clocks_[next_clock_];
  next_clock_ = (next_clock_ + 1) % clocks_.size();
  clock = {number, std::move(times)};
  return clock.times.get();
}

Result<WindowPages::SharedTimes> ColumnReader::ReadClock(uint32_t number) {
  FIRN_ASSIGN_OR_RETURN(const WindowPages::ClockPlace place, window_->FindClock(number));
  if (place.page != clock_page_number_) {
    clock_page_number_ = kNone;
    FIRN_ASSIGN_OR_RETURN(clock_page_, window_->ClockPage(place.page));
    clock_page_number_ = place.page;
  }
  auto times = std::make_shared<std::vector<TimestampMs>>();
  FIRN_RETURN_IF_ERROR(
      AtPage(clock_page_.key, DecodeClock(clock_page_.payload, place.index, times.get())));
  return times;
}

Status ColumnReader::LoadDataPage(uint32_t metric, uint32_t number) {
  if (metric_ == metric && data_number_ == number) return OkStatus();
  data_number_ = kNone;
  const bool share = shares_ && pages_read_++ < kSharedPagesMax;
  FIRN_ASSIGN_OR_RETURN(data_, window_->DataPage(metric, number, share));
  metric_ = metric;
  data_number_ = number;
  return OkStatus();
}

Result<ColumnReader::Times> ColumnReader::FindTimes(const ColumnPlace& place,
                                                    const TimeRange& range) {
  FIRN_ASSIGN_OR_RETURN(const std::vector<TimestampMs>* clock, GetClock(place.clock));
  if (place.clock_first > clock->size() || place.count > clock->size() - place.clock_first) {
    return Corruption("series of {} samples from {} of clock {} of {}", place.count,
                      place.clock_first, place.clock, clock->size());
  }
  const TimestampMs* const begin = clock->data() + place.clock_first;
  const TimestampMs* const end = begin + place.count;
  const TimestampMs* const first = std::lower_bound(begin, end, range.min);
  const TimestampMs* const last = std::upper_bound(first, end, range.max);
  return Times{.all = begin,
               .slice = {.count = place.count,
                         .first = static_cast<size_t>(first - begin),
                         .last = static_cast<size_t>(last - begin)}};
}

Result<SampleSlice> ColumnReader::ReadTimes(const ColumnPlace& place, const TimeRange& range,
                                            std::vector<TimestampMs>* out) {
  FIRN_ASSIGN_OR_RETURN(const Times times, FindTimes(place, range));
  out->insert(out->end(), times.all + times.slice.first, times.all + times.slice.last);
  return times.slice;
}

Result<std::string_view> ColumnReader::ColumnBytes(uint32_t metric, const ColumnPlace& place) {
  FIRN_RETURN_IF_ERROR(LoadDataPage(metric, place.page));
  if (place.offset > data_.payload.size() || place.length > data_.payload.size() - place.offset) {
    return Corruption("{}: column beyond its end", DescribePage(data_.key));
  }
  return data_.payload.substr(place.offset, place.length);
}

Status ColumnReader::Read(const std::shared_ptr<const WindowPages>& window, uint32_t metric,
                          const SeriesPlaces& places, const TimeRange& range, SeriesData* out) {
  Use(window);
  if (range.empty()) return OkStatus();
  if (places.floats.count > 0) {
    FIRN_ASSIGN_OR_RETURN(const SampleSlice slice, ReadTimes(places.floats, range, &out->t));
    if (slice.first < slice.last) {
      FIRN_ASSIGN_OR_RETURN(const std::string_view bytes, ColumnBytes(metric, places.floats));
      FIRN_RETURN_IF_ERROR(AtPage(data_.key, ReadFloatColumn(bytes, slice, &out->v)));
    }
  }
  if (places.histograms.count > 0) {
    FIRN_ASSIGN_OR_RETURN(const SampleSlice slice, ReadTimes(places.histograms, range, &out->ht));
    if (slice.first < slice.last) {
      FIRN_ASSIGN_OR_RETURN(const std::string_view bytes, ColumnBytes(metric, places.histograms));
      FIRN_RETURN_IF_ERROR(AtPage(data_.key, ReadHistogramColumn(bytes, slice, &out->h)));
    }
  }
  if (places.buckets.count > 0) {
    // Whole: what the bytes say of which time is not known here.
    FIRN_RETURN_IF_ERROR(ReadTimes(places.buckets, {}, &out->bt).status());
    FIRN_ASSIGN_OR_RETURN(const std::string_view bytes, ColumnBytes(metric, places.buckets));
    out->buckets.assign(bytes);
  }
  return OkStatus();
}

Status ColumnReader::ReadEnds(const std::shared_ptr<const WindowPages>& window, uint32_t metric,
                              const ColumnPlace& floats, const TimeRange& range,
                              absl::FunctionRef<bool(TimestampMs, TimestampMs)> may_stand,
                              SeriesData* out) {
  Use(window);
  if (range.empty() || floats.count == 0) return OkStatus();
  FIRN_ASSIGN_OR_RETURN(const Times times, FindTimes(floats, range));
  const SampleSlice& slice = times.slice;
  if (slice.first == slice.last) return OkStatus();
  FIRN_ASSIGN_OR_RETURN(const std::string_view bytes, ColumnBytes(metric, floats));
  const auto stands = [&](size_t first, size_t last) {
    return may_stand(times.all[first], times.all[last]);
  };
  pieces_.clear();
  FIRN_RETURN_IF_ERROR(AtPage(data_.key, ReadFloatEnds(bytes, slice, stands, &pieces_, &out->v)));
  for (const ColumnPiece& piece : pieces_) {
    const TimestampMs* const first = times.all + piece.first;
    const TimestampMs* const last = times.all + piece.last;
    if (piece.ends_only) {
      out->t.insert(out->t.end(), {*first, *last});
      out->counts.insert(out->counts.end(), {1, static_cast<uint32_t>(last - first)});
    } else {
      out->t.insert(out->t.end(), first, last + 1);
      out->counts.resize(out->t.size(), 1);
    }
  }
  return OkStatus();
}

std::optional<TimeRange> ColumnReader::Span(const std::shared_ptr<const WindowPages>& window,
                                            const SeriesPlaces& places) {
  Use(window);
  std::vector<TimestampMs> times;
  for (const ColumnPlace& place : {places.floats, places.histograms, places.buckets}) {
    if (place.count > 0 && !ReadTimes(place, {}, &times).ok()) return std::nullopt;
  }
  if (times.empty()) return std::nullopt;
  const auto [first, last] = std::minmax_element(times.begin(), times.end());
  return TimeRange{*first, *last};
}

}  // namespace firn::storage
