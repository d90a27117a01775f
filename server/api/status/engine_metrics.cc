#include <unordered_map>

#include "server/api/handlers.h"

namespace firn::server {

namespace {

// `a="b",c="d"`, with the escapes of the text format.
MetricLabels ParseLabels(std::string_view text) {
  MetricLabels labels;
  while (!text.empty()) {
    const size_t equals = text.find("=\"");
    if (equals == std::string_view::npos) break;
    std::string name(text.substr(0, equals));
    text.remove_prefix(equals + 2);
    std::string value;
    while (!text.empty() && text.front() != '"') {
      if (text.front() == '\\' && text.size() > 1) {
        text.remove_prefix(1);
        value.push_back(text.front() == 'n' ? '\n' : text.front());
      } else {
        value.push_back(text.front());
      }
      text.remove_prefix(1);
    }
    labels.emplace_back(std::move(name), std::move(value));
    const size_t next = text.find_first_not_of("\", ");
    text.remove_prefix(std::min(next, text.size()));
  }
  return labels;
}

}  // namespace

void CollectEngineMetrics(const engine::Admin& admin, std::vector<MetricFamily>* families) {
  std::unordered_map<std::string, size_t> index;
  for (const engine::MetricFigure& figure : admin.Metrics()) {
    const auto [it, is_new] = index.emplace(figure.name, families->size());
    if (is_new) {
      MetricFamily& family = families->emplace_back();
      family.name = "firn_" + figure.name;
      family.help = figure.help;
      family.type = figure.counter ? MetricType::kCounter : MetricType::kGauge;
    }
    (*families)[it->second].points.push_back({"", ParseLabels(figure.labels), figure.value});
  }
}

}  // namespace firn::server
