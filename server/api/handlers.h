// The handlers of the API, one function per route. Each reads its parameters from the
// request, writes the data, and returns the error if there is one.
#pragma once

#include "server/api/answer.h"
#include "server/api/context.h"

namespace firn::server {

Status AnswerQuery(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerQueryRange(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerQueryExemplars(const ApiContext& context, const HttpRequest& request,
                            JsonAnswer* answer);
Status AnswerForecast(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerFormatQuery(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerParseQuery(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);

Status AnswerLabels(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerLabelValues(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerSeries(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerMetadata(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);

Status AnswerRules(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerAlerts(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerAlertmanagers(const ApiContext& context, const HttpRequest& request,
                           JsonAnswer* answer);
Status AnswerTargets(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerTargetsMetadata(const ApiContext& context, const HttpRequest& request,
                             JsonAnswer* answer);
Status AnswerScrapePools(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerNotifications(const ApiContext& context, const HttpRequest& request,
                           JsonAnswer* answer);

Status AnswerBuildInfo(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerRuntimeInfo(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerTsdbStatus(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerTsdbBlocks(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerStorage(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerConfig(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerFlags(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerWalReplay(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerSelfMetrics(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerFeatures(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerActiveQueries(const ApiContext& context, const HttpRequest& request,
                           JsonAnswer* answer);
Status AnswerCancelQuery(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerSnapshot(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerSeal(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerCompact(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);
Status AnswerDeleteSeries(const ApiContext& context, const HttpRequest& request,
                          JsonAnswer* answer);
Status AnswerCleanTombstones(const ApiContext& context, const HttpRequest& request,
                             JsonAnswer* answer);
Status AnswerConfirmTime(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer);

// The object of /api/v1/status/buildinfo.
void AppendBuildInfo(const BuildInfo& build, std::string* out);

// These do not answer in JSON's envelope.
void HandleFederate(const ApiContext& context, const HttpRequest& request,
                    ResponseWriter& response);
void HandleRemoteRead(const ApiContext& context, const HttpRequest& request,
                      ResponseWriter& response);
void HandleExport(const ApiContext& context, const HttpRequest& request, ResponseWriter& response);
enum class SearchKind : uint8_t { kMetricNames, kLabelNames, kLabelValues };
void HandleSearch(const ApiContext& context, SearchKind kind, const HttpRequest& request,
                  ResponseWriter& response);

// The receiver of remote write; keeps its counters.
std::unique_ptr<Handler> MakeWriteHandler(const ApiContext& context);

std::unique_ptr<Handler> MakeOtlpHandler(const ApiContext& context);
// Receivers of pushed text and JSON lines.
std::unique_ptr<Handler> MakeExpositionImportHandler(const ApiContext& context);
std::unique_ptr<Handler> MakeJsonImportHandler(const ApiContext& context);

// Families of the engine's own figures, for the registry.
void CollectEngineMetrics(const engine::Admin& admin, std::vector<MetricFamily>* families);

}  // namespace firn::server
