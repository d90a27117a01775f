#include "bench/storage/scrape_like.h"

#include <cmath>

namespace firn::storage {
namespace {

constexpr size_t kRateSteps = 19;  // Between the first and the last of twenty samples.

// As PromQL computes it: the increase over the samples of a window, stretched to the window.
std::vector<double> MakeRates(size_t n, std::mt19937_64& rng) {
  constexpr double kFactor = (300.0 / 285.0) / 300.0;
  const auto counter = MakeValues(Shape::kSteadyCounter, n + kRateSteps, rng);
  std::vector<double> rates;
  for (size_t i = 0; i < n; ++i) rates.push_back((counter[i + kRateSteps] - counter[i]) * kFactor);
  return rates;
}

std::vector<double> MakeRule(Shape shape, size_t n, std::mt19937_64& rng) {
  if (shape == Shape::kRuleRate) return MakeRates(n, rng);
  std::vector<double> values(n);
  if (shape == Shape::kRuleSum) {
    for (int series = 0; series < 8; ++series) {
      const std::vector<double> rates = MakeRates(n, rng);
      for (size_t i = 0; i < n; ++i) values[i] += rates[i];
    }
    return values;
  }
  std::normal_distribution<double> normal(0, 1);
  const double total = 4096.0 * static_cast<double>(4'000'000 + rng() % 1'000'000);
  double used = 1'000'000;
  for (double& value : values) {
    used += static_cast<double>(rng() % 2000) - 1000;
    const double real = normal(rng);
    value = shape == Shape::kRuleRatio      ? 4096.0 * used / total
            : shape == Shape::kRuleQuantile ? 0.05 * std::exp(real)
                                            : real;
  }
  return values;
}

}  // namespace

std::string ShapeName(Shape shape) {
  switch (shape) {
    case Shape::kConstant:
      return "constant";
    case Shape::kIdleCounter:
      return "idle_counter";
    case Shape::kSteadyCounter:
      return "steady_counter";
    case Shape::kPageGauge:
      return "page_gauge";
    case Shape::kDecimalGauge:
      return "decimal_gauge";
    case Shape::kSecondsSum:
      return "seconds_sum";
    case Shape::kNoise:
      return "noise";
    case Shape::kRuleRate:
      return "rule_rate";
    case Shape::kRuleSum:
      return "rule_sum";
    case Shape::kRuleRatio:
      return "rule_ratio";
    case Shape::kRuleQuantile:
      return "rule_quantile";
    case Shape::kRuleScore:
      return "rule_score";
  }
  return "";
}

std::vector<double> MakeValues(Shape shape, size_t n, std::mt19937_64& rng) {
  if (shape >= Shape::kRuleRate) return MakeRule(shape, n, rng);
  std::vector<double> values;
  std::normal_distribution<double> normal(0, 1);
  double value = static_cast<double>(rng() % 1'000'000);
  const double scale = static_cast<double>(1 + rng() % 100);
  for (size_t i = 0; i < n; ++i) {
    switch (shape) {
      case Shape::kConstant:
        break;
      case Shape::kIdleCounter:
        if (rng() % 12 == 0) value += static_cast<double>(1 + rng() % 3);
        break;
      case Shape::kSteadyCounter:
        value += scale + static_cast<double>(rng() % 16);
        break;
      case Shape::kPageGauge:
        if (rng() % 2 == 0) value += static_cast<double>(rng() % 64) - 32;
        break;
      case Shape::kDecimalGauge:
        value = static_cast<double>(5000 + static_cast<int>(300 * normal(rng))) / 100;
        break;
      case Shape::kSecondsSum:
        value += static_cast<double>(rng() % 10'000) / 1e6;
        break;
      case Shape::kNoise:
        value = 100 + normal(rng);
        break;
      default:
        break;
    }
    values.push_back(shape == Shape::kPageGauge ? value * 4096 : value);
  }
  return values;
}

std::vector<double> MakeScrapeLike(size_t n, std::mt19937_64& rng) {
  const auto draw = rng() % 1000;
  if (draw < 620) return MakeValues(Shape::kConstant, n, rng);
  if (draw < 820) return MakeValues(Shape::kIdleCounter, n, rng);
  if (draw < 900) return MakeValues(Shape::kSteadyCounter, n, rng);
  if (draw < 950) return MakeValues(Shape::kPageGauge, n, rng);
  if (draw < 990) return MakeValues(Shape::kDecimalGauge, n, rng);
  return MakeValues(draw < 997 ? Shape::kSecondsSum : Shape::kNoise, n, rng);
}

std::vector<TimestampMs> MakeTimes(size_t n, DurationMs step_ms, DurationMs jitter_ms,
                                   std::mt19937_64& rng) {
  std::vector<TimestampMs> times;
  for (size_t i = 0; i < n; ++i) {
    const auto late = rng() % static_cast<uint64_t>(jitter_ms + 1);
    times.push_back(1'700'000'000'000 + static_cast<TimestampMs>(i) * step_ms +
                    static_cast<TimestampMs>(late));
  }
  return times;
}

}  // namespace firn::storage
