// Firn's own functions over the library of query/forecast. They count from the end of the window,
// so that `offset` asks what was to be expected then.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "base/sample.h"
#include "query/forecast/forecast.h"
#include "query/functions/range_windows.h"

namespace firn::query {
namespace {

constexpr size_t kPointsMax = 1'000;  // A function may run at every step of a range query,
constexpr size_t kRuns = 64;          // ... so it does with less than the API.
constexpr DurationMs kHorizonMax = 20 * 365 * kDayMs;

// Steps that keep the hours of the day apart.
constexpr auto kNiceSteps = std::to_array<DurationMs>(
    {kSecondMs,      2 * kSecondMs,  5 * kSecondMs,  10 * kSecondMs, 15 * kSecondMs, 20 * kSecondMs,
     30 * kSecondMs, kMinuteMs,      2 * kMinuteMs,  3 * kMinuteMs,  5 * kMinuteMs,  10 * kMinuteMs,
     15 * kMinuteMs, 20 * kMinuteMs, 30 * kMinuteMs, kHourMs,        2 * kHourMs,    3 * kHourMs,
     4 * kHourMs,    6 * kHourMs,    8 * kHourMs,    12 * kHourMs,   kDayMs});

// The usual distance of samples, from a few of them.
DurationMs UsualGap(std::span<const TimestampMs> t) {
  std::array<DurationMs, 33> gaps;
  size_t count = 0;
  const size_t stride = std::max<size_t>(1, (t.size() - 1) / gaps.size());
  for (size_t i = stride; i < t.size() && count < gaps.size(); i += stride) {
    gaps[count++] = t[i] - t[i - 1];
  }
  std::nth_element(gaps.begin(), gaps.begin() + count / 2, gaps.begin() + count);
  return gaps[count / 2];
}

DurationMs GridStep(std::span<const TimestampMs> t, DurationMs range) {
  const auto most = static_cast<DurationMs>(kPointsMax);
  const DurationMs least = std::max({UsualGap(t), (range + most - 1) / most, DurationMs{1}});
  if (least < kSecondMs) return least;
  const auto nice = std::lower_bound(kNiceSteps.begin(), kNiceSteps.end(), least);
  if (nice != kNiceSteps.end()) return *nice;
  return (least + kDayMs - 1) / kDayMs * kDayMs;
}

// The samples of one window on an even grid whose last point is the end of the window.
class WindowGrid {
 public:
  // REQUIRES: two samples at least.
  WindowGrid(std::span<const TimestampMs> t, std::span<const double> v, TimestampMs end,
             DurationMs range)
      : step_(GridStep(t, range)) {
    const size_t n = static_cast<size_t>((end - t[0]) / step_) + 1;
    values_.assign(n, 0);
    std::vector<uint32_t> count(n);
    for (size_t i = 0; i < t.size(); ++i) {
      if (!std::isfinite(v[i])) continue;
      const size_t bin = n - 1 - static_cast<size_t>((end - t[i]) / step_);
      values_[bin] += v[i];
      ++count[bin];
    }
    for (size_t bin = 0; bin < n; ++bin) values_[bin] /= count[bin];  // NaN where there are none.
    input_ = {
        .start = end - static_cast<DurationMs>(n - 1) * step_, .step = step_, .values = values_};
  }
  WindowGrid(const WindowGrid&) = delete;
  WindowGrid& operator=(const WindowGrid&) = delete;

  const ForecastInput& input() const { return input_; }
  DurationMs step() const { return step_; }

