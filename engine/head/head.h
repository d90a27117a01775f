// The writable, recent part of the database: a façade over the series registry and the
// windows, and the rules by which samples are accepted.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/matcher.h"
#include "base/status.h"
#include "engine/api/querier.h"
#include "engine/head/gate.h"
#include "engine/head/head_windows.h"
#include "engine/head/registry/label_check.h"
#include "engine/head/registry/sender_memory.h"
#include "engine/head/registry/series_limiter.h"
#include "engine/head/registry/series_table.h"

namespace firn::engine {

struct HeadOptions {
  DurationMs window_ms = 30 * kMinuteMs;
  // How far behind the newest sample of the database a late sample may be.
  DurationMs out_of_order_ms = kHourMs;
  // How far ahead of the clock a sample may be; 0: any.
  DurationMs future_ms = 10 * kMinuteMs;
  bool backfill = false;  // Take samples of any age.
  LabelLimits labels;
  const Clock* clock = Clock::System();
};

struct HeadFigures {
  uint64_t series = 0;
  uint64_t chunks = 0;
  uint64_t samples_appended = 0;
  uint64_t late_samples = 0;
  uint64_t duplicate_samples = 0;
  uint64_t allocated_bytes = 0;
};

// Working memory of Head::Read.
struct HeadScratch {
  SampleColumns columns;
  std::string bytes;         // Of chunks, one after another,
  std::vector<size_t> ends;  // ... which end there.
};

// Thread-safe.
class Head {
 public:
  explicit Head(const HeadOptions& options)
      : options_(options), limiter_(options.clock), windows_(options.window_ms) {}

  const HeadOptions& options() const { return options_; }
  SeriesTable& table() { return table_; }
  SenderMemory& senders() { return senders_; }
  SeriesLimiter& limiter() { return limiter_; }
  HeadWindows& windows() { return windows_; }
  // Batches pass it from their first Series call to the end of their Apply.
  Gate& gate() { return gate_; }

  // Time of the newest sample the database has seen; kMinTimestamp if none.
  TimestampMs max_time() const { return max_time_.load(std::memory_order_relaxed); }
  void NoteMaxTime(TimestampMs t);

  // Times that samples may have now: the same for every sample of a batch.
  TimeRange AcceptedTimes() const;
  // Whether new samples of a series would be taken; see Appender::Append for the codes.
  Status Check(Series* series, std::span<const Sample> samples, const TimeRange& accepted);
  Status CheckHistogram(Series* series, TimestampMs t, const FloatHistogram& histogram,
                        const TimeRange& accepted);

  // Chunks of a series that overlap `range` and are not in `sealed`: is there one?
  bool HasSamples(Series* series, const TimeRange& range, const SealedEpochs& sealed);
  // Appends their samples within `range` to `out`, merged.
  Status Read(Series* series, const TimeRange& range, const SealedEpochs& sealed,
              HeadScratch* scratch, SampleColumns* out);
  // Appends the samples of a frozen window, merged. REQUIRES: they come after what `out` has.
  Status ReadFrozen(Series* series, const FrozenWindow& window, const SealedEpochs& sealed,
                    SampleColumns* scratch, SampleColumns* out);

  // Frees the chunks of sealed windows.
  void DropSealed(const SealedEpochs& sealed);
  // Removes series without chunks whose newest sample is older than `before`, and returns
  // their numbers. Closes the gate for the time it takes.
  std::vector<uint64_t> RemoveIdleSeries(TimestampMs before);

  // In force from now on; without a call there are none. Closes the gate for the time it takes
  // to count.
  void SetSeriesLimits(const SeriesLimits& limits);

  HeadFigures Measure();
  void CountAppended(uint64_t samples, uint64_t late, uint64_t duplicates);

 private:
  Status CheckTime(TimestampMs t, const TimeRange& accepted) const;

  const HeadOptions options_;
  SeriesTable table_;
  SenderMemory senders_;
  SeriesLimiter limiter_;
  HeadWindows windows_;
  Gate gate_;
  std::atomic<TimestampMs> max_time_ = kMinTimestamp;
  std::atomic<uint64_t> samples_appended_ = 0;
  std::atomic<uint64_t> late_samples_ = 0;
  std::atomic<uint64_t> duplicate_samples_ = 0;
};

}  // namespace firn::engine
