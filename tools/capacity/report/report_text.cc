#include "tools/capacity/report/report_text.h"

#include <fmt/core.h>

#include "base/number.h"
#include "server/codec/json.h"
#include "server/codec/params.h"
#include "tools/capacity/answer_json.h"
#include "tools/capacity/answer_words.h"
#include "tools/cli/table.h"
#include "tools/cli/text_layout.h"
#include "tools/plot/ticks.h"

namespace firn::tools {
namespace {

AnswerWords WordsOfRow(const Report& report, const ReportRow& row) {
  return WordsOf(report.resource(row).inputs, report.input(row), report.forecast(row));
}

Table RowTable(const Report& report) {
  Table table({{"Resource", Align::kLeft, true},
               {"Now", Align::kRight},
               {"Limit", Align::kRight},
               {"Per week", Align::kRight},
               {"Reached"},
               {"Interval"},
               {"Chance", Align::kRight}});
  for (const ReportRow& row : report.rows) {
    const AnswerWords words = WordsOfRow(report, row);
    const Style style = LookFor(words.urgency).style;
    table.AddRow({RowName(report, row), words.current, words.limit, words.growth,
                  TableCell(words.date, style), TableCell(words.interval, style),
                  TableCell(words.chance, style)});
  }
  return table;
}

void AppendPlansMarkdown(const Report& report, std::string* out) {
  for (const ReportRow& row : report.rows) {
    const ResourceForecast& resource = report.resource(row);
    const AnswerWords words = WordsOfRow(report, row);
    const bool urgent = words.urgency <= Urgency::kLikely;
    if (resource.plans.empty() && !(urgent && !resource.resource.advice.empty())) continue;
    *out += fmt::format("\n### {}\n\n", MarkdownText(RowName(report, row)));
    if (!words.sentence.empty()) *out += MarkdownText(words.sentence) + ".\n";
    if (urgent && !resource.resource.advice.empty()) {
      *out += "\n" + MarkdownText(resource.resource.advice) + "\n";
    }
    if (resource.plans.empty()) continue;
    Table table({{"Plan"}, {"Reached"}, {"Interval"}, {"Chance", Align::kRight}, {"Shift"}});
    table.AddRow({"as it goes", words.date, words.interval, words.chance, ""});
    for (const ScenarioForecasts& plan : resource.plans) {
      const query::Forecast& after = plan.forecasts[row.series];
      const AnswerWords then = WordsOf(resource.inputs, report.input(row), after);
      table.AddRow({plan.scenario.name, then.date, then.interval, then.chance,
                    ShiftWords(report.forecast(row), after, resource.inputs.question.horizon)});
    }
    *out += "\n" + table.Markdown();
  }
}

void AppendJsonField(std::string_view name, std::string_view text, std::string* out) {
  server::AppendJsonString(name, server::JsonText::kPlain, out);
  *out += ':';
  server::AppendJsonString(text, server::JsonText::kPlain, out);
}

}  // namespace

std::string ReportText(const Report& report, const TextLook& look) {
  std::string out =
      Paint(Printable(report.title), Style::kBold, look.colour) + "  " +
      Paint(MinuteText(static_cast<double>(report.now / 1000)), Style::kDim, look.colour) + "\n\n";
  if (!report.rows.empty()) out += RowTable(report).Text(look);
  for (const ResourceForecast& resource : report.resources) {
    if (resource.status.ok()) continue;
    const std::string text =
        fmt::format("{}: {}", resource.resource.name, resource.status.message());
    out += "\n";
    for (const std::string& line : Fold(Printable(text), look.columns)) {
      out += Paint(line, Style::kRed, look.colour) + "\n";
    }
  }
  return out;
}

std::string ReportCsv(const Report& report) {
  Table table({{"Resource"},
               {"Group"},
               {"Series"},
               {"Urgency"},
               {"Current"},
               {"Limit"},
               {"Growth per week"},
               {"Probability"},
               {"Median"},
               {"Lower"},
               {"Upper"},
               {"Error"}});
  const auto time = [](const std::optional<TimestampMs>& t) {
    return t ? server::FormatRfc3339(*t) : std::string();
  };
  for (const ReportRow& row : report.rows) {
    const query::Forecast& forecast = report.forecast(row);
    const CapacityInput& input = report.input(row);
    const auto crossing = forecast.crossing.value_or(query::ForecastCrossing{});
    table.AddRow({report.resource(row).resource.name, report.resource(row).resource.group,
                  SeriesName(input.labels), LookFor(UrgencyOf(forecast)).name,
                  FormatFloatG(input.current),
                  input.limit_now ? FormatFloatG(*input.limit_now) : std::string(),
                  FormatFloatG(forecast.trend_per_week), FormatFloatG(crossing.probability),
                  time(crossing.median), time(crossing.lower), time(crossing.upper), ""});
  }
  for (const ResourceForecast& resource : report.resources) {
    if (resource.status.ok()) continue;
    table.AddRow({resource.resource.name, resource.resource.group, "", "", "", "", "", "", "", "",
                  "", std::string(resource.status.message())});
  }
  return table.Csv();
}

std::string ReportMarkdown(const Report& report) {
  std::string out = fmt::format("# {}\n\nAs of {} UTC.\n\n", MarkdownText(report.title),
                                MinuteText(static_cast<double>(report.now / 1000)));
  if (!report.rows.empty()) out += RowTable(report).Markdown();
  AppendPlansMarkdown(report, &out);
  bool first = true;
  for (const ResourceForecast& resource : report.resources) {
    if (resource.status.ok()) continue;
    if (first) out += "\n### Could not be forecast\n\n";
    first = false;
    out += fmt::format("* {}: {}\n", MarkdownText(resource.resource.name),
                       MarkdownText(resource.status.message()));
  }
  return out;
}

std::string ReportJson(const Report& report) {
  std::string out = "{";
  AppendJsonField("title", report.title, &out);
  out += ',';
  AppendJsonField("now", server::FormatRfc3339(report.now), &out);
  out += ",\"resources\":[";
  for (size_t i = 0; i < report.resources.size(); ++i) {
    const ResourceForecast& resource = report.resources[i];
    out += i == 0 ? "{" : ",{";
    AppendJsonField("name", resource.resource.name, &out);
    out += ',';
    AppendJsonField("group", resource.resource.group, &out);
    out += ',';
    if (resource.status.ok()) {
      out += "\"answer\":" + AnswerJson(resource.inputs, resource.forecasts, resource.plans, false);
    } else {
      AppendJsonField("error", resource.status.message(), &out);
    }
    out += '}';
  }
  out += "],\"order\":[";
  for (size_t i = 0; i < report.rows.size(); ++i) {
    out += fmt::format("{}{{\"resource\":{},\"series\":{}}}", i == 0 ? "" : ",",
                       report.rows[i].resource, report.rows[i].series);
  }
  return out + "]}";
}

}  // namespace firn::tools
