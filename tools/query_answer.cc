#include "tools/query_answer.h"

#include <simdjson.h>

#include "base/labels.h"

namespace firn::tools {
namespace {

namespace dom = simdjson::dom;

std::string Text(dom::element element) {
  std::string_view text;
  if (element.get(text) == simdjson::SUCCESS) return std::string(text);
  return simdjson::minify(element);
}

AnswerPoint ParsePair(dom::element pair) {
  AnswerPoint point;
  dom::array array;
  if (pair.get(array) != simdjson::SUCCESS) return point;
  size_t i = 0;
  for (const dom::element element : array) {
    if (i++ == 0) {
      if (element.get(point.t) != simdjson::SUCCESS) point.t = 0;
    } else {
      point.value = Text(element);
    }
  }
  return point;
}

AnswerSeries ParseSeries(dom::element element) {
  AnswerSeries series;
  dom::object metric;
  if (element["metric"].get(metric) == simdjson::SUCCESS) {
    for (const auto& [name, value] : metric) series.labels.emplace_back(name, Text(value));
  }
  for (const char* key : {"value", "histogram"}) {
    dom::element pair;
    if (element[key].get(pair) == simdjson::SUCCESS) series.points.push_back(ParsePair(pair));
  }
  for (const char* key : {"values", "histograms"}) {
    dom::array pairs;
    if (element[key].get(pairs) != simdjson::SUCCESS) continue;
    for (const dom::element pair : pairs) series.points.push_back(ParsePair(pair));
  }
  return series;
}

}  // namespace

std::string AnswerSeries::Name() const {
  std::vector<std::pair<std::string, std::string>> copy = labels;
  return Labels::FromPairs(std::move(copy)).ToString();
}

Result<QueryAnswer> ParseAnswer(const std::string& json) {
  dom::parser parser;
  dom::element root;
  if (parser.parse(json).get(root) != simdjson::SUCCESS) {
    return Corruption("the answer is not JSON: {}", std::string_view(json).substr(0, 200));
  }
  std::string_view status;
  if (root["status"].get(status) != simdjson::SUCCESS) {
    return Corruption("the answer has no status: {}", std::string_view(json).substr(0, 200));
  }
  if (status != "success") {
    std::string_view type;
    std::string_view error;
    if (root["errorType"].get(type) != simdjson::SUCCESS) type = "error";
    if (root["error"].get(error) != simdjson::SUCCESS) error = "the server gave no reason";
    return InvalidArgument("{}: {}", type, error);
  }
  QueryAnswer answer;
  std::string_view type;
  dom::element result;
  if (root["data"]["resultType"].get(type) != simdjson::SUCCESS ||
      root["data"]["result"].get(result) != simdjson::SUCCESS) {
    return Corruption("the answer holds no result");
  }
  answer.type = type;
  if (type == "scalar" || type == "string") {
    answer.series.push_back({{}, {ParsePair(result)}});
  } else {
    dom::array list;
    if (result.get(list) != simdjson::SUCCESS) return Corruption("the result is not a list");
    for (const dom::element element : list) answer.series.push_back(ParseSeries(element));
  }
  for (const char* key : {"warnings", "infos"}) {
    dom::array notes;
    if (root[key].get(notes) != simdjson::SUCCESS) continue;
    for (const dom::element note : notes) answer.notes.push_back(Text(note));
  }
  return answer;
}

}  // namespace firn::tools
