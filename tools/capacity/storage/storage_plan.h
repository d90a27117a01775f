// How much disk stored series need under rules of retention, from what they take now.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "engine/api/costs.h"

namespace firn::tools {

struct StorageRules {
  std::vector<engine::TierRetention> retention;
  DurationMs interval = 0;     // Between samples of a series; 0: as it is.
  bool drop_selected = false;  // Series that CostQuery::select chose are not written any more.
};

struct TierPlan {
  DurationMs resolution = 0;
  DurationMs retention = 0;  // 0: for ever.
  uint64_t now_bytes = 0;
  double bytes_per_day = 0;
  double samples_per_day = 0;  // Or buckets.
  double bytes_per_sample = 0;
  // When it is as old as its retention says, at the present pace; of what is kept for ever after
  // a year.
  double full_bytes = 0;
  // In a year, if it goes on growing as it does.
  double year_bytes = 0;
};

struct StoragePlan {
  std::vector<TierPlan> tiers;
  double full_bytes = 0;
  double year_bytes = 0;
  // Of the present data.
  DurationMs interval = 0;     // 0: not known.
  double growth_per_week = 0;  // Part of what a day takes; 0 if the history is too short.
  double series_per_day = 0;
  double new_series_per_day = 0;  // Of days after the first.
  std::vector<std::string> notes;
};

// InvalidArgument if there are no samples to go by.
Result<StoragePlan> PlanStorage(const engine::CostReport& report, const StorageRules& rules);

// What a metric will take of `plan`, and what it would take if it were kept for `kept` only.
struct MetricPlan {
  double full_bytes = 0;
  double shortened_bytes = 0;
};
MetricPlan PlanMetric(const engine::CostReport& report, const StoragePlan& plan,
                      const engine::CostLine& metric, DurationMs kept);

// "raw=30d,1m=1y" on top of rules in force: tiers that are not named stay as they are.
// InvalidArgument.
Result<std::vector<engine::TierRetention>> ReadRetention(
    std::string_view text, std::vector<engine::TierRetention> in_force);

}  // namespace firn::tools
