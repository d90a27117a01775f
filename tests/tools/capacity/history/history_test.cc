#include "tools/capacity/history/history.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::tools {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr HistoryQuestion kThousandPoints{
    .expression = "x", .start = 0, .end = 999 * kHourMs, .step = kHourMs};

// Answers slices with series whose values are the hours, and keeps what was asked for.
class FakeReader {
 public:
  explicit FakeReader(size_t series) : series_(series) {}

  SliceReader reader() {
    return [this](const HistoryQuestion& slice, HistoryBuilder* builder) {
      slices.emplace_back(slice.start / kHourMs, slice.end / kHourMs);
      for (size_t i = 0; i < series_; ++i) {
        std::vector<double>* values =
            builder->Series(Labels::FromPairs({{"i", std::to_string(i)}}));
        for (TimestampMs t = slice.start; t <= slice.end; t += slice.step) {
          builder->Set(values, t, static_cast<double>(t / kHourMs));
        }
      }
      return OkStatus();
    };
  }
  std::vector<std::pair<int64_t, int64_t>> slices;

 private:
  const size_t series_;
};

TEST(ReadInSlicesTest, BeginsWithTheNewestPointAndLeavesNoneOut) {
  FakeReader fake(10);
  std::vector<uint64_t> done;
  const auto history = ReadInSlices(kThousandPoints, {.points_max = 500, .values_max = 4'000},
                                    fake.reader(), [&](uint64_t points, uint64_t total) {
                                      EXPECT_EQ(total, 1000u);
                                      done.push_back(points);
                                    });
  ASSERT_TRUE(history.ok());
  EXPECT_THAT(fake.slices, ElementsAre(Pair(999, 999), Pair(899, 998), Pair(499, 898),
                                       Pair(99, 498), Pair(0, 98)));
  EXPECT_THAT(done, ElementsAre(1, 101, 501, 901, 1000));
  ASSERT_EQ(history->series.size(), 10u);
  for (size_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(history->series[9].values[i], static_cast<double>(i));
  }
}

TEST(ReadInSlicesTest, RefusesTooManySeriesBeforeTheyCostMuch) {
  FakeReader fake(11);
  HistoryQuestion question = kThousandPoints;
  question.series_max = 10;
  const auto history =
      ReadInSlices(question, {.points_max = 500, .values_max = 1'000'000}, fake.reader(), nullptr);
  EXPECT_EQ(history.status().code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(history.status().message()), HasSubstr("11 series, more than 10"));
  EXPECT_THAT(fake.slices, ElementsAre(Pair(999, 999)));
  question.series_max = 11;
  EXPECT_TRUE(
      ReadInSlices(question, {.points_max = 500, .values_max = 1'000'000}, fake.reader(), nullptr)
          .ok());
}

TEST(ReadInSlicesTest, GrowsSlowlyWhileNobodyKnowsHowManySeriesThereAre) {
  FakeReader fake(0);
  const auto history = ReadInSlices(
      kThousandPoints, {.points_max = 10'000, .values_max = 1'000'000}, fake.reader(), nullptr);
  ASSERT_TRUE(history.ok());
  EXPECT_THAT(fake.slices, ElementsAre(Pair(999, 999), Pair(899, 998), Pair(0, 898)));
}

TEST(ReadInSlicesTest, EndsWithTheErrorOfAReader) {
  const auto history = ReadInSlices(
      kThousandPoints, {.points_max = 10, .values_max = 10},
      [](const HistoryQuestion&, HistoryBuilder*) { return Unavailable("nobody is there"); },
      nullptr);
  EXPECT_EQ(history.status().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace firn::tools
