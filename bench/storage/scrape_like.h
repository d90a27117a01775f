// Columns shaped like scraped metrics: mostly constants, counters that move in whole units,
// gauges of pages and percent, sums of seconds, a little noise. Fixed seed.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "base/time.h"

namespace firn::storage {

enum class Shape {
  kConstant,
  kIdleCounter,    // Moves now and then.
  kSteadyCounter,  // Moves at every scrape by a noisy amount.
  kPageGauge,      // Multiples of 4096.
  kDecimalGauge,   // Percentages and milliseconds.
  kSecondsSum,     // Accumulated decimals.
  kNoise,          // All mantissa bits.
  // What recording rules store.
  kRuleRate,      // Of a counter over five minutes.
  kRuleSum,       // Of eight such rates.
  kRuleRatio,     // Pages in use of all pages.
  kRuleQuantile,  // Interpolated: real numbers over some orders of magnitude.
  kRuleScore,     // Real numbers about zero.
};
inline constexpr Shape kShapes[] = {Shape::kConstant,  Shape::kIdleCounter,  Shape::kSteadyCounter,
                                    Shape::kPageGauge, Shape::kDecimalGauge, Shape::kSecondsSum,
                                    Shape::kNoise,     Shape::kRuleRate,     Shape::kRuleSum,
                                    Shape::kRuleRatio, Shape::kRuleQuantile, Shape::kRuleScore};
std::string ShapeName(Shape shape);

std::vector<double> MakeValues(Shape shape, size_t n, std::mt19937_64& rng);

// A column of a random shape, in about the shares seen on real exporters: 62 % constant,
// 20 % idle, the rest changing, 1 % accumulated or noisy.
std::vector<double> MakeScrapeLike(size_t n, std::mt19937_64& rng);

// One scrape every `step_ms`, each late by 0..jitter_ms.
std::vector<TimestampMs> MakeTimes(size_t n, DurationMs step_ms, DurationMs jitter_ms,
                                   std::mt19937_64& rng);

}  // namespace firn::storage
