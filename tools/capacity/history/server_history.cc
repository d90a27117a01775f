#include <simdjson.h>

#include <cmath>

#include <fmt/core.h>

#include "base/number.h"
#include "tools/capacity/history/history_source.h"
#include "tools/server_query.h"

namespace firn::tools {
namespace {

namespace dom = simdjson::dom;

// Below the 11,000 points of Prometheus and of Firn; some 50 MB of JSON.
constexpr SliceLimits kSlices{.points_max = 10'000, .values_max = 2'000'000};

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

Status AskSlice(ServerClient* server, const HistoryQuestion& slice, HistoryBuilder* builder) {
  FIRN_ASSIGN_OR_RETURN(const HttpAnswer answer,
                        PostForm(server, "/api/v1/query_range",
                                 fmt::format("query={}&start={}&end={}&step={}",
                                             FormEscape(slice.expression), FormSeconds(slice.start),
                                             FormSeconds(slice.end), FormSeconds(slice.step))));
  return ReadAnswer(answer.body, builder);
}

}  // namespace

Result<HistorySource> ServerHistory(const ServerAccess& access, HistoryProgress progress) {
  FIRN_ASSIGN_OR_RETURN(ServerClient client, MakeClient(access));
  auto server = std::make_shared<ServerClient>(std::move(client));
  const SliceReader ask = [server](const HistoryQuestion& slice, HistoryBuilder* builder) {
    return AskSlice(server.get(), slice, builder);
  };
  return HistorySource{.read = [ask, progress](const HistoryQuestion& question) {
    return ReadInSlices(question, kSlices, ask, progress);
  }};
}

}  // namespace firn::tools
