#include "server/api/forecast/forecast_json.h"

#include <cmath>

#include "base/number.h"
#include "query/forecast/forecast_words.h"
#include "server/api/json_object.h"

namespace firn::server {

namespace {

using query::Forecast;

// A key of a number that JSON cannot write is left out.
void AddNumber(std::string_view key, double v, ObjectWriter* object) {
  if (!std::isfinite(v)) return;
  std::string text;
  AppendSampleValue(v, &text);
  object->Raw(key, text);
}

void AddTime(std::string_view key, TimestampMs t, ObjectWriter* object) {
  std::string text;
  AppendJsonTime(t, &text);
  object->Raw(key, text);
}

void AddTime(std::string_view key, const std::optional<TimestampMs>& t, ObjectWriter* object) {
  if (t) AddTime(key, *t, object);
}

void AddSeconds(std::string_view key, DurationMs duration, ObjectWriter* object) {
  AddTime(key, duration, object);
}

template <typename Items, typename F>
std::string JsonArray(const Items& items, F append) {
  std::string out = "[";
  for (const auto& item : items) {
    if (out.size() > 1) out.push_back(',');
    append(item, &out);
  }
  out.push_back(']');
  return out;
}

std::string CrossingJson(const Forecast& forecast, const query::ForecastOptions& options,
                         TimestampMs now) {
  std::string out;
  ObjectWriter object(&out);
  object.Bool("reached_already", forecast.crossing->reached_already);
  AddNumber("probability", forecast.crossing->probability, &object);
  AddTime("median", forecast.crossing->median, &object);
  AddTime("lower", forecast.crossing->lower, &object);
  AddTime("upper", forecast.crossing->upper, &object);
  object.Text("words", query::CrossingWords(forecast, options, now));
  object.End();
  return out;
}

std::string BacktestJson(const query::ForecastBacktest& test) {
  std::string out;
  ObjectWriter object(&out);
  object.Number("windows", test.windows);
  AddSeconds("window", test.window, &object);
  AddNumber("mase", test.mase, &object);
  AddNumber("relative_error", test.relative_error, &object);
  AddNumber("coverage", test.coverage, &object);
  object.End();
  return out;
}

bool WriteOne(const Labels& labels, std::string_view kind, TimestampMs start, DurationMs step,
              const std::vector<double>& values, bool* first, JsonAnswer* answer) {
  std::string* out = answer->data();
  bool empty = true;
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    if (empty) {
      if (!*first) out->push_back(',');
      *first = false;
      out->append("{\"metric\":");
      AppendJsonLabels(LabelsBuilder(labels).Set(kForecastLabel, kind).Build(), out);
      out->append(",\"values\":[");
    } else {
      out->push_back(',');
    }
    empty = false;
    AppendJsonPoint(start + static_cast<DurationMs>(i) * step, values[i], out);
    if (i % 1024 == 1023 && !answer->Flush()) return false;
  }
  if (!empty) out->append("]}");
  return answer->Flush();
}

}  // namespace

bool WriteForecastSeries(const Labels& labels, const Forecast& forecast, bool* first,
                         JsonAnswer* answer) {
  const auto write = [&](std::string_view kind, TimestampMs start, const std::vector<double>& v) {
    return WriteOne(labels, kind, start, forecast.step, v, first, answer);
  };
  return write("observed", forecast.start, forecast.observed) &&
         write("fitted", forecast.start, forecast.fitted) &&
         write("median", forecast.forecast_start, forecast.median) &&
         write("lower", forecast.forecast_start, forecast.lower) &&
         write("upper", forecast.forecast_start, forecast.upper) &&
         write("limit", forecast.forecast_start, forecast.limit);
}

void AppendForecastFigures(const Labels& labels, const Forecast& forecast,
                           const query::ForecastOptions& options, TimestampMs now,
                           std::string* out) {
  ObjectWriter object(out);
  std::string metric;
  AppendJsonLabels(labels, &metric);
  object.Raw("metric", metric);
  object.Text("verdict", query::VerdictName(forecast.verdict));
  object.Raw("notes", JsonArray(forecast.notes, [](const std::string& note, std::string* text) {
               AppendJsonString(note, JsonText::kHtmlSafe, text);
             }));
  AddSeconds("step", forecast.step, &object);
  object.Number("points", forecast.points);
  AddNumber("gap_share", forecast.gap_share, &object);
  if (!forecast.median.empty()) {
    AddNumber("level", forecast.level, &object);
    AddNumber("trend_per_week", forecast.trend_per_week, &object);
    AddNumber("trend_lower", forecast.trend_lower, &object);
    AddNumber("trend_upper", forecast.trend_upper, &object);
    object.Bool("multiplicative", forecast.multiplicative);
    object.Raw("seasons",
               JsonArray(forecast.seasons, [](const query::ForecastSeason& s, std::string* text) {
                 ObjectWriter season(text);
                 AddSeconds("period", s.period, &season);
                 AddNumber("strength", s.strength, &season);
                 AddNumber("amplitude", s.amplitude, &season);
                 season.End();
               }));
    object.Raw("shifts",
               JsonArray(forecast.shifts, [](const query::ForecastShift& s, std::string* text) {
                 ObjectWriter shift(text);
                 AddTime("time", s.time, &shift);
                 AddNumber("size", s.size, &shift);
                 shift.End();
               }));
  }
  if (forecast.crossing) object.Raw("crossing", CrossingJson(forecast, options, now));
  if (forecast.backtest) object.Raw("backtest", BacktestJson(*forecast.backtest));
  object.End();
}

}  // namespace firn::server
