#include "base/number.h"
#include "query/parser/parser.h"
#include "server/api/handlers.h"
#include "server/api/request_params.h"
#include "server/codec/json.h"

namespace firn::server {

namespace {

bool WriteOne(const engine::SeriesExemplars& series, JsonAnswer* answer) {
  answer->data()->append("{\"seriesLabels\":");
  AppendJsonLabels(series.series, answer->data());
  answer->data()->append(",\"exemplars\":[");
  for (size_t i = 0; i < series.exemplars.size(); ++i) {
    const engine::Exemplar& exemplar = series.exemplars[i];
    std::string* out = answer->data();
    out->append(i == 0 ? "{\"labels\":" : ",{\"labels\":");
    AppendJsonLabels(exemplar.labels, out);
    out->append(",\"value\":\"");
    AppendSampleValue(exemplar.v, out);
    out->append("\",\"timestamp\":");
    AppendJsonTime(exemplar.t, out);
    out->push_back('}');
    if (!answer->Flush()) return false;
  }
  answer->data()->append("]}");
  return answer->Flush();
}

}  // namespace

Status AnswerQueryExemplars(const ApiContext& context, const HttpRequest& request,
                            JsonAnswer* answer) {
  FIRN_ASSIGN_OR_RETURN(const TimeRange range, OptionalRange(request));
  if (range.empty()) return InvalidArgument("end timestamp must not be before start timestamp");
  const std::string* text = request.Param("query");
  FIRN_ASSIGN_OR_RETURN(
      const query::ExprPtr expr,
      query::ParseExpr(text == nullptr ? "" : *text, context.engine->options().parser));
  std::vector<Matchers> selectors;
  query::Walk(*expr, [&](const query::Expr& node) {
    if (const auto* selector = node.As<query::VectorSelector>()) {
      selectors.push_back(selector->matchers);
    }
  });
  if (selectors.empty()) {
    answer->SetNoContent();
    return OkStatus();
  }
  answer->data()->push_back('[');
  bool first = true;
  for (const auto& series : context.exemplars->SelectExemplars(range, selectors)) {
    if (!first) answer->data()->push_back(',');
    first = false;
    if (!WriteOne(series, answer)) return OkStatus();
  }
  answer->data()->push_back(']');
  return OkStatus();
}

}  // namespace firn::server
