#include "storage/encoding/histogram_codec.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/random_histograms.h"

namespace firn::storage {
namespace {

TEST(HistogramCodec, RoundTripsRandomSeries) {
  std::mt19937_64 rng(1);
  for (int round = 0; round < 200; ++round) {
    const std::vector<HistogramPtr> want = RandomHistograms(rng, rng() % 300);
    std::string bytes;
    EncodeHistograms(want, &bytes);
    bytes += "rest";
    std::string_view in = bytes;
    std::vector<HistogramPtr> got;
    const Status status = DecodeHistograms(&in, want.size(), &got);
    ASSERT_TRUE(status.ok()) << status.ToString();
    EXPECT_EQ(in, "rest");
    ASSERT_EQ(got.size(), want.size());
    for (size_t i = 0; i < want.size(); ++i) ExpectSame(*got[i], *want[i]);
    ASSERT_FALSE(HasFailure()) << "round " << round;
  }
}

TEST(HistogramCodec, EqualNeighboursShareOneObject) {
  FloatHistogram h;
  h.positive_spans = {{0, 2}};
  h.positive_buckets = {3, 4};
  h.count = 7;
  const std::vector<HistogramPtr> series(10, std::make_shared<FloatHistogram>(h));
  std::string bytes;
  EncodeHistograms(series, &bytes);
  EXPECT_LE(bytes.size(), 40u);
  std::string_view in = bytes;
  std::vector<HistogramPtr> got;
  ASSERT_TRUE(DecodeHistograms(&in, series.size(), &got).ok());
  EXPECT_EQ(got.front(), got.back());
}

TEST(HistogramCodec, RefusesBucketsThatTheSpansDoNotName) {
  FloatHistogram h;
  h.positive_spans = {{0, 2}};
  h.positive_buckets = {1};
  EXPECT_FALSE(IsWellFormed(h));
  h.positive_buckets = {1, 2};
  EXPECT_TRUE(IsWellFormed(h));
  h.positive_spans = {{0, 1 << 20}};
  h.positive_buckets.assign(1 << 20, 1);
  EXPECT_FALSE(IsWellFormed(h));
}

TEST(HistogramCodec, SurvivesChangedBytes) {
  std::mt19937_64 rng(2);
  const std::vector<HistogramPtr> series = RandomHistograms(rng, 60);
  std::string whole;
  EncodeHistograms(series, &whole);
  for (int round = 0; round < 5000; ++round) {
    std::string bytes = whole.substr(0, rng() % whole.size());
    if (bytes.empty()) continue;
    for (int flips = static_cast<int>(rng() % 3); flips > 0; --flips) {
      bytes[rng() % bytes.size()] = static_cast<char>(rng());
    }
    const std::vector<char> exact(bytes.begin(), bytes.end());
    std::string_view in(exact.data(), exact.size());
    std::vector<HistogramPtr> got;
    const Status status = DecodeHistograms(&in, series.size(), &got);
    if (!status.ok()) {
      ASSERT_EQ(status.code(), StatusCode::kCorruption);
    }
  }
}

}  // namespace
}  // namespace firn::storage
