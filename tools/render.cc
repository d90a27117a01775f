#include "tools/render.h"

#include <array>
#include <cmath>
#include <ctime>
#include <limits>

#include <fmt/core.h>

#include "base/number.h"
#include "tools/cli/table.h"
#include "tools/plot/terminal_plot.h"

namespace firn::tools {

std::string FormatTime(double seconds) {
  const double whole = std::floor(seconds);
  const auto ms = static_cast<int>(std::lround((seconds - whole) * 1000));
  const auto time = static_cast<std::time_t>(whole);
  std::tm utc{};
  gmtime_r(&time, &utc);
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", utc.tm_year + 1900,
                                utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
  if (ms != 0) out += fmt::format(".{:03}", ms);
  return out + "Z";
}

std::string RenderTable(const QueryAnswer& answer, const TextLook& look) {
  if (answer.type == "scalar" || answer.type == "string") {
    return answer.series.empty() ? "" : answer.series[0].points[0].value + "\n";
  }
  if (answer.series.empty()) return "(no series)\n";
  Table table({{"Series", Align::kLeft, true}, {"Time"}, {"Value", Align::kLeft, true}});
  for (const AnswerSeries& series : answer.series) {
    const std::string name = series.Name();
    for (const AnswerPoint& p : series.points) table.AddRow({name, FormatTime(p.t), p.value});
  }
  return table.Text(look);
}

std::string RenderCsv(const QueryAnswer& answer) {
  std::string out = "series,time,value\n";
  for (const AnswerSeries& series : answer.series) {
    const std::string name = CsvField(series.Name());
    for (const AnswerPoint& p : series.points) {
      out += fmt::format("{},{},{}\n", name, FormatTime(p.t), CsvField(p.value));
    }
  }
  return out;
}

std::string RenderPlot(const QueryAnswer& answer, const TextLook& look) {
  static constexpr std::array kStyles = {Style::kCyan,    Style::kYellow, Style::kGreen,
                                         Style::kMagenta, Style::kBlue,   Style::kRed};
  if (answer.type != "matrix" || answer.series.empty()) return RenderTable(answer, look);
  Plot plot;
  for (const AnswerSeries& series : answer.series) {
    PlotLine line{
        .name = series.Name(), .points = {}, .style = kStyles[plot.lines.size() % kStyles.size()]};
    for (const AnswerPoint& p : series.points) {
      // A histogram has no place in a plot.
      const double v = ParseFloat(p.value).value_or(std::numeric_limits<double>::quiet_NaN());
      line.points.push_back({p.t, v});
    }
    plot.lines.push_back(std::move(line));
  }
  return DrawPlot(plot, look);
}

}  // namespace firn::tools
