#include "server/app/relabel/relabel_config.h"

#include <openssl/evp.h>
#include <yaml-cpp/yaml.h>

#include <fmt/core.h>

#include "server/app/yaml_fields.h"

namespace firn::server {

namespace {

Status ReadOne(const YAML::Node& node, std::string_view file_name, RelabelConfig* out) {
  const YamlField fields[] = {
      TextListField("source_labels", &out->source_labels),
      TextField("separator", &out->separator),
      TextField("regex", &out->regex),
      NumberField("modulus", &out->modulus),
      TextField("target_label", &out->target_label),
      TextField("replacement", &out->replacement),
      {"action",
       [out](const YAML::Node& value) -> Status {
         const auto action = value.IsScalar() ? ParseRelabelAction(value.Scalar()) : std::nullopt;
         if (!action) return InvalidArgument("unknown relabel action");
         out->action = *action;
         return OkStatus();
       }},
  };
  FIRN_RETURN_IF_ERROR(ReadYamlMap(node, file_name, fields));
  return RelabelRules::Create({*out}, Md5Tail).status().WithContext(YamlPlace(file_name, node));
}

std::string FormatOne(const RelabelConfig& config) {
  const RelabelConfig defaults;
  std::string out;
  const auto add = [&](std::string_view name, std::string_view value) {
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", name, value);
  };
  if (!config.source_labels.empty()) {
    std::string names;
    for (const std::string& name : config.source_labels) {
      names += (names.empty() ? "" : ", ") + YamlQuoted(name);
    }
    add("source_labels", "[" + names + "]");
  }
  if (config.separator != defaults.separator) add("separator", YamlQuoted(config.separator));
  if (config.regex != defaults.regex) add("regex", YamlQuoted(config.regex));
  if (config.modulus != 0) add("modulus", std::to_string(config.modulus));
  if (!config.target_label.empty()) add("target_label", YamlQuoted(config.target_label));
  if (config.replacement != defaults.replacement) {
    add("replacement", YamlQuoted(config.replacement));
  }
  add("action", RelabelActionName(config.action));
  return "{" + out + "}";
}

}  // namespace

Status ReadRelabelConfigs(const YAML::Node& list, std::string_view file_name,
                          std::vector<RelabelConfig>* out) {
  out->clear();
  return ReadYamlList(list, file_name, [&](const YAML::Node& item) {
    return ReadOne(item, file_name, &out->emplace_back());
  });
}

std::string FormatRelabelConfigs(const std::vector<RelabelConfig>& configs) {
  std::string out;
  for (const RelabelConfig& config : configs) {
    out += (out.empty() ? "" : ", ") + FormatOne(config);
  }
  return "[" + out + "]";
}

uint64_t Md5Tail(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const int done = ::EVP_Digest(text.data(), text.size(), digest, &size, ::EVP_md5(), nullptr);
  // Without MD5, as in a FIPS build, shards would move silently.
  FIRN_CHECK(done == 1 && size == 16);
  uint64_t tail = 0;
  for (int i = 8; i < 16; ++i) tail = tail << 8 | digest[i];
  return tail;
}

}  // namespace firn::server
