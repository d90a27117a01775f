#include "server/app/yaml_fields.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/core.h>

#include "base/duration.h"
#include "base/labels.h"
#include "server/app/setting_kinds.h"

namespace firn::server {

namespace {

Status ReadScalar(const YAML::Node& node, std::string* out) {
  if (!node.IsScalar()) return InvalidArgument("a single value is needed");
  *out = node.Scalar();
  return OkStatus();
}

}  // namespace

std::string YamlPlace(std::string_view file_name, const YAML::Node& node) {
  return fmt::format("{}:{}", file_name, node.Mark().line + 1);
}

Status ReadYamlMap(const YAML::Node& map, std::string_view file_name,
                   std::span<const YamlField> fields) {
  if (map.IsNull()) return OkStatus();
  if (!map.IsMap()) {
    return InvalidArgument("{}: expected keys and values", YamlPlace(file_name, map));
  }
  std::set<std::string> seen;
  for (const auto& item : map) {
    const std::string place = YamlPlace(file_name, item.first);
    if (!item.first.IsScalar()) return InvalidArgument("{}: a key must be a word", place);
    const std::string& key = item.first.Scalar();
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const YamlField& f) { return f.name == key; });
    if (field == fields.end()) return InvalidArgument("{}: unknown key {}", place, QuoteGo(key));
    if (!seen.insert(key).second) {
      return InvalidArgument("{}: key {} is given twice", place, QuoteGo(key));
    }
    const Status status = field->read(item.second);
    if (status.ok()) continue;
    if (status.message().starts_with(fmt::format("{}:", file_name))) return status;
    return status.WithContext(fmt::format("{}: {}", place, key));
  }
  return OkStatus();
}

Status ReadYamlList(const YAML::Node& list, std::string_view file_name,
                    const std::function<Status(const YAML::Node&)>& read) {
  if (list.IsNull()) return OkStatus();
  if (!list.IsSequence()) {
    return InvalidArgument("{}: expected a list", YamlPlace(file_name, list));
  }
  for (const auto& item : list) FIRN_RETURN_IF_ERROR(read(item));
  return OkStatus();
}

YamlField TextField(std::string_view name, std::string* out) {
  return {name, [out](const YAML::Node& node) { return ReadScalar(node, out); }};
}

YamlField BoolField(std::string_view name, bool* out) {
  return {name, [out](const YAML::Node& node) -> Status {
            std::string text;
            FIRN_RETURN_IF_ERROR(ReadScalar(node, &text));
            if (text != "true" && text != "false") {
              return InvalidArgument("{} is neither true nor false", QuoteGo(text));
            }
            *out = text == "true";
            return OkStatus();
          }};
}

YamlField NumberField(std::string_view name, uint64_t* out) {
  return {name, [out](const YAML::Node& node) -> Status {
            std::string text;
            FIRN_RETURN_IF_ERROR(ReadScalar(node, &text));
            FIRN_ASSIGN_OR_RETURN(*out, ParseWholeNumber(text));
            return OkStatus();
          }};
}

YamlField DurationField(std::string_view name, DurationMs* out) {
  return {name, [out](const YAML::Node& node) -> Status {
            std::string text;
            FIRN_RETURN_IF_ERROR(ReadScalar(node, &text));
            FIRN_ASSIGN_OR_RETURN(*out, ParseDuration(text));
            return OkStatus();
          }};
}

YamlField TextListField(std::string_view name, std::vector<std::string>* out) {
  return {name, [out](const YAML::Node& node) -> Status {
            if (!node.IsSequence()) return InvalidArgument("expected a list");
            out->clear();
            for (const auto& item : node) {
              FIRN_RETURN_IF_ERROR(ReadScalar(item, &out->emplace_back()));
            }
            return OkStatus();
          }};
}

Status ParseYaml(std::string_view text, std::string_view file_name,
                 const std::function<Status(const YAML::Node& root)>& read) {
  try {
    return read(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& e) {
    return InvalidArgument("{}:{}: {}", file_name, e.mark.line + 1, e.msg);
  }
}

Result<std::string> ReadTextFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  // Nothing to copy would count as a failure.
  if (file.is_open() && file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
  if (!file.is_open() || file.bad() || !text) return NotFound("{}: cannot be read", path);
  return text.str();
}

std::string YamlQuoted(std::string_view text) {
  YAML::Emitter out;
  out << YAML::DoubleQuoted << std::string(text);
  return out.c_str();
}

}  // namespace firn::server
