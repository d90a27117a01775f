// The promises of docs/capacity-planning.md on series whose future is known.
#include <chrono>
#include <cmath>
#include <cstdlib>

#include <gtest/gtest.h>

#include "query/forecast/forecast.h"
#include "tests/query/forecast/generated_series.h"

namespace firn::query {
namespace {

struct Score {
  size_t inside = 0, points = 0;
  size_t dates = 0, dates_inside = 0;
  double error = 0, naive_error = 0;
  double mase = 0, relative = 0;
  size_t runs = 0;
  size_t backtests = 0;
  double backtest_mase = 0, backtest_coverage = 0;
  double width = 0;
  double milliseconds = 0;

  double coverage() const { return static_cast<double>(inside) / static_cast<double>(points); }
};

// What really came, on the grid of the forecast.
std::vector<double> Coarse(const std::vector<double>& future, size_t factor) {
  std::vector<double> out;
  for (size_t i = 0; i + factor <= future.size(); i += factor) {
    double sum = 0;
    for (size_t k = 0; k < factor; ++k) sum += future[i + k];
    out.push_back(sum / static_cast<double>(factor));
  }
  return out;
}

void AddDate(const GeneratedSeries& series, const Forecast& forecast, Score* score) {
  const ForecastCrossing& crossing = *forecast.crossing;
  const bool met = series.first_passage < series.future.size();
  const TimestampMs truth =
      forecast.forecast_start + static_cast<DurationMs>(series.first_passage) * series.step;
  ++score->dates;
  // The crossing is known to the step of the grid.
  const bool not_before = crossing.lower ? *crossing.lower <= truth : !met;
  const bool not_after = crossing.upper ? met && truth <= *crossing.upper + forecast.step : true;
  if (not_before && not_after) ++score->dates_inside;
}

void AddForecast(size_t kind, uint64_t seed, Score* score) {
  const GeneratedSeries series = Generate(kind, seed);
  ForecastOptions options{.horizon = static_cast<DurationMs>(series.future.size()) * series.step,
                          .seed = seed + 1};
  if (std::isfinite(series.limit)) {
    options.limit = ForecastLimit{
        .value = series.limit,
        .direction = series.falling ? LimitDirection::kFalling : LimitDirection::kRising};
  }
  const auto start = std::chrono::steady_clock::now();
  const auto forecast = MakeForecast(
      {.start = kGeneratedStart, .step = series.step, .values = series.history}, options);
  score->milliseconds +=
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  ASSERT_TRUE(forecast.ok());
  ASSERT_FALSE(forecast->median.empty()) << series.name;
  const size_t factor = static_cast<size_t>(forecast->step / series.step);
  const std::vector<double> truth = Coarse(series.future, factor);
  double error = 0, naive = 0, scale = 0, width = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    const double v = truth[i];
    // A bound that rounds to the truth holds it.
    const double slack = 1e-9 * std::abs(v);
    score->inside += v >= forecast->lower[i] - slack && v <= forecast->upper[i] + slack;
    error += std::abs(v - forecast->median[i]);
    width += forecast->upper[i] - forecast->lower[i];
  }
  score->points += truth.size();
  const size_t lag = static_cast<size_t>(
      std::max<DurationMs>((series.name == "daily" ? kDayMs : 7 * kDayMs) / forecast->step, 1));
  size_t pairs = 0;
  const std::vector<double>& past = forecast->observed;
  for (size_t i = lag; i < past.size(); ++i) {
    if (!std::isfinite(past[i]) || !std::isfinite(past[i - lag])) continue;
    scale += std::abs(past[i] - past[i - lag]);
    ++pairs;
  }
  for (size_t i = 0; i < truth.size(); ++i) {
    size_t back = past.size() - lag + i % lag;
    while (!std::isfinite(past[back])) back -= lag;
    naive += std::abs(truth[i] - past[back]);
  }
  score->relative += error / naive;
  score->width += width / static_cast<double>(truth.size());
  score->mase += (error / static_cast<double>(truth.size())) / (scale / static_cast<double>(pairs));
  ++score->runs;
  if (forecast->backtest) {
    ++score->backtests;
    score->backtest_mase += forecast->backtest->mase;
    score->backtest_coverage += forecast->backtest->coverage;
  }
  if (options.limit) AddDate(series, *forecast, score);
}

uint64_t Seeds() {
  const char* text = std::getenv("FIRN_FORECAST_SEEDS");
  return text == nullptr ? 4 : std::strtoull(text, nullptr, 10);
}

TEST(ForecastQualityTest, Table) {
  Score all;
  for (size_t kind = 0; kind < GeneratedKinds(); ++kind) {
    Score score;
    for (uint64_t seed = 0; seed < Seeds(); ++seed) AddForecast(kind, seed, &score);
    const double n = static_cast<double>(score.runs);
    std::printf(
        "%-20s cover %5.1f  dates %2zu/%2zu  mase %6.2f rel %6.2f  width %9.3g  bt mase %6.2f cover %5.1f  "
        "%5.1f ms\n",
        Generate(kind, 0).name.c_str(), 100 * score.coverage(), score.dates_inside, score.dates,
        score.mase / n, score.relative / n, score.width / n, score.backtest_mase / static_cast<double>(score.backtests),
        100 * score.backtest_coverage / static_cast<double>(score.backtests),
        score.milliseconds / n);
    all.inside += score.inside;
    all.points += score.points;
    all.dates += score.dates;
    all.dates_inside += score.dates_inside;
    all.milliseconds += score.milliseconds;
  }
  std::printf("all: cover %.1f  dates %zu/%zu = %.1f %%  %.0f ms\n", 100 * all.coverage(),
              all.dates_inside, all.dates,
              100.0 * static_cast<double>(all.dates_inside) / static_cast<double>(all.dates),
              all.milliseconds);
}

}  // namespace
}  // namespace firn::query
