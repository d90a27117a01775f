#include "bench/load/workload.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <protozero/pbf_writer.hpp>

namespace firn::bench {
namespace {

constexpr std::array<const char*, 8> kModes = {"idle", "user", "system",  "iowait",
                                               "irq",  "nice", "softirq", "steal"};

uint64_t SplitMix(uint64_t* state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

std::string EncodeLabels(uint32_t instance, uint32_t number) {
  std::vector<std::pair<std::string, std::string>> labels = {
      {"__name__", fmt::format("load_metric_{:03}_total", number / 8)},
      {"cluster", "production-eu-west-1"},
      {"container", "server"},
      {"instance",
       fmt::format("10.{}.{}.{}:9100", instance / 65536, instance / 256 % 256, instance % 256)},
      {"job", fmt::format("service-{}", instance % 20)},
      {"mode", kModes[number % kModes.size()]},
      {"namespace", "default"},
      {"node", fmt::format("worker-{:04}", instance / 10)},
      {"pod", fmt::format("service-{}-7d9f8b6c5-{:05x}", instance % 20, instance)}};
  std::string out;
  for (const auto& [name, value] : labels) {
    std::string pair;
    protozero::pbf_writer label(pair);
    label.add_string(1, name);
    label.add_string(2, value);
    protozero::pbf_writer(out).add_message(1, pair);
  }
  return out;
}

}  // namespace

Workload::Workload(const WorkloadOptions& options, uint32_t first, uint32_t last)
    : options_(options) {
  for (uint32_t i = first; i < last; ++i) {
    uint64_t random = options.seed * 1'000'003 + i;
    const uint64_t kind = SplitMix(&random) % 100;
    const Shape shape = kind < 55   ? Shape::kConstant
                        : kind < 85 ? Shape::kCounter
                        : kind < 95 ? Shape::kGauge
                                    : Shape::kNoise;
    const uint32_t instance = i / options.per_instance;
    series_.push_back({EncodeLabels(instance, i % options.per_instance), shape, instance,
                       static_cast<double>(SplitMix(&random) % 1000), random});
  }
}

double Workload::NextValue(Series* series) {
  const uint64_t random = SplitMix(&series->random);
  switch (series->shape) {
    case Shape::kConstant:
      break;
    case Shape::kCounter:
      series->value += static_cast<double>(random % 40);
      break;
    case Shape::kGauge:
      series->value = std::max(0.0, series->value + static_cast<double>(random % 5) - 2);
      break;
    case Shape::kNoise:
      series->value =
          std::round((series->value + static_cast<double>(random % 2001) / 1000 - 1) * 1000) / 1000;
      break;
  }
  return series->value;
}

void Workload::EncodeRequest(uint32_t begin, uint32_t end, uint64_t step, std::string* out) {
  out->clear();
  std::string sample;
  protozero::pbf_writer request(*out);
  for (uint32_t i = begin; i < end; ++i) {
    Series& series = series_[i];
    const int64_t late = options_.jitter_ms == 0 ? 0 : series.instance % options_.jitter_ms;
    sample.clear();
    protozero::pbf_writer fields(sample);
    fields.add_double(1, NextValue(&series));
    fields.add_int64(2, options_.start_ms + static_cast<int64_t>(step) * options_.step_ms + late);
    protozero::pbf_writer message(request, 1);
    out->append(series.labels);
    message.add_message(2, sample);
  }
}

}  // namespace firn::bench
