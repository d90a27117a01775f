#include "server/codec/otlp/otlp_labels.h"

#include <algorithm>

namespace firn::server {

namespace {

constexpr std::string_view kServiceName = "service.name";
constexpr std::string_view kServiceNamespace = "service.namespace";
constexpr std::string_view kServiceInstance = "service.instance.id";

bool IsIdentifying(std::string_view name) {
  return name == kServiceName || name == kServiceNamespace || name == kServiceInstance;
}

std::string_view Find(const OtlpAttributes& attributes, std::string_view name) {
  for (const OtlpAttribute& attribute : attributes) {
    if (attribute.name == name) return attribute.value;
  }
  return "";
}

}  // namespace

OtlpLabels::OtlpLabels(const OtlpOptions& options, const OtlpResource& resource)
    : options_(options), resource_(resource) {
  for (const OtlpAttribute& attribute : resource.attributes) {
    const bool listed = std::find(options.promoted.begin(), options.promoted.end(),
                                  attribute.name) != options.promoted.end();
    if (listed != options.promote_all) promoted_.push_back(attribute);
  }
  const std::string_view name = Find(resource.attributes, kServiceName);
  const std::string_view space = Find(resource.attributes, kServiceNamespace);
  if (!name.empty()) {
    if (!space.empty()) job_.append(space).push_back('/');
    job_.append(name);
  }
  instance_ = Find(resource.attributes, kServiceInstance);
}

OtlpLabels::LabelMap OtlpLabels::FromAttributes(const OtlpAttributes& attributes,
                                                bool skip_identifying) const {
  std::vector<const OtlpAttribute*> sorted;
  for (const OtlpAttribute& attribute : attributes) {
    if (skip_identifying && IsIdentifying(attribute.name)) continue;
    sorted.push_back(&attribute);
  }
  std::stable_sort(
      sorted.begin(), sorted.end(),
      [](const OtlpAttribute* a, const OtlpAttribute* b) { return a->name < b->name; });
  LabelMap labels;
  for (const OtlpAttribute* attribute : sorted) {
    std::string name = OtlpLabelName(options_.naming, attribute->name);
    const auto [it, is_new] = labels.try_emplace(std::move(name), attribute->value);
    if (!is_new) it->second.append(";").append(attribute->value);
  }
  return labels;
}

void OtlpLabels::AddScope(const OtlpScope& scope, LabelMap* labels) const {
  OtlpAttributes attributes;
  for (const OtlpAttribute& attribute : scope.attributes) {
    attributes.push_back({"otel_scope_" + attribute.name, attribute.value});
  }
  for (auto& [name, value] : FromAttributes(attributes, false)) (*labels)[name] = value;
  (*labels)["otel_scope_name"] = scope.name;
  (*labels)["otel_scope_version"] = scope.version;
  (*labels)["otel_scope_schema_url"] = scope.schema_url;
}

void OtlpLabels::AddTarget(LabelMap* labels) const {
  if (!job_.empty()) (*labels)["job"] = job_;
  if (!instance_.empty()) (*labels)["instance"] = instance_;
}

std::map<std::string, std::string> OtlpLabels::ForPoint(const OtlpScope& scope,
                                                        const OtlpAttributes& attributes) const {
  LabelMap labels = FromAttributes(attributes, false);
  // A point's own attribute wins over one of its resource.
  for (auto& [name, value] : FromAttributes(promoted_, false)) labels.try_emplace(name, value);
  if (options_.promote_scope) AddScope(scope, &labels);
  AddTarget(&labels);
  return labels;
}

std::map<std::string, std::string> OtlpLabels::ForTargetInfo() const {
  const bool tells_more =
      std::any_of(resource_.attributes.begin(), resource_.attributes.end(),
                  [](const OtlpAttribute& a) { return !IsIdentifying(a.name); });
  if (!tells_more || (job_.empty() && instance_.empty())) return {};
  LabelMap labels = FromAttributes(resource_.attributes, !options_.keep_identifying);
  AddTarget(&labels);
  return labels;
}

}  // namespace firn::server
