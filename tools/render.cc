#include "tools/render.h"

#include <algorithm>
#include <cmath>
#include <ctime>

#include <fmt/core.h>

namespace firn::tools {
namespace {

std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

}  // namespace

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

std::string RenderTable(const QueryAnswer& answer) {
  if (answer.type == "scalar" || answer.type == "string") {
    return answer.series.empty() ? "" : answer.series[0].points[0].value + "\n";
  }
  if (answer.series.empty()) return "(no series)\n";
  size_t name_width = 6;
  size_t time_width = 4;
  for (const AnswerSeries& series : answer.series) {
    name_width = std::max(name_width, series.Name().size());
    for (const AnswerPoint& p : series.points) {
      time_width = std::max(time_width, FormatTime(p.t).size());
    }
  }
  std::string out =
      fmt::format("{:<{}}  {:<{}}  VALUE\n", "SERIES", name_width, "TIME", time_width);
  for (const AnswerSeries& series : answer.series) {
    const std::string name = series.Name();
    for (const AnswerPoint& p : series.points) {
      out += fmt::format("{:<{}}  {:<{}}  {}\n", name, name_width, FormatTime(p.t), time_width,
                         p.value);
    }
  }
  return out;
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

}  // namespace firn::tools
