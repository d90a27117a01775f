// Cost of a series of a remote-write request: unpacking Snappy, reading its labels, skipping them
// because they are known. Last figures: docs/performance.md.
#include <snappy.h>

#include <benchmark/benchmark.h>

#include <protozero/pbf_writer.hpp>

#include "server/codec/remote_write.h"

namespace firn::server {
namespace {

constexpr int kSeries = 2000;

std::string MakeMessage() {
  std::string message;
  protozero::pbf_writer request(message);
  for (int i = 0; i < kSeries; ++i) {
    protozero::pbf_writer series(request, 1);
    const std::pair<const char*, std::string> labels[] = {
        {"__name__", "node_cpu_seconds_total_" + std::to_string(i % 100)},
        {"cluster", "production-eu-west"},
        {"cpu", std::to_string(i % 16)},
        {"instance", "10.0." + std::to_string(i / 100) + ".7:9100"},
        {"job", "node"},
        {"mode", "system"},
        {"namespace", "monitoring"},
        {"pod", "node-exporter-" + std::to_string(i / 100)}};
    for (const auto& [name, value] : labels) {
      protozero::pbf_writer label(series, 1);
      label.add_string(1, name);
      label.add_string(2, value);
    }
    protozero::pbf_writer sample(series, 2);
    sample.add_double(1, i * 0.5);
    sample.add_int64(2, 1'700'000'000'000);
  }
  return message;
}

void BM_UnpackSnappy(benchmark::State& state) {
  const std::string message = MakeMessage();
  std::string block;
  snappy::Compress(message.data(), message.size(), &block);
  for (auto _ : state) benchmark::DoNotOptimize(DecodeSnappy(block, block.size() * 64));
  state.SetItemsProcessed(state.iterations() * kSeries);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(message.size()));
}
BENCHMARK(BM_UnpackSnappy);

// Once told to, takes every series for the one it saw at this place before, unlooked at.
class Counting : public WriteVisitor {
 public:
  Status OnSeries(const WriteSeries& series) override {
    bytes_.push_back(series.wire.size());
    samples += series.samples.size();
    return OkStatus();
  }
  Status OnMetadata(const WriteMetadata&) override { return OkStatus(); }
  size_t Recognise(std::string_view) override { return knows_ ? bytes_[next_++] : 0; }
  bool OnRecognised(std::span<const Sample> all) override {
    samples += all.size();
    return true;
  }
  // For a pass over the same request, known or not.
  void Rewind(bool knows) {
    knows_ = knows;
    next_ = 0;
    if (!knows) bytes_.clear();
  }
  size_t samples = 0;

 private:
  bool knows_ = false;
  std::vector<size_t> bytes_;
  size_t next_ = 0;
};

void BM_DecodeWrite(benchmark::State& state) {
  const std::string message = MakeMessage();
  const bool known = state.range(0) != 0;
  Counting visitor;
  if (!DecodeWriteRequest(message, &visitor).ok()) state.SkipWithError("malformed");
  for (auto _ : state) {
    visitor.Rewind(known);
    if (!DecodeWriteRequest(message, &visitor).ok()) state.SkipWithError("malformed");
  }
  benchmark::DoNotOptimize(visitor.samples);
  state.SetItemsProcessed(state.iterations() * kSeries);
}
BENCHMARK(BM_DecodeWrite)->ArgName("known")->Arg(0)->Arg(1);

}  // namespace
}  // namespace firn::server
