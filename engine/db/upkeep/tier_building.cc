// Making tiers of stored windows: planned and published under the lock, read and written outside
// of it, so that neither sealing nor anything else waits for a day of samples.
#include <algorithm>

#include <spdlog/spdlog.h>

#include "engine/db/impl.h"
#include "engine/db/metadata.h"
#include "engine/db/tier_state.h"

namespace firn::engine {
namespace {

constexpr std::string_view kCounterSuffixes[] = {"_total", "_bucket", "_count", "_sum"};

// "x_bucket" is described as "x".
std::string_view WithoutSuffix(std::string_view metric) {
  for (const std::string_view suffix : kCounterSuffixes) {
    if (metric.ends_with(suffix)) return metric.substr(0, metric.size() - suffix.size());
  }
  return metric;
}

}  // namespace

std::optional<bool> Database::Impl::IsCounterMetric(std::string_view metric) const {
  const std::string_view family = WithoutSuffix(metric);
  for (const std::string_view name : {metric, family}) {
    if (name.empty()) continue;
    for (const MetadataEntry& entry : LoadMetadata(store_.get(), name, 1)) {
      if (entry.type == "counter" || entry.type == "histogram") return true;
      if (entry.type == "summary") return name != metric;
      if (entry.type == "gauge" || entry.type == "gaugehistogram") return false;
    }
  }
  return std::nullopt;
}

bool Database::Impl::IsTierDue(const TierGroup& group, DurationMs resolution) const {
  // What goes by its size may go at any time.
  if (options_.retention_bytes != 0) return true;
  const DurationMs kept = options_.retention_ms;
  const DurationMs lead = options_.tier_lead_ms;
  const bool soon_gone =
      kept != 0 && (kept <= lead || group.end <= head_.max_time() - (kept - lead));
  return soon_gone || SavesReading(*versions_.Current(), group, resolution);
}

Result<std::optional<PlannedTiers>> Database::Impl::PlanGroup(const TierGroup& group,
                                                              bool rebuild) {
  const VersionPtr version = versions_.Current();
  PlannedTiers plan;
  plan.start = group.start;
  for (size_t i = 0; i < options_.tiers.size(); ++i) {
    const DurationMs resolution = options_.tiers[i].resolution_ms;
    if (IsExpired(options_.tiers[i], group.end, head_.max_time())) continue;
    const TierState state = StateOf(*version, group, resolution);
    if (state == TierState::kMoved) FIRN_RETURN_IF_ERROR(RenameSources(group, resolution));
    const bool missing = state == TierState::kMissing && IsTierDue(group, resolution);
    if (missing || (state == TierState::kStale && rebuild)) {
      plan.targets.push_back(TierTarget(group, i));
    }
  }
  if (plan.targets.empty()) return std::nullopt;
  for (const size_t i : group.windows) {
    const StoredWindow& window = version->windows[i];
    // Made without what cannot be read, a tier would take its place for good.
    if (TouchesDamage(window.record)) return std::nullopt;
    plan.windows.push_back(window);
    plan.inputs.push_back({SourceOf(window), window.reader, window.filter});
  }
  return plan;
}

Result<std::optional<PlannedTiers>> Database::Impl::PlanTiers(const TierScope& scope,
                                                              TimestampMs from) {
  MutexLock lock(&sealing_mutex_);
  const TimestampMs horizon = SealHorizon();
  // A sender of old samples may be faster than they are sealed.
  const std::optional<TimestampMs> unsealed =
      head_.windows().OldestDue({.fresh = horizon, .late = kMinTimestamp});
  for (const TierGroup& group : GroupWindows(*versions_.Current(), options_.tier_window_ms)) {
    if (!scope.all && group.start > horizon - options_.tier_window_ms) break;
    if (group.start < from) continue;
    if (!scope.all && unsealed && *unsealed < group.end) break;
    Result<std::optional<PlannedTiers>> plan = PlanGroup(group, scope.rebuild);
    if (plan.ok() && !plan->has_value()) continue;
    if (plan.ok()) tiers_in_work_ = last_tombstone_;
    return plan;
  }
  return std::nullopt;
}

Status Database::Impl::BuildPlanned(const PlannedTiers& plan) {
  Result<std::vector<BuiltTier>> made = BuildTierWindows(
      plan.inputs, plan.targets,
      [this](std::string_view metric) { return IsCounterMetric(metric); }, stop_merging_,
      store_.get());
  if (made.status().code() == StatusCode::kCorruption) {
    std::vector<const StoredWindow*> suspects;
    for (const StoredWindow& window : plan.windows) suspects.push_back(&window);
    FindDamage(suspects);
  }
  FIRN_ASSIGN_OR_RETURN(std::vector<BuiltTier> built, std::move(made));
  MutexLock lock(&sealing_mutex_);
  // If its sources were merged or joined by others meanwhile, their list says so: the tier is
  // renamed or made anew like any other.
  for (BuiltTier& tier : built) FIRN_RETURN_IF_ERROR(PublishTier(std::move(tier)));
  ++tier_builds_;
  return OkStatus();
}

Status Database::Impl::BuildTiers(const TierScope& scope) {
  if (options_.tiers.empty()) return OkStatus();
  MutexLock lock(&tier_mutex_);
  Status first_error;
  TimestampMs from = kMinTimestamp;
  while (!stop_merging_) {
    Result<std::optional<PlannedTiers>> plan = PlanTiers(scope, from);
    if (!plan.ok()) return plan.status();
    if (!plan->has_value()) break;
    std::vector<ScanInput> scan;
    for (const TierInput& input : (*plan)->inputs) scan.push_back({input.reader, input.filter});
    MemoryCharge charge(&memory_.upkeep);
    const bool has_memory = ChargeUpkeep(scan, scope.may_wait, &charge);
    const Status status = has_memory ? BuildPlanned(**plan) : Cancelled("memory is short");
    {
      MutexLock in_work(&sealing_mutex_);
      tiers_in_work_.reset();
    }
    if (status.code() == StatusCode::kCancelled) break;
    if (!status.ok()) {
      ++tier_failures_;
      spdlog::error("building tiers from {} failed: {}", (*plan)->start, status.ToString());
      if (first_error.ok()) first_error = status;
    }
    from = (*plan)->start + options_.tier_window_ms;
  }
  const Status joined = JoinTiers(scope);
  return first_error.ok() ? joined : first_error;
}

}  // namespace firn::engine
