#include "tools/capacity/evaluate.h"

#include <cmath>
#include <limits>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::tools {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr TimestampMs kNow = 1'790'812'800'000 + 25 * kMinuteMs;  // Not on the grid.

Labels Of(std::vector<std::pair<std::string, std::string>> pairs) {
  return Labels::FromPairs(std::move(pairs));
}

// Answers questions from series that are functions of the number of the step, the last one being 0.
class FakeStore {
 public:
  void Add(const std::string& expression, const Labels& labels,
           std::function<double(int64_t)> value) {
    series_[expression].emplace_back(labels, std::move(value));
  }
  HistorySource source() {
    return {.read = [this](const HistoryQuestion& question) -> Result<History> {
      asked.push_back(question);
      const auto read = [&](const HistoryQuestion& slice, HistoryBuilder* builder) {
        for (const auto& [labels, value] : series_[question.expression]) {
          std::vector<double>* values = builder->Series(labels);
          for (TimestampMs t = slice.start; t <= slice.end; t += slice.step) {
            builder->Set(values, t, value((t - question.end) / question.step));
          }
        }
        return OkStatus();
      };
      return ReadInSlices(question, {.points_max = 1'000, .values_max = 10'000}, read, nullptr);
    }};
  }
  std::vector<HistoryQuestion> asked;

 private:
  std::map<std::string, std::vector<std::pair<Labels, std::function<double(int64_t)>>>> series_;
};

double Rising(int64_t i) { return 100 + 0.01 * static_cast<double>(i); }

TEST(EvaluateTest, AsksForAnEvenGridThatEndsBeforeNow) {
  FakeStore store;
  store.Add("x", Of({{"a", "1"}}), Rising);
  const auto inputs = ReadInputs({.expression = "x", .history = 60 * kDayMs}, store.source(), kNow);
  ASSERT_TRUE(inputs.ok()) << inputs.status().message();
  ASSERT_EQ(store.asked.size(), 1u);
  EXPECT_EQ(store.asked[0].step, kHourMs);
  EXPECT_EQ(store.asked[0].end, kNow - 25 * kMinuteMs);
  EXPECT_EQ(store.asked[0].start, store.asked[0].end - 60 * kDayMs + kHourMs);
  EXPECT_EQ(inputs->series[0].values.size(), 60u * 24);
  EXPECT_EQ(inputs->series[0].current, 100);
  EXPECT_THAT(inputs->notes, IsEmpty());
}

TEST(EvaluateTest, AggregatesToLabels) {
  EXPECT_EQ(EffectiveExpression({.expression = "x"}), "x");
  EXPECT_EQ(EffectiveExpression({.expression = "x / y", .by = {"a", "b"}, .aggregate = "max"}),
            "max by (a, b) (x / y)");
}

TEST(EvaluateTest, CutsWhatNobodyHasAndLeavesOutWhatEnded) {
  FakeStore store;
  store.Add("x", Of({{"a", "1"}}), [](int64_t i) { return i > -10 ? kNan : Rising(i); });
  store.Add("x", Of({{"a", "2"}}), [](int64_t i) { return i > -300 ? kNan : Rising(i); });
  store.Add("x", Of({{"a", "3"}}), [](int64_t) { return kNan; });
  const auto inputs = ReadInputs({.expression = "x"}, store.source(), kNow);
  ASSERT_TRUE(inputs.ok());
  ASSERT_EQ(inputs->series.size(), 1u);
  EXPECT_EQ(inputs->series[0].values.size(), 180u * 24 - 10);
  EXPECT_THAT(inputs->notes, ElementsAre(HasSubstr("the newest value is of 2026-09-30 14:00"),
                                         HasSubstr("left out: 1 series that ended")));
}

TEST(EvaluateTest, TakesThePresentOfADirectoryThatIsOld) {
  FakeStore store;
  store.Add("x", {}, Rising);
  HistorySource source = store.source();
  source.newest = kNow - 100 * kDayMs;
  const auto inputs = ReadInputs({.expression = "x"}, source, kNow);
  ASSERT_TRUE(inputs.ok());
  EXPECT_EQ(inputs->now, kNow - 100 * kDayMs);
}

TEST(EvaluateTest, FindsTheLimitOfEachSeries) {
  FakeStore store;
  store.Add("used", Of({{"disk", "a"}, {"host", "1"}}), Rising);
  store.Add("used", Of({{"disk", "b"}, {"host", "1"}}), Rising);
  store.Add("used", Of({{"disk", "c"}, {"host", "2"}}), Rising);
  store.Add("size", Of({{"__name__", "size"}, {"disk", "a"}, {"host", "1"}}),
            [](int64_t) { return 200; });
  store.Add("size", Of({{"__name__", "size"}, {"disk", "b"}, {"host", "1"}}),
            [](int64_t i) { return i < -100 ? 300 : kNan; });
  const auto inputs = ReadInputs({.expression = "used", .limit = "size"}, store.source(), kNow);
  ASSERT_TRUE(inputs.ok());
  ASSERT_EQ(inputs->series.size(), 2u);
  EXPECT_EQ(inputs->series[0].limit_now, 200);
  EXPECT_EQ(inputs->series[1].limit_now, 300);
  EXPECT_EQ(inputs->series[1].limits.size(), inputs->series[1].values.size());
  EXPECT_THAT(inputs->notes, ElementsAre("left out: 1 series that the limit has no value for"));
}

