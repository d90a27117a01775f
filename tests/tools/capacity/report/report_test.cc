#include "tools/capacity/report/report.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/capacity/answer_words.h"
#include "tools/capacity/report/report_html.h"
#include "tools/capacity/report/report_text.h"

namespace firn::tools {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr TimestampMs kNow = 1'790'812'800'000;  // 2026-10-01T00:00:00Z

query::Forecast ForecastWith(std::optional<query::ForecastCrossing> crossing) {
  query::Forecast forecast;
  forecast.step = kDayMs;
  forecast.start = kNow - 3 * kDayMs;
  forecast.observed = {5, 6, 7};
  forecast.fitted = {5, 6, 7};
  forecast.forecast_start = kNow;
  forecast.median = {8, 9};
  forecast.lower = {7, 8};
  forecast.upper = {9, 10};
  forecast.limit = {20, 20};
  forecast.trend_per_week = 7;
  forecast.crossing = crossing;
  return forecast;
}

query::ForecastCrossing In(int64_t days) {
  return {.probability = 0.9,
          .median = kNow + days * kDayMs,
          .lower = kNow + days * kDayMs / 2,
          .upper = kNow + days * kDayMs * 2};
}

ResourceForecast Resource(const std::string& name, std::vector<query::Forecast> forecasts) {
  ResourceForecast out;
  out.resource.name = name;
  out.resource.question = {.expression = "x<y", .limit = "20"};
  out.inputs = {
      .question = out.resource.question, .now = kNow, .start = kNow - 3 * kDayMs, .step = kDayMs};
  for (size_t i = 0; i < forecasts.size(); ++i) {
    out.inputs.series.push_back({.labels = Labels::FromPairs({{"i", std::to_string(i)}}),
                                 .values = {5, 6, 7},
                                 .limit = 20,
                                 .current = 7,
                                 .limit_now = 20});
  }
  out.names = ShortNames(out.inputs).names;
  out.forecasts = std::move(forecasts);
  return out;
}

// A report as MakeReport() would make it, of forecasts written by hand.
Report Sample() {
  Report report{.title = "A <b>title</b>", .now = kNow, .resources = {}, .rows = {}};
  report.resources.push_back(Resource("Disk", {ForecastWith(In(40)), ForecastWith(In(10))}));
  report.resources.push_back(Resource("Queue & \"co\"", {ForecastWith(query::ForecastCrossing{})}));
  ResourceForecast failed = Resource("Broken", {});
  failed.status = InvalidArgument("1:1: parse error <script>alert(1)</script>");
  report.resources.push_back(failed);
  report.rows = {{0, 1}, {0, 0}, {1, 0}};
  report.resources[0].resource.advice = "Grow <it>.";
  report.resources[0].plans = {
      {{.name = "plan <x>"}, {ForecastWith(In(50)), ForecastWith(query::ForecastCrossing{})}}};
  return report;
}

ReportConfig ThreeResources() {
  ReportConfig config;
  config.title = "Three";
  for (const char* name : {"slow", "broken", "fast"}) {
    config.resources.push_back({.name = name, .question = {.expression = name, .limit = "1000"}});
  }
  return config;
}

TEST(ReportTest, PutsTheMostUrgentFirstAndGoesOnAfterErrors) {
  const HistorySource source{.read = [](const HistoryQuestion& question) -> Result<History> {
    if (question.expression == "broken") return InvalidArgument("1:1: parse error");
    const double per_hour = question.expression == "fast" ? 0.5 : 0.1;
    HistoryBuilder builder(question);
    std::vector<double>* values = builder.Series({});
    for (TimestampMs t = question.start; t <= question.end; t += question.step) {
      builder.Set(values, t,
                  900 + per_hour * static_cast<double>((t - question.end) / question.step));
    }
    return builder.Take();
  }};
  std::vector<size_t> seen;
  const auto report = MakeReport(ThreeResources(), source, kNow, nullptr,
                                 [&](size_t done) { seen.push_back(done); });
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(seen, ElementsAre(0, 1, 2));
  ASSERT_EQ(report->rows.size(), 2u);
  EXPECT_EQ(RowName(*report, report->rows[0]), "fast");  // In 200 hours, the other in 1,000.
  EXPECT_EQ(RowName(*report, report->rows[1]), "slow");
  EXPECT_EQ(report->resources[1].status.message(), "1:1: parse error");
  EXPECT_EQ(RowsWithin(*report, 14 * kDayMs, FailAt::kMedian).size(), 1u);
  EXPECT_EQ(RowsWithin(*report, 60 * kDayMs, FailAt::kMedian).size(), 2u);
  EXPECT_EQ(RowsWithin(*report, kDayMs, FailAt::kMedian).size(), 0u);
}

TEST(ReportTest, EndsIfNobodyAnswers) {
  const HistorySource source{.read = [](const HistoryQuestion&) -> Result<History> {
    return Unavailable("connection refused");
  }};
  EXPECT_EQ(MakeReport(ThreeResources(), source, kNow, nullptr, nullptr).status().code(),
            StatusCode::kUnavailable);
}

TEST(ReportTest, CountsTheCautiousEndOfTheIntervalIfAsked) {
  const Report report = Sample();
  EXPECT_EQ(RowsWithin(report, 6 * kDayMs, FailAt::kMedian).size(), 0u);
  EXPECT_EQ(RowsWithin(report, 6 * kDayMs, FailAt::kLower).size(), 1u);
  EXPECT_EQ(RowsWithin(report, 10 * kDayMs, FailAt::kMedian).size(), 1u);
}

TEST(ReportTest, IsATable) {
  EXPECT_EQ(ReportText(Sample(), {.columns = 80}),
            R"(A <b>title</b>  2026-10-01 00:00

RESOURCE      NOW  LIMIT  PER WEEK  REACHED       INTERVAL    CHANCE
Disk {i="1"}    7     20        +7  2026-10-11    5-20 days     90 %
Disk {i="0"}    7     20        +7  2026-11-10    20-80 days    90 %
Queue & "co"    7     20        +7  not expected  -              0 %

Broken: 1:1: parse error <script>alert(1)</script>
)");
}

TEST(ReportTest, IsCsv) {
  EXPECT_EQ(
      ReportCsv(Sample()),
      R"(resource,group,series,urgency,current,limit,growth_per_week,probability,median,lower,upper,error
Disk,,"{i=""1""}",likely,7,20,7,0.9,2026-10-11T00:00:00Z,2026-10-06T00:00:00Z,2026-10-21T00:00:00Z,
Disk,,"{i=""0""}",likely,7,20,7,0.9,2026-11-10T00:00:00Z,2026-10-21T00:00:00Z,2026-12-20T00:00:00Z,
"Queue & ""co""",,"{i=""0""}",not expected,7,20,7,0,,,,
Broken,,,,,,,,,,,1:1: parse error <script>alert(1)</script>
)");
}

TEST(ReportTest, IsMarkdown) {
  const std::string text = ReportMarkdown(Sample());
  EXPECT_THAT(text, testing::StartsWith(
                        "# A \\<b\\>title\\</b\\>\n\nAs of 2026-10-01 00:00 UTC.\n\n"
                        "| Resource | Now | Limit | Per week | Reached | Interval | Chance |\n"
                        "| --- | ---: | ---: | ---: | --- | --- | ---: |\n"
                        "| Disk \\{i=\"1\"\\} | 7 | 20 | +7 | 2026-10-11 | 5-20 days | 90 % |\n"));
  EXPECT_THAT(text,
              HasSubstr("| plan \\<x\\> | not expected | - | 0 % | later, beyond 90 days |\n"));
  EXPECT_THAT(text, HasSubstr("* Broken: 1:1: parse error \\<script\\>"));
  EXPECT_THAT(text, Not(HasSubstr("<script>")));
}

TEST(ReportTest, IsJson) {
  const std::string json = ReportJson(Sample());
  EXPECT_THAT(
      json,
      HasSubstr(
          R"({"title":"A <b>title</b>","now":"2026-10-01T00:00:00Z","resources":[{"name":"Disk",)"));
  EXPECT_THAT(
      json,
      HasSubstr(
          R"({"name":"Broken","group":"","error":"1:1: parse error <script>alert(1)</script>"}])"));
  EXPECT_THAT(
      json,
      HasSubstr(
          R"("order":[{"resource":0,"series":1},{"resource":0,"series":0},{"resource":1,"series":0}]})"));
}

TEST(ReportTest, IsOnePageThatLoadsAndRunsNothing) {
  const std::string html = ReportHtml(Sample());
  EXPECT_THAT(html, testing::StartsWith("<!DOCTYPE html>\n<html lang=\"en\">"));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("http")));
  EXPECT_THAT(html, Not(HasSubstr("src=")));
  EXPECT_THAT(html, Not(HasSubstr("url(")));
}

