#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/core.h>

#include "bench/load/fleet.h"

namespace firn::bench {
namespace {

constexpr uint32_t kSeries = 500;
constexpr std::array<const char*, 8> kModes = {"idle", "user", "system",  "iowait",
                                               "irq",  "nice", "softirq", "steal"};

class PlainTarget : public Target {
 public:
  PlainTarget(uint64_t seed, uint32_t number) : number_(number) {
    for (uint32_t n = 0; n < kSeries; ++n) {
      Random random(seed * 1'000'003 + uint64_t{number} * kSeries + n);
      const uint64_t kind = random.Below(100);
      const Shape shape = kind < 55   ? Shape::kConstant
                          : kind < 85 ? Shape::kCounter
                          : kind < 95 ? Shape::kGauge
                                      : Shape::kNoise;
      const auto value = static_cast<double>(random.Below(1000));
      series_.push_back({shape, value, random});
    }
  }

  std::vector<LabelPairs> Labels() const override {
    std::vector<LabelPairs> all;
    const uint32_t i = number_;
    for (uint32_t n = 0; n < kSeries; ++n) {
      all.push_back(
          {{"__name__", fmt::format("load_metric_{:03}_total", n / 8)},
           {"cluster", "production-eu-west-1"},
           {"container", "server"},
           {"instance", fmt::format("10.{}.{}.{}:9100", i / 65536, i / 256 % 256, i % 256)},
           {"job", fmt::format("service-{}", i % 20)},
           {"mode", kModes[n % kModes.size()]},
           {"namespace", "default"},
           {"node", fmt::format("worker-{:04}", i / 10)},
           {"pod", fmt::format("service-{}-7d9f8b6c5-{:05x}", i % 20, i)}});
    }
    return all;
  }

  void Scrape(std::vector<double>* values) override {
    values->clear();
    for (Series& series : series_) values->push_back(Next(&series));
  }

 private:
  enum class Shape : uint8_t { kConstant, kCounter, kGauge, kNoise };
  struct Series {
    Shape shape;
    double value;
    Random random;
  };

  static double Next(Series* series) {
    const uint64_t random = series->random.Next();
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
            std::round((series->value + static_cast<double>(random % 2001) / 1000 - 1) * 1000) /
            1000;
        break;
    }
    return series->value;
  }

  const uint32_t number_;
  std::vector<Series> series_;
};

class PlainFleet : public Fleet {
 public:
  explicit PlainFleet(uint64_t seed) : seed_(seed) {}
  uint32_t SeriesOf(uint32_t) const override { return kSeries; }
  std::unique_ptr<Target> Make(uint32_t target) const override {
    return std::make_unique<PlainTarget>(seed_, target);
  }

 private:
  const uint64_t seed_;
};

}  // namespace

std::unique_ptr<Fleet> MakePlainFleet(uint64_t seed) { return std::make_unique<PlainFleet>(seed); }

}  // namespace firn::bench
