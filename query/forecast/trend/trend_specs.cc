#include "query/forecast/trend/trend_specs.h"

#include <cmath>

namespace firn::query {

namespace {

struct Noise {
  double ar;
  double noise;
  double wander_share;  // Of the variance, in a stationary wander.
};

// White noise, swings that last a few bins, and both.
constexpr Noise kNoises[] = {
    {0, 1, 0}, {0.5, 0, 1}, {0.8, 0, 1}, {0.8, 0.5, 0.5}, {0.93, 0.1, 0.9}};

TrendSpec WithNoise(const Noise& noise) {
  return {.ar = noise.ar,
          .noise = noise.noise,
          .wander_noise = noise.wander_share * (1 - noise.ar * noise.ar)};
}

void AddFamily(std::vector<TrendSpec> family, double prior, std::vector<TrendSpec>* specs) {
  const double each = std::log(prior / static_cast<double>(family.size()));
  for (TrendSpec& spec : family) {
    spec.log_prior = each;
    specs->push_back(spec);
  }
}

}  // namespace

std::vector<TrendSpec> TrendSpecs(size_t bins) {
  const double n = static_cast<double>(bins);
  std::vector<TrendSpec> specs;
  // A slope that falls to 1/e within this share of the history; negative: that grows so.
  const auto add_damped = [&](std::span<const double> shares, double prior) {
    std::vector<TrendSpec> family;
    for (const double share : shares) {
      for (const Noise& noise : kNoises) {
        TrendSpec spec = WithNoise(noise);
        spec.has_slope = true;
        spec.damping = std::exp(-1 / (share * n));
        family.push_back(spec);
      }
    }
    AddFamily(std::move(family), prior, &specs);
  };
  std::vector<TrendSpec> steady, line, walk, bending;
  for (const Noise& noise : kNoises) {
    steady.push_back(WithNoise(noise));
    line.push_back(WithNoise(noise));
    line.back().has_slope = true;
  }
  AddFamily(std::move(steady), 0.25, &specs);
  AddFamily(std::move(line), 0.3, &specs);
  constexpr double kSaturating[] = {0.12, 0.25, 0.5};
  constexpr double kGrowing[] = {-0.3, -0.7};
  add_damped(kSaturating, 0.1);
  add_damped(kGrowing, 0.05);
  for (const double level_noise : {0.03, 0.3, 3.0, 100.0}) {
    for (const bool has_slope : {false, true}) {
      walk.push_back({.has_slope = has_slope, .level_noise = level_noise});
    }
  }
  AddFamily(std::move(walk), 0.2, &specs);
  // Slopes change by this much over a whole history, relative to noise.
  for (const double change : {1.0, 10.0, 100.0, 1000.0}) {
    for (const double share : {0.3, 1.0}) {
      bending.push_back({.has_slope = true,
                         .damping = std::exp(-1 / (share * n)),
                         .slope_noise = change * change / (n * n * n)});
    }
  }
  AddFamily(std::move(bending), 0.1, &specs);
  return specs;
}

}  // namespace firn::query
