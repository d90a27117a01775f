// Cost of the column codec, per shape and over the mix (shape -1).
#include <benchmark/benchmark.h>

#include <cstring>
#include <numeric>

#include "bench/storage/scrape_like.h"
#include "storage/encoding/bit_packing.h"
#include "storage/encoding/column_codec.h"
#include "storage/encoding/int_column.h"

namespace firn::storage {
namespace {

constexpr size_t kSeries = 2000;

std::vector<std::vector<double>> MakeColumns(int64_t shape, size_t n) {
  std::mt19937_64 rng(42);
  std::vector<std::vector<double>> columns;
  for (size_t i = 0; i < kSeries; ++i) {
    columns.push_back(shape < 0 ? MakeScrapeLike(n, rng)
                                : MakeValues(static_cast<Shape>(shape), n, rng));
  }
  return columns;
}

std::string Encode(const std::vector<std::vector<double>>& columns) {
  std::string bytes;
  for (const std::vector<double>& column : columns) EncodeFloats(column, &bytes);
  return bytes;
}

// What the patterns alone would take: what the other mappings are measured by.
size_t PatternBytes(const std::vector<std::vector<double>>& columns) {
  std::string bytes;
  for (const std::vector<double>& column : columns) {
    std::vector<uint64_t> patterns(column.size());
    std::memcpy(patterns.data(), column.data(), column.size() * sizeof(double));
    bytes.push_back('\0');  // The head.
    AppendIntBlock(patterns, &bytes);
  }
  return bytes.size();
}

void SetCounters(benchmark::State& state, size_t n, const std::string& bytes) {
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(n * kSeries));
  state.counters["bytes_per_sample"] =
      static_cast<double>(bytes.size()) / static_cast<double>(n * kSeries);
}

void BM_EncodeFloats(benchmark::State& state) {
  const auto n = static_cast<size_t>(state.range(1));
  const auto columns = MakeColumns(state.range(0), n);
  for (auto _ : state) benchmark::DoNotOptimize(Encode(columns));
  SetCounters(state, n, Encode(columns));
  state.counters["as_patterns"] =
      static_cast<double>(PatternBytes(columns)) / static_cast<double>(n * kSeries);
}

void BM_DecodeFloats(benchmark::State& state) {
  const auto n = static_cast<size_t>(state.range(1));
  const std::string bytes = Encode(MakeColumns(state.range(0), n));
  std::vector<double> values(n);
  for (auto _ : state) {
    std::string_view in = bytes;
    while (!in.empty()) {
      if (!DecodeFloats(&in, n, values.data()).ok()) state.SkipWithError("corrupt");
      benchmark::ClobberMemory();
    }
  }
  SetCounters(state, n, bytes);
}

void Cases(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"shape", "n"});
  for (const int64_t n : {120, 480}) bench->Args({-1, n});
  for (const Shape shape : kShapes) {
    for (const int64_t n : {120, 480}) bench->Args({static_cast<int64_t>(shape), n});
  }
}
BENCHMARK(BM_EncodeFloats)->Apply(Cases);
BENCHMARK(BM_DecodeFloats)->Apply(Cases);

void BM_Unpack(benchmark::State& state) {
  const UnpackFunction unpackers[] = {UnpackScalar, UnpackAvx2OrNull(), UnpackAvx512OrNull()};
  const UnpackFunction unpack = unpackers[state.range(0)];
  const int width = static_cast<int>(state.range(1));
  if (unpack == nullptr) return state.SkipWithError("not on this processor");
  std::vector<uint64_t> values(480);
  std::iota(values.begin(), values.end(), 0);
  std::string bytes;
  Pack(values, width, &bytes);
  bytes.resize(bytes.size() + kUnpackReadSlack);
  values.resize(values.size() + kUnpackWriteSlack);
  for (auto _ : state) {
    unpack(bytes.data(), 480, width, values.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * 480);
}
BENCHMARK(BM_Unpack)->ArgNames({"vectors", "width"})->ArgsProduct({{0, 1, 2}, {3, 12, 23, 52}});

}  // namespace
}  // namespace firn::storage
