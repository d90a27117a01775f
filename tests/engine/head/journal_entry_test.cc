#include "engine/head/journal_entry.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace firn::engine {
namespace {

struct Record {
  uint64_t series;
  TimestampMs t;
  uint64_t bits;
  friend bool operator==(const Record&, const Record&) = default;
};

class Collector : public JournalEntryVisitor {
 public:
  void OnSample(uint64_t series, Sample sample) override {
    samples.push_back({series, sample.t, std::bit_cast<uint64_t>(sample.v)});
  }
  void OnHistogram(uint64_t series, TimestampMs t, HistogramPtr histogram) override {
    histograms.emplace_back(series, t, std::move(histogram));
  }
  std::vector<Record> samples;
  std::vector<std::tuple<uint64_t, TimestampMs, HistogramPtr>> histograms;
};

const double kValues[] = {0,
                          -0.0,
                          1,
                          15,
                          16,
                          -1,
                          0.5,
                          1e300,
                          static_cast<double>(int64_t{1} << 48),
                          static_cast<double>((int64_t{1} << 48) + 2),
                          INFINITY,
                          -INFINITY,
                          NormalNan(),
                          StaleNan(),
                          std::numeric_limits<double>::denorm_min()};
constexpr TimestampMs kTimes[] = {
    0, 1, -1, 15000, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
constexpr uint64_t kSeries[] = {1, 2, 3, 100, 99, std::numeric_limits<uint64_t>::max()};

TEST(JournalEntryTest, KeepsEveryBit) {
  JournalEntryWriter writer;
  writer.Clear();
  std::vector<Record> want;
  for (const uint64_t series : kSeries) {
    for (const TimestampMs t : kTimes) {
      for (const double v : kValues) {
        writer.Add(series, {t, v});
        want.push_back({series, t, std::bit_cast<uint64_t>(v)});
      }
    }
  }
  Collector got;
  ASSERT_TRUE(ReadJournalEntry(writer.Finish(), &got).ok());
  EXPECT_EQ(got.samples, want);
}

TEST(JournalEntryTest, KeepsHistograms) {
  FloatHistogram h;
  h.counter_reset_hint = CounterResetHint::kGauge;
  h.schema = kCustomBucketsSchema;
  h.count = 6;
  h.sum = -1.5;
  h.positive_spans = {{0, 2}, {3, 1}};
  h.positive_buckets = {1, 2, 3};
  h.custom_values = {0.1, 0.2, 5, 6, 7, 8};
  JournalEntryWriter writer;
  writer.Clear();
  writer.Add(1, {10, 1});
  writer.AddHistogram(2, 10, h);
  writer.Add(3, {10, 3});
  Collector got;
  ASSERT_TRUE(ReadJournalEntry(writer.Finish(), &got).ok());
  ASSERT_EQ(got.histograms.size(), 1u);
  EXPECT_EQ(got.samples.size(), 2u);
  const auto& [series, t, read] = got.histograms[0];
  EXPECT_EQ(series, 2u);
  EXPECT_EQ(t, 10);
  EXPECT_EQ(read->counter_reset_hint, h.counter_reset_hint);
  EXPECT_EQ(read->schema, h.schema);
  EXPECT_EQ(read->sum, h.sum);
  EXPECT_EQ(read->positive_spans, h.positive_spans);
  EXPECT_EQ(read->positive_buckets, h.positive_buckets);
  EXPECT_EQ(read->custom_values, h.custom_values);
}

TEST(JournalEntryTest, RefusesEveryCutInsideARecordAndUnknownVersions) {
  JournalEntryWriter writer;
  writer.Clear();
  writer.Add(7, {123456, 0.1});
  const std::string whole(writer.Finish());
  for (size_t n = 0; n < whole.size(); ++n) {
    Collector got;
    const Status status = ReadJournalEntry(std::string_view(whole).substr(0, n), &got);
    // One byte is an entry without samples.
    EXPECT_EQ(status.ok(), n == 1) << n;
    EXPECT_TRUE(got.samples.empty());
  }
  std::string other = whole;
  other[0] = 99;
  Collector got;
  EXPECT_EQ(ReadJournalEntry(other, &got).code(), StatusCode::kCorruption);
}

TEST(JournalEntryTest, SurvivesRandomBytes) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(1 + random() % 100, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    bytes[0] = 1;
    Collector got;
    const Status status = ReadJournalEntry(bytes, &got);
    EXPECT_TRUE(status.ok() || status.code() == StatusCode::kCorruption);
  }
}

}  // namespace
}  // namespace firn::engine
