// Functions over range vectors (rate, *_over_time, ...): one call evaluates every step of
// one series in one pass, keeping the window's state between steps.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/histogram.h"
#include "base/status.h"
#include "base/time.h"
#include "query/functions/row.h"

namespace firn::query {

class WindowPlan;

// Samples of one series in time order, stale markers removed. `st`/`hst` are empty or
// hold each sample's start timestamp (0: unknown). `runs`/`hcount` are empty or say how many
// samples each entry stands for.
struct RangeSamples {
  std::span<const TimestampMs> t;
  std::span<const double> v;
  std::span<const TimestampMs> st;
  std::span<const TimestampMs> ht;
  std::span<const HistogramPtr> h;
  std::span<const TimestampMs> hst;
  std::span<const SampleRun> runs = {};
  std::span<const uint32_t> hcount = {};
  // The windows over `t`, prepared by the caller and kept from series to series; may be null.
  WindowPlan* plan = nullptr;
};

// How a selector was extended: `anchored` and `smoothed` see samples outside the window.
enum class RangeExtension : uint8_t { kNone, kAnchored, kSmoothed };

// What is the same for every series of the call. The window of step i is
// (grid.At(i) - offset - range, grid.At(i) - offset].
struct RangeCall {
  StepGrid grid;
  DurationMs range = 0;
  DurationMs offset = 0;
  RangeExtension extension = RangeExtension::kNone;
  DurationMs lookback = 0;  // For `extension`: how far outside the window to look.
  // Scalar arguments in order, one value per step each (quantile_over_time's phi, ...).
  std::span<const std::span<const double>> params;
  bool use_start_timestamps = false;
  // predict_linear measures from here: the evaluation time that is not shifted by offset.
  // For a pinned selector (`@`) the grid holds the pinned time and this the query's own.
  StepGrid evaluation;
  // Asked between windows by kernels that take long over one; may be empty. An error ends the call.
  std::function<Status()> check_time;
};

// Takes annotations; the caller adds the position and removes duplicates.
class NoteSink {
 public:
  virtual ~NoteSink() = default;
  virtual void Warn(std::string text) = 0;  // Full text without "PromQL warning: ".
  virtual void Info(std::string text) = 0;
};

// Evaluates one series; `out` has been Reset to grid.count. An error fails the query (e.g.
// a smoothing factor out of range). `metric` is the series' name, for annotations.
using RangeKernel = Status (*)(const RangeCall& call, const RangeSamples& samples,
                               std::string_view metric, NoteSink* notes, Row* out);

// Null if `function` is not a function over a range vector that is evaluated series by
// series (absent_over_time, for one, is not).
RangeKernel FindRangeKernel(std::string_view function);

}  // namespace firn::query
