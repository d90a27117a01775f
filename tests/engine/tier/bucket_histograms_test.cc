#include "engine/tier/bucket_histograms.h"

#include <random>

#include <gtest/gtest.h>

namespace firn::engine {
namespace {

HistogramPtr Make(std::vector<double> buckets, CounterResetHint hint = CounterResetHint::kUnknown) {
  auto h = std::make_shared<FloatHistogram>();
  h->counter_reset_hint = hint;
  h->positive_spans = {{0, static_cast<uint32_t>(buckets.size())}};
  for (const double b : buckets) h->count += b;
  h->positive_buckets = std::move(buckets);
  return h;
}

HistogramPtr Stale() {
  auto h = std::make_shared<FloatHistogram>();
  h->sum = StaleNan();
  return h;
}

ThinnedHistograms Thin(std::vector<TimestampMs> t, std::vector<HistogramPtr> h,
                       DurationMs resolution = 100) {
  return ThinHistograms(t, h, {}, resolution);
}

using Times = std::vector<TimestampMs>;
using Counts = std::vector<uint32_t>;

TEST(BucketHistogramsTest, KeepsFirstAndLastOfEachBucket) {
  const auto thin = Thin({10, 20, 30, 100, 110, 150},
                         {Make({1}), Make({2}), Make({3}), Make({4}), Make({5}), Make({6})});
  EXPECT_EQ(thin.t, (Times{10, 100, 110, 150}));
  EXPECT_EQ(thin.count, (Counts{1, 3, 1, 1}));
}

TEST(BucketHistogramsTest, KeepsBothSidesOfAReset) {
  const auto thin = Thin({10, 20, 30, 40, 50, 60},
                         {Make({1}), Make({2}), Make({3}), Make({1}), Make({2}), Make({9})});
  EXPECT_EQ(thin.t, (Times{10, 30, 40, 60}));
  EXPECT_EQ(thin.count, (Counts{1, 2, 1, 2}));
}

TEST(BucketHistogramsTest, KeepsBothSidesOfAChangeOfLayoutOrAHintedReset) {
  EXPECT_EQ(Thin({10, 20, 30, 40, 50, 60},
                 {Make({1}), Make({2}), Make({3}), Make({3, 1}), Make({4, 1}), Make({5, 1})})
                .t,
            (Times{10, 30, 40, 60}));
  EXPECT_EQ(Thin({10, 20, 30, 40, 50},
                 {Make({1}), Make({2}), Make({3}, CounterResetHint::kReset), Make({4}), Make({5})})
                .t,
            (Times{10, 20, 30, 40, 50}));
}

TEST(BucketHistogramsTest, GaugesMayFall) {
  const auto gauge = [](double x) { return Make({x}, CounterResetHint::kGauge); };
  EXPECT_EQ(Thin({10, 20, 30, 40}, {gauge(4), gauge(1), gauge(7), gauge(2)}).t, (Times{10, 40}));
}

TEST(BucketHistogramsTest, KeepsAStaleMarkerAtTheEndAlone) {
  const auto thin =
      Thin({10, 20, 30, 40, 50, 210}, {Make({1}), Stale(), Make({2}), Make({3}), Stale(), Stale()});
  EXPECT_EQ(thin.t, (Times{10, 40, 50, 210}));
  EXPECT_EQ(thin.count, (Counts{1, 2, 0, 0}));
}

TEST(BucketHistogramsTest, ThinningTwiceEqualsThinningOnce) {
  for (uint32_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::vector<TimestampMs> t;
    std::vector<HistogramPtr> h;
    TimestampMs now = 0;
    double v = 0;
    for (int i = 0; i < 500; ++i) {
      now += 1 + random() % (random() % 20 == 0 ? 500 : 30);
      v = random() % 40 == 0 ? 0 : v + static_cast<double>(random() % 3);
      t.push_back(now);
      h.push_back(random() % 30 == 0 ? Stale() : Make({v, v}));
    }
    const auto fine = ThinHistograms(t, h, {}, 100);
    const auto twice = ThinHistograms(fine.t, fine.h, fine.count, 600);
    EXPECT_EQ(twice, ThinHistograms(t, h, {}, 600));
  }
}

}  // namespace
}  // namespace firn::engine
