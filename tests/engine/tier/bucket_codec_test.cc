#include "engine/tier/codec/bucket_codec.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "base/sample.h"
#include "tests/engine/tier/bucket_shapes.h"

namespace firn::engine {
namespace {

bool SameBits(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

void ExpectSame(const Bucket& a, const Bucket& b, bool sums) {
  EXPECT_EQ(a.end, b.end);
  EXPECT_EQ(a.first_t, b.first_t);
  EXPECT_EQ(a.last_t, b.last_t);
  EXPECT_EQ(a.stale_t, b.stale_t);
  EXPECT_EQ(a.count, b.count);
  EXPECT_EQ(a.resets, b.resets);
  EXPECT_EQ(a.changes, b.changes);
  EXPECT_TRUE(SameBits(a.first_v, b.first_v));
  EXPECT_TRUE(SameBits(a.last_v, b.last_v));
  EXPECT_TRUE(SameBits(a.correction, b.correction));
  EXPECT_TRUE(SameBits(a.min, b.min)) << a.min << " " << b.min;
  EXPECT_TRUE(SameBits(a.max, b.max)) << a.max << " " << b.max;
  EXPECT_TRUE(!sums || SameBits(a.sum, b.sum)) << a.sum << " " << b.sum;
}

void ExpectDecodes(const CodedBuckets& coded, const std::vector<Bucket>& buckets,
                   DurationMs resolution, bool sums) {
  DecodedBuckets decoded;
  const Status status = DecodeBuckets(coded.times, coded.bytes, resolution, &decoded);
  ASSERT_TRUE(status.ok()) << status.ToString();
  const bool has_sums = decoded.has_sums({});
  EXPECT_TRUE(has_sums || !sums);
  ASSERT_EQ(decoded.buckets.size(), buckets.size());
  for (size_t i = 0; i < buckets.size(); ++i) {
    ExpectSame(decoded.buckets[i], buckets[i], has_sums);
  }
}

void RoundTrip(const Series& s, DurationMs resolution, bool sums) {
  const std::vector<Bucket> buckets = BuildBuckets(s.t, s.v, resolution);
  const CodedBuckets coded = EncodeBuckets(buckets, sums);
  ExpectDecodes(coded, buckets, resolution, sums);
  const CodedBuckets smallest = EncodeSeries({s.t, s.v, buckets, sums});
  EXPECT_LE(smallest.bytes.size(), coded.bytes.size());
  ExpectDecodes(smallest, buckets, resolution, sums);
}

TEST(BucketCodecTest, GivesBackWhatWasEncoded) {
  for (const auto& [name, next] : kShapes) {
    SCOPED_TRACE(name);
    for (uint32_t seed = 0; seed < 3; ++seed) {
      const Series s = Scrape(seed, next);
      for (const DurationMs resolution : {DurationMs{7000}, kMinuteMs, 5 * kMinuteMs, kHourMs}) {
        RoundTrip(s, resolution, true);
        RoundTrip(s, resolution, false);
      }
    }
  }
}

// What the first byte of a coded series says of its form.
bool HoldsSamples(const CodedBuckets& coded) {
  return static_cast<uint8_t>(coded.bytes.front()) == 128;
}
bool HoldsGrowth(const CodedBuckets& coded) {
  return static_cast<uint8_t>(coded.bytes.front()) > 128;
}

TEST(BucketCodecTest, FewNoisySamplesStayWhatTheyAre) {
  const Series s = Scrape(1, kShapes[3].second);
  const auto minutes = BuildBuckets(s.t, s.v, kMinuteMs);
  const CodedBuckets coded = EncodeSeries({s.t, s.v, minutes, true});
  EXPECT_TRUE(HoldsSamples(coded));
  EXPECT_EQ(coded.times, s.t);
  EXPECT_LT(coded.bytes.size() * 4, EncodeBuckets(minutes, true).bytes.size() * 3);
  const auto hours = BuildBuckets(s.t, s.v, kHourMs);
  EXPECT_FALSE(HoldsSamples(EncodeSeries({s.t, s.v, hours, true})));
}

TEST(BucketCodecTest, CountersAreKeptAsGrowth) {
  const Series s = Scrape(
      1, [](std::mt19937& r, double v) { return v + static_cast<double>(10'000 + r() % 999); });
  for (const DurationMs resolution : {5 * kMinuteMs, kHourMs}) {
    const auto buckets = BuildBuckets(s.t, s.v, resolution);
    EXPECT_TRUE(HoldsGrowth(EncodeBuckets(buckets, false)));
    RoundTrip(s, resolution, false);
  }
  // A bucket without samples has no value to grow from.
  Series gap = s;
  for (size_t i = 100; i < 140; ++i) gap.v[i] = StaleNan();
  const auto buckets = BuildBuckets(gap.t, gap.v, 5 * kMinuteMs);
  EXPECT_FALSE(HoldsGrowth(EncodeBuckets(buckets, false)));
  RoundTrip(gap, 5 * kMinuteMs, false);
}

TEST(BucketCodecTest, OneSampleAndAMarkerAlone) {
  RoundTrip({{5}, {1.5}}, 10, true);
  RoundTrip({{5}, {StaleNan()}}, 10, true);
  RoundTrip({{5, 15}, {StaleNan(), 2}}, 10, false);
}

TEST(BucketCodecTest, CountersGoWithoutSums) {
  const Series s = Scrape(1, kShapes[1].second);
  const std::vector<Bucket> buckets = BuildBuckets(s.t, s.v, kHourMs);
  const CodedBuckets with = EncodeBuckets(buckets, true);
  const CodedBuckets without = EncodeBuckets(buckets, false);
  EXPECT_LT(without.bytes.size(), with.bytes.size());
  DecodedBuckets decoded;
  ASSERT_TRUE(DecodeBuckets(without.times, without.bytes, kHourMs, &decoded).ok());
  EXPECT_FALSE(decoded.has_sums({}));
}

// A gauge, a counter of which no sums are kept, a gauge: two days each.
TEST(BucketCodecTest, PartsDifferInWhetherTheyHaveSums) {
  std::vector<Bucket> all;
  std::vector<std::pair<size_t, bool>> ends;
  for (const auto& [shape, sums] : {std::pair(3, true), std::pair(1, false), std::pair(5, true)}) {
    const Series s = Scrape(9, kShapes[shape].second);
    for (Bucket b : BuildBuckets(s.t, s.v, kHourMs)) {
      const auto shift = static_cast<DurationMs>(ends.size()) * 30 * kDayMs;
      b.end += shift;
      b.first_t += shift;
      b.last_t += shift;
      if (b.is_stale()) b.stale_t += shift;
      all.push_back(b);
    }
    ends.emplace_back(all.size(), sums);
  }
  std::vector<BucketPart> parts;
  size_t begin = 0;
  for (const auto& [end, sums] : ends) {
    parts.push_back({std::span(all).subspan(begin, end - begin), sums});
    begin = end;
  }
  const CodedBuckets coded = EncodeBucketParts(parts);
  DecodedBuckets decoded;
  ASSERT_TRUE(DecodeBuckets(coded.times, coded.bytes, kHourMs, &decoded).ok());
  ASSERT_EQ(decoded.buckets.size(), all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    const bool has_sum = i < ends[0].first || i >= ends[1].first;
    ExpectSame(decoded.buckets[i], all[i], has_sum);
    EXPECT_EQ(decoded.has_sums({all[i].first_t, all[i].last_t}), has_sum) << i;
  }
  EXPECT_FALSE(decoded.has_sums({}));
  // Cut anywhere, and one time too few or too many.
  for (size_t size = 0; size < coded.bytes.size(); ++size) {
    const std::string_view cut = std::string_view(coded.bytes).substr(0, size);
    EXPECT_FALSE(DecodeBuckets(coded.times, cut, kHourMs, &decoded).ok()) << size;
  }
  const std::span<const TimestampMs> times = coded.times;
  EXPECT_FALSE(DecodeBuckets(times.first(times.size() - 1), coded.bytes, kHourMs, &decoded).ok());
}

TEST(BucketCodecTest, AConstantSeriesTakesAFewBytes) {
  const Series s = Scrape(1, kShapes[0].second);
  EXPECT_LE(EncodeBuckets(BuildBuckets(s.t, s.v, kMinuteMs), true).bytes.size(), 32u);
}

TEST(BucketCodecTest, DamagedBytesAreRefusedOrDecodeToSomething) {
  std::mt19937 random(1);
  size_t refused = 0;
  for (const auto& [name, next] : kShapes) {
    const Series s = Scrape(1, next);
    // Every other shape in the form with the fewest bytes, which for some is their samples.
    const auto buckets = BuildBuckets(s.t, s.v, random() % 2 == 0 ? kMinuteMs : kHourMs);
    const CodedBuckets coded =
        random() % 2 == 0 ? EncodeBuckets(buckets, true) : EncodeSeries({s.t, s.v, buckets, true});
    DecodedBuckets decoded;
    for (size_t n = 0; n < coded.bytes.size(); ++n) {
      EXPECT_FALSE(
          DecodeBuckets(coded.times, std::string_view(coded.bytes).substr(0, n), kHourMs, &decoded)
              .ok());
    }
    for (int i = 0; i < 500; ++i) {
      std::string bytes = coded.bytes;
      bytes[random() % bytes.size()] = static_cast<char>(random());
      if (!DecodeBuckets(coded.times, bytes, kHourMs, &decoded).ok()) ++refused;
    }
    auto times = coded.times;
    times.push_back(times.back() + 1);
    EXPECT_FALSE(DecodeBuckets(times, coded.bytes, kHourMs, &decoded).ok());
  }
  EXPECT_GT(refused, 100u);
}

}  // namespace
}  // namespace firn::engine
