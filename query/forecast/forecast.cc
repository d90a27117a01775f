#include "query/forecast/forecast.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <random>

#include "base/check.h"
#include "base/mutex.h"
#include "query/forecast/model_grid.h"

namespace firn::query {

namespace {

constexpr size_t kPointsMin = 12;
constexpr size_t kKnotsMax = 64;

double Median(std::vector<double> v) {
  const size_t half = v.size() / 2;
  std::nth_element(v.begin(), v.begin() + half, v.end());
  return v[half];
}

struct Line {
  double slope = 0;  // Per step.
  double level = 0;  // At the step after the last.
};

// Theil-Sen over medians of equal pieces.
Line RobustLine(const std::vector<double>& value) {
  const size_t knots = std::min(kKnotsMax, value.size() / 2);
  std::vector<double> x, y;
  for (size_t k = 0; k < knots; ++k) {
    const size_t first = k * value.size() / knots;
    const size_t after = (k + 1) * value.size() / knots;
    std::vector<double> piece;
    for (size_t i = first; i < after; ++i) {
      if (std::isfinite(value[i])) piece.push_back(value[i]);
    }
    if (piece.empty()) continue;
    x.push_back(0.5 * static_cast<double>(first + after - 1));
    y.push_back(Median(std::move(piece)));
  }
  Line line;
  std::vector<double> slopes;
  for (size_t i = 0; i < x.size(); ++i) {
    for (size_t j = i + 1; j < x.size(); ++j) slopes.push_back((y[j] - y[i]) / (x[j] - x[i]));
  }
  if (!slopes.empty()) line.slope = Median(std::move(slopes));
  std::vector<double> levels;
  const double end = static_cast<double>(value.size());
  for (size_t i = 0; i < x.size(); ++i) levels.push_back(y[i] + line.slope * (end - x[i]));
  line.level = Median(std::move(levels));
  return line;
}

Status Check(const ForecastInput& input, const ForecastOptions& options) {
  if (input.step <= 0) return InvalidArgument("the step must be positive");
  if (options.horizon < input.step) return InvalidArgument("the horizon must hold a step");
  if (!(options.confidence > 0 && options.confidence < 1)) {
    return InvalidArgument("the confidence must lie between 0 and 1");
  }
  if (options.runs < 16 || options.runs > 100'000) {
    return InvalidArgument("the runs must lie between 16 and 100000");
  }
  if (options.points_max < 100) return InvalidArgument("points_max must be at least 100");
  if (!options.limit) return OkStatus();
  const ForecastLimit& limit = *options.limit;
  if (limit.values.empty() && !std::isfinite(limit.value)) {
    return InvalidArgument("the limit must be a finite number");
  }
  if (!limit.values.empty() && limit.values.size() != input.values.size()) {
    return InvalidArgument("the limit has {} values, the series {}", limit.values.size(),
                           input.values.size());
  }
  return OkStatus();
}

// Quantiles of first passages; `first[r]` is the step at which run r reached the limit, or `steps`.
ForecastCrossing CrossingOf(std::vector<size_t> first, size_t steps, double confidence,
                            const Forecast& forecast) {
  std::sort(first.begin(), first.end());
  ForecastCrossing crossing;
  const auto reached = std::lower_bound(first.begin(), first.end(), steps) - first.begin();
  crossing.probability = static_cast<double>(reached) / static_cast<double>(first.size());
  const auto quantile = [&](double q) -> std::optional<TimestampMs> {
    const size_t i =
        std::min(first.size() - 1, static_cast<size_t>(q * static_cast<double>(first.size())));
    if (first[i] >= steps) return std::nullopt;
    return forecast.forecast_start + static_cast<DurationMs>(first[i]) * forecast.step;
  };
  crossing.lower = quantile((1 - confidence) / 2);
  crossing.median = quantile(0.5);
  crossing.upper = quantile((1 + confidence) / 2);
  return crossing;
}

void Simulate(const Line& line, const std::vector<double>& residuals,
              const ForecastOptions& options, Forecast* out) {
  const size_t steps = out->median.size();
  std::mt19937_64 rng(options.seed);
  const size_t block = std::max<size_t>(1, residuals.size() / 10);
  std::vector<std::vector<double>> at(steps, std::vector<double>(options.runs));
  std::vector<size_t> first(options.runs, steps);
  const double sign =
      options.limit && options.limit->direction == LimitDirection::kFalling ? -1 : 1;
  for (size_t run = 0; run < options.runs; ++run) {
    size_t from = 0;
    for (size_t i = 0; i < steps; ++i) {
      if (i % block == 0) from = rng() % (residuals.size() - block + 1);
      double y = line.level + line.slope * static_cast<double>(i) + residuals[from + i % block];
      y = ApplyChanges(y, out->forecast_start + static_cast<DurationMs>(i) * out->step,
                       options.load_changes);
      if (options.lower_bound) y = std::max(y, *options.lower_bound);
      if (options.upper_bound) y = std::min(y, *options.upper_bound);
      at[i][run] = y;
      if (options.limit && first[run] == steps && sign * y >= sign * out->limit[i]) first[run] = i;
    }
  }
  for (size_t i = 0; i < steps; ++i) {
    std::sort(at[i].begin(), at[i].end());
    const auto quantile = [&](double q) {
      return at[i][static_cast<size_t>(q * static_cast<double>(options.runs - 1) + 0.5)];
    };
    out->lower[i] = quantile((1 - options.confidence) / 2);
    out->median[i] = quantile(0.5);
    out->upper[i] = quantile((1 + options.confidence) / 2);
  }
  if (options.limit) out->crossing = CrossingOf(std::move(first), steps, options.confidence, *out);
}

// Lets helpers in until it is closed.
class HelperGate {
 public:
  bool Enter() {
    MutexLock lock(&mutex_);
    if (closed_) return false;
    ++inside_;
    return true;
  }
  void Leave() {
    MutexLock lock(&mutex_);
    if (--inside_ == 0) left_.NotifyAll();
  }
  // Returns when all that entered have left.
  void Close() {
    MutexLock lock(&mutex_);
    closed_ = true;
    while (inside_ > 0) left_.Wait(&mutex_);
  }

