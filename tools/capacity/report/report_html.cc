#include "tools/capacity/report/report_html.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include <fmt/core.h>

#include "tools/capacity/answer_words.h"
#include "tools/capacity/evaluate.h"
#include "tools/plot/svg_chart.h"
#include "tools/plot/ticks.h"

namespace firn::tools {
namespace {

// Beyond this a page is no longer looked through; the table has all rows.
constexpr size_t kChartsMax = 60;

double Seconds(TimestampMs t) { return static_cast<double>(t) / 1000; }

std::vector<PlotPoint> Points(const std::vector<double>& values, TimestampMs start,
                              DurationMs step) {
  std::vector<PlotPoint> out;
  out.reserve(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    out.push_back({Seconds(start + static_cast<DurationMs>(i) * step), values[i]});
  }
  return out;
}

// The limit as it was and as it will be, by the points where it changes.
std::vector<PlotPoint> LimitLine(const CapacityInputs& inputs, const CapacityInput& input,
                                 const query::Forecast& forecast) {
  if (input.limits.empty() && !input.limit) return {};
  // Nothing is drawn from before the first value.
  size_t first = 0;
  while (first + 1 < input.values.size() && !std::isfinite(input.values[first])) ++first;
  const TimestampMs begin = inputs.start + static_cast<DurationMs>(first) * inputs.step;
  std::vector<PlotPoint> all = Points(input.limits, inputs.start, inputs.step);
  if (input.limit) all.push_back({Seconds(begin), *input.limit});
  std::erase_if(all, [&](const PlotPoint& p) { return p.t < Seconds(begin); });
  for (const PlotPoint& p : Points(forecast.limit, forecast.forecast_start, forecast.step)) {
    all.push_back(p);
  }
  std::vector<PlotPoint> out;
  for (size_t i = 0; i < all.size(); ++i) {
    const bool inside = i > 0 && i + 1 < all.size();
    if (!inside || all[i].v != all[i - 1].v || all[i].v != all[i + 1].v) out.push_back(all[i]);
  }
  return out;
}

Chart ChartOf(const Report& report, const ReportRow& row, size_t number) {
  const CapacityInputs& inputs = report.resource(row).inputs;
  const CapacityInput& input = report.input(row);
  const query::Forecast& forecast = report.forecast(row);
  const AnswerWords words = WordsOf(inputs, input, forecast);
  Chart chart{.id = fmt::format("c{}", number),
              .title = RowName(report, row),
              .description = fmt::format("{} now, limit {}, {} per week. {}", words.current,
                                         words.limit, words.growth, words.sentence),
              .unit = AxisFor(input, inputs.question.unit)};
  chart.past = Points(forecast.observed, forecast.start, forecast.step);
  chart.median = Points(forecast.median, forecast.forecast_start, forecast.step);
  chart.lower = Points(forecast.lower, forecast.forecast_start, forecast.step);
  chart.upper = Points(forecast.upper, forecast.forecast_start, forecast.step);
  chart.limit = LimitLine(inputs, input, forecast);
  if (!forecast.median.empty()) chart.now = Seconds(forecast.forecast_start);
  const auto& crossing = forecast.crossing;
  if (!crossing || crossing->reached_already || !crossing->median || forecast.limit.empty()) {
    return chart;
  }
  const auto step =
      static_cast<size_t>((*crossing->median - forecast.forecast_start) / forecast.step);
  chart.crossing = {Seconds(*crossing->median),
                    forecast.limit[std::min(step, forecast.limit.size() - 1)]};
  if (crossing->lower) chart.crossing_from = Seconds(*crossing->lower);
  if (crossing->upper) chart.crossing_to = Seconds(*crossing->upper);
  return chart;
}

std::string Chip(Urgency urgency) {
  const UrgencyLook& look = LookFor(urgency);
  return fmt::format("<span class=\"chip {}\">{}</span>", look.css_class, look.name);
}

std::string Tiles(const Report& report) {
  std::map<Urgency, size_t> counts;
  for (const ReportRow& row : report.rows) ++counts[UrgencyOf(report.forecast(row))];
  size_t failed = 0;
  for (const ResourceForecast& resource : report.resources) failed += resource.status.ok() ? 0 : 1;
  struct Tile {
    Urgency urgency;
    const char* text;
  };
  static constexpr std::array kTiles = {
      Tile{Urgency::kReached, "reached now"}, Tile{Urgency::kLikely, "likely"},
      Tile{Urgency::kPossible, "possible"}, Tile{Urgency::kNone, "not expected"},
      Tile{Urgency::kUnknown, "unknown"}};
  std::string out = "<ul class=\"tiles\">\n";
  for (const Tile& tile : kTiles) {
    const size_t count = counts[tile.urgency] + (tile.urgency == Urgency::kUnknown ? failed : 0);
    out += fmt::format("<li class=\"{}\"><b>{}</b><span>{}</span></li>\n",
                       LookFor(tile.urgency).css_class, count, tile.text);
  }
  return out + "</ul>\n";
}

std::string RowsTable(const Report& report) {
  std::string out =
      "<div class=\"sheet\"><table>\n<caption>The most urgent first</caption>\n<thead><tr>"
      "<th scope=\"col\">Resource</th><th scope=\"col\">State</th><th scope=\"col\" "
      "class=\"n\">Now</th>"
      "<th scope=\"col\" class=\"n\">Limit</th><th scope=\"col\" class=\"n\">Per week</th>"
      "<th scope=\"col\">Limit reached</th><th scope=\"col\" "
      "class=\"n\">Chance</th></tr></thead>\n<tbody>\n";
  for (size_t i = 0; i < report.rows.size(); ++i) {
    const ReportRow& row = report.rows[i];
    const ResourceForecast& resource = report.resource(row);
    const AnswerWords words = WordsOf(resource.inputs, report.input(row), report.forecast(row));
    const std::string series =
        resource.forecasts.size() > 1 || resource.resource.question.by.size() > 0
            ? resource.names[row.series]
            : "";
    const std::string name = HtmlText(resource.resource.name);
    out += fmt::format(
        "<tr><th scope=\"row\">{}<small>{}{}{}</small></th><td>{}</td><td class=\"n\">{}</td>"
        "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"t\">{}<small>{}</small></td>"
        "<td class=\"n\">{}</td></tr>\n",
        i < kChartsMax ? fmt::format("<a href=\"#r{}\">{}</a>", i, name) : name,
        HtmlText(resource.resource.group),
        resource.resource.group.empty() || series.empty() ? "" : " · ", HtmlText(series),
        Chip(words.urgency), HtmlText(words.current), HtmlText(words.limit), HtmlText(words.growth),
        HtmlText(words.date), HtmlText(words.interval == "-" ? "" : words.interval),
        HtmlText(words.chance));
  }
  return out + "</tbody></table></div>\n";
}

std::string PlansTable(const Report& report, const ReportRow& row, const AnswerWords& words) {
  const ResourceForecast& resource = report.resource(row);
  if (resource.plans.empty()) return "";
  std::string out =
      "<table><thead><tr><th scope=\"col\">What if</th><th scope=\"col\">Reached</th>"
      "<th scope=\"col\">Interval</th><th scope=\"col\" class=\"n\">Chance</th>"
      "<th scope=\"col\">Shift</th></tr></thead><tbody>\n";
  const auto add = [&](const std::string& name, const AnswerWords& then, const std::string& shift) {
    out += fmt::format(
        "<tr><td>{}</td><td class=\"t\">{}</td><td class=\"t\">{}</td><td "
        "class=\"n\">{}</td><td>{}</td></tr>\n",
        HtmlText(name), HtmlText(then.date), HtmlText(then.interval), HtmlText(then.chance),
        HtmlText(shift));
  };
  add("as it goes", words, "");
  for (const ScenarioForecasts& plan : resource.plans) {
    const query::Forecast& after = plan.forecasts[row.series];
    add(plan.scenario.name, WordsOf(resource.inputs, report.input(row), after),
        ShiftWords(report.forecast(row), after, resource.inputs.question.horizon));
  }
  return out + "</tbody></table>\n";
}

std::string Facts(const query::Forecast& forecast, const AnswerWords& words) {
  std::string out = words.current + (words.limit == "-" ? "" : " of " + words.limit) + " now, " +
                    words.growth + " per week";
  out += words.seasons == "none" ? "; no season" : "; seasons: " + words.seasons;
  if (!forecast.shifts.empty()) {
    out += fmt::format("; level shift on {}", DateText(Seconds(forecast.shifts.back().time)));
  }
  if (forecast.backtest) {
    out += fmt::format("; back-test: MASE {}, {} within the interval", words.mase, words.coverage);
  }
  return out;
}

std::string Card(const Report& report, size_t i) {
  const ReportRow& row = report.rows[i];
  const ResourceForecast& resource = report.resource(row);
  const query::Forecast& forecast = report.forecast(row);
  const AnswerWords words = WordsOf(resource.inputs, report.input(row), forecast);
  std::string out = fmt::format(
      "<article class=\"card {}\" id=\"r{}\"><header><h3>{}</h3>{}</header>\n",
      LookFor(words.urgency).css_class, i, HtmlText(RowName(report, row)), Chip(words.urgency));
  if (!words.sentence.empty()) {
    std::string sentence = words.sentence;
    sentence[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(sentence[0])));
    out += fmt::format("<p class=\"say\">{}</p>\n", HtmlText(sentence));
  }
  out += fmt::format("<p class=\"facts\">{}</p>\n", HtmlText(Facts(forecast, words)));
  for (const std::string& note : forecast.notes) {
    out += fmt::format("<p class=\"facts\">{}</p>\n", HtmlText(note));
  }
  out += SvgChart(ChartOf(report, row, i));
  out += PlansTable(report, row, words);
  if (!resource.resource.advice.empty() && words.urgency <= Urgency::kLikely) {
    out += fmt::format("<p class=\"advice\">{}</p>\n", HtmlText(resource.resource.advice));
  }
  out += fmt::format("<p class=\"facts\"><code>{}</code> against <code>{}</code></p>\n",
                     HtmlText(EffectiveExpression(resource.resource.question)),
                     HtmlText(resource.resource.question.limit));
  return out + "</article>\n";
}

std::string Failures(const Report& report) {
  std::string out;
  for (const ResourceForecast& resource : report.resources) {
    if (resource.status.ok()) continue;
    out += fmt::format("<article class=\"card unknown\"><h3>{}</h3><p>{}</p></article>\n",
                       HtmlText(resource.resource.name), HtmlText(resource.status.message()));
  }
  return out.empty() ? "" : "<h2>Could not be forecast</h2>\n" + out;
}

}  // namespace

