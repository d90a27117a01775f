#include "query/forecast/forecast.h"

#include <cmath>

#include <gtest/gtest.h>

#include "query/forecast/forecast_words.h"

namespace firn::query {
namespace {

constexpr TimestampMs kStart = 1'700'000'000'000;

std::vector<double> Line(size_t n, double level, double slope) {
  std::vector<double> v(n);
  for (size_t i = 0; i < n; ++i) {
    v[i] = level + slope * static_cast<double>(i) + 0.3 * std::sin(static_cast<double>(i * i % 97));
  }
  return v;
}

ForecastInput Hourly(const std::vector<double>& v) {
  return {.start = kStart, .step = kHourMs, .values = v};
}

TEST(ForecastTest, FollowsALineAndFindsWhenItMeetsTheLimit) {
  const std::vector<double> v = Line(1000, 10, 0.1);
  const auto forecast =
      MakeForecast(Hourly(v), {.horizon = 30 * kDayMs, .limit = ForecastLimit{.value = 130}});
  ASSERT_TRUE(forecast.ok());
  EXPECT_EQ(forecast->verdict, ForecastVerdict::kOk);
  EXPECT_EQ(forecast->forecast_start, kStart + 1000 * kHourMs);
  ASSERT_EQ(forecast->median.size(), 720u);
  EXPECT_NEAR(forecast->median[719], 10 + 0.1 * 1719, 1);
  EXPECT_NEAR(forecast->trend_per_week, 0.1 * 168, 0.5);
  ASSERT_TRUE(forecast->crossing && forecast->crossing->median);
  EXPECT_NEAR(static_cast<double>(*forecast->crossing->median - kStart) / kHourMs, 1200, 12);
  EXPECT_EQ(forecast->crossing->probability, 1);
}

TEST(ForecastTest, SaysWhenTheHistoryIsTooShort) {
  const std::vector<double> v = Line(5, 10, 1);
  const auto forecast = MakeForecast(Hourly(v), {});
  ASSERT_TRUE(forecast.ok());
  EXPECT_EQ(forecast->verdict, ForecastVerdict::kTooShort);
  EXPECT_TRUE(forecast->median.empty());
  EXPECT_FALSE(forecast->notes.empty());
}

TEST(ForecastTest, RefusesWhatMakesNoSense) {
  const std::vector<double> v = Line(100, 1, 1);
  EXPECT_FALSE(MakeForecast({.start = 0, .step = 0, .values = v}, {}).ok());
  EXPECT_FALSE(MakeForecast(Hourly(v), {.horizon = kMinuteMs}).ok());
  EXPECT_FALSE(MakeForecast(Hourly(v), {.confidence = 1}).ok());
  EXPECT_FALSE(MakeForecast(Hourly(v), {.limit = ForecastLimit{}}).ok());
}

TEST(ForecastTest, ManySeriesOverAPoolEqualOneByOne) {
  std::vector<std::vector<double>> values;
  std::vector<ForecastInput> inputs;
  for (size_t i = 0; i < 20; ++i) values.push_back(Line(300, 1, 0.01 * static_cast<double>(i)));
  for (const auto& v : values) inputs.push_back(Hourly(v));
  const std::vector<ForecastOptions> options(20, ForecastOptions{.horizon = 2 * kDayMs});
  ThreadPool pool(2, "forecast");
  const auto forecasts = MakeForecasts(inputs, options, &pool);
  for (size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_EQ(forecasts[i]->median, MakeForecast(inputs[i], options[i])->median);
  }
}

TEST(ForecastTest, UnwrapsCounters) {
  const std::vector<double> v = {1, 5, 2, NAN, 4, 1};
  const std::vector<double> out = UnwrapCounter(v);
  EXPECT_EQ(out[2], 7);
  EXPECT_TRUE(std::isnan(out[3]));
  EXPECT_EQ(out[4], 9);
  EXPECT_EQ(out[5], 10);
}

TEST(ForecastWordsTest, RoundsDurations) {
  EXPECT_EQ(RoughDuration(23 * kDayMs + 5 * kHourMs), "23 d");
  EXPECT_EQ(RoughDuration(3 * kDayMs + 4 * kHourMs), "3 d 4 h");
  EXPECT_EQ(RoughDuration(0), "0 s");
}

TEST(ForecastWordsTest, TellsWhenTheLimitIsReached) {
  Forecast forecast;
  const ForecastOptions options;
  EXPECT_EQ(CrossingWords(forecast, options, 0), "");
  forecast.crossing = ForecastCrossing{
      .probability = 0.96, .median = 23 * kDayMs, .lower = 17 * kDayMs, .upper = 34 * kDayMs};
  EXPECT_EQ(CrossingWords(forecast, options, 0),
            "in 23 d, 90 %: 17 d to 34 d; not within 90 d in 4 % of runs");
}

}  // namespace
}  // namespace firn::query
