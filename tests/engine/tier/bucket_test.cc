#include "engine/tier/bucket.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "base/sample.h"

namespace firn::engine {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Series {
  std::vector<TimestampMs> t;
  std::vector<double> v;
};

TEST(BucketTest, EndIsTheMultipleAtOrAfterATime) {
  EXPECT_EQ(BucketEnd(0, 10), 0);
  EXPECT_EQ(BucketEnd(1, 10), 10);
  EXPECT_EQ(BucketEnd(10, 10), 10);
  EXPECT_EQ(BucketEnd(11, 10), 20);
  EXPECT_EQ(BucketEnd(-1, 10), 0);
  EXPECT_EQ(BucketEnd(-10, 10), -10);
  EXPECT_EQ(BucketEnd(-11, 10), -10);
  EXPECT_EQ(BucketEnd(kMaxTimestamp, 10), kMaxTimestamp);
  EXPECT_EQ(BucketEnd(kMinTimestamp, 10), kMinTimestamp + 8);
}

TEST(BucketTest, ASampleOnTheEdgeClosesItsBucket) {
  const Series s{{10, 11, 20}, {1, 2, 3}};
  const auto buckets = BuildBuckets(s.t, s.v, 10);
  ASSERT_EQ(buckets.size(), 2u);
  EXPECT_EQ(buckets[0].end, 10);
  EXPECT_EQ(buckets[0].count, 1u);
  EXPECT_EQ(buckets[1].end, 20);
  EXPECT_EQ(buckets[1].first_t, 11);
  EXPECT_EQ(buckets[1].last_t, 20);
  EXPECT_EQ(buckets[1].count, 2u);
}

TEST(BucketTest, KeepsWhatACounterLosesAtItsResets) {
  const Series s{{1, 2, 3, 4, 5, 6}, {5, 9, 1, 7, 7, 2}};
  const auto b = BuildBuckets(s.t, s.v, 10).at(0);
  EXPECT_EQ(b.first_v, 5);
  EXPECT_EQ(b.last_v, 2);
  EXPECT_EQ(b.correction, 9 + 7);
  EXPECT_EQ(b.resets, 2u);
  EXPECT_EQ(b.changes, 4u);
  EXPECT_EQ(b.min, 1);
  EXPECT_EQ(b.max, 9);
  EXPECT_EQ(b.sum, 31);
}

TEST(BucketTest, NanIsASampleWithoutExtremes) {
  const Series s{{1, 2, 3, 4}, {kNan, kNan, 4, 2}};
  const auto b = BuildBuckets(s.t, s.v, 10).at(0);
  EXPECT_EQ(b.count, 4u);
  EXPECT_TRUE(std::isnan(b.first_v));
  EXPECT_EQ(b.min, 2);
  EXPECT_EQ(b.max, 4);
  EXPECT_EQ(b.changes, 2u);
  EXPECT_EQ(b.resets, 1u);
  EXPECT_TRUE(std::isnan(b.sum));
  const Series none{{1}, {kNan}};
  EXPECT_TRUE(std::isnan(BuildBuckets(none.t, none.v, 10).at(0).max));
}

TEST(BucketTest, AStaleMarkerCountsOnlyBehindTheLastSample) {
  const Series s{{1, 2, 3, 4, 15}, {1, StaleNan(), 2, StaleNan(), StaleNan()}};
  const auto buckets = BuildBuckets(s.t, s.v, 10);
  ASSERT_EQ(buckets.size(), 2u);
  EXPECT_EQ(buckets[0].count, 2u);
  EXPECT_EQ(buckets[0].last_t, 3);
  EXPECT_EQ(buckets[0].stale_t, 4);
  EXPECT_EQ(buckets[1].count, 0u);
  EXPECT_EQ(buckets[1].stale_t, 15);
  const Series back{{1, 2, 3}, {1, StaleNan(), 2}};
  EXPECT_FALSE(BuildBuckets(back.t, back.v, 10).at(0).is_stale());
}

TEST(BucketTest, InfinityStaysInTheSum) {
  const double inf = std::numeric_limits<double>::infinity();
  const Series s{{1, 2, 3}, {1, inf, 1}};
  EXPECT_EQ(BuildBuckets(s.t, s.v, 10).at(0).sum, inf);
}

Series RandomSeries(uint32_t seed, bool counter) {
  std::mt19937 random(seed);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<uint32_t>(n)); };
  Series s;
  TimestampMs t = below(100000) - 50000;
  double v = below(1000);
  for (int i = 0; i < 2000; ++i) {
    t += below(50) == 0 ? 1 + below(400000) : 14990 + below(20);
    if (below(80) == 0) {
      s.t.push_back(t);
      s.v.push_back(StaleNan());
      t += 1 + below(100000);
    }
    v = counter ? (below(60) == 0 ? below(5) : v + below(7)) : below(2000) - 1000;
    s.t.push_back(t);
    s.v.push_back(!counter && below(40) == 0 ? kNan : v);
  }
  return s;
}

