#include "tools/inspect/cost_source.h"

#include <simdjson.h>

#include <algorithm>

#include "engine/db/inspect/directory_figures.h"
#include "query/parser/parser.h"
#include "tools/cli/progress.h"
#include "tools/server_query.h"

namespace firn::tools {

namespace {

using simdjson::dom::array;
using simdjson::dom::element;

template <typename T>
T Number(const element& e, const char* name) {
  T value{};
  if (e[name].get(value)) return 0;
  return value;
}

std::string Text(const element& e, const char* name) {
  std::string_view text;
  if (e[name].get(text)) return "";
  return std::string(text);
}

std::vector<engine::CostLine> ReadLines(const element& root, const char* name) {
  std::vector<engine::CostLine> lines;
  array list;
  if (root[name].get(list)) return lines;
  for (const element e : list) {
    engine::CostLine line;
    line.name = Text(e, "name");
    line.value = Text(e, "value");
    line.values = Number<uint64_t>(e, "values");
    line.series = Number<uint64_t>(e, "series");
    line.active_series = Number<uint64_t>(e, "active_series");
    line.samples = Number<uint64_t>(e, "samples");
    array bytes;
    if (!e["bytes"].get(bytes)) {
      for (const element n : bytes) {
        uint64_t value = 0;
        if (!n.get(value)) line.bytes.push_back(value);
      }
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

Result<CostAnswer> ReadAnswer(const std::string& json) {
  simdjson::dom::parser parser;
  element root;
  array tiers;
  array days;
  array kept;
  if (parser.parse(json)["data"].get(root) || root["tiers"].get(tiers) || root["days"].get(days) ||
      root["retention"].get(kept)) {
    return Corruption("not an answer about storage");
  }
  CostAnswer answer;
  engine::CostReport& report = answer.report;
  report.series = Number<uint64_t>(root, "series");
  report.active_series = Number<uint64_t>(root, "active_series");
  report.selected_series = Number<uint64_t>(root, "selected_series");
  for (const element e : tiers) {
    report.tiers.push_back({.resolution = Number<int64_t>(e, "resolution_ms"),
                            .windows = Number<uint64_t>(e, "windows"),
                            .samples = Number<uint64_t>(e, "samples"),
                            .disk_bytes = Number<uint64_t>(e, "disk_bytes"),
                            .min_time = Number<int64_t>(e, "min_time"),
                            .max_time = Number<int64_t>(e, "max_time"),
                            .selected_samples = Number<uint64_t>(e, "selected_samples"),
                            .selected_bytes = Number<uint64_t>(e, "selected_bytes")});
  }
  for (const element e : days) {
    report.days.push_back({.day = Number<int64_t>(e, "day"),
                           .series = Number<uint64_t>(e, "series"),
                           .new_series = Number<uint64_t>(e, "new_series"),
                           .samples = Number<uint64_t>(e, "samples"),
                           .disk_bytes = Number<uint64_t>(e, "disk_bytes"),
                           .selected_bytes = Number<uint64_t>(e, "selected_bytes")});
  }
  for (const element e : kept) {
    report.retention.push_back(
        {Number<int64_t>(e, "resolution_ms"), Number<int64_t>(e, "retention_ms")});
  }
  report.metrics = ReadLines(root, "metrics");
  report.labels = ReadLines(root, "labels");
  report.pairs = ReadLines(root, "pairs");
  return answer;
}

Result<CostAnswer> AskServer(const ServerAccess& access, size_t limit,
                             const std::vector<std::string>& select) {
  FIRN_ASSIGN_OR_RETURN(ServerClient server, MakeClient(access));
  // The most that servers give.
  constexpr size_t kAll = 10'000;
  std::string path = server.prefix + fmt::format("/api/v1/status/storage?limit={}",
                                                 limit == 0 ? kAll : std::min(limit, kAll));
  for (const std::string& selector : select) path += "&match[]=" + FormEscape(selector);
  FIRN_ASSIGN_OR_RETURN(const HttpAnswer answer, server.client.Get(path));
  if (answer.status != 200) {
    return InvalidArgument("the server answered {}: {}", answer.status, answer.body);
  }
  return ReadAnswer(answer.body);
}

}  // namespace

Result<CostAnswer> ReadCosts(const StoredPlace& place, size_t limit,
                             const std::vector<std::string>& select) {
  if (place.data.empty()) return AskServer(place.access, limit, select);
  engine::CostQuery query{.limit = limit, .select = {}};
  for (const std::string& text : select) {
    auto matchers = query::ParseSelector(text);
    if (!matchers.ok()) return matchers.status().WithContext(text);
    query.select.push_back(*std::move(matchers));
  }
  auto directory = engine::DirectoryFigures::Open(place.data);
  if (!directory.ok() && directory.status().code() == StatusCode::kUnavailable) {
    return Unavailable("{}; ask its server with --server", directory.status().message());
  }
  if (!directory.ok()) return directory.status();
  Progress progress("reading windows");
  CostAnswer answer;
  FIRN_ASSIGN_OR_RETURN(answer.report,
                        (*directory)->Costs(query, [&](uint64_t done, uint64_t total) {
                          progress.Update(done, total);
                        }));
  answer.notes = (*directory)->problems();
  return answer;
}

}  // namespace firn::tools
