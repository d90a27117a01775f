#include "server/app/series_limit_settings.h"

#include <algorithm>

#include "base/labels.h"
#include "server/app/setting_kinds.h"

namespace firn::server {

Result<std::vector<engine::LabelSeriesLimit>> ParseLabelLimits(std::string_view text) {
  std::vector<engine::LabelSeriesLimit> limits;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    const size_t equals = part.rfind('=');
    if (equals == std::string_view::npos || equals == 0) {
      return InvalidArgument("{} is not LABEL=SERIES", QuoteGo(part));
    }
    const Result<uint64_t> most = ParseWholeNumber(part.substr(equals + 1));
    if (!most.ok() || *most == 0) {
      return InvalidArgument("{}: the limit is not a whole number of at least 1", QuoteGo(part));
    }
    limits.push_back({std::string(part.substr(0, equals)), *most});
  }
  return limits;
}

engine::SeriesLimits MakeSeriesLimits(const ServerConfig& config) {
  Result<std::vector<engine::LabelSeriesLimit>> per_label =
      ParseLabelLimits(config.series_max_per_label);
  FIRN_CHECK(per_label.ok());
  return {.active_max = config.series_max,
          .per_metric_max = config.series_max_per_metric,
          .per_label = *std::move(per_label),
          .label_values_max = config.label_values_max,
          .new_per_hour_max = config.new_series_per_hour_max};
}

}  // namespace firn::server