void ExpectSame(const Bucket& a, const Bucket& b) {
  const auto bits = [](double x) { return std::bit_cast<uint64_t>(x); };
  EXPECT_EQ(a.end, b.end);
  EXPECT_EQ(a.count, b.count);
  EXPECT_EQ(a.first_t, b.first_t);
  EXPECT_EQ(a.last_t, b.last_t);
  EXPECT_EQ(bits(a.first_v), bits(b.first_v));
  EXPECT_EQ(bits(a.last_v), bits(b.last_v));
  EXPECT_EQ(a.resets, b.resets);
  EXPECT_EQ(a.changes, b.changes);
  EXPECT_EQ(bits(a.correction), bits(b.correction));
  EXPECT_EQ(bits(a.min), bits(b.min));
  EXPECT_EQ(bits(a.max), bits(b.max));
  EXPECT_TRUE(a.sum == b.sum || (std::isnan(a.sum) && std::isnan(b.sum)));
  EXPECT_EQ(a.stale_t, b.stale_t);
}

TEST(BucketTest, FoldingEqualsBuildingFromSamples) {
  for (uint32_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    const Series s = RandomSeries(seed, seed % 2 == 0);
    const auto minutes = BuildBuckets(s.t, s.v, kMinuteMs);
    for (const DurationMs resolution : {5 * kMinuteMs, kHourMs}) {
      const auto folded = FoldBuckets(minutes, resolution);
      const auto built = BuildBuckets(s.t, s.v, resolution);
      ASSERT_EQ(folded.size(), built.size());
      for (size_t i = 0; i < built.size(); ++i) ExpectSame(folded[i], built[i]);
    }
  }
}

TEST(BucketTest, PartsOfABucketJoinToTheWhole) {
  const Series s = RandomSeries(7, true);
  const std::span<const TimestampMs> t = s.t;
  const std::span<const double> v = s.v;
  const auto whole = BuildBuckets(t, v, kHourMs);
  for (const size_t cut : {size_t{1}, size_t{333}, size_t{1777}}) {
    auto parts = BuildBuckets(t.first(cut), v.first(cut), kHourMs);
    const auto rest = BuildBuckets(t.subspan(cut), v.subspan(cut), kHourMs);
    parts.insert(parts.end(), rest.begin(), rest.end());
    const auto joined = FoldBuckets(parts, kHourMs);
    ASSERT_EQ(joined.size(), whole.size());
    for (size_t i = 0; i < whole.size(); ++i) ExpectSame(joined[i], whole[i]);
  }
}

// A window of whole buckets by the definition of each function, against its samples.
TEST(BucketTest, WholeBucketsTellWhatTheirSamplesTell) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    const Series s = RandomSeries(seed, true);
    for (const Bucket& b : BuildBuckets(s.t, s.v, 5 * kMinuteMs)) {
      double gained = 0;
      double previous = kNan;
      uint32_t count = 0;
      double sum = 0;
      for (size_t i = 0; i < s.t.size(); ++i) {
        if (s.t[i] <= b.end - 5 * kMinuteMs || s.t[i] > b.end || IsStaleNan(s.v[i])) continue;
        if (count > 0) gained += s.v[i] < previous ? s.v[i] : s.v[i] - previous;
        previous = s.v[i];
        sum += s.v[i];
        ++count;
      }
      EXPECT_EQ(b.count, count);
      EXPECT_EQ(b.sum, sum);
      EXPECT_EQ(b.last_v - b.first_v + b.correction, gained);
    }
  }
}

}  // namespace
}  // namespace firn::engine
