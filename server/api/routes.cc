#include <fmt/core.h>

#include "server/api/handlers.h"
#include "server/api/status/active_queries.h"
#include "server/api/status/openapi.h"

namespace firn::server {

namespace {

using AnswerFn = Status (*)(const ApiContext&, const HttpRequest&, JsonAnswer*);

// Every read endpoint takes POST too: Grafana posts to whatever it reads from.
const std::vector<Method> kRead = {Method::kGet, Method::kPost};

const struct {
  const char* path;
  AnswerFn answer;
  WorkClass work;
} kReadRoutes[] = {
    {"/api/v1/query", AnswerQuery, WorkClass::kQuery},
    {"/api/v1/query_range", AnswerQueryRange, WorkClass::kQuery},
    {"/api/v1/query_exemplars", AnswerQueryExemplars, WorkClass::kQuery},
    {"/api/v1/forecast", AnswerForecast, WorkClass::kQuery},
    {"/api/v1/format_query", AnswerFormatQuery, WorkClass::kControl},
    {"/api/v1/parse_query", AnswerParseQuery, WorkClass::kControl},
    {"/api/v1/labels", AnswerLabels, WorkClass::kQuery},
    {"/api/v1/label/{name}/values", AnswerLabelValues, WorkClass::kQuery},
    {"/api/v1/series", AnswerSeries, WorkClass::kQuery},
    {"/api/v1/metadata", AnswerMetadata, WorkClass::kQuery},
    {"/api/v1/rules", AnswerRules, WorkClass::kControl},
    {"/api/v1/alerts", AnswerAlerts, WorkClass::kControl},
    {"/api/v1/alertmanagers", AnswerAlertmanagers, WorkClass::kControl},
    {"/api/v1/targets", AnswerTargets, WorkClass::kControl},
    {"/api/v1/targets/metadata", AnswerTargetsMetadata, WorkClass::kControl},
    {"/api/v1/scrape_pools", AnswerScrapePools, WorkClass::kControl},
    {"/api/v1/notifications", AnswerNotifications, WorkClass::kControl},
    {"/api/v1/features", AnswerFeatures, WorkClass::kControl},
    {"/api/v1/status/buildinfo", AnswerBuildInfo, WorkClass::kControl},
    {"/api/v1/status/runtimeinfo", AnswerRuntimeInfo, WorkClass::kControl},
    {"/api/v1/status/tsdb", AnswerTsdbStatus, WorkClass::kControl},
    {"/api/v1/status/tsdb/blocks", AnswerTsdbBlocks, WorkClass::kControl},
    {"/api/v1/status/storage", AnswerStorage, WorkClass::kQuery},
    {"/api/v1/status/config", AnswerConfig, WorkClass::kControl},
    {"/api/v1/status/flags", AnswerFlags, WorkClass::kControl},
    {"/api/v1/status/walreplay", AnswerWalReplay, WorkClass::kControl},
    {"/api/v1/status/self_metrics", AnswerSelfMetrics, WorkClass::kControl},
    {"/api/v1/status/active_queries", AnswerActiveQueries, WorkClass::kControl},
};

// These change something, so a GET must not.
const struct {
  const char* path;
  AnswerFn answer;
} kAdminRoutes[] = {
    {"/api/v1/admin/tsdb/seal", AnswerSeal},
    {"/api/v1/admin/tsdb/snapshot", AnswerSnapshot},
    {"/api/v1/admin/tsdb/compact", AnswerCompact},
    {"/api/v1/admin/tsdb/delete_series", AnswerDeleteSeries},
    {"/api/v1/admin/tsdb/clean_tombstones", AnswerCleanTombstones},
    {"/api/v1/admin/tsdb/confirm_time", AnswerConfirmTime},
    {"/api/v1/admin/queries/cancel", AnswerCancelQuery},
};

Route MakeRoute(std::string_view pattern, Role role, std::vector<Method> methods, WorkClass work,
                size_t body_bytes_max, std::unique_ptr<Handler> handler) {
  Route route;
  route.role = role;
  route.pattern = pattern;
  route.methods = std::move(methods);
  route.work = work;
  route.body_bytes_max = body_bytes_max;
  route.handler = std::move(handler);
  return route;
}

std::unique_ptr<Handler> JsonRoute(const ApiContext& context, AnswerFn answer) {
  return MakeJsonHandler([context, answer](const HttpRequest& request, JsonAnswer* out) {
    return answer(context, request, out);
  });
}

std::string IndexPage(const ApiContext& context) {
  static constexpr const char* kLinks[] = {"/api/v1/status/buildinfo",
                                           "/api/v1/status/tsdb",
                                           "/api/v1/status/runtimeinfo",
                                           "/api/v1/status/config",
                                           "/api/v1/labels",
                                           "/metrics",
                                           "/-/healthy",
                                           "/-/ready"};
  std::string page = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Firn</title></head>"
      "<body><h1>Firn {}</h1>\n<p>A time-series database for Prometheus metrics. Add this address "
      "to Grafana as a data source of type Prometheus; send samples to "
      "<code>/api/v1/write</code>.</p>\n<ul>\n",
      context.build.version);
  for (const char* link : kLinks) {
    page += fmt::format("<li><a href=\"{0}\">{0}</a></li>\n", link);
  }
  return page + "</ul></body></html>\n";
}

using AddPlain = std::function<void(std::string_view path, Role role, HandlerFunction function)>;

AddPlain PlainRoutes(Router* router) {
  return [router](std::string_view path, Role role, HandlerFunction function) {
    router->Add(MakeRoute(path, role, {Method::kGet}, WorkClass::kControl, 0,
                          MakeHandler(std::move(function))));
  };
}

// What needs no store.
void AddProcessRoutes(const ApiContext& context, Router* router) {
  const AddPlain add = PlainRoutes(router);
  add("/-/healthy", Role::kProbe, [](const HttpRequest&, ResponseWriter& response) {
    SendPlainText("Firn is Healthy.\n", 200, &response);
  });
  add("/metrics", Role::kRead,
      [metrics = context.metrics](const HttpRequest&, ResponseWriter& response) {
        HttpResponse answer;
        answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
        answer.body = WriteExposition(metrics->Collect());
        response.Send(std::move(answer));
      });
}

void AddPlainRoutes(const ApiContext& context, Router* router) {
  const AddPlain add = PlainRoutes(router);
  // vmctl asks here before it imports.
  add("/health", Role::kProbe,
      [](const HttpRequest&, ResponseWriter& response) { SendPlainText("OK", 200, &response); });
  add("/-/ready", Role::kProbe,
      [admin = context.admin](const HttpRequest&, ResponseWriter& response) {
        // A store that refuses writes still answers queries, so it stays in service.
        std::string why;
        std::string text = "Firn is Ready.\n";
        if (!admin->AcceptsWrites(&why)) text += fmt::format("Writes are refused: {}\n", why);
        SendPlainText(std::move(text), 200, &response);
      });
  add("/version", Role::kRead,
      [build = context.build](const HttpRequest&, ResponseWriter& response) {
        HttpResponse answer;
        answer.content_type = "application/json";
        AppendBuildInfo(build, &answer.body);
        response.Send(std::move(answer));
      });
  add("/", Role::kRead, [page = IndexPage(context)](const HttpRequest&, ResponseWriter& response) {
    HttpResponse answer;
    answer.content_type = "text/html; charset=utf-8";
    answer.body = page;
    response.Send(std::move(answer));
  });
}

void AddIngestRoutes(const ApiContext& context, Router* router) {
  const auto add = [&](std::string_view path, std::unique_ptr<Handler> handler) {
    Route route = MakeRoute(path, Role::kWrite, {Method::kPost}, WorkClass::kIngest,
                            context.write_body_bytes_max, std::move(handler));
    route.reads_form = false;
    router->Add(std::move(route));
  };
  // Grafana's recording rules write to /push if they take the source for another product.
  for (const char* path : {"/api/v1/write", "/api/v1/push"}) add(path, MakeWriteHandler(context));
  add("/api/v1/otlp/v1/metrics", MakeOtlpHandler(context));
  add("/api/v1/import", MakeJsonImportHandler(context));
  add("/api/v1/import/prometheus", MakeExpositionImportHandler(context));
}

void AddBulkRoutes(const ApiContext& context, Router* router) {
  using Function = std::function<void(const ApiContext&, const HttpRequest&, ResponseWriter&)>;
  const auto add = [&](std::string_view path, Function function) {
    router->Add(MakeRoute(
        path, Role::kRead, kRead, WorkClass::kQuery, context.query_body_bytes_max,
        MakeHandler([context, function](const HttpRequest& request, ResponseWriter& response) {
          function(context, request, response);
        })));
  };
  Route read = MakeRoute("/api/v1/read", Role::kRead, {Method::kPost}, WorkClass::kQuery,
                         context.write_body_bytes_max,
                         MakeHandler([context](const HttpRequest& request, ResponseWriter& out) {
                           HandleRemoteRead(context, request, out);
                         }));
  read.reads_form = false;
  router->Add(std::move(read));
  add("/federate", HandleFederate);
  add("/api/v1/openapi.yaml", [](const ApiContext&, const HttpRequest&, ResponseWriter& response) {
    HttpResponse answer;
    answer.content_type = "application/yaml";
    answer.body = OpenApiDocument();
    response.Send(std::move(answer));
  });
  add("/api/v1/export", HandleExport);
  static constexpr std::pair<const char*, SearchKind> kSearches[] = {
      {"/api/v1/search/metric_names", SearchKind::kMetricNames},
      {"/api/v1/search/label_names", SearchKind::kLabelNames},
      {"/api/v1/search/label_values", SearchKind::kLabelValues}};
  for (const auto& [path, kind] : kSearches) {
    add(path,
        [search = kind](const ApiContext& c, const HttpRequest& request, ResponseWriter& response) {
          HandleSearch(c, search, request, response);
        });
  }
}

}  // namespace

