#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/number.h"
#include "server/api/handlers.h"
#include "server/api/json_object.h"
#include "server/api/request_params.h"
#include "server/api/search/name_match.h"
#include "server/codec/params.h"

namespace firn::server {

namespace {

constexpr size_t kTermsMax = 32;
constexpr size_t kLimitDefault = 100;
constexpr size_t kLimitMax = 10'000;
constexpr size_t kBatchDefault = 100;

struct SearchParams {
  std::vector<Matchers> selectors;
  TimeRange range;
  std::vector<std::string> terms;
  FuzzyAlgorithm algorithm = FuzzyAlgorithm::kSubsequence;
  double threshold = 0;
  bool case_sensitive = true;
  bool by_score = false;
  bool descending = false;
  bool include_score = false;
  bool include_metadata = false;
  size_t limit = kLimitDefault;
  size_t batch = kBatchDefault;
  std::string label;
};

struct Hit {
  std::string name;
  double score;
};

std::string_view ParamText(const HttpRequest& request, std::string_view name) {
  const std::string* text = request.Param(name);
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

// Reads one of `words` into its index; `fallback` if the parameter is absent or empty.
Result<size_t> WordParam(const HttpRequest& request, std::string_view name,
                         std::initializer_list<std::string_view> words, size_t fallback) {
  const std::string_view text = ParamText(request, name);
  if (text.empty()) return fallback;
  const auto* const it = std::find(words.begin(), words.end(), text);
  if (it != words.end()) return static_cast<size_t>(it - words.begin());
  return InParameter(InvalidArgument("{} is not one of {}", QuoteGo(text), fmt::join(words, ", ")),
                     name);
}

Result<bool> BoolParam(const HttpRequest& request, std::string_view name, bool fallback) {
  FIRN_ASSIGN_OR_RETURN(const size_t word, WordParam(request, name, {"false", "true", "0", "1"},
                                                     fallback ? size_t{1} : size_t{0}));
  return word % 2 == 1;
}

Result<size_t> CountParam(const HttpRequest& request, std::string_view name, size_t fallback,
                          size_t max) {
  const std::string_view text = ParamText(request, name);
  if (text.empty()) return fallback;
  const auto count = ParseLimitParam(text);
  if (!count.ok()) return InParameter(count.status(), name);
  if (*count > max) return InParameter(InvalidArgument("must not exceed {}", max), name);
  return *count == 0 ? max : *count;
}

Status ReadMatching(const HttpRequest& request, SearchParams* params) {
  for (const std::string_view term : request.Params("search[]")) {
    if (!term.empty()) params->terms.emplace_back(term);
  }
  if (params->terms.size() > kTermsMax) {
    return InParameter(InvalidArgument("more than {} terms", kTermsMax), "search[]");
  }
  FIRN_ASSIGN_OR_RETURN(const size_t percent, CountParam(request, "fuzz_threshold", 0, 100));
  // 0 means something here.
  const bool zero = ParamText(request, "fuzz_threshold") == "0";
  params->threshold = zero ? 0 : static_cast<double>(percent) / 100;
  FIRN_ASSIGN_OR_RETURN(const size_t algorithm,
                        WordParam(request, "fuzz_alg", {"subsequence", "jarowinkler"}, 0));
  params->algorithm = static_cast<FuzzyAlgorithm>(algorithm);
  FIRN_ASSIGN_OR_RETURN(params->case_sensitive, BoolParam(request, "case_sensitive", true));
  return OkStatus();
}

Status ReadOrder(const HttpRequest& request, SearchParams* params) {
  FIRN_ASSIGN_OR_RETURN(const size_t order, WordParam(request, "sort_by", {"alpha", "score"}, 0));
  params->by_score = order == 1;
  FIRN_ASSIGN_OR_RETURN(const size_t direction, WordParam(request, "sort_dir", {"asc", "dsc"}, 0));
  params->descending = direction == 1;
  if (params->by_score && !ParamText(request, "sort_dir").empty()) {
    return InParameter(InvalidArgument("goes with sort_by=alpha only"), "sort_dir");
  }
  FIRN_ASSIGN_OR_RETURN(params->include_score, BoolParam(request, "include_score", false));
  FIRN_ASSIGN_OR_RETURN(params->include_metadata, BoolParam(request, "include_metadata", false));
  FIRN_ASSIGN_OR_RETURN(params->limit, CountParam(request, "limit", kLimitDefault, kLimitMax));
  FIRN_ASSIGN_OR_RETURN(params->batch, CountParam(request, "batch_size", kBatchDefault, kLimitMax));
  return OkStatus();
}

Result<SearchParams> ReadParams(const ApiContext& context, const HttpRequest& request) {
  SearchParams params;
  FIRN_ASSIGN_OR_RETURN(params.selectors, MatchParams(request, false));
  const TimestampMs now = context.clock->NowMs();
  FIRN_ASSIGN_OR_RETURN(params.range.min, OptionalTime(request, "start", now - kHourMs));
  FIRN_ASSIGN_OR_RETURN(params.range.max, OptionalTime(request, "end", now));
  if (params.range.empty()) {
    return InParameter(InvalidArgument("end timestamp must not be before start time"), "end");
  }
  FIRN_RETURN_IF_ERROR(ReadMatching(request, &params));
  FIRN_RETURN_IF_ERROR(ReadOrder(request, &params));
  params.label = ParamText(request, "label");
  return params;
}

Result<std::set<std::string>> Candidates(const ApiContext& context, const SearchParams& params,
                                         SearchKind kind) {
  FIRN_ASSIGN_OR_RETURN(const auto querier, context.queryable->NewQuerier());
  std::vector<Matchers> selectors = params.selectors;
  if (selectors.empty()) selectors.emplace_back();
  std::set<std::string> names;
  for (const Matchers& matchers : selectors) {
    auto found =
        kind == SearchKind::kLabelNames
            ? querier->LabelNames(params.range, matchers, 0)
            : querier->LabelValues(kind == SearchKind::kMetricNames ? kMetricName : params.label,
                                   params.range, matchers, 0);
    if (!found.ok()) return found.status();
    names.insert(std::make_move_iterator(found->begin()), std::make_move_iterator(found->end()));
  }
  return names;
}

std::vector<Hit> Rank(const std::set<std::string>& names, const SearchParams& params) {
  const NameMatcher matcher(params.terms, params.algorithm, params.threshold,
                            params.case_sensitive);
  std::vector<Hit> hits;
  for (const std::string& name : names) {
    if (const double score = matcher.Score(name); score >= 0) hits.push_back({name, score});
  }
  if (params.by_score) {
    std::stable_sort(hits.begin(), hits.end(),
                     [](const Hit& a, const Hit& b) { return a.score > b.score; });
  } else if (params.descending) {
    std::reverse(hits.begin(), hits.end());
  }
  return hits;
}

void AppendHit(const ApiContext& context, const SearchParams& params, SearchKind kind,
               const Hit& hit, std::string* out) {
  ObjectWriter object(out);
  object.Text(kind == SearchKind::kLabelValues ? "value" : "name", hit.name);
  if (params.include_score) object.Raw("score", FormatFloatG(hit.score));
  if (kind == SearchKind::kMetricNames && params.include_metadata) {
    for (const auto& entry : context.admin->GetMetadata(hit.name, 1)) {
      object.Text("type", entry.type);
      object.Text("help", entry.help);
      object.Text("unit", entry.unit);
    }
  }
  object.End();
}

void WriteHits(const ApiContext& context, const SearchParams& params, SearchKind kind,
               const std::vector<Hit>& hits, ResponseWriter* response) {
  HttpResponse head;
  head.content_type = "application/x-ndjson";
  response->Begin(std::move(head));
  const size_t count = std::min(params.limit, hits.size());
  for (size_t i = 0; i < count; i += params.batch) {
    std::string line = "{\"results\":[";
    const size_t end = std::min(count, i + params.batch);
    for (size_t k = i; k < end; ++k) {
      if (k > i) line.push_back(',');
      AppendHit(context, params, kind, hits[k], &line);
    }
    if (!response->Write(line + "]}\n")) return;
  }
  response->Write(fmt::format("{{\"status\":\"success\",\"has_more\":{}}}\n", hits.size() > count));
}

}  // namespace

void HandleSearch(const ApiContext& context, SearchKind kind, const HttpRequest& request,
                  ResponseWriter& response) {
  const auto fail = [&](const Status& status) {
    const ApiError error = ToApiError(status);
    response.Send(ErrorResponse(request.path, error.http_status, error.type, status.message()));
  };
  const auto params = ReadParams(context, request);
  if (!params.ok()) return fail(params.status());
  if (kind == SearchKind::kLabelValues && params->label.empty()) {
    return fail(InParameter(InvalidArgument("is required"), "label"));
  }
  const auto names = Candidates(context, *params, kind);
  if (!names.ok()) return fail(names.status());
  WriteHits(context, *params, kind, Rank(*names, *params), &response);
}

}  // namespace firn::server
