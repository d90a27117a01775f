#include "query/forecast/backtest.h"

#include <algorithm>
#include <cmath>

namespace firn::query {

namespace {

constexpr size_t kWindowsMax = 3;
constexpr size_t kRuns = 64;

// Grid steps after which the naive forecast repeats the history: the strongest season, or 1.
size_t NaiveLag(const ModelGrid& grid, const SeriesModel& model) {
  size_t lag = 1;
  double strongest = 0;
  for (const ForecastSeason& season : model.season.seasons()) {
    if (season.strength <= strongest || season.period < grid.step) continue;
    strongest = season.strength;
    lag = static_cast<size_t>(season.period / grid.step);
  }
  return lag;
}

struct Errors {
  double sum = 0;
  size_t count = 0;

  void Add(double error) {
    if (!std::isfinite(error)) return;
    sum += std::abs(error);
    ++count;
  }
  double mean() const { return count > 0 ? sum / static_cast<double>(count) : 0; }
};

ModelGrid Head(const ModelGrid& grid, size_t size) {
  ModelGrid head = grid;
  head.value.resize(size);
  if (!head.excess.empty()) head.excess.resize(size);
  return head;
}

// The last known value of the same phase.
double Naive(const ModelGrid& grid, size_t origin, size_t i, size_t lag) {
  size_t back = origin - lag + i % lag;
  while (!std::isfinite(grid.value[back]) && back >= lag) back -= lag;
  return grid.value[back];
}

// Zero over zero is as good as the naive forecast.
double Ratio(double a, double b) { return b > 0 ? a / b : (a > 0 ? INFINITY : 1); }

}  // namespace

std::optional<ForecastBacktest> RunBacktest(const ModelGrid& grid, const SeriesModel& model,
                                            const SimulationOptions& like) {
  const size_t n = grid.size();
  const size_t lag = NaiveLag(grid, model);
  // At least half of the history stays before the first window.
  const size_t window = std::min(like.steps, std::max<size_t>(n / 6, 1));
  ForecastBacktest out;
  out.window = static_cast<DurationMs>(window) * grid.step;
  SimulationOptions options = like;
  options.steps = window;
  options.runs = std::min(like.runs, kRuns);
  options.load_changes = {};
  options.limit = {};
  Errors forecast, naive, in_sample;
  size_t inside = 0;
  for (size_t back = kWindowsMax; back >= 1; --back) {
    const size_t origin = n - back * window;
    if (origin < lag || origin < 2 * kBinsMin) continue;
    const ModelGrid head = Head(grid, origin);
    const std::optional<SeriesModel> fit = FitSeries(head);
    if (!fit) continue;
    const Simulation futures = Simulate(*fit, head, options);
    ++out.windows;
    for (size_t i = 0; i < window; ++i) {
      const double truth = grid.value[origin + i];
      if (!std::isfinite(truth)) continue;
      forecast.Add(truth - futures.median[i]);
      naive.Add(truth - Naive(grid, origin, i, lag));
      if (truth >= futures.lower[i] && truth <= futures.upper[i]) ++inside;
    }
  }
  if (out.windows == 0 || forecast.count == 0) return std::nullopt;
  for (size_t i = lag; i < n - out.windows * window; ++i) {
    in_sample.Add(grid.value[i] - grid.value[i - lag]);
  }
  out.mase = Ratio(forecast.mean(), in_sample.mean());
  out.relative_error = Ratio(forecast.mean(), naive.mean());
  out.coverage = static_cast<double>(inside) / static_cast<double>(forecast.count);
  return out;
}

}  // namespace firn::query
