#include <simdjson.h>

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include "base/number.h"
#include "tools/capacity/history_source.h"
#include "tools/server_query.h"

namespace firn::tools {
namespace {

namespace dom = simdjson::dom;

// Below the 11,000 of Prometheus and of Firn.
constexpr int64_t kPointsPerRequest = 10'000;
// Nobody knows yet how many series there are.
constexpr int64_t kPointsOfFirstRequest = 2'000;
// Some 50 MB of JSON.
constexpr int64_t kValuesPerRequest = 2'000'000;

// Fills a builder with an answer of query_range.
Status ReadMatrix(dom::element root, HistoryBuilder* builder) {
  dom::array list;
  if (root["data"]["result"].get(list) != simdjson::SUCCESS) {
    return Corruption("the answer holds no matrix");
  }
  for (const dom::element element : list) {
    std::vector<std::pair<std::string, std::string>> labels;
    dom::object metric;
    if (element["metric"].get(metric) == simdjson::SUCCESS) {
      for (const auto& [name, value] : metric) {
        std::string_view text;
        if (value.get(text) == simdjson::SUCCESS) labels.emplace_back(name, text);
      }
    }
    dom::array points;
    if (element["values"].get(points) != simdjson::SUCCESS) continue;  // Native histograms.
    std::vector<double>* values = builder->Series(Labels::FromPairs(std::move(labels)));
    for (const dom::element point : points) {
      double t = 0;
      std::string_view v;
      if (point.at(0).get(t) != simdjson::SUCCESS || point.at(1).get(v) != simdjson::SUCCESS) {
        return Corruption("a point of the answer is no pair of time and text");
      }
      builder->Set(values, std::llround(t * 1000), ParseFloat(v).value_or(NAN));
    }
  }
  return OkStatus();
}

Status ReadAnswer(const std::string& body, HistoryBuilder* builder) {
  dom::parser parser;
  dom::element root;
  std::string_view status;
  if (parser.parse(body).get(root) != simdjson::SUCCESS ||
      root["status"].get(status) != simdjson::SUCCESS) {
    return Corruption("the answer is none of a query API: {}",
                      std::string_view(body).substr(0, 200));
  }
  if (status != "success") {
    std::string_view error;
    if (root["error"].get(error) != simdjson::SUCCESS) error = "the server gave no reason";
    return InvalidArgument("{}", error);
  }
  for (const char* key : {"warnings", "infos"}) {
    dom::array notes;
    if (root[key].get(notes) != simdjson::SUCCESS) continue;
    for (const dom::element note : notes) {
      std::string_view text;
      if (note.get(text) == simdjson::SUCCESS) builder->Note(std::string(text));
    }
  }
  return ReadMatrix(root, builder);
}

Result<History> AskInSlices(ServerClient* server, const HistoryQuestion& question,
                            const HistoryProgress& progress) {
  HistoryBuilder builder(question);
  const int64_t points = (question.end - question.start) / question.step + 1;
  int64_t done = 0;
  int64_t batch = kPointsOfFirstRequest;
  while (done < points) {
    const int64_t last = std::min(done + batch, points) - 1;
    FIRN_ASSIGN_OR_RETURN(
        const HttpAnswer answer,
        PostForm(server, "/api/v1/query_range",
                 fmt::format("query={}&start={}&end={}&step={}", FormEscape(question.expression),
                             FormSeconds(question.start + done * question.step),
                             FormSeconds(question.start + last * question.step),
                             FormSeconds(question.step))));
    FIRN_RETURN_IF_ERROR(ReadAnswer(answer.body, &builder));
    done = last + 1;
    const auto series = static_cast<int64_t>(std::max<size_t>(builder.series(), 1));
    batch = std::clamp<int64_t>(kValuesPerRequest / series, 1, kPointsPerRequest);
    if (progress) progress(static_cast<uint64_t>(done), static_cast<uint64_t>(points));
  }
  return builder.Take();
}

}  // namespace

Result<HistorySource> ServerHistory(const ServerAccess& access, HistoryProgress progress) {
  FIRN_ASSIGN_OR_RETURN(ServerClient client, MakeClient(access));
  auto server = std::make_shared<ServerClient>(std::move(client));
  return HistorySource{.read = [server, progress](const HistoryQuestion& question) {
    return AskInSlices(server.get(), question, progress);
  }};
}

}  // namespace firn::tools
