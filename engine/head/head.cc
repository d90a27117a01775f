#include "engine/head/head.h"

#include <algorithm>
#include <bit>

#include "base/number.h"
#include "engine/head/columns.h"
#include "storage/encoding/histogram_codec.h"

namespace firn::engine {
namespace {

// Even without an out-of-order window a new series may start this far back.
constexpr DurationMs kPastMs = kHourMs;

bool SameBits(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

bool SameHistogram(const FloatHistogram& a, const FloatHistogram& b) {
  return a.schema == b.schema && SameBits(a.zero_threshold, b.zero_threshold) &&
         SameBits(a.zero_count, b.zero_count) && SameBits(a.count, b.count) &&
         SameBits(a.sum, b.sum) && a.positive_spans == b.positive_spans &&
         a.negative_spans == b.negative_spans && a.positive_buckets == b.positive_buckets &&
         a.negative_buckets == b.negative_buckets && a.custom_values == b.custom_values;
}

}  // namespace

void Head::NoteMaxTime(TimestampMs t) {
  TimestampMs known = max_time();
  while (known < t && !max_time_.compare_exchange_weak(known, t)) {
  }
}

TimeRange Head::AcceptedTimes() const {
  TimeRange accepted;
  const TimestampMs newest = max_time();
  const DurationMs back = std::max(options_.out_of_order_ms, kPastMs);
  if (!options_.backfill && newest >= kMinTimestamp + back) accepted.min = newest - back;
  if (options_.future_ms != 0) accepted.max = options_.clock->NowMs() + options_.future_ms;
  return accepted;
}

Status Head::CheckTime(TimestampMs t, const TimeRange& accepted) const {
  if (t > accepted.max) {
    return InvalidArgument("timestamp is too far in the future: {} is more than {} ms ahead", t,
                           options_.future_ms);
  }
  if (t < accepted.min) {
    return TooOld("too old sample: timestamp {} is before {}, the oldest accepted now", t,
                  accepted.min);
  }
  return OkStatus();
}

Status Head::Check(Series* series, std::span<const Sample> samples, const TimeRange& accepted) {
  // Nearly always, and then no lock is needed: others append to the series between this
  // check and Apply anyway.
  if (samples.size() == 1 && accepted.Contains(samples[0].t) && series->IsAfterLast(samples[0].t)) {
    return OkStatus();
  }
  bool has_last = false;
  Sample last;
  {
    MutexLock lock(&table_.StripeOf(series->ref()));
    has_last = series->has_samples();
    last = {series->last_t(), series->last_v()};
  }
  for (const Sample& sample : samples) {
    FIRN_RETURN_IF_ERROR(CheckTime(sample.t, accepted));
    if (has_last && sample.t == last.t && !SameBits(sample.v, last.v)) {
      return Duplicate(
          "duplicate sample for timestamp {}; overrides not allowed: existing {}, new value {}",
          sample.t, FormatFloatG(last.v), FormatFloatG(sample.v));
    }
    if (has_last && sample.t < last.t && options_.out_of_order_ms == 0 && !options_.backfill) {
      return OutOfOrder("out of order sample: timestamp {} is not after {}", sample.t, last.t);
    }
    if (!has_last || sample.t > last.t) last = sample;
    has_last = true;
  }
  return OkStatus();
}

Status Head::CheckHistogram(Series* series, TimestampMs t, const FloatHistogram& histogram,
                            const TimeRange& accepted) {
  FIRN_RETURN_IF_ERROR(CheckTime(t, accepted));
  // Pages could not hold it, and its window would never be sealed.
  if (!storage::IsWellFormed(histogram)) {
    return InvalidArgument("histogram with other buckets than its spans say, or more than {}",
                           storage::kHistogramBucketsMax);
  }
  MutexLock lock(&table_.StripeOf(series->ref()));
  if (!series->has_samples() || t > series->last_t()) return OkStatus();
  if (t == series->last_t()) {
    const HistogramPtr last = series->last_histogram();
    if (last != nullptr && SameHistogram(*last, histogram)) return OkStatus();
    return Duplicate("duplicate sample for timestamp {}; overrides not allowed", t);
  }
  if (options_.out_of_order_ms == 0 && !options_.backfill) {
    return OutOfOrder("out of order sample: timestamp {} is not after {}", t, series->last_t());
  }
  return OkStatus();
}

bool Head::HasSamples(Series* series, const TimeRange& range, const SealedEpochs& sealed) {
  const DurationMs width = windows_.width();
  MutexLock lock(&table_.StripeOf(series->ref()));
  bool found = false;
  series->VisitChunks([&](const HeadChunk& chunk) {
    const TimestampMs start = chunk.slot.window * width;
    found = range.Overlaps({start, start + width - 1}) && !IsSealed(sealed, chunk.slot);
    return !found;
  });
  return found;
}

Status Head::Read(Series* series, const TimeRange& range, const SealedEpochs& sealed,
                  HeadScratch* scratch, SampleColumns* out) {
  const DurationMs width = windows_.width();
  const auto wanted = [&](const HeadChunk& chunk) {
    const TimestampMs start = chunk.slot.window * width;
    return range.Overlaps({start, start + width - 1}) && !IsSealed(sealed, chunk.slot);
  };
  scratch->bytes.clear();
  scratch->ends.clear();
  {
    MutexLock lock(&table_.StripeOf(series->ref()));
    bool only_floats = true;
    series->VisitChunks([&](const HeadChunk& chunk) {
      if (!wanted(chunk)) return true;
      only_floats = chunk.other == nullptr;
      scratch->bytes += chunk.floats;
      scratch->ends.push_back(scratch->bytes.size());
      return only_floats;
    });
    Status status;
    if (!only_floats) {
      series->VisitChunks([&](const HeadChunk& chunk) {
        if (wanted(chunk)) status = Series::ReadChunk(chunk, range, &scratch->columns, out);
        return status.ok();
      });
      return status;
    }
  }
  // Decoding takes far longer than the copy, and others wait for the lock.
  size_t begin = 0;
  for (const size_t end : scratch->ends) {
    const auto bytes = std::string_view(scratch->bytes).substr(begin, end - begin);
    FIRN_RETURN_IF_ERROR(Series::ReadFloats(bytes, range, &scratch->columns, out));
    begin = end;
  }
  return OkStatus();
}

Status Head::ReadFrozen(Series* series, const FrozenWindow& window, const SealedEpochs& sealed,
                        SampleColumns* scratch, SampleColumns* out) {
  MutexLock lock(&table_.StripeOf(series->ref()));
  Status status;
  series->VisitWindow(window.slot.window, [&](const HeadChunk& chunk) {
    if (chunk.slot.epoch > window.slot.epoch || IsSealed(sealed, chunk.slot)) return true;
    status = Series::ReadChunk(chunk, TimeRange{}, scratch, out);
    return status.ok();
  });
  return status;
}

void Head::DropSealed(const SealedEpochs& sealed) {
  for (const SeriesPtr& series : table_.AllByMetric()) {
    MutexLock lock(&table_.StripeOf(series->ref()));
    series->DropChunks(sealed);
  }
}

std::vector<uint64_t> Head::RemoveIdleSeries(TimestampMs before) {
  GateClosed closed(&gate_);
  std::vector<SeriesPtr> idle;
  std::vector<uint64_t> refs;
  for (const SeriesPtr& series : table_.AllByMetric()) {
    MutexLock lock(&table_.StripeOf(series->ref()));
    if (series->chunk_count() > 0) continue;
    if (series->has_samples() && series->last_t() >= before) continue;
    idle.push_back(series);
    refs.push_back(series->ref());
  }
  for (const SeriesPtr& series : idle) limiter_.Forget(series->labels());
  for (const uint64_t ref : table_.Remove(idle)) senders_.ForgetBlock(ref);
  return refs;
}

void Head::SetSeriesLimits(const SeriesLimits& limits) {
  GateClosed closed(&gate_);
  limiter_.Restart(limits);
  // Nobody removes a series while the gate is closed.
  for (uint64_t ref = 1; ref < table_.next_ref(); ++ref) {
    if (const Series* series = table_.ByRef(ref)) limiter_.Count(series->labels());
  }
}

HeadFigures Head::Measure() {
  HeadFigures figures;
  for (const SeriesPtr& series : table_.AllByMetric()) {
    MutexLock lock(&table_.StripeOf(series->ref()));
    ++figures.series;
    figures.chunks += series->chunk_count();
    figures.allocated_bytes +=
        series->AllocatedBytes() + table_.BasesBytes(series->ref()) / SeriesBlock::kSeries;
  }
  figures.samples_appended = samples_appended_.load(std::memory_order_relaxed);
  figures.late_samples = late_samples_.load(std::memory_order_relaxed);
  figures.duplicate_samples = duplicate_samples_.load(std::memory_order_relaxed);
  return figures;
}

void Head::CountAppended(uint64_t samples, uint64_t late, uint64_t duplicates) {
  samples_appended_.fetch_add(samples, std::memory_order_relaxed);
  late_samples_.fetch_add(late, std::memory_order_relaxed);
  duplicate_samples_.fetch_add(duplicates, std::memory_order_relaxed);
}

}  // namespace firn::engine
