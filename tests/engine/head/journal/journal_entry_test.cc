#include "engine/head/journal/journal_entry.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>
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
  void OnDifference(uint64_t series, TimestampMs t, const JournalDifference& since) override {
    differences.push_back({series, t, since});
  }
  void OnHistogram(uint64_t series, TimestampMs t, HistogramPtr histogram) override {
    histograms.emplace_back(series, t, std::move(histogram));
  }
  struct Difference {
    uint64_t series;
    TimestampMs t;
    JournalDifference since;
  };
  std::vector<Record> samples;
  std::vector<Difference> differences;
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

// A base for each series, samples as differences to them, and what comes of reading them.
class DifferencesTest : public testing::Test {
 protected:
  void Add(uint64_t entry, double base, uint64_t series, Sample sample) {
    bases_[{entry, series}] = base;
    writer_.AddSince({.entry = entry, .value = base}, series, sample);
    want_.push_back({series, sample.t, std::bit_cast<uint64_t>(sample.v)});
  }
  void AddWhole(uint64_t series, Sample sample) {
    writer_.Add(series, sample);
    want_.push_back({series, sample.t, std::bit_cast<uint64_t>(sample.v)});
  }
  size_t ReadBack() {
    Collector got;
    const std::string entry(writer_.Finish());
    EXPECT_TRUE(ReadJournalEntry(entry, &got).ok());
    std::vector<Record> differences;
    for (const auto& [series, t, since] : got.differences) {
      const auto base = bases_.find({since.base_entry, series});
      if (base == bases_.end()) {
        ADD_FAILURE() << "entry " << since.base_entry << " series " << series;
        return 0;
      }
      const std::optional<double> v = since.To(base->second);
      differences.push_back({series, t, std::bit_cast<uint64_t>(v.value_or(-1))});
    }
    // Both in the order in which they were added.
    std::vector<Record> all;
    std::merge(got.samples.begin(), got.samples.end(), differences.begin(), differences.end(),
               std::back_inserter(all), [this](const Record& a, const Record& b) {
                 return std::find(want_.begin(), want_.end(), a) <
                        std::find(want_.begin(), want_.end(), b);
               });
    EXPECT_EQ(all, want_);
    return entry.size();
  }

  JournalEntryWriter writer_;
  std::map<std::pair<uint64_t, uint64_t>, double> bases_;
  std::vector<Record> want_;
};

TEST_F(DifferencesTest, KeepEveryBit) {
  uint64_t series = 0;
  for (const double base : kValues) {
    for (const double v : kValues) Add(7, base, ++series, {15000, v});
  }
  ReadBack();
}

TEST_F(DifferencesTest, RunsOfAnyLengthAreWhatTheyWere) {
  uint64_t series = 0;
  for (const int length : {1, 2, 13, 14, 15, 300}) {
    for (int i = 0; i < length; ++i) Add(9, 0.1 * length, ++series, {1000, 0.1 * length});
    AddWhole(++series, {1000, 5});
  }
  EXPECT_LT(ReadBack(), 40u);
}

TEST_F(DifferencesTest, ARunEndsWhereSomethingElseBegins) {
  Add(9, 1.5, 1, {1000, 1.5});
  Add(9, 1.5, 2, {1000, 1.5});
  Add(9, 1.5, 4, {1000, 1.5});  // Not the next series,
  Add(9, 1.5, 5, {2000, 1.5});  // ... not the time,
  Add(8, 1.5, 6, {2000, 1.5});  // ... not the entry,
  Add(8, 1.5, 7, {2000, 1.5});
  FloatHistogram h;
  writer_.AddHistogram(8, 2000, h);  // ... not a number.
  Add(8, 1.5, 9, {2000, 1.5});
  ReadBack();
}

TEST_F(DifferencesTest, MoreUnchangedThanOneRunHolds) {
  constexpr uint64_t kMany = (1 << 16) + 10;
  class Count : public Collector {
    void OnDifference(uint64_t series, TimestampMs, const JournalDifference&) override {
      EXPECT_EQ(series, ++n);
    }

   public:
    uint64_t n = 0;
  } got;
  for (uint64_t i = 1; i <= kMany; ++i) writer_.AddSince({3, 0.5}, i, {1000, 0.5});
  ASSERT_TRUE(ReadJournalEntry(writer_.Finish(), &got).ok());
  EXPECT_EQ(got.n, kMany);
}

TEST_F(DifferencesTest, AnyMixKeepsEveryBit) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const auto value = [&]() -> double {
    const auto n = static_cast<double>(static_cast<int64_t>(random() >> (random() % 64)));
    switch (random() % 6) {
      case 0:
        return kValues[random() % std::size(kValues)];
      case 1:
        return n / 100;
      case 2:
        return n / 1e6;
      case 3:
        return n / 3;
      case 4:
        return std::bit_cast<double>(random());
      default:
        return n;
    }
  };
  uint64_t series = 0;
  for (int i = 0; i < 1000; ++i) {
    series += random() % 4 == 0 ? 1 + random() % 1000 : 1;
    const Sample sample{static_cast<TimestampMs>(random() % 3) * 15000, value()};
    const double near = sample.v + static_cast<double>(random() % 100) / 100;
    const double bases[] = {sample.v, near, value()};
    if (random() % 4 == 0) {
      AddWhole(series, sample);
    } else {
      Add(1 + random() % 3, bases[random() % 3], series, sample);
    }
  }
  ReadBack();
}

