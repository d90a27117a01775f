// Reads YAML maps whose keys are known, with line numbers in every complaint. For server/app
// and for files that tools read.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"

namespace YAML {
class Node;
}

namespace firn::server {

// One key of a map. `read` reports what is wrong with the value; file and line are added
// unless the message begins with them already.
struct YamlField {
  std::string_view name;
  std::function<Status(const YAML::Node& value)> read;
};

// "firn.yml:12".
std::string YamlPlace(std::string_view file_name, const YAML::Node& node);

// InvalidArgument unless `map` is a map (or nothing) with keys of `fields` only, each at most
// once. Throws nothing but what the library throws.
Status ReadYamlMap(const YAML::Node& map, std::string_view file_name,
                   std::span<const YamlField> fields);
// Calls `read` with each element.
Status ReadYamlList(const YAML::Node& list, std::string_view file_name,
                    const std::function<Status(const YAML::Node&)>& read);

// Fields of single values.
YamlField TextField(std::string_view name, std::string* out);
YamlField BoolField(std::string_view name, bool* out);
YamlField NumberField(std::string_view name, uint64_t* out);
YamlField DurationField(std::string_view name, DurationMs* out);
YamlField TextListField(std::string_view name, std::vector<std::string>* out);

// Runs `read` on the parsed text and turns what the library throws into InvalidArgument.
Status ParseYaml(std::string_view text, std::string_view file_name,
                 const std::function<Status(const YAML::Node& root)>& read);

// The content of a file; NotFound if it cannot be read.
Result<std::string> ReadTextFile(const std::string& path);

// `text` as a YAML scalar in double quotes.
std::string YamlQuoted(std::string_view text);

}  // namespace firn::server
