// Cost of forecasting one series of two years at one hour. Budget: 5 ms of CPU, so that 10,000
// series take 25 s on two cores, which leaves 5 s for reading them (bench/forecast). Figures:
// docs/performance.md.
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/forecast/planned_series.h"
#include "query/forecast/forecast.h"

namespace firn::query {
namespace {

constexpr TimestampMs kStart = 1'700'000'000'000 / kDayMs * kDayMs;
constexpr size_t kPoints = 2 * 365 * 24;

std::vector<double> MakeSeries(uint64_t number) {
  bench::PlannedSeries series(number, kPoints);
  std::vector<double> v(kPoints);
  for (double& value : v) value = series.Next();
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
