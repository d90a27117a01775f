#include "tools/capacity/answer_text.h"

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include "base/number.h"
#include "server/codec/params.h"
#include "tools/capacity/answer_words.h"
#include "tools/capacity/evaluate.h"
#include "tools/cli/human.h"
#include "tools/cli/text_layout.h"
#include "tools/plot/terminal_plot.h"
#include "tools/plot/ticks.h"

namespace firn::tools {
namespace {

using query::Forecast;

constexpr size_t kSentencesMax = 12;
// From here on all figures fit into the table.
constexpr size_t kWideColumns = 120;

std::string Heading(const CapacityInputs& inputs, const std::string& common, const TextLook& look) {
  const CapacityQuestion& question = inputs.question;
  std::string out;
  const auto add = [&](const char* name, const std::string& text) {
    const size_t width = look.columns == 0 ? 0 : look.columns - 12;
    bool first = true;
    for (const std::string& line : Fold(Printable(text), width)) {
      out += first ? Paint(PadRight(name, 12), Style::kDim, look.colour) : std::string(12, ' ');
      out += line + "\n";
      first = false;
    }
  };
  add("Expression", EffectiveExpression(question));
  if (!common.empty()) add("All series", common);
  if (!question.limit.empty()) {
    const bool falling =
        !inputs.series.empty() && inputs.series[0].direction == query::LimitDirection::kFalling;
    add("Limit", fmt::format("{}, reached from {}", question.limit, falling ? "above" : "below"));
  }
  size_t points = 0;
  for (const CapacityInput& input : inputs.series) points = std::max(points, input.values.size());
  const TimestampMs end = inputs.start + static_cast<DurationMs>(points) * inputs.step;
  add("History",
      fmt::format("{} to {}, a value every {}", DateText(static_cast<double>(inputs.start / 1000)),
                  DateText(static_cast<double>(end / 1000)), LengthWords(inputs.step)));
  add("Horizon", fmt::format("{}, intervals of {:.0f} %", LengthWords(question.horizon),
                             question.confidence * 100));
  return out + "\n";
}

void AddSentence(const std::string& name, const AnswerWords& words, const Forecast& forecast,
                 const TextLook& look, std::string* out) {
  const size_t width = look.columns == 0 ? 0 : look.columns - 2;
  const auto add = [&](const std::string& text, Style style) {
    for (const std::string& line : Fold(Printable(text), width)) {
      *out += "  " + Paint(line, style, look.colour) + "\n";
    }
  };
  for (const std::string& line : Fold(Printable(name), look.columns)) {
    *out += Paint(line, Style::kBold, look.colour) + "\n";
  }
  if (!words.sentence.empty()) add(words.sentence, LookFor(words.urgency).style);
  if (forecast.verdict != query::ForecastVerdict::kTooShort) {
    std::string fit = words.seasons == "none" ? "no season" : "seasons: " + words.seasons;
    if (!forecast.shifts.empty()) {
      fit += fmt::format("; {} level shift{}, the last on {}", forecast.shifts.size(),
                         forecast.shifts.size() == 1 ? "" : "s",
                         DateText(static_cast<double>(forecast.shifts.back().time / 1000)));
    }
    if (forecast.backtest) {
      fit += fmt::format("; back-test: MASE {}, {} of values within the interval", words.mase,
                         words.coverage);
    }
    add(fit, Style::kDim);
  }
  for (const std::string& note : forecast.notes) add(note, Style::kYellow);
}

std::string Rfc3339(const std::optional<TimestampMs>& t) {
  return t ? server::FormatRfc3339(*t) : "";
}

std::string Number(double v) { return FormatFloatG(v); }

// Figures of a forecast for a spreadsheet.
std::vector<TableCell> CrossingCells(const Forecast& forecast) {
  const auto& crossing = forecast.crossing;
  return {crossing ? Number(crossing->probability) : std::string(),
          crossing ? Rfc3339(crossing->median) : std::string(),
          crossing ? Rfc3339(crossing->lower) : std::string(),
          crossing ? Rfc3339(crossing->upper) : std::string()};
}

Plot PlotOf(const CapacityInputs& inputs, const CapacityInput& input, const Forecast& forecast) {
  Plot plot{.title = SeriesName(input.labels), .unit = AxisFor(input, inputs.question.unit)};
  PlotLine observed{
      .name = "observed", .points = {}, .style = Style::kCyan, .summarised = true, .range = true};
  const auto time = [](TimestampMs t) { return static_cast<double>(t) / 1000; };
  for (size_t i = 0; i < forecast.observed.size(); ++i) {
    observed.points.push_back(
        {time(forecast.start + static_cast<DurationMs>(i) * forecast.step), forecast.observed[i]});
  }
  PlotLine median{
      .name = "forecast, median", .points = {}, .style = Style::kMagenta, .summarised = true};
  PlotBand band{.name = fmt::format("{:.0f} % interval", inputs.question.confidence * 100),
                .lower = {},
                .upper = {},
                .style = Style::kMagenta};
  PlotLine limit{.name = "limit", .points = {}, .style = Style::kRed};
  bool varies = !input.limits.empty();
  for (size_t i = 0; i < input.limits.size(); ++i) {
    limit.points.push_back(
        {time(inputs.start + static_cast<DurationMs>(i) * inputs.step), input.limits[i]});
  }
  for (size_t i = 0; i < forecast.median.size(); ++i) {
    const double t = time(forecast.forecast_start + static_cast<DurationMs>(i) * forecast.step);
    median.points.push_back({t, forecast.median[i]});
    band.lower.push_back({t, forecast.lower[i]});
    band.upper.push_back({t, forecast.upper[i]});
    if (i < forecast.limit.size()) {
      limit.points.push_back({t, forecast.limit[i]});
      varies = varies || forecast.limit[i] != forecast.limit[0];
    }
  }
  plot.lines = {std::move(observed), std::move(median)};
  plot.bands = {std::move(band)};
  if (!limit.points.empty() && varies) {
    plot.lines.push_back(std::move(limit));
  } else if (input.limit) {
    plot.levels = {
        {.name = "limit " + FormatQuantity(*input.limit, inputs.question.unit), .v = *input.limit}};
  }
  if (!forecast.median.empty()) plot.moments = {{.t = time(forecast.forecast_start)}};
  return plot;
}

}  // namespace

std::string AnswerText(const CapacityInputs& inputs, const Forecasts& forecasts,
                       const TextLook& look) {
  const SeriesNames names = ShortNames(inputs);
  const bool wide = look.columns == 0 || look.columns >= kWideColumns;
  std::vector<TableColumn> columns = {{"Series", Align::kLeft, true},
                                      {"Now", Align::kRight},
                                      {"Limit", Align::kRight},
                                      {"Per week", Align::kRight},
                                      {"Reached"},
                                      {"Interval"},
                                      {"Chance", Align::kRight}};
  if (wide) {
    columns.push_back({"Seasons"});
    columns.push_back({"MASE", Align::kRight});
    columns.push_back({"Covers", Align::kRight});
  }
  Table table(columns);
  for (size_t i = 0; i < forecasts.size(); ++i) {
    const AnswerWords words = WordsOf(inputs, inputs.series[i], forecasts[i]);
    const Style style = LookFor(words.urgency).style;
    std::vector<TableCell> row = {names.names[i],
                                  words.current,
                                  words.limit,
                                  words.growth,
                                  TableCell(words.date, style),
                                  TableCell(words.interval, style),
                                  TableCell(words.chance, style)};
    if (wide) {
      row.emplace_back(words.seasons);
      row.emplace_back(words.mase);
      row.emplace_back(words.coverage);
    }
    table.AddRow(std::move(row));
  }
  std::string out = Heading(inputs, names.common, look) + table.Text(look) + "\n";
  for (size_t i = 0; i < std::min(forecasts.size(), kSentencesMax); ++i) {
    AddSentence(names.names[i], WordsOf(inputs, inputs.series[i], forecasts[i]), forecasts[i], look,
                &out);
  }
  if (forecasts.size() > kSentencesMax) {
    out += fmt::format("... and {} more; --csv and --json have all of them\n",
                       forecasts.size() - kSentencesMax);
  }
  return out;
}

std::string AnswerCsv(const CapacityInputs& inputs, const Forecasts& forecasts) {
  Table table({{"Series"},
               {"Verdict"},
               {"Current"},
               {"Limit"},
               {"Growth per week"},
               {"Growth lower"},
               {"Growth upper"},
               {"Probability"},
               {"Median"},
               {"Lower"},
               {"Upper"},
               {"Seasons"},
               {"MASE"},
               {"Coverage"}});
  for (size_t i = 0; i < forecasts.size(); ++i) {
    const CapacityInput& input = inputs.series[i];
    const Forecast& forecast = forecasts[i];
    std::vector<TableCell> row = {
        SeriesName(input.labels),        query::VerdictName(forecast.verdict),
        Number(input.current),           input.limit_now ? Number(*input.limit_now) : std::string(),
        Number(forecast.trend_per_week), Number(forecast.trend_lower),
        Number(forecast.trend_upper)};
    for (TableCell& cell : CrossingCells(forecast)) row.push_back(std::move(cell));
    row.emplace_back(WordsOf(inputs, input, forecast).seasons);
    row.emplace_back(forecast.backtest ? Number(forecast.backtest->mase) : std::string());
    row.emplace_back(forecast.backtest ? Number(forecast.backtest->coverage) : std::string());
    table.AddRow(std::move(row));
  }
  return table.Csv();
}

std::string AnswerPlots(const CapacityInputs& inputs, const Forecasts& forecasts,
                        const TextLook& look, size_t plots_max) {
  std::string out;
  const size_t count = std::min(forecasts.size(), plots_max);
  for (size_t i = 0; i < count; ++i) {
    out += "\n" + DrawPlot(PlotOf(inputs, inputs.series[i], forecasts[i]), look);
  }
  if (count < forecasts.size()) {
    out += fmt::format("\n... and {} more series without a plot\n", forecasts.size() - count);
  }
  return out;
}

std::string ScenarioText(const CapacityInputs& inputs, const Forecasts& expected,
                         const std::vector<ScenarioForecasts>& scenarios, const TextLook& look) {
  const SeriesNames names = ShortNames(inputs);
  std::string out = Heading(inputs, names.common, look);
  for (size_t i = 0; i < expected.size(); ++i) {
    const AnswerWords before = WordsOf(inputs, inputs.series[i], expected[i]);
    Table table({{"Plan", Align::kLeft, true},
                 {"Reached"},
                 {"Interval"},
                 {"Chance", Align::kRight},
                 {"Shift"}});
    const auto add = [&](const std::string& name, const AnswerWords& words,
                         const std::string& shift) {
      const Style style = LookFor(words.urgency).style;
      table.AddRow({name, TableCell(words.date, style), TableCell(words.interval, style),
                    TableCell(words.chance, style), shift});
    };
    add("as it goes", before, "");
    for (const ScenarioForecasts& scenario : scenarios) {
      const Forecast& after = scenario.forecasts[i];
      add(scenario.scenario.name, WordsOf(inputs, inputs.series[i], after),
          ShiftWords(expected[i], after, inputs.question.horizon));
    }
    for (const std::string& line : Fold(Printable(names.names[i]), look.columns)) {
      out += Paint(line, Style::kBold, look.colour) + "\n";
    }
    out += fmt::format("  {}{} now, {} per week\n", before.current,
                       before.limit == "-" ? "" : " of " + before.limit, before.growth);
    for (const std::string& note : expected[i].notes) {
      out += "  " + Paint(Printable(note), Style::kYellow, look.colour) + "\n";
    }
    out += table.Text(look) + (i + 1 < expected.size() ? "\n" : "");
  }
  return out;
}

std::string ScenarioCsv(const CapacityInputs& inputs, const Forecasts& expected,
                        const std::vector<ScenarioForecasts>& scenarios) {
  Table table({{"Series"}, {"Plan"}, {"Probability"}, {"Median"}, {"Lower"}, {"Upper"}});
  for (size_t i = 0; i < expected.size(); ++i) {
    const auto add = [&](const std::string& name, const Forecast& forecast) {
      std::vector<TableCell> row = {SeriesName(inputs.series[i].labels), name};
      for (TableCell& cell : CrossingCells(forecast)) row.push_back(std::move(cell));
      table.AddRow(std::move(row));
    };
    add("as it goes", expected[i]);
    for (const ScenarioForecasts& s : scenarios) add(s.scenario.name, s.forecasts[i]);
  }
  return table.Csv();
}

}  // namespace firn::tools
