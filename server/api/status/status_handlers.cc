#include <unistd.h>

#include <climits>
#include <thread>

#include "base/duration.h"
#include "server/api/handlers.h"
#include "server/api/json_object.h"
#include "server/api/request_params.h"
#include "server/api/status/costs_json.h"
#include "server/codec/params.h"

namespace firn::server {

namespace {

constexpr size_t kStatusLimitDefault = 10;
constexpr size_t kStatusLimitMax = 10'000;

std::string CountsJson(const std::vector<engine::NamedCount>& counts) {
  std::string json = "[";
  for (const engine::NamedCount& count : counts) {
    if (json.size() > 1) json.push_back(',');
    ObjectWriter object(&json);
    object.Text("name", count.name);
    object.Raw("value", std::to_string(count.value));
    object.End();
  }
  json.push_back(']');
  return json;
}

Result<size_t> StatusLimit(const HttpRequest& request) {
  const std::string* text = request.Param("limit");
  if (text == nullptr || text->empty()) return kStatusLimitDefault;
  const auto limit = ParseLimitParam(*text);
  if (!limit.ok() || *limit < 1) {
    return InParameter(InvalidArgument("limit must be a positive number"), "limit");
  }
  if (*limit > kStatusLimitMax) {
    return InParameter(InvalidArgument("limit must not exceed {}", kStatusLimitMax), "limit");
  }
  return *limit;
}

}  // namespace

// No key `features`: Grafana takes its presence for another product.
void AppendBuildInfo(const BuildInfo& build, std::string* out) {
  ObjectWriter object(out);
  object.Text("version", kCompatibleVersion);
  object.Text("revision", build.revision);
  object.Text("branch", "");
  object.Text("buildUser", "");
  object.Text("buildDate", build.build_date);
  object.Text("goVersion", "");
  object.Text("application", "Firn");
  object.Text("applicationVersion", build.version);
  object.End();
}

Status AnswerBuildInfo(const ApiContext& context, const HttpRequest&, JsonAnswer* answer) {
  AppendBuildInfo(context.build, answer->data());
  return OkStatus();
}

Status AnswerRuntimeInfo(const ApiContext& context, const HttpRequest&, JsonAnswer* answer) {
  char directory[PATH_MAX] = "";
  char host[256] = "";
  const bool has_directory = ::getcwd(directory, sizeof(directory)) != nullptr;
  const bool has_host = ::gethostname(host, sizeof(host) - 1) == 0;
  ObjectWriter object(answer->data());
  object.Text("startTime", FormatRfc3339(context.start_time));
  object.Text("CWD", has_directory ? directory : "");
  object.Text("hostname", has_host ? host : "");
  object.Text("serverTime", FormatRfc3339(context.clock->NowMs()));
  const ConfigInfo config = context.config();
  object.Raw("reloadConfigSuccess", config.last_reload_ok ? "true" : "false");
  object.Text("lastConfigTime", FormatRfc3339(config.loaded));
  object.Raw("corruptionCount", std::to_string(context.admin->corruption_count()));
  object.Raw("GOMAXPROCS", std::to_string(std::thread::hardware_concurrency()));
  object.Text("storageRetention", config.storage_retention);
  object.End();
  return OkStatus();
}

Status AnswerTsdbStatus(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer) {
  FIRN_ASSIGN_OR_RETURN(const size_t limit, StatusLimit(request));
  FIRN_ASSIGN_OR_RETURN(const engine::DatabaseStatus status, context.admin->GetStatus(limit));
  std::string head;
  ObjectWriter figures(&head);
  figures.Raw("numSeries", std::to_string(status.series));
  figures.Raw("numLabelPairs", std::to_string(status.label_pairs));
  figures.Raw("chunkCount", std::to_string(status.chunks));
  figures.Raw("minTime", std::to_string(status.min_time));
  figures.Raw("maxTime", std::to_string(status.max_time));
  figures.End();
  ObjectWriter object(answer->data());
  object.Raw("headStats", head);
  object.Raw("seriesCountByMetricName", CountsJson(status.series_by_metric));
  object.Raw("labelValueCountByLabelName", CountsJson(status.values_by_label));
  object.Raw("memoryInBytesByLabelName", CountsJson(status.bytes_by_label));
  object.Raw("seriesCountByLabelValuePair", CountsJson(status.series_by_label_pair));
  object.Raw("storedSampleCountByMetricName", CountsJson(status.stored_samples_by_metric));
  object.Raw("storedBytesByMetricName", CountsJson(status.stored_bytes_by_metric));
  object.End();
  return OkStatus();
}

Status AnswerTsdbBlocks(const ApiContext& context, const HttpRequest&, JsonAnswer* answer) {
  std::string list = "[";
  for (const engine::StoredBlock& block : context.admin->Blocks()) {
    if (list.size() > 1) list.push_back(',');
    std::string stats;
    ObjectWriter counts(&stats);
    counts.Raw("numSamples", std::to_string(block.samples));
    counts.Raw("numSeries", std::to_string(block.series));
    counts.Raw("numBytes", std::to_string(block.bytes));
    counts.End();
    ObjectWriter object(&list);
    object.Text("ulid", block.name);
    object.Raw("minTime", std::to_string(block.start));
    object.Raw("maxTime", std::to_string(block.end));
    object.Raw("stats", stats);
    object.Text("resolution", block.resolution == 0 ? "raw" : FormatDuration(block.resolution));
    object.Raw("firstSample", std::to_string(block.min_time));
    object.Raw("lastSample", std::to_string(block.max_time));
    object.End();
  }
  list.push_back(']');
  ObjectWriter object(answer->data());
  object.Raw("blocks", list);
  object.End();
  return OkStatus();
}

Status AnswerStorage(const ApiContext& context, const HttpRequest& request, JsonAnswer* answer) {
  engine::CostQuery query;
  FIRN_ASSIGN_OR_RETURN(query.limit, StatusLimit(request));
  FIRN_ASSIGN_OR_RETURN(query.select, MatchParams(request, false));
  FIRN_ASSIGN_OR_RETURN(const engine::CostReport report, context.admin->GetCosts(query));
  answer->data()->append(CostsJson(report));
  return OkStatus();
}

Status AnswerConfig(const ApiContext& context, const HttpRequest&, JsonAnswer* answer) {
  ObjectWriter object(answer->data());
  object.Text("yaml", context.config().yaml);
  object.End();
  return OkStatus();
}

Status AnswerFlags(const ApiContext& context, const HttpRequest&, JsonAnswer* answer) {
  ObjectWriter object(answer->data());
  const ConfigInfo config = context.config();
  for (const auto& [name, value] : config.flags) object.Text(name, value);
  object.End();
  return OkStatus();
}

// The journal is replayed before the server listens, so it is always done.
Status AnswerWalReplay(const ApiContext& context, const HttpRequest&, JsonAnswer* answer) {
  const engine::ReplayProgress progress = context.replay();
  ObjectWriter object(answer->data());
  object.Number("min", progress.first);
  object.Number("max", progress.last);
  object.Number("current", progress.current);
  object.End();
  return OkStatus();
}

}  // namespace firn::server
