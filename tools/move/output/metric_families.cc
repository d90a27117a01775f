#include "tools/move/output/metric_families.h"

#include <array>

namespace firn::tools {

namespace {

// Types whose samples are named after the family with a suffix.
struct Suffixed {
  std::string_view type;
  std::string_view suffix;
  std::string_view also;  // Another suffix that belongs to the family; "" is its own name.
};
constexpr std::array kSuffixed = {Suffixed{"counter", "_total", "_created"},
                                  Suffixed{"info", "_info", ""}};

// A unit is the end of the name, or it is none.
bool Fits(std::string_view family, std::string_view unit) {
  return !unit.empty() && family.size() > unit.size() + 1 && family.ends_with(unit) &&
         family[family.size() - unit.size() - 1] == '_';
}

}  // namespace

void MetricFamilies::AddMetadata(const server::WriteMetadata& metadata) {
  metadata_[std::string(metadata.metric)] = {std::string(metadata.type), std::string(metadata.help),
                                             std::string(metadata.unit)};
}

const MetricFamilies::Metadata* MetricFamilies::Find(std::string_view metric,
                                                     std::string_view suffix) const {
  auto found = metadata_.find(metric);
  if (found == metadata_.end() && metric.ends_with(suffix)) {
    found = metadata_.find(metric.substr(0, metric.size() - suffix.size()));
  }
  return found == metadata_.end() ? nullptr : &found->second;
}

bool MetricFamilies::IsMetric(std::string_view family, std::string_view suffix) const {
  return metrics_.contains(std::string(family).append(suffix));
}

server::FamilyText MetricFamilies::Of(std::string_view metric, bool custom_buckets) const {
  server::FamilyText out{.name = metric};
  const Metadata* known = Find(metric, "");
  for (const Suffixed& kind : kSuffixed) {
    const Metadata* of_family = Find(metric, kind.suffix);
    if (of_family == nullptr || of_family->type != kind.type) continue;
    known = of_family;
    if (!metric.ends_with(kind.suffix) || metric.size() == kind.suffix.size()) break;
    const std::string_view family = metric.substr(0, metric.size() - kind.suffix.size());
    if (IsMetric(family, "") || IsMetric(family, kind.also)) break;
    out.name = family;
    out.type = kind.type;
    break;
  }
  if (known == nullptr && !custom_buckets) return out;
  if (custom_buckets) {
    out.type = "histogram";
  } else if (known->type == "gauge") {
    out.type = "gauge";
  }
  if (known == nullptr) return out;
  out.help = known->help;
  if (out.type != "info" && Fits(out.name, known->unit)) out.unit = known->unit;
  return out;
}

}  // namespace firn::tools
