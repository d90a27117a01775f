#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/capacity/answer_json.h"
#include "tools/capacity/answer_text.h"
#include "tools/capacity/answer_words.h"

namespace firn::tools {
namespace {

using testing::HasSubstr;

constexpr TimestampMs kNow = 1'790'812'800'000;  // 2026-10-01T00:00:00Z
constexpr double kGib = 1 << 30;

query::Forecast Base() {
  query::Forecast forecast;
  forecast.step = kDayMs;
  forecast.start = kNow - 3 * kDayMs;
  forecast.observed = {70 * kGib, 71 * kGib, 72 * kGib};
  forecast.fitted = forecast.observed;
  forecast.forecast_start = kNow;
  forecast.median = {73 * kGib, 74 * kGib};
  forecast.lower = {72 * kGib, 72 * kGib};
  forecast.upper = {74 * kGib, 76 * kGib};
  forecast.limit = {100 * kGib, 100 * kGib};
  forecast.trend_per_week = 7 * kGib;
  forecast.points = 3;
  return forecast;
}

query::Forecast Full() {
  query::Forecast forecast = Base();
  forecast.seasons = {{.period = kDayMs, .strength = 0.8, .amplitude = 5}};
  forecast.crossing = query::ForecastCrossing{.probability = 0.96,
                                              .median = kNow + 23 * kDayMs,
                                              .lower = kNow + 17 * kDayMs,
                                              .upper = kNow + 34 * kDayMs};
  forecast.backtest =
      query::ForecastBacktest{.windows = 3, .window = 30 * kDayMs, .mase = 0.62, .coverage = 0.91};
  return forecast;
}

CapacityInputs Inputs() {
  CapacityInputs inputs{
      .question = {.expression = "used_bytes", .limit = "size_bytes", .unit = Unit::kBytes},
      .now = kNow,
      .start = kNow - 3 * kDayMs,
      .step = kDayMs};
  for (const char* host : {"db1", "db2"}) {
    inputs.series.push_back(
        {.labels = Labels::FromPairs({{"__name__", "used_bytes"}, {"host", host}}),
         .values = {70 * kGib, 71 * kGib, 72 * kGib},
         .limits = {100 * kGib, 100 * kGib, 100 * kGib},
         .current = 72 * kGib,
         .limit_now = 100 * kGib});
  }
  return inputs;
}

TEST(AnswerTest, SaysWhenHowSureAndHowOftenNot) {
  const CapacityInputs inputs = Inputs();
  const AnswerWords words = WordsOf(inputs, inputs.series[0], Full());
  EXPECT_EQ(words.sentence, "in 23 days, 90 %: 17-34 days; not within 90 days in 4 % of runs");
  EXPECT_EQ(words.date, "2026-10-24");
  EXPECT_EQ(words.in, "23 days");
  EXPECT_EQ(words.interval, "17-34 days");
  EXPECT_EQ(words.chance, "96 %");
  EXPECT_EQ(words.growth, "+7 GiB");
  EXPECT_EQ(words.seasons, "day");
  EXPECT_EQ(words.urgency, Urgency::kLikely);

  query::Forecast sure = Full();
  sure.crossing->upper = *sure.crossing->lower + kHourMs;
  EXPECT_EQ(WordsOf(inputs, inputs.series[0], sure).interval, "17 days");
}

TEST(AnswerTest, SaysWhatLiesBeyondTheHorizon) {
  const CapacityInputs inputs = Inputs();
  query::Forecast forecast = Full();
  forecast.crossing = query::ForecastCrossing{.probability = 0.2, .lower = kNow + 80 * kDayMs};
  EXPECT_EQ(WordsOf(inputs, inputs.series[0], forecast).sentence,
            "within 90 days in 20 % of runs, 90 %: >80 days");
  EXPECT_EQ(WordsOf(inputs, inputs.series[0], forecast).urgency, Urgency::kPossible);
  forecast.crossing = query::ForecastCrossing{};
  EXPECT_EQ(WordsOf(inputs, inputs.series[0], forecast).sentence, "not within 90 days");
  EXPECT_EQ(WordsOf(inputs, inputs.series[0], forecast).chance, "0 %");
  forecast.crossing =
      query::ForecastCrossing{.reached_already = true, .probability = 1, .median = kNow};
  EXPECT_EQ(WordsOf(inputs, inputs.series[0], forecast).date, "now");
  EXPECT_EQ(WordsOf(inputs, inputs.series[0], forecast).urgency, Urgency::kReached);
  forecast.crossing.reset();
  EXPECT_EQ(WordsOf(inputs, inputs.series[0], forecast).chance, "-");
  EXPECT_EQ(WordsOf(inputs, inputs.series[0], forecast).urgency, Urgency::kUnknown);
}

TEST(AnswerTest, FitsInto80Columns) {
  query::Forecast quiet = Base();
  quiet.crossing = query::ForecastCrossing{};
  quiet.notes = {"The history is short."};
  EXPECT_EQ(AnswerText(Inputs(), {Full(), quiet}, {.columns = 80}),
            R"(Expression  used_bytes
All series  used_bytes
Limit       size_bytes, reached from below
History     2026-09-28 to 2026-10-01, a value every 1 day
Horizon     90 days, intervals of 90 %

SERIES           NOW    LIMIT  PER WEEK  REACHED       INTERVAL    CHANCE
{host="db1"}  72 GiB  100 GiB    +7 GiB  2026-10-24    17-34 days    96 %
{host="db2"}  72 GiB  100 GiB    +7 GiB  not expected  -              0 %

{host="db1"}
  in 23 days, 90 %: 17-34 days; not within 90 days in 4 % of runs
  seasons: day; back-test: MASE 0.62, 91 % of values within the interval
{host="db2"}
  not within 90 days
  no season
  The history is short.
)");
}

TEST(AnswerTest, ShowsAllFiguresWhereThereIsRoom) {
  const std::string text = AnswerText(Inputs(), {Full(), Full()}, {.columns = 140});
  EXPECT_THAT(text, HasSubstr("CHANCE  SEASONS  MASE  COVERS\n"));
  EXPECT_THAT(text, HasSubstr("96 %  day      0.62    91 %\n"));
}

TEST(AnswerTest, WritesCsv) {
  EXPECT_THAT(AnswerCsv(Inputs(), {Full(), Full()}),
              HasSubstr("series,verdict,current,limit,growth_per_week,growth_lower,growth_upper,"
                        "probability,median,lower,upper,seasons,mase,coverage\n"
                        "\"used_bytes{host=\"\"db1\"\"}\",ok,7.7309411328e+10,1.073741824e+11,"
                        "7.516192768e+09,0,0,0.96,2026-10-24T00:00:00Z,2026-10-18T00:00:00Z,"
                        "2026-11-04T00:00:00Z,day,0.62,0.91\n"));
}

TEST(AnswerTest, WritesJson) {
  CapacityInputs inputs = Inputs();
  inputs.series.pop_back();
  const std::string json = AnswerJson(inputs, {Full()}, {}, true);
  EXPECT_THAT(
      json,
      HasSubstr(
          R"({"expression":"used_bytes","limit":"size_bytes","now":"2026-10-01T00:00:00Z",)"));
  EXPECT_THAT(
      json,
      HasSubstr(
          R"("series":[{"labels":{"__name__":"used_bytes","host":"db1"},"verdict":"ok","urgency":"likely",)"));
  EXPECT_THAT(
      json,
      HasSubstr(
          R"("crossing":{"reached_already":false,"probability":0.96,"median":"2026-10-24T00:00:00Z",)"));
  EXPECT_THAT(
      json,
      HasSubstr(
          R"("future":{"start":"2026-10-01T00:00:00Z","median":[7.8383153152e+10,7.9456894976e+10],)"));
}

TEST(AnswerTest, ComparesPlans) {
  query::Forecast later = Full();
  later.crossing->median = kNow + 40 * kDayMs;
  query::Forecast never = Full();
  never.crossing = query::ForecastCrossing{};
  CapacityInputs inputs = Inputs();
  inputs.series.pop_back();
  const std::vector<ScenarioForecasts> plans = {{{.name = "capacity +20 GiB"}, {later}},
                                                {{.name = "capacity +1 TiB"}, {never}}};
  EXPECT_THAT(ScenarioText(inputs, {Full()}, plans, {.columns = 80}),
              HasSubstr(R"(used_bytes{host="db1"}
  72 GiB of 100 GiB now, +7 GiB per week
PLAN              REACHED       INTERVAL    CHANCE  SHIFT
as it goes        2026-10-24    17-34 days    96 %
capacity +20 GiB  2026-11-10    17-34 days    96 %  17 days later
capacity +1 TiB   not expected  -              0 %  later, beyond 90 days
)"));
  EXPECT_EQ(ShiftWords(later, Full(), 90 * kDayMs), "17 days sooner");
  EXPECT_EQ(ShiftWords(never, Full(), 90 * kDayMs), "sooner, was beyond 90 days");
  EXPECT_EQ(ShiftWords(never, never, 90 * kDayMs), "none expected");
}

TEST(AnswerTest, WritesPlansAsCsv) {
  query::Forecast never = Full();
  never.crossing = query::ForecastCrossing{};
  CapacityInputs inputs = Inputs();
  inputs.series.pop_back();
  EXPECT_EQ(ScenarioCsv(inputs, {Full()}, {{{.name = "a, b"}, {never}}}),
            "series,plan,probability,median,lower,upper\n"
            "\"used_bytes{host=\"\"db1\"\"}\",as it goes,0.96,2026-10-24T00:00:00Z,"
            "2026-10-18T00:00:00Z,2026-11-04T00:00:00Z\n"
            "\"used_bytes{host=\"\"db1\"\"}\",\"a, b\",0,,,\n");
}

TEST(AnswerTest, DrawsPastForecastAndLimit) {
  const std::string plots = AnswerPlots(Inputs(), {Full(), Full()}, {.columns = 80}, 1);
  EXPECT_THAT(plots, HasSubstr("100 GiB ┤"));
  EXPECT_THAT(plots, HasSubstr("90 % interval"));
  EXPECT_THAT(plots, HasSubstr("... and 1 more series without a plot"));
}

}  // namespace
}  // namespace firn::tools
