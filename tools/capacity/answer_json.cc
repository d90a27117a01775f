#include "tools/capacity/answer_json.h"

#include <cmath>

#include <fmt/core.h>

#include "base/number.h"
#include "server/codec/json.h"
#include "server/codec/params.h"
#include "tools/capacity/answer_words.h"
#include "tools/capacity/evaluate.h"

namespace firn::tools {
namespace {

using query::Forecast;

// Text of an object that is being written; keeps track of commas.
class Writer {
 public:
  explicit Writer(std::string* out) : out_(out) {}

  void Key(std::string_view key) {
    Separate();
    String(key);
    *out_ += ':';
    fresh_ = true;
  }
  void Open(char bracket) {
    Separate();
    *out_ += bracket;
    fresh_ = true;
  }
  void Close(char bracket) {
    *out_ += bracket;
    fresh_ = false;
  }
  void Text(std::string_view text) {
    Separate();
    String(text);
  }
  void Number(double v) {
    Separate();
    *out_ += std::isfinite(v) ? FormatFloatG(v) : "null";
  }
  void Bool(bool v) {
    Separate();
    *out_ += v ? "true" : "false";
  }
  void Time(const std::optional<TimestampMs>& t) {
    if (t) {
      Text(server::FormatRfc3339(*t));
    } else {
      Separate();
      *out_ += "null";
    }
  }
  void LabelSet(const Labels& labels) {
    Separate();
    server::AppendJsonLabels(labels, out_);
  }
  void Numbers(const std::vector<double>& values) {
    Open('[');
    for (const double v : values) Number(v);
    Close(']');
  }
  void Texts(const std::vector<std::string>& texts) {
    Open('[');
    for (const std::string& text : texts) Text(text);
    Close(']');
  }

 private:
  void Separate() {
    if (!fresh_) *out_ += ',';
    fresh_ = false;
  }
  void String(std::string_view text) {
    server::AppendJsonString(text, server::JsonText::kPlain, out_);
  }

  std::string* out_;
  bool fresh_ = true;
};

void AddCrossing(const Forecast& forecast, Writer* out) {
  if (!forecast.crossing) return;
  out->Key("crossing");
  out->Open('{');
  out->Key("reached_already");
  out->Bool(forecast.crossing->reached_already);
  out->Key("probability");
  out->Number(forecast.crossing->probability);
  out->Key("median");
  out->Time(forecast.crossing->median);
  out->Key("lower");
  out->Time(forecast.crossing->lower);
  out->Key("upper");
  out->Time(forecast.crossing->upper);
  out->Close('}');
}

void AddModel(const Forecast& forecast, Writer* out) {
  out->Key("growth_per_week");
  out->Open('{');
  for (const auto& [name, v] :
       {std::pair("estimate", forecast.trend_per_week), std::pair("lower", forecast.trend_lower),
        std::pair("upper", forecast.trend_upper)}) {
    out->Key(name);
    out->Number(v);
  }
  out->Close('}');
  out->Key("multiplicative");
  out->Bool(forecast.multiplicative);
  out->Key("seasons");
  out->Open('[');
  for (const query::ForecastSeason& season : forecast.seasons) {
    out->Open('{');
    out->Key("period_seconds");
    out->Number(static_cast<double>(season.period) / 1000);
    out->Key("strength");
    out->Number(season.strength);
    out->Key("amplitude");
    out->Number(season.amplitude);
    out->Close('}');
  }
  out->Close(']');
  out->Key("level_shifts");
  out->Open('[');
  for (const query::ForecastShift& shift : forecast.shifts) {
    out->Open('{');
    out->Key("time");
    out->Time(shift.time);
    out->Key("size");
    out->Number(shift.size);
    out->Close('}');
  }
  out->Close(']');
  if (!forecast.backtest) return;
  out->Key("backtest");
  out->Open('{');
  out->Key("windows");
  out->Number(static_cast<double>(forecast.backtest->windows));
  out->Key("window_seconds");
  out->Number(static_cast<double>(forecast.backtest->window) / 1000);
  out->Key("mase");
  out->Number(forecast.backtest->mase);
  out->Key("relative_error");
  out->Number(forecast.backtest->relative_error);
  out->Key("coverage");
  out->Number(forecast.backtest->coverage);
  out->Close('}');
}

void AddPoints(const Forecast& forecast, Writer* out) {
  out->Key("step_seconds");
  out->Number(static_cast<double>(forecast.step) / 1000);
  out->Key("past");
  out->Open('{');
  out->Key("start");
  out->Time(forecast.start);
  out->Key("observed");
  out->Numbers(forecast.observed);
  out->Key("fitted");
  out->Numbers(forecast.fitted);
  out->Close('}');
  out->Key("future");
  out->Open('{');
  out->Key("start");
  out->Time(forecast.forecast_start);
  for (const auto& [name, values] :
       {std::pair("median", &forecast.median), std::pair("lower", &forecast.lower),
        std::pair("upper", &forecast.upper), std::pair("limit", &forecast.limit)}) {
    out->Key(name);
    out->Numbers(*values);
  }
  out->Close('}');
}

void AddSeries(const CapacityInputs& inputs, const CapacityInput& input, const Forecast& forecast,
               bool points, Writer* out) {
  out->Key("labels");
  out->LabelSet(input.labels);
  out->Key("verdict");
  out->Text(query::VerdictName(forecast.verdict));
  out->Key("urgency");
  out->Text(LookFor(UrgencyOf(forecast)).name);
  out->Key("summary");
  out->Text(WordsOf(inputs, input, forecast).sentence);
  out->Key("notes");
  out->Texts(forecast.notes);
  out->Key("current");
  out->Number(input.current);
  if (input.limit_now) {
    out->Key("limit");
    out->Number(*input.limit_now);
    out->Key("direction");
    out->Text(input.direction == query::LimitDirection::kFalling ? "falling" : "rising");
  }
  AddCrossing(forecast, out);
  AddModel(forecast, out);
  if (points) AddPoints(forecast, out);
}

}  // namespace

std::string AnswerJson(const CapacityInputs& inputs, const Forecasts& forecasts,
                       const std::vector<ScenarioForecasts>& scenarios, bool points) {
  std::string text;
  Writer out(&text);
  out.Open('{');
  out.Key("expression");
  out.Text(EffectiveExpression(inputs.question));
  if (!inputs.question.limit.empty()) {
    out.Key("limit");
    out.Text(inputs.question.limit);
  }
  out.Key("now");
  out.Time(inputs.now);
  out.Key("history_start");
  out.Time(inputs.start);
  out.Key("history_step_seconds");
  out.Number(static_cast<double>(inputs.step) / 1000);
  out.Key("horizon_seconds");
  out.Number(static_cast<double>(inputs.question.horizon) / 1000);
  out.Key("confidence");
  out.Number(inputs.question.confidence);
  out.Key("notes");
  out.Texts(inputs.notes);
  out.Key("series");
  out.Open('[');
  for (size_t i = 0; i < forecasts.size(); ++i) {
    out.Open('{');
    AddSeries(inputs, inputs.series[i], forecasts[i], points, &out);
    if (!scenarios.empty()) {
      out.Key("scenarios");
      out.Open('[');
      for (const ScenarioForecasts& s : scenarios) {
        out.Open('{');
        out.Key("name");
        out.Text(s.scenario.name);
        AddCrossing(s.forecasts[i], &out);
        if (points) AddPoints(s.forecasts[i], &out);
        out.Close('}');
      }
      out.Close(']');
    }
    out.Close('}');
  }
  out.Close(']');
  out.Close('}');
  return text;
}

}  // namespace firn::tools
