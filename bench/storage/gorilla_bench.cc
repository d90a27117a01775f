// Cost of appending to and decoding a head chunk of 120 samples.
#include <benchmark/benchmark.h>

#include "bench/storage/scrape_like.h"
#include "storage/encoding/gorilla.h"

namespace firn::storage {
namespace {

constexpr size_t kSamples = 120;
constexpr size_t kSeries = 500;

struct Batch {
  std::vector<TimestampMs> t;
  std::vector<std::vector<double>> v;
};

// jitter_ms < 0 asks for the mix; else the shape of that number.
Batch MakeBatch(int64_t shape, int64_t jitter_ms) {
  std::mt19937_64 rng(42);
  Batch batch{MakeTimes(kSamples, 15'000, jitter_ms, rng), {}};
  for (size_t i = 0; i < kSeries; ++i) {
    batch.v.push_back(shape < 0 ? MakeScrapeLike(kSamples, rng)
                                : MakeValues(static_cast<Shape>(shape), kSamples, rng));
  }
  return batch;
}

std::vector<GorillaAppender> Fill(const Batch& batch) {
  std::vector<GorillaAppender> chunks(batch.v.size());
  for (size_t i = 0; i < kSamples; ++i) {
    for (size_t s = 0; s < chunks.size(); ++s) chunks[s].Append(batch.t[i], batch.v[s][i]);
  }
  return chunks;
}

void SetCounters(benchmark::State& state, const std::vector<GorillaAppender>& chunks) {
  size_t bytes = 0;
  size_t held = 0;
  for (const GorillaAppender& chunk : chunks) {
    bytes += chunk.bytes().size();
    held += chunk.allocated_bytes() + sizeof(chunk);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kSamples * kSeries));
  state.counters["bytes_per_sample"] = static_cast<double>(bytes) / (kSamples * kSeries);
  state.counters["held_per_chunk"] = static_cast<double>(held) / kSeries;
}

void BM_GorillaAppend(benchmark::State& state) {
  const Batch batch = MakeBatch(state.range(0), state.range(1));
  for (auto _ : state) benchmark::DoNotOptimize(Fill(batch));
  SetCounters(state, Fill(batch));
}

void BM_GorillaDecode(benchmark::State& state) {
  const std::vector<GorillaAppender> chunks = Fill(MakeBatch(state.range(0), state.range(1)));
  std::vector<TimestampMs> t;
  std::vector<double> v;
  for (auto _ : state) {
    for (const GorillaAppender& chunk : chunks) {
      t.clear();
      v.clear();
      if (!GorillaDecode(chunk.bytes(), &t, &v).ok()) state.SkipWithError("corrupt");
      benchmark::ClobberMemory();
    }
  }
  SetCounters(state, chunks);
}

void Cases(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"shape", "jitter"});
  for (const int64_t jitter : {0, 4}) bench->Args({-1, jitter});
  for (const Shape shape : kShapes) bench->Args({static_cast<int64_t>(shape), 0});
}
BENCHMARK(BM_GorillaAppend)->Apply(Cases);
BENCHMARK(BM_GorillaDecode)->Apply(Cases);

}  // namespace
}  // namespace firn::storage