 private:
  DurationMs step_;
  std::vector<double> values_;
  ForecastInput input_;
};

// Parameter `i` at a step, or `fallback` if the call does without.
double Param(const RangeCall& call, size_t i, size_t step, double fallback) {
  return i < call.params.size() ? call.params[i][step] : fallback;
}

Result<DurationMs> HorizonMs(double seconds) {
  if (!(seconds > 0) || seconds > static_cast<double>(kHorizonMax / kSecondMs)) {
    return Evaluation("invalid horizon. Expected: more than 0 s and at most 20 y, got: {:f}",
                      seconds);
  }
  return std::max<DurationMs>(1, std::llround(seconds * kSecondMs));
}

// Calls evaluate(step, window, end) for each window of two samples at least; it returns the value,
// or nothing.
template <typename Evaluate>
Status ForEachForecast(const RangeCall& call, const RangeSamples& samples, Row* out,
                       const Evaluate& evaluate) {
  Status status;
  ForEachWindow(call, samples, [&](size_t step, size_t first, size_t last) {
    if (!status.ok() || last - first < 2) return;
    if (call.check_time) status = call.check_time();
    if (!status.ok()) return;
    const size_t count = last - first;
    const TimestampMs end = call.grid.At(step) - call.offset;
    const WindowGrid grid(samples.t.subspan(first, count), samples.v.subspan(first, count), end,
                          call.range);
    Result<std::optional<double>> value = evaluate(step, grid, end);
    if (!value.ok()) {
      status = value.status();
    } else if (*value) {
      out->SetFloat(step, **value);
    }
  });
  return status;
}

ForecastOptions OptionsFor(const WindowGrid& grid, DurationMs horizon) {
  return {.horizon = std::max(horizon, grid.step()),
          .backtest = false,
          .runs = kRuns,
          .points_max = kPointsMax};
}

enum class Bound : uint8_t { kMedian, kLower, kUpper };

Status ForecastBound(const RangeCall& call, const RangeSamples& samples, Bound bound, Row* out) {
  const auto evaluate = [&](size_t step, const WindowGrid& grid,
                            TimestampMs) -> Result<std::optional<double>> {
    FIRN_ASSIGN_OR_RETURN(const DurationMs horizon, HorizonMs(call.params[0][step]));
    ForecastOptions options = OptionsFor(grid, horizon);
    options.confidence = Param(call, 1, step, 0.9);
    if (!(options.confidence > 0 && options.confidence < 1)) {
      return Evaluation("invalid confidence. Expected: 0 < confidence < 1, got: {:f}",
                        options.confidence);
    }
    FIRN_ASSIGN_OR_RETURN(const Forecast forecast, MakeForecast(grid.input(), options));
    if (forecast.median.empty()) return std::optional<double>();
    const std::vector<double>& of = bound == Bound::kMedian  ? forecast.median
                                    : bound == Bound::kLower ? forecast.lower
                                                             : forecast.upper;
    return std::optional<double>(of.back());
  };
  return ForEachForecast(call, samples, out, evaluate);
}

// Seconds from the end of the window; infinite if not within the horizon in half of the futures.
Status TimeTo(const RangeCall& call, const RangeSamples& samples, LimitDirection direction,
              Row* out) {
  const auto evaluate = [&](size_t step, const WindowGrid& grid,
                            TimestampMs end) -> Result<std::optional<double>> {
    const double limit = call.params[0][step];
    if (!std::isfinite(limit)) {
      return Evaluation("invalid limit. Expected: a finite number, got: {:f}", limit);
    }
    const double range_seconds = static_cast<double>(call.range) / kSecondMs;
    FIRN_ASSIGN_OR_RETURN(const DurationMs horizon, HorizonMs(Param(call, 1, step, range_seconds)));
    ForecastOptions options = OptionsFor(grid, horizon);
    options.limit = ForecastLimit{.value = limit, .direction = direction};
    FIRN_ASSIGN_OR_RETURN(const Forecast forecast, MakeForecast(grid.input(), options));
    if (!forecast.crossing) return std::optional<double>();
    if (forecast.crossing->reached_already) return std::optional<double>(0);
    if (!forecast.crossing->median) {
      return std::optional<double>(std::numeric_limits<double>::infinity());
    }
    return std::optional<double>(static_cast<double>(*forecast.crossing->median - end) / kSecondMs);
  };
  return ForEachForecast(call, samples, out, evaluate);
}

}  // namespace

Status ForecastKernel(const RangeCall& call, const RangeSamples& samples, std::string_view,
                      NoteSink*, Row* out) {
  return ForecastBound(call, samples, Bound::kMedian, out);
}

Status ForecastLowerKernel(const RangeCall& call, const RangeSamples& samples, std::string_view,
                           NoteSink*, Row* out) {
  return ForecastBound(call, samples, Bound::kLower, out);
}

Status ForecastUpperKernel(const RangeCall& call, const RangeSamples& samples, std::string_view,
                           NoteSink*, Row* out) {
  return ForecastBound(call, samples, Bound::kUpper, out);
}

Status TimeToFallKernel(const RangeCall& call, const RangeSamples& samples, std::string_view,
                        NoteSink*, Row* out) {
  return TimeTo(call, samples, LimitDirection::kFalling, out);
}

Status TimeToRiseKernel(const RangeCall& call, const RangeSamples& samples, std::string_view,
                        NoteSink*, Row* out) {
  return TimeTo(call, samples, LimitDirection::kRising, out);
}

}  // namespace firn::query
