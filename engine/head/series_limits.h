// How many series may be active, and of what kind: what keeps one label with a new value per
// request from taking the memory of everything else.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace firn::engine {

// Of a label whose values stand for senders: `instance`, `tenant`.
struct LabelSeriesLimit {
  std::string label;
  size_t series_max = 0;  // Active series that share one value of it.
};

// 0: no limit.
struct SeriesLimits {
  size_t active_max = 0;
  size_t per_metric_max = 0;
  std::vector<LabelSeriesLimit> per_label = {};
  size_t label_values_max = 0;  // Distinct values of any one label, over all active series.
  size_t new_per_hour_max = 0;  // Over the last 60 minutes of the clock.
};

}  // namespace firn::engine
