#include "server/codec/write_visitor.h"

#include <iterator>

namespace firn::server {

namespace {

constexpr std::string_view kNames[] = {"unknown",        "counter", "gauge", "histogram",
                                       "gaugehistogram", "summary", "info",  "stateset"};

}  // namespace

int32_t MetricTypeNumber(std::string_view name) {
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name) return static_cast<int32_t>(i);
  }
  return 0;
}

std::string_view MetricTypeName(int32_t type) {
  if (type < 0 || type >= static_cast<int32_t>(std::size(kNames))) return kNames[0];
  return kNames[type];
}

void OverrideLabels(std::span<const LabelView> more, std::vector<LabelView>* labels) {
  for (const LabelView& label : more) {
    std::erase_if(*labels, [&](const LabelView& old) { return old.name == label.name; });
    labels->push_back(label);
  }
}

}  // namespace firn::server