std::string ReportHtml(const Report& report) {
  const std::string title = HtmlText(report.title);
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"generator\" content=\"firn capacity report\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n",
      title, ReportCss());
  out += fmt::format("<h1>{}</h1>\n<p class=\"soft\">As of {} UTC</p>\n", title,
                     MinuteText(Seconds(report.now)));
  out += Tiles(report);
  if (!report.rows.empty()) out += "<h2>Overview</h2>\n" + RowsTable(report);
  out += Failures(report);
  if (!report.rows.empty()) {
    out +=
        "<h2>Forecasts</h2>\n<p class=\"legend\" aria-hidden=\"true\">"
        "<span><i style=\"color:var(--past)\"></i>observed</span>"
        "<span><i class=\"b\" style=\"background:var(--range)\"></i>its range within a day</span>"
        "<span><i style=\"color:var(--median)\"></i>forecast, median</span>"
        "<span><i class=\"b\" style=\"background:var(--band)\"></i>its interval</span>"
        "<span><i style=\"color:var(--limit);border-top-style:dashed\"></i>limit</span></p>\n";
  }
  const size_t cards = std::min(report.rows.size(), kChartsMax);
  for (size_t i = 0; i < cards; ++i) out += Card(report, i);
  if (cards < report.rows.size()) {
    out += fmt::format("<p class=\"soft\">{} more rows are in the table only.</p>\n",
                       report.rows.size() - cards);
  }
  return out +
         "<footer>Intervals say where the given share of simulated futures lies if the past goes "
         "on "
         "as it went; they know nothing of plans that are not in this report.</footer>\n"
         "</main>\n</body>\n</html>\n";
}

}  // namespace firn::tools