TEST(EvaluateTest, TakesALimitWithoutCommonLabelsForAll) {
  FakeStore store;
  store.Add("used", Of({{"db", "a"}}), Rising);
  store.Add("max", Of({{"server", "1"}}), [](int64_t) { return 200; });
  const auto one = ReadInputs({.expression = "used", .limit = "max"}, store.source(), kNow);
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one->series[0].limit_now, 200);
  // With two of them nobody knows which.
  store.Add("max", Of({{"server", "2"}}), [](int64_t) { return 300; });
  const auto two = ReadInputs({.expression = "used", .limit = "max"}, store.source(), kNow);
  EXPECT_EQ(two.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(two.status().message()), HasSubstr("several series for {db=\"a\"}"));
}

TEST(EvaluateTest, SeesFromWhichSideALimitIsReached) {
  FakeStore store;
  store.Add("x", {}, Rising);
  const auto direction = [&](const char* limit, Direction asked) {
    return ReadInputs({.expression = "x", .limit = limit, .direction = asked}, store.source(), kNow)
        ->series[0]
        .direction;
  };
  EXPECT_EQ(direction("200", Direction::kAuto), query::LimitDirection::kRising);
  EXPECT_EQ(direction("90", Direction::kAuto), query::LimitDirection::kRising);  // Passed already.
  EXPECT_EQ(direction("0", Direction::kAuto), query::LimitDirection::kFalling);
  EXPECT_EQ(direction("0", Direction::kRising), query::LimitDirection::kRising);
  EXPECT_EQ(direction("200", Direction::kFalling), query::LimitDirection::kFalling);
}

TEST(EvaluateTest, SaysWhatIsWrong) {
  FakeStore store;
  store.Add("x", Of({{"a", "1"}}), Rising);
  store.Add("x", Of({{"a", "2"}}), Rising);
  const auto error = [&](const CapacityQuestion& question) {
    return std::string(ReadInputs(question, store.source(), kNow).status().message());
  };
  EXPECT_THAT(error({.expression = "nothing"}), HasSubstr("nothing has no value between 2026-"));
  EXPECT_THAT(error({.expression = "x", .limit = "nothing"}),
              HasSubstr("the limit nothing has no value"));
  EXPECT_THAT(error({.expression = "x", .series_max = 1}), HasSubstr("2 series, more than 1"));
  EXPECT_THAT(error({.expression = "x", .history = kHourMs, .step = kHourMs}),
              HasSubstr("no two steps"));
  EXPECT_THAT(error({.expression = "x", .history = 365 * kDayMs, .step = kSecondMs}),
              HasSubstr("too many steps"));
}

TEST(EvaluateTest, TheLimitMayBeOfMoreThingsThanAreAskedAbout) {
  FakeStore store;
  store.Add("x", Of({{"a", "1"}}), Rising);
  for (const char* a : {"1", "2", "3"}) {
    store.Add("size", Of({{"a", a}}), [](int64_t) { return 200; });
  }
  const auto inputs =
      ReadInputs({.expression = "x", .limit = "size", .series_max = 1}, store.source(), kNow);
  ASSERT_TRUE(inputs.ok()) << inputs.status().message();
  EXPECT_EQ(inputs->series[0].limit_now, 200);
}

TEST(EvaluateTest, KeepsThePointsOfAsManySeriesAsAreWanted) {
  FakeStore store;
  for (int i = 0; i < 300; ++i) {
    store.Add("x", Of({{"a", std::to_string(1000 + i)}}), [i](int64_t) { return i; });
  }
  const auto inputs = ReadInputs({.expression = "x", .limit = "1000", .history = 10 * kDayMs},
                                 store.source(), kNow);
  ASSERT_TRUE(inputs.ok());
  std::vector<uint64_t> done;
  ForecastWork work{.points_of = 2};
  work.progress = [&](uint64_t n, uint64_t total) {
    EXPECT_EQ(total, 300u);
    done.push_back(n);
  };
  const auto forecasts = ForecastAll(*inputs, {}, work);
  ASSERT_TRUE(forecasts.ok());
  ASSERT_EQ(forecasts->size(), 300u);
  EXPECT_EQ(done.back(), 300u);
  EXPECT_GT(done.size(), 1u);
  for (size_t i = 0; i < 300; ++i) {
    EXPECT_EQ(forecasts->at(i).level, static_cast<double>(i));  // In the order of the series.
    EXPECT_EQ(forecasts->at(i).median.empty(), i >= 2);
    EXPECT_EQ(forecasts->at(i).observed.empty(), i >= 2);
    EXPECT_TRUE(forecasts->at(i).crossing.has_value());
  }
}

TEST(EvaluateTest, ForecastsEachSeriesUnderEachPlan) {
  FakeStore store;
  store.Add("x", {}, Rising);
  const auto inputs = ReadInputs({.expression = "x", .limit = "110"}, store.source(), kNow);
  ASSERT_TRUE(inputs.ok());
  const auto expected = ForecastAll(*inputs, {}, {});
  ASSERT_TRUE(expected.ok()) << expected.status().message();
  ASSERT_EQ(expected->size(), 1u);
  ASSERT_TRUE(expected->at(0).crossing && expected->at(0).crossing->median);
  // 10 more at 0.01 an hour: 1,000 hours.
  const auto days = static_cast<double>(*expected->at(0).crossing->median - kNow) / kDayMs;
  EXPECT_NEAR(days, 1000.0 / 24, 3);
  const Scenario more{.name = "more", .load_changes = {{.from = kNow, .add = 5}}};
  const auto sooner = ForecastAll(*inputs, more, {});
  ASSERT_TRUE(sooner.ok());
  const auto days_then = static_cast<double>(*sooner->at(0).crossing->median - kNow) / kDayMs;
  EXPECT_NEAR(days_then, 500.0 / 24, 3);
}

}  // namespace
}  // namespace firn::tools
