// Cost of a point of a range query as JSON, by what its value is like.
// Last figures: docs/performance.md.
#include <cmath>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "server/codec/json.h"

namespace firn::server {
namespace {

void WritePoints(benchmark::State& state, const std::vector<double>& values) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    TimestampMs t = 1'700'000'000'000;
    for (const double v : values) {
      AppendJsonPoint(t, v, &out);
      t += 15'000;
    }
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(values.size()));
}

void BM_JsonPointsWhole(benchmark::State& state) {
  std::vector<double> values;
  for (int i = 0; i < 1000; ++i) values.push_back(1'000'000.0 + 977 * i);
  WritePoints(state, values);
}
BENCHMARK(BM_JsonPointsWhole);

// As load averages and seconds of CPU are.
void BM_JsonPointsDecimal(benchmark::State& state) {
  std::vector<double> values;
  for (int i = 0; i < 1000; ++i) values.push_back((123'456.0 + 977 * i) / 100);
  WritePoints(state, values);
}
BENCHMARK(BM_JsonPointsDecimal);

// As rates are.
void BM_JsonPointsDouble(benchmark::State& state) {
  std::vector<double> values;
  for (int i = 0; i < 1000; ++i) values.push_back(std::sqrt(2.0 + i));
  WritePoints(state, values);
}
BENCHMARK(BM_JsonPointsDouble);

}  // namespace
}  // namespace firn::server
