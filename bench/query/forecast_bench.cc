// Cost of forecasting one series of two years at one hour. Budget: 6 ms of CPU, so that 10,000
// series take 30 s on two cores. Figures: docs/adr/0010-forecast-method.md.
#include <cmath>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "query/forecast/forecast.h"

namespace firn::query {
namespace {

constexpr TimestampMs kStart = 1'700'000'000'000 / kDayMs * kDayMs;
constexpr size_t kPoints = 2 * 365 * 24;

// Trend, day, week, noise and swings; with gaps and a jump for odd numbers.
std::vector<double> MakeSeries(uint64_t number) {
  std::mt19937_64 rng(number);
  std::normal_distribution<double> normal;
  std::vector<double> v(kPoints);
  double wander = 0;
  for (size_t i = 0; i < kPoints; ++i) {
    const double day = static_cast<double>(i) / 24;
    const double hour = static_cast<double>(i % 24);
    wander = 0.99 * wander + normal(rng);
    v[i] = 200 + 0.1 * static_cast<double>(number % 7) * day +
           60 * std::exp(-(hour - 14) * (hour - 14) / 18) - (i / 24 % 7 >= 5 ? 30 : 0) + wander +
           8 * normal(rng);
    if (number % 2 == 0) continue;
    if (i > kPoints / 2) v[i] += 50;
    if (rng() % 50 == 0) v[i] = std::nan("");
  }
  return v;
}

void BM_ForecastTwoYears(benchmark::State& state) {
  std::vector<std::vector<double>> series;
  for (uint64_t i = 0; i < 16; ++i) series.push_back(MakeSeries(i));
  const ForecastOptions options{.limit = ForecastLimit{.value = 400},
                                .backtest = state.range(0) != 0};
  size_t i = 0;
  for (auto _ : state) {
    auto forecast =
        MakeForecast({.start = kStart, .step = kHourMs, .values = series[i++ % 16]}, options);
    benchmark::DoNotOptimize(forecast);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_ForecastTwoYears)->ArgName("backtest")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace firn::query
