// The setting `retention_rules`: selectors and how long their samples are kept.
#pragma once

#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/tier/merge/sample_filter.h"

namespace firn::server {

// `SELECTOR DURATION` with semicolons or line ends between the rules, for example
// `{__name__=~"debug_.*"} 2d; slo_errors 5y`. InvalidArgument names the rule.
Result<std::vector<engine::RetentionRule>> ParseRetentionRules(std::string_view text);

}  // namespace firn::server
