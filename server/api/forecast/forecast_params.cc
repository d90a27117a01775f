#include "server/api/forecast/forecast_params.h"

#include <cmath>

#include <fmt/core.h>

#include "base/number.h"
#include "query/parser/parser.h"
#include "server/api/answer.h"
#include "server/api/request_params.h"
#include "server/codec/params.h"

namespace firn::server {

namespace {

constexpr DurationMs kDefaultHistory = 180 * kDayMs;
constexpr DurationMs kDefaultHorizon = 90 * kDayMs;
constexpr DurationMs kHorizonMax = 20 * 365 * kDayMs;
constexpr int64_t kStepsMax = 11'000;
// A step that is not given is the smallest of these with at most kStepsWanted steps.
constexpr DurationMs kNiceSteps[] = {15 * kSecondMs, 30 * kSecondMs, kMinuteMs,      2 * kMinuteMs,
                                     5 * kMinuteMs,  10 * kMinuteMs, 15 * kMinuteMs, 30 * kMinuteMs,
                                     kHourMs,        2 * kHourMs,    4 * kHourMs,    6 * kHourMs,
                                     12 * kHourMs,   kDayMs,         7 * kDayMs};
constexpr int64_t kStepsWanted = 4'400;

const std::string* NonEmpty(const HttpRequest& request, std::string_view name) {
  const std::string* text = request.Param(name);
  return text != nullptr && !text->empty() ? text : nullptr;
}

Status Wrong(std::string_view name, std::string_view text, std::string_view wanted) {
  return InParameter(InvalidArgument("cannot parse \"{}\": want {}", text, wanted), name);
}

Result<DurationMs> PositiveDuration(const HttpRequest& request, std::string_view name,
                                    DurationMs fallback) {
  FIRN_ASSIGN_OR_RETURN(const std::optional<DurationMs> given, OptionalDuration(request, name));
  if (!given) return fallback;
  if (*given <= 0) return InParameter(InvalidArgument("must be positive"), name);
  return *given;
}

Status ReadTimes(const ApiContext& context, const HttpRequest& request, ForecastParams* params) {
  FIRN_ASSIGN_OR_RETURN(params->end, OptionalTime(request, "end", context.clock->NowMs()));
  FIRN_ASSIGN_OR_RETURN(const DurationMs history,
                        PositiveDuration(request, "history", kDefaultHistory));
  FIRN_ASSIGN_OR_RETURN(params->start, OptionalTime(request, "start", params->end - history));
  if (params->start >= params->end) {
    return InParameter(InvalidArgument("end timestamp must be after start time"), "end");
  }
  const DurationMs span = params->end - params->start;
  DurationMs nice = (span + kStepsWanted - 1) / kStepsWanted;
  for (const DurationMs step : kNiceSteps) {
    if (span / step > kStepsWanted) continue;
    nice = step;
    break;
  }
  FIRN_ASSIGN_OR_RETURN(params->step, PositiveDuration(request, "step", nice));
  if (span / params->step > kStepsMax) {
    return InParameter(InvalidArgument("the history has more than 11,000 steps"), "step");
  }
  FIRN_ASSIGN_OR_RETURN(params->options.horizon,
                        PositiveDuration(request, "horizon", kDefaultHorizon));
  if (params->options.horizon < params->step || params->options.horizon > kHorizonMax) {
    return InParameter(InvalidArgument("must be at least one step and at most 20 years"),
                       "horizon");
  }
  return OkStatus();
}

Result<query::ExprPtr> ParseParam(const ApiContext& context, std::string_view text,
                                  std::string_view name) {
  auto expr = query::ParseExpr(text, context.engine->options().parser);
  if (!expr.ok()) return InParameter(expr.status(), name);
  if ((*expr)->type != query::ValueType::kVector && (*expr)->type != query::ValueType::kScalar) {
    return InParameter(InvalidArgument("invalid expression type \"{}\", must be Scalar or instant "
                                       "Vector",
                                       query::ValueTypeName((*expr)->type)),
                       name);
  }
  return expr;
}

Status ReadExpressions(const ApiContext& context, const HttpRequest& request,
                       ForecastParams* params) {
  const std::string* text = request.Param("query");
  params->text = text == nullptr ? "" : *text;
  FIRN_ASSIGN_OR_RETURN(params->expr, ParseParam(context, params->text, "query"));
  if (const std::string* by = NonEmpty(request, "by")) {
    // The expression by itself is well formed, so that a fault now is one of the labels. Its own
    // line keeps a comment at its end from hiding the parenthesis.
    params->text = fmt::format("sum by ({}) ({}\n)", *by, params->text);
    FIRN_ASSIGN_OR_RETURN(params->expr, ParseParam(context, params->text, "by"));
    if (by->find_first_of("()#\n") != std::string::npos) return Wrong("by", *by, "label names");
  }
  if (const std::string* limit = NonEmpty(request, "limit")) {
    params->limit_text = *limit;
    FIRN_ASSIGN_OR_RETURN(params->limit, ParseParam(context, *limit, "limit"));
  }
  const std::string* direction = NonEmpty(request, "direction");
  if (direction == nullptr || *direction == "rising") return OkStatus();
  if (*direction != "falling") return Wrong("direction", *direction, "rising or falling");
  params->direction = query::LimitDirection::kFalling;
  return OkStatus();
}

// NUMBER or NUMBER@TIME.
Result<query::PlannedChange> ParseChange(std::string_view name, std::string_view text,
                                         bool is_factor) {
  const size_t at = text.find('@');
  const std::optional<double> number = ParseFloat(text.substr(0, at));
  if (!number || !std::isfinite(*number) || (is_factor && *number < 0)) {
    return Wrong(name, text, "a number, or NUMBER@TIME");
  }
  query::PlannedChange change{.from = kMinTimestamp};
  (is_factor ? change.factor : change.add) = *number;
  if (at == std::string_view::npos) return change;
  auto time = ParseTimeParam(text.substr(at + 1));
  if (!time.ok()) return InParameter(time.status(), name);
  change.from = *time;
  return change;
}

Status ReadChanges(const HttpRequest& request, query::ForecastOptions* options) {
  for (const auto& [name, text] : request.params) {
    const bool to_load = name == "scale" || name == "add";
    const bool to_limit = name == "limit_scale" || name == "limit_add";
    if (!to_load && !to_limit) continue;
    FIRN_ASSIGN_OR_RETURN(const query::PlannedChange change,
                          ParseChange(name, text, name.ends_with("scale")));
    (to_load ? options->load_changes : options->limit_changes).push_back(change);
  }
  return OkStatus();
}

Result<bool> OptionalBool(const HttpRequest& request, std::string_view name, bool fallback) {
  const std::string* text = NonEmpty(request, name);
  if (text == nullptr) return fallback;
  if (*text == "true" || *text == "1") return true;
  if (*text == "false" || *text == "0") return false;
  return Wrong(name, *text, "true or false");
}

Status ReadBound(const HttpRequest& request, std::string_view name, std::optional<double>* bound) {
  const std::string* text = NonEmpty(request, name);
  if (text == nullptr) return OkStatus();
  const std::optional<double> number = ParseFloat(*text);
  if (!number || std::isnan(*number)) return Wrong(name, *text, "a number");
  *bound = *number;
  return OkStatus();
}

Status ReadModel(const HttpRequest& request, query::ForecastOptions* options) {
  if (const std::string* text = NonEmpty(request, "confidence")) {
    const std::optional<double> number = ParseFloat(*text);
    if (!number || !(*number > 0 && *number < 1)) {
      return Wrong("confidence", *text, "a number between 0 and 1");
    }
    options->confidence = *number;
  }
  FIRN_RETURN_IF_ERROR(ReadBound(request, "min", &options->lower_bound));
  FIRN_RETURN_IF_ERROR(ReadBound(request, "max", &options->upper_bound));
  if (options->lower_bound && options->upper_bound &&
      *options->lower_bound > *options->upper_bound) {
    return InParameter(InvalidArgument("must not be below min"), "max");
  }
  FIRN_ASSIGN_OR_RETURN(options->backtest, OptionalBool(request, "backtest", true));
  return OkStatus();
}

}  // namespace

Result<ForecastParams> ReadForecastParams(const ApiContext& context, const HttpRequest& request) {
  ForecastParams params;
  FIRN_RETURN_IF_ERROR(ReadTimes(context, request, &params));
  FIRN_RETURN_IF_ERROR(ReadExpressions(context, request, &params));
  FIRN_RETURN_IF_ERROR(ReadChanges(request, &params.options));
  FIRN_RETURN_IF_ERROR(ReadModel(request, &params.options));
  FIRN_ASSIGN_OR_RETURN(params.timeout, OptionalDuration(request, "timeout"));
  FIRN_ASSIGN_OR_RETURN(params.lookback, OptionalDuration(request, "lookback_delta"));
  params.resolution_max = context.resolution_max;
  if (const std::string* text = NonEmpty(request, "max_source_resolution")) {
    auto resolution = ParseResolutionParam(*text);
    if (!resolution.ok()) return InParameter(resolution.status(), "max_source_resolution");
    params.resolution_max = *resolution;
  }
  FIRN_ASSIGN_OR_RETURN(params.with_series, OptionalBool(request, "series", true));
  return params;
}

}  // namespace firn::server
