#include <array>
#include <cmath>

#include <fmt/core.h>

#include "bench/load/fleet.h"

namespace firn::bench {
namespace {

constexpr std::array<const char*, 12> kBounds = {"0.005", "0.01", "0.025", "0.05", "0.1", "0.25",
                                                 "0.5",   "1",    "2.5",   "5",    "10",  "+Inf"};
constexpr std::array<double, 11> kLimits = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                            0.5,   1,    2.5,   5,    10};
constexpr std::array<const char*, 5> kPaths = {"/api/users", "/api/orders", "/api/search", "/login",
                                               "/static"};
constexpr std::array<const char*, 2> kMethods = {"GET", "POST"};
constexpr std::array<const char*, 3> kCodes = {"200", "404", "500"};
constexpr uint32_t kHistograms = kPaths.size() * kMethods.size() * kCodes.size();
constexpr uint32_t kSeriesEach = kBounds.size() + 2;

// Requests per scrape follow a slow wave; their durations are log-normal around a mean
// that depends on the path, and three times longer during outages.
class HistogramTarget : public Target {
 public:
  HistogramTarget(uint64_t seed, uint32_t number)
      : number_(number), random_(seed * 7'919 + number) {
    for (Histogram& h : histograms_) h = {};
    phase_ = random_.Below(240);
    // Servers that have run for a while.
    for (uint32_t h = 0; h < kHistograms; ++h) {
      for (int n = 0; n < 50; ++n) Observe(h, 1, false);
      const uint64_t days = 100 + random_.Below(900);
      for (uint64_t& count : histograms_[h].buckets) count *= days;
      histograms_[h].micros *= days;
    }
  }

  std::vector<LabelPairs> Labels() const override {
    std::vector<LabelPairs> all;
    for (uint32_t h = 0; h < kHistograms; ++h) {
      for (const char* bound : kBounds) all.push_back(Make(h, "_bucket", bound));
      all.push_back(Make(h, "_sum", nullptr));
      all.push_back(Make(h, "_count", nullptr));
    }
    return all;
  }

  void Scrape(std::vector<double>* values) override {
    values->clear();
    ++phase_;
    const double wave = 1 + 0.8 * std::sin(static_cast<double>(phase_) * 0.026);
    const bool outage = phase_ % 240 > 225;
    for (uint32_t h = 0; h < kHistograms; ++h) {
      Observe(h, wave, outage);
      double sum = 0;
      for (const uint64_t count : histograms_[h].buckets) {
        sum += static_cast<double>(count);
        values->push_back(sum);
      }
      values->push_back(static_cast<double>(histograms_[h].micros) / 1e6);
      values->push_back(sum);
    }
  }

 private:
  struct Histogram {
    std::array<uint64_t, kBounds.size()> buckets;
    uint64_t micros;
  };

  LabelPairs Make(uint32_t h, const char* suffix, const char* bound) const {
    LabelPairs labels = {{"__name__", fmt::format("http_request_duration_seconds{}", suffix)},
                         {"code", kCodes[h % 3]},
                         {"handler", kPaths[h / 6]},
                         {"instance", fmt::format("10.1.{}.{}:8080", number_ / 256, number_ % 256)},
                         {"job", fmt::format("shop-{}", number_ % 4)}};
    if (bound != nullptr) labels.emplace_back("le", bound);
    labels.emplace_back("method", kMethods[h / 3 % 2]);
    return labels;
  }

  void Observe(uint32_t h, double wave, bool outage) {
    constexpr std::array<double, 3> kShare = {12, 0.6, 0.2};
    constexpr std::array<double, 5> kMean = {0.02, 0.06, 0.3, 0.1, 0.004};
    const double expected = kShare[h % 3] * wave * (outage && h % 3 == 2 ? 10 : 1);
    auto requests = static_cast<uint32_t>(expected);
    if (random_.Uniform() < expected - requests) ++requests;
    for (uint32_t r = 0; r < requests; ++r) {
      const double seconds = kMean[h / 6] * std::exp(random_.Normal(0, 0.7)) * (outage ? 3 : 1);
      size_t bucket = 0;
      while (bucket < kLimits.size() && seconds > kLimits[bucket]) ++bucket;
      ++histograms_[h].buckets[bucket];
      histograms_[h].micros += static_cast<uint64_t>(seconds * 1e6);
    }
  }

  const uint32_t number_;
  Random random_;
  uint64_t phase_ = 0;
  std::array<Histogram, kHistograms> histograms_;
};

class HistogramFleet : public Fleet {
 public:
  explicit HistogramFleet(uint64_t seed) : seed_(seed) {}
  uint32_t SeriesOf(uint32_t) const override { return kHistograms * kSeriesEach; }
  std::unique_ptr<Target> Make(uint32_t target) const override {
    return std::make_unique<HistogramTarget>(seed_, target);
  }

 private:
  const uint64_t seed_;
};

}  // namespace

std::unique_ptr<Fleet> MakeHistogramFleet(uint64_t seed) {
  return std::make_unique<HistogramFleet>(seed);
}

}  // namespace firn::bench
