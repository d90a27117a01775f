#include "engine/db/reading/read_cost.h"

namespace firn::engine {
namespace {

// In samples: what a bucket takes, and what a series of a window takes before its first one.
constexpr uint64_t kBucketCost = 16;
constexpr uint64_t kSeriesCost = 500;

constexpr int64_t kJoinFactors[] = {5, 30};
// Larger windows of tiers would have much decoded that a query does not need.
constexpr int64_t kJoinedBucketsMax = 1500;

}  // namespace

uint64_t RawReadCost(uint64_t samples, uint64_t series) { return samples + kSeriesCost * series; }

uint64_t TierReadCost(uint64_t series, uint64_t buckets, int64_t joined) {
  return series * (kBucketCost * buckets + kSeriesCost / static_cast<uint64_t>(joined));
}

uint64_t BucketsBetween(const TimeRange& span, DurationMs resolution) {
  const auto length = static_cast<uint64_t>(span.max - span.min) + 1;
  const auto width = static_cast<uint64_t>(resolution);
  return (length + width - 1) / width;
}

std::vector<int64_t> JoinFactors(DurationMs resolution, DurationMs tier_window) {
  std::vector<int64_t> factors;
  for (const int64_t factor : kJoinFactors) {
    if (factor * tier_window / resolution <= kJoinedBucketsMax) factors.push_back(factor);
  }
  return factors;
}

bool TierSavesReading(uint64_t raw, uint64_t series, const TimeRange& span, DurationMs resolution,
                      DurationMs tier_window) {
  const std::vector<int64_t> joins = JoinFactors(resolution, tier_window);
  return raw >=
         TierReadCost(series, BucketsBetween(span, resolution), joins.empty() ? 1 : joins.back());
}

}  // namespace firn::engine
