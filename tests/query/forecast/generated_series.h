// Series of known truth: what a machine might have recorded, and what came after.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace firn::query {

struct GeneratedSeries {
  std::string name;
  DurationMs step = 0;
  std::vector<double> history;  // NaN in gaps.
  std::vector<double> future;   // What really came: with noise, without gaps.
  bool seasonal = false;        // The error is to be below that of the seasonal naive forecast.
  // The limit and the step of the future that meets it first (future.size(): none does). NaN where
  // the series goes nowhere in particular.
  double limit = 0;
  bool falling = false;
  size_t first_passage = 0;
};

inline constexpr TimestampMs kGeneratedStart = 1'700'000'000'000 / kDayMs * kDayMs;

size_t GeneratedKinds();
// REQUIRES: kind < GeneratedKinds(). Equal arguments give equal series.
GeneratedSeries Generate(size_t kind, uint64_t seed);

}  // namespace firn::query