 private:
  Mutex mutex_;
  CondVar left_;
  size_t inside_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

Result<Forecast> MakeForecast(const ForecastInput& input, const ForecastOptions& options) {
  FIRN_RETURN_IF_ERROR(Check(input, options));
  const ModelGrid grid =
      MakeModelGrid(input, GridFactor(input, options),
                    options.limit ? options.limit->direction : LimitDirection::kRising);
  Forecast out;
  out.step = grid.step;
  out.start = grid.start;
  out.observed = grid.value;
  out.forecast_start = grid.end();
  out.points = grid.points;
  out.gap_share = input.values.empty() ? 0
                                       : 1 - static_cast<double>(grid.points) /
                                                 static_cast<double>(input.values.size());
  if (grid.points < kPointsMin || grid.size() < kPointsMin) {
    out.verdict = ForecastVerdict::kTooShort;
    out.notes.push_back("The history is too short for a forecast.");
    return out;
  }
  const size_t steps = static_cast<size_t>((options.horizon + grid.step - 1) / grid.step);
  out.median.resize(steps);
  out.lower.resize(steps);
  out.upper.resize(steps);
  if (options.limit) out.limit = FutureLimit(options, out.forecast_start, grid.step, steps);
  const Line line = RobustLine(grid.value);
  std::vector<double> residuals;
  for (size_t i = 0; i < grid.size(); ++i) {
    const double back = static_cast<double>(grid.size() - i);
    out.fitted.push_back(line.level - line.slope * back);
    if (std::isfinite(grid.value[i])) residuals.push_back(grid.value[i] - out.fitted.back());
  }
  out.level = line.level;
  out.trend_per_week =
      line.slope * static_cast<double>(7 * kDayMs) / static_cast<double>(grid.step);
  out.trend_lower = out.trend_upper = out.trend_per_week;
  Simulate(line, residuals, options, &out);
  return out;
}

std::vector<Result<Forecast>> MakeForecasts(std::span<const ForecastInput> inputs,
                                            std::span<const ForecastOptions> options,
                                            ThreadPool* pool) {
  FIRN_CHECK(inputs.size() == options.size());
  std::vector<Result<Forecast>> forecasts(inputs.size(), Result<Forecast>(Internal("not run")));
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < inputs.size(); i = next++) {
      forecasts[i] = MakeForecast(inputs[i], options[i]);
    }
  };
  // Helpers that the pool begins too late must not touch this frame.
  const auto gate = std::make_shared<HelperGate>();
  const size_t helpers = pool == nullptr ? 0 : std::min(pool->size(), inputs.size());
  for (size_t i = 0; i < helpers; ++i) {
    pool->Submit([gate, &work] {
      if (!gate->Enter()) return;
      work();
      gate->Leave();
    });
  }
  work();
  gate->Close();
  return forecasts;
}

std::vector<double> UnwrapCounter(std::span<const double> values) {
  std::vector<double> out(values.begin(), values.end());
  double lost = 0;
  double before = -std::numeric_limits<double>::infinity();
  for (double& v : out) {
    if (!std::isfinite(v)) continue;
    if (v < before) lost += before;
    before = v;
    v += lost;
  }
  return out;
}

}  // namespace firn::query