TEST(ReportTest, EscapesAllTextOfOthers) {
  const std::string html = ReportHtml(Sample());
  EXPECT_THAT(html, HasSubstr("<h1>A &lt;b&gt;title&lt;/b&gt;</h1>"));
  EXPECT_THAT(html, HasSubstr("parse error &lt;script&gt;alert(1)&lt;/script&gt;"));
  EXPECT_THAT(html, HasSubstr("Queue &amp; &quot;co&quot;"));
  EXPECT_THAT(html, HasSubstr("Grow &lt;it&gt;."));
  EXPECT_THAT(html, HasSubstr("plan &lt;x&gt;"));
  EXPECT_THAT(html, HasSubstr("{i=&quot;1&quot;}"));
  EXPECT_THAT(html, HasSubstr("<code>x&lt;y</code>"));
}

// A change of the page is to be looked at in a browser; FIRN_WRITE_GOLDEN=1 then writes the new
// one.
TEST(ReportTest, IsTheGoldenPage) {
  const std::string path = FIRN_SOURCE_DIR "/tests/tools/capacity/report/golden.html";
  const std::string html = ReportHtml(Sample());
  if (std::getenv("FIRN_WRITE_GOLDEN") != nullptr) std::ofstream(path) << html;
  std::ifstream file(path);
  const std::string golden(std::istreambuf_iterator<char>(file), {});
  ASSERT_FALSE(golden.empty());
  EXPECT_EQ(html, golden);
}

// The golden row was looked at in a browser.
TEST(ReportTest, ShowsEachRowInTheTable) {
  EXPECT_THAT(
      ReportHtml(Sample()),
      HasSubstr(
          "<tr><th scope=\"row\"><a href=\"#r0\">Disk</a><small>{i=&quot;1&quot;}</small></th>"
          "<td><span class=\"chip likely\">likely</span></td><td class=\"n\">7</td><td "
          "class=\"n\">20</td>"
          "<td class=\"n\">+7</td><td class=\"t\">2026-10-11<small>5-20 days</small></td>"
          "<td class=\"n\">90 %</td></tr>\n"));
}

}  // namespace
}  // namespace firn::tools
