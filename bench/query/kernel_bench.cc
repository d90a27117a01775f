// Outputs per second of the range functions on one core: one series of 1440 windows at a
// time, samples every 15 s, data in the cache.
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "query/functions/range_function.h"
#include "query/functions/window_plan.h"

namespace firn::query {
namespace {

constexpr DurationMs kInterval = 15 * kSecondMs;
constexpr size_t kSteps = 1440;

class NoNotes : public NoteSink {
  void Warn(std::string) override {}
  void Info(std::string) override {}
};

// Windows of state.range(0) samples. Counters rise, everything else is noise.
void RunKernel(benchmark::State& state, const char* function, bool counter) {
  const auto window = static_cast<size_t>(state.range(0));
  std::mt19937_64 rng(1);
  std::normal_distribution<double> noise(100, 25);
  std::vector<TimestampMs> t;
  std::vector<double> v;
  for (size_t i = 0; i < kSteps + window; ++i) {
    t.push_back(static_cast<TimestampMs>(i) * kInterval);
    const double before = v.empty() ? 1e6 : v.back();
    v.push_back(counter ? before + static_cast<double>(rng() % 100) : noise(rng));
  }
  RangeCall call;
  call.grid = {
      .start = static_cast<TimestampMs>(window) * kInterval, .step = kInterval, .count = kSteps};
  call.range = static_cast<DurationMs>(window) * kInterval;
  const std::vector<double> phi(kSteps, 0.99);
  const std::vector<std::span<const double>> params = {phi};
  if (std::string_view(function) == "quantile_over_time") call.params = params;
  const RangeKernel kernel = FindRangeKernel(function);
  WindowPlan plan;
  NoNotes notes;
  Row out;
  for (auto _ : state) {
    plan.Prepare(call, t);
    RangeSamples samples;
    samples.t = t;
    samples.v = v;
    samples.plan = &plan;
    out.Reset(kSteps);
    const Status status = kernel(call, samples, "m_total", &notes, &out);
    if (!status.ok()) state.SkipWithError("kernel failed");
    benchmark::DoNotOptimize(out.v.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kSteps));
}

#define FIRN_KERNEL_BENCH(function, counter) \
  BENCHMARK_CAPTURE(RunKernel, function, #function, counter)->Arg(4)->Arg(20)->Arg(240)
FIRN_KERNEL_BENCH(rate, true);
FIRN_KERNEL_BENCH(irate, true);
FIRN_KERNEL_BENCH(sum_over_time, false);
FIRN_KERNEL_BENCH(avg_over_time, true);
FIRN_KERNEL_BENCH(max_over_time, false);
FIRN_KERNEL_BENCH(quantile_over_time, false);
FIRN_KERNEL_BENCH(stddev_over_time, false);
FIRN_KERNEL_BENCH(last_over_time, false);

}  // namespace
}  // namespace firn::query
