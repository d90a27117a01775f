// The newest sample of each selected series as exposition text, for another server to scrape.
#include <algorithm>

#include "server/api/handlers.h"
#include "server/api/request_params.h"
#include "server/codec/text/exposition_writer.h"

namespace firn::server {

namespace {

constexpr size_t kPartBytes = 64 << 10;

struct Newest {
  const Labels* labels;
  TimestampMs t;
  double v;
  HistogramPtr h;  // Null: a float sample.
};

// False if there is none or the series has ended.
bool FindNewest(const engine::SampleColumns& samples, Newest* newest) {
  if (samples.empty()) return false;
  const bool histogram =
      !samples.ht.empty() && (samples.t.empty() || samples.ht.back() > samples.t.back());
  if (histogram) {
    newest->t = samples.ht.back();
    newest->h = samples.h.back();
    // Exponential buckets have no form in text.
    return !newest->h->IsStale() && newest->h->UsesCustomBuckets();
  }
  newest->t = samples.t.back();
  newest->v = samples.v.back();
  return !IsStaleNan(newest->v);
}

struct Found {
  std::vector<std::unique_ptr<engine::SeriesSet>> sets;  // Own the labels.
  std::vector<Newest> series;
};

Result<Found> Collect(const ApiContext& context, const std::vector<Matchers>& selectors,
                      const HttpRequest& request) {
  const TimestampMs now = context.clock->NowMs();
  const TimeRange range{now - context.engine->options().lookback, now};
  FIRN_ASSIGN_OR_RETURN(const auto querier, context.queryable->NewQuerier());
  Found found;
  engine::SampleColumns samples;
  for (const Matchers& matchers : selectors) {
    engine::SelectHints hints;
    hints.start = range.min;
    hints.end = range.max;
    FIRN_ASSIGN_OR_RETURN(auto set, querier->Select(range, matchers, hints));
    for (size_t i = 0; i < set->size(); ++i) {
      if (request.cancelled.load(std::memory_order_relaxed)) return Cancelled("client has gone");
      FIRN_RETURN_IF_ERROR(set->Read(i, range, &samples));
      Newest newest{&set->labels(i), 0, 0, nullptr};
      if (FindNewest(samples, &newest)) found.series.push_back(std::move(newest));
    }
    found.sets.push_back(std::move(set));
  }
  // Families must be whole, and a series that several selectors match is wanted once.
  std::sort(found.series.begin(), found.series.end(), [](const Newest& a, const Newest& b) {
    const int order = a.labels->metric_name().compare(b.labels->metric_name());
    return order != 0 ? order < 0 : *a.labels < *b.labels;
  });
  found.series.erase(
      std::unique(found.series.begin(), found.series.end(),
                  [](const Newest& a, const Newest& b) { return *a.labels == *b.labels; }),
      found.series.end());
  return found;
}

void Write(const Found& found, TextStyle style, ResponseWriter* response) {
  HttpResponse head;
  head.content_type = style.ContentType();
  response->Begin(std::move(head));
  std::string part;
  ExpositionWriter writer(style, &part);
  for (const Newest& newest : found.series) {
    writer.Family({.name = newest.labels->metric_name()});
    if (newest.h != nullptr) {
      writer.ClassicHistogram(*newest.labels, *newest.h, newest.t);
    } else {
      writer.Sample(*newest.labels, "", "", newest.v, newest.t);
    }
    if (part.size() < kPartBytes) continue;
    if (!response->Write(part)) return;
    part.clear();
  }
  writer.End();
  response->Write(part);
}

}  // namespace

void HandleFederate(const ApiContext& context, const HttpRequest& request,
                    ResponseWriter& response) {
  const auto selectors = MatchParams(request, true);
  if (!selectors.ok()) {
    return SendPlainText(std::string(selectors.status().message()) + "\n", 400, &response);
  }
  const auto found = Collect(context, *selectors, request);
  if (!found.ok()) {
    return SendPlainText(std::string(found.status().message()) + "\n",
                         ToApiError(found.status()).http_status, &response);
  }
  Write(*found, NegotiateTextStyle(request.Header("Accept")), &response);
}

}  // namespace firn::server
