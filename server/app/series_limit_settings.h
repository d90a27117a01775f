// The settings that keep the number of active series in check.
#pragma once

#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/head/series_limits.h"
#include "server/app/server_config.h"

namespace firn::server {

// `LABEL=SERIES` with commas between, for example `instance=5000,tenant=100000`.
// InvalidArgument names the part.
Result<std::vector<engine::LabelSeriesLimit>> ParseLabelLimits(std::string_view text);

// REQUIRES: the setting series_max_per_label can be parsed.
engine::SeriesLimits MakeSeriesLimits(const ServerConfig& config);

}  // namespace firn::server
