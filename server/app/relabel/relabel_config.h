// Relabelling rules as configuration.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/relabel/relabel.h"
#include "base/status.h"

namespace YAML {
class Node;
}

namespace firn::server {

// A list of rules as in Prometheus' files. InvalidArgument with file and line.
Status ReadRelabelConfigs(const YAML::Node& list, std::string_view file_name,
                          std::vector<RelabelConfig>* out);
// The list in one line of YAML, fields with default values left out.
std::string FormatRelabelConfigs(const std::vector<RelabelConfig>& configs);

// The hash of the action hashmod.
uint64_t Md5Tail(std::string_view text);

}  // namespace firn::server