void AddApiRoutes(const ApiContext& given, Router* router) {
  ApiContext context = given;
  context.active_queries = std::make_shared<ActiveQueries>();
  for (const auto& route : kReadRoutes) {
    router->Add(MakeRoute(route.path, Role::kRead, kRead, route.work, context.query_body_bytes_max,
                          JsonRoute(context, route.answer)));
  }
  AddIngestRoutes(context, router);
  for (const auto& route : kAdminRoutes) {
    router->Add(MakeRoute(route.path, Role::kAdmin, {Method::kPost, Method::kPut},
                          WorkClass::kControl, context.query_body_bytes_max,
                          JsonRoute(context, route.answer)));
  }
  AddBulkRoutes(context, router);
  AddProcessRoutes(context, router);
  AddPlainRoutes(context, router);
  context.metrics->AddCollector([admin = context.admin](std::vector<MetricFamily>* families) {
    CollectEngineMetrics(*admin, families);
  });
}

void AddOpeningRoutes(const ApiContext& context, Router* router) {
  constexpr const char* kPath = "/api/v1/status/walreplay";
  AddProcessRoutes(context, router);
  router->Add(MakeRoute(kPath, Role::kRead, kRead, WorkClass::kControl,
                        context.query_body_bytes_max, JsonRoute(context, AnswerWalReplay)));
  // The methods and sizes that its later routes take, since other answers mean that there is no
  // use in coming again.
  Route rest =
      MakeRoute("*", Role::kProbe, {Method::kGet, Method::kPost, Method::kPut, Method::kDelete},
                WorkClass::kControl, context.write_body_bytes_max,
                MakeHandler([](const HttpRequest& request, ResponseWriter& response) {
                  HttpResponse answer =
                      ErrorResponse(request.path, 503, "unavailable", "the store is being opened");
                  answer.headers.emplace_back("Retry-After", "1");
                  response.Send(std::move(answer));
                }));
  rest.reads_form = false;
  router->SetFallback(std::move(rest));
}

}  // namespace firn::server
