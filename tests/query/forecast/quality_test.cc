// The promises of docs/capacity-planning.md on series whose future is known.
#include <cmath>
#include <cstdlib>

#include <fmt/core.h>
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
  const auto forecast = MakeForecast(
      {.start = kGeneratedStart, .step = series.step, .values = series.history}, options);
  ASSERT_TRUE(forecast.ok());
  ASSERT_FALSE(forecast->median.empty()) << series.name;
  const size_t factor = static_cast<size_t>(forecast->step / series.step);
  const std::vector<double> truth = Coarse(series.future, factor);
  double error = 0, naive = 0, scale = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    const double v = truth[i];
    // A bound that rounds to the truth holds it.
    const double slack = 1e-9 * std::abs(v);
    score->inside += v >= forecast->lower[i] - slack && v <= forecast->upper[i] + slack;
    error += std::abs(v - forecast->median[i]);
  }
  score->points += truth.size();
  size_t lag = static_cast<size_t>(
      std::max<DurationMs>((series.name == "daily" ? kDayMs : 7 * kDayMs) / forecast->step, 1));
  if (lag >= forecast->observed.size()) lag = 1;  // Hours of history have no week to repeat.
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
  score->mase += (error / static_cast<double>(truth.size())) / (scale / static_cast<double>(pairs));
  ++score->runs;
  if (forecast->backtest) {
    ++score->backtests;
    score->backtest_mase += forecast->backtest->mase;
    score->backtest_coverage += forecast->backtest->coverage;
  }
  if (options.limit) AddDate(series, *forecast, score);
}

constexpr uint64_t kSeeds = FIRN_FORECAST_DEFAULT_SEEDS;

// FIRN_FORECAST_SEEDS=n tries more series per kind, and prints a table.
uint64_t Seeds() {
  const char* text = std::getenv("FIRN_FORECAST_SEEDS");
  return text == nullptr ? kSeeds : std::strtoull(text, nullptr, 10);
}

void Print(const std::string& name, const Score& score) {
  const double n = static_cast<double>(score.runs);
  const double tests = static_cast<double>(score.backtests);
  fmt::print(
      "{:20} coverage {:5.1f} %  dates {:3}/{:3}  mase {:5.2f}  of naive {:5.2f}  "
      "back-test mase {:5.2f} coverage {:5.1f} %\n",
      name, 100 * score.coverage(), score.dates_inside, score.dates, score.mase / n,
      score.relative / n, score.backtest_mase / tests, 100 * score.backtest_coverage / tests);
}

std::vector<Score> ScoreAll() {
  std::vector<Score> scores(GeneratedKinds());
  for (size_t kind = 0; kind < GeneratedKinds(); ++kind) {
    for (uint64_t seed = 0; seed < Seeds(); ++seed) AddForecast(kind, seed, &scores[kind]);
    if (std::getenv("FIRN_FORECAST_SEEDS") != nullptr) Print(Generate(kind, 0).name, scores[kind]);
  }
  return scores;
}

// One pass over all series for all promises: it is what costs.
TEST(ForecastQualityTest, KeepsItsPromises) {
  ASSERT_GE(GeneratedKinds(), 30u);
  Score all;
  double mase = 0;
  size_t seasonal = 0, within = 0;
  const std::vector<Score> scores = ScoreAll();
  for (size_t kind = 0; kind < scores.size(); ++kind) {
    const Score& score = scores[kind];
    const GeneratedSeries example = Generate(kind, 0);
    all.inside += score.inside;
    all.points += score.points;
    all.dates += score.dates;
    all.dates_inside += score.dates_inside;
    within += score.coverage() >= 0.8 && score.coverage() <= 0.97;
    if (!example.seasonal) continue;
    ++seasonal;
    mase += score.mase / static_cast<double>(score.runs);
    if (Seeds() >= 4) {
      EXPECT_LT(score.relative, static_cast<double>(score.runs)) << example.name;
    }
  }
  fmt::print("{:.1f} % of the values and {} of {} dates within their intervals\n",
             100 * all.coverage(), all.dates_inside, all.dates);
  if (Seeds() < 4) return;
  EXPECT_GE(all.coverage(), 0.85);
  EXPECT_LE(all.coverage(), 0.95);
  // Single walks and single shifts decide about a few kinds.
  EXPECT_GE(static_cast<double>(within), 0.85 * static_cast<double>(scores.size()));
  ASSERT_GE(all.dates, 60u);
  EXPECT_GE(static_cast<double>(all.dates_inside), 0.85 * static_cast<double>(all.dates));
  EXPECT_LT(mase, static_cast<double>(seasonal));
}

}  // namespace
}  // namespace firn::query