TEST_F(DifferencesTest, DecimalsTakeFewBytes) {
  for (uint64_t series = 1; series <= 100; ++series) {
    const auto cents = static_cast<double>(series * 77'777);
    Add(5, cents / 100, series, {1000, (cents + 13) / 100});
  }
  EXPECT_LT(ReadBack(), 420u);
}

// The bytes of docs/format/journal.md, so that no change goes unnoticed.
TEST(JournalEntryTest, HasTheBytesThatAreDescribed) {
  JournalEntryWriter writer;
  const auto hex = [&writer] {
    std::string text;
    for (const char c : writer.Finish()) {
      text += fmt::format("{:02x} ", static_cast<unsigned char>(c));
    }
    return text;
  };
  writer.Add(3, {1, 7});
  writer.Add(4, {1, 100});
  EXPECT_EQ(hex(), "01 7c 06 02 07 c8 01 ");
  writer.Clear();
  writer.AddSince({50, 2}, 3, {1, 2});
  writer.AddSince({50, 2}, 4, {1, 2});
  writer.AddSince({50, 90}, 5, {1, 100});
  writer.AddSince({48, 0.25}, 6, {2, 1.26});
  // Base 50; two unchanged; plus 10; base 48; 1010 thousandths more.
  EXPECT_EQ(hex(), "02 f8 64 28 06 02 17 14 f8 03 21 02 e4 0f ");
}

TEST(JournalEntryTest, RefusesDifferencesThatCannotBe) {
  using namespace std::string_view_literals;
  const std::string_view entries[] = {
      "\x02\x28\x02\x02"sv,              // Unchanged, before any base.
      "\x02\xf8\x02\xe8\x02\x02\x00"sv,  // A run of none.
      "\x02\xf8\x02\x24\x02\x02\x02"sv,  // An unknown form of an integer,
      "\x02\xf8\x02\x60\x02\x02\x02"sv,  // ... of a number.
      "\x02\xf8"sv,
      "\x02\xf8\x02\x14\x02\x02"sv,
  };
  for (const std::string_view entry : entries) {
    Collector got;
    EXPECT_EQ(ReadJournalEntry(entry, &got).code(), StatusCode::kCorruption);
    EXPECT_TRUE(got.samples.empty() && got.differences.empty());
  }
}

TEST(JournalEntryTest, ANumberFarFromItsBaseIsNoBase) {
  class Split : public Collector {
    void OnNoBase(uint64_t series, Sample sample) override {
      no_bases.push_back({series, sample.t, std::bit_cast<uint64_t>(sample.v)});
    }

   public:
    std::vector<Record> no_bases;
  } got;
  JournalEntryWriter writer;
  writer.AddSince({.entry = 3, .value = 1.0 / 3}, 1, {1000, -1.0 / 7});
  writer.Add(2, {1000, -1.0 / 7});
  ASSERT_TRUE(ReadJournalEntry(writer.Finish(), &got).ok());
  EXPECT_EQ(got.no_bases, (std::vector<Record>{{1, 1000, std::bit_cast<uint64_t>(-1.0 / 7)}}));
  EXPECT_EQ(got.samples, (std::vector<Record>{{2, 1000, std::bit_cast<uint64_t>(-1.0 / 7)}}));
}

TEST(JournalDifferenceTest, OfIntegersNeedsAnInteger) {
  const JournalDifference since = {
      .base_entry = 1, .of = JournalDifference::Of::kIntegers, .amount = 1};
  EXPECT_EQ(since.To(41), 42);
  EXPECT_EQ(since.To(0.5), std::nullopt);
  EXPECT_EQ(since.To(NormalNan()), std::nullopt);
  EXPECT_EQ(since.To(1e300), std::nullopt);
}

TEST(JournalDifferenceTest, ChoosesTheUnit) {
  using Of = JournalDifference::Of;
  const struct {
    double base, v;
    Of of;
    int64_t amount;
  } cases[] = {
      {1.5, 1.5, Of::kPatterns, 0},         {1000, 1100, Of::kIntegers, 100},
      {-7, -9, Of::kIntegers, -2},          {1000, 3, Of::kIntegers, -997},
      {12.34, 12.5, Of::kThousandths, 160}, {12.345678, 12.345679, Of::kMillionths, 1},
      {0.3, 0.1 + 0.2, Of::kPatterns, 1},   {3.000000001, 3, Of::kThousandths, 0},
  };
  for (const auto& c : cases) {
    const auto since = JournalDifference::Between({.entry = 5, .value = c.base}, c.v);
    ASSERT_TRUE(since) << c.v;
    EXPECT_EQ(since->base_entry, 5u);
    EXPECT_EQ(since->of, c.of) << c.v;
    EXPECT_EQ(static_cast<int64_t>(since->amount), c.amount) << c.v;
    EXPECT_EQ(since->To(c.base), c.v);
  }
  EXPECT_FALSE(JournalDifference::Between({.entry = 5, .value = 1}, 1e-300));
}

TEST(JournalEntryTest, SurvivesRandomBytes) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(1 + random() % 100, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    bytes[0] = static_cast<char>(1 + round % 2);
    Collector got;
    const Status status = ReadJournalEntry(bytes, &got);
    EXPECT_TRUE(status.ok() || status.code() == StatusCode::kCorruption);
  }
}

}  // namespace
}  // namespace firn::engine
