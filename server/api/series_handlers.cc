#include <algorithm>
#include <iterator>
#include <map>

#include "server/api/handlers.h"
#include "server/api/request_params.h"
#include "server/codec/json.h"
#include "server/codec/params.h"

namespace firn::server {

namespace {

using Strings = std::vector<std::string>;

void WriteStrings(Strings strings, size_t limit, JsonAnswer* answer) {
  if (limit > 0 && strings.size() > limit) {
    strings.resize(limit);
    answer->AddWarning(kTruncatedWarning);
  }
  answer->data()->push_back('[');
  for (size_t i = 0; i < strings.size(); ++i) {
    if (i > 0) answer->data()->push_back(',');
    AppendJsonString(strings[i], JsonText::kHtmlSafe, answer->data());
    if (!answer->Flush()) return;
  }
  answer->data()->push_back(']');
}

// The union over all selectors of what `read` yields for one; each sorted. One more than
// `limit` is asked for, to see whether there are more.
template <typename Read>
Result<Strings> Union(const std::vector<Matchers>& sets, size_t limit, const Read& read) {
  const size_t ask = limit == 0 ? 0 : limit + 1;
  if (sets.empty()) return read(Matchers(), ask);
  Strings all;
  for (const Matchers& matchers : sets) {
    FIRN_ASSIGN_OR_RETURN(Strings part, read(matchers, ask));
    if (all.empty()) {
      all = std::move(part);
      continue;
    }
    Strings merged;
    std::set_union(std::make_move_iterator(all.begin()), std::make_move_iterator(all.end()),
                   std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()),
                   std::back_inserter(merged));
    all = std::move(merged);
  }
  return all;
}

}  // namespace

Status AnswerLabels(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer) {
  FIRN_ASSIGN_OR_RETURN(const size_t limit, OptionalLimit(request));
  FIRN_ASSIGN_OR_RETURN(const TimeRange range, OptionalRange(request));
  FIRN_ASSIGN_OR_RETURN(const std::vector<Matchers> sets, MatchParams(request, false));
  FIRN_ASSIGN_OR_RETURN(const auto querier, context.queryable->NewQuerier());
  FIRN_ASSIGN_OR_RETURN(Strings names, Union(sets, limit, [&](const Matchers& m, size_t ask) {
                          return querier->LabelNames(range, m, ask);
                        }));
  WriteStrings(std::move(names), limit, answer);
  return OkStatus();
}

Status AnswerLabelValues(const ApiContext& context, const HttpRequest& request,
                         JsonAnswer* answer) {
  const std::string name = UnescapeLabelName(request.path_params.at(0));
  if (name.empty() || !IsValidUtf8(name)) {
    return InvalidArgument("invalid label name: {}", QuoteGo(name));
  }
  FIRN_ASSIGN_OR_RETURN(const size_t limit, OptionalLimit(request));
  FIRN_ASSIGN_OR_RETURN(const TimeRange range, OptionalRange(request));
  FIRN_ASSIGN_OR_RETURN(const std::vector<Matchers> sets, MatchParams(request, false));
  FIRN_ASSIGN_OR_RETURN(const auto querier, context.queryable->NewQuerier());
  FIRN_ASSIGN_OR_RETURN(Strings values, Union(sets, limit, [&](const Matchers& m, size_t ask) {
                          return querier->LabelValues(name, range, m, ask);
                        }));
  WriteStrings(std::move(values), limit, answer);
  return OkStatus();
}

Status AnswerSeries(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer) {
  FIRN_ASSIGN_OR_RETURN(const size_t limit, OptionalLimit(request));
  FIRN_ASSIGN_OR_RETURN(const TimeRange range, OptionalRange(request));
  FIRN_ASSIGN_OR_RETURN(const std::vector<Matchers> sets, MatchParams(request, true));
  if (sets.empty()) return InvalidArgument("no match[] parameter provided");
  FIRN_ASSIGN_OR_RETURN(const auto querier, context.queryable->NewQuerier());
  engine::SelectHints hints;
  hints.start = range.min;
  hints.end = range.max;
  hints.labels_only = true;
  hints.function = "series";
  std::vector<std::unique_ptr<engine::SeriesSet>> found;
  std::vector<const Labels*> all;
  for (const Matchers& matchers : sets) {
    FIRN_ASSIGN_OR_RETURN(auto set, querier->Select(range, matchers, hints));
    for (size_t i = 0; i < set->size(); ++i) all.push_back(&set->labels(i));
    found.push_back(std::move(set));
  }
  if (sets.size() > 1) {
    std::sort(all.begin(), all.end(), [](const Labels* a, const Labels* b) { return *a < *b; });
    all.erase(std::unique(all.begin(), all.end(),
                          [](const Labels* a, const Labels* b) { return *a == *b; }),
              all.end());
  }
  if (limit > 0 && all.size() > limit) {
    all.resize(limit);
    answer->AddWarning(kTruncatedWarning);
  }
  answer->data()->push_back('[');
  for (size_t i = 0; i < all.size(); ++i) {
    if (i > 0) answer->data()->push_back(',');
    AppendJsonLabels(*all[i], answer->data());
    if (!answer->Flush()) return OkStatus();
  }
  answer->data()->push_back(']');
  return OkStatus();
}

Status AnswerMetadata(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer) {
  size_t limits[] = {0, 0};
  const char* const names[] = {"limit", "limit_per_metric"};
  for (size_t i = 0; i < 2; ++i) {
    const std::string* text = request.Param(names[i]);
    if (text == nullptr || text->empty()) continue;
    // Prometheus takes negative numbers for no limit here.
    if (text->starts_with('-') && ParseLimitParam(text->substr(1)).ok()) continue;
    auto limit = ParseLimitParam(*text);
    if (!limit.ok()) return InvalidArgument("{} must be a number", names[i]);
    limits[i] = *limit;
  }
  const std::string* metric = request.Param("metric");
  std::map<std::string, std::vector<engine::MetadataEntry>> by_metric;
  for (auto& entry : context.admin->GetMetadata(metric == nullptr ? "" : *metric, limits[0])) {
    auto& entries = by_metric[entry.metric];
    if (limits[1] == 0 || entries.size() < limits[1]) entries.push_back(std::move(entry));
  }
  std::string* out = answer->data();
  out->push_back('{');
  bool first = true;
  for (const auto& [name, entries] : by_metric) {
    if (!first) out->push_back(',');
    first = false;
    AppendJsonString(name, JsonText::kHtmlSafe, out);
    out->append(":[");
    for (size_t i = 0; i < entries.size(); ++i) {
      out->append(i == 0 ? "{\"type\":" : ",{\"type\":");
      AppendJsonString(entries[i].type.empty() ? "unknown" : entries[i].type, JsonText::kHtmlSafe,
                       out);
      out->append(",\"unit\":");
      AppendJsonString(entries[i].unit, JsonText::kHtmlSafe, out);
      out->append(",\"help\":");
      AppendJsonString(entries[i].help, JsonText::kHtmlSafe, out);
      out->push_back('}');
    }
    out->push_back(']');
    if (!answer->Flush()) return OkStatus();
  }
  out->push_back('}');
  return OkStatus();
}

}  // namespace firn::server
