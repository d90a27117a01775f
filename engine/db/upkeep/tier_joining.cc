// Joining windows of tiers: planned and published under the lock, read and written outside of it.
#include <algorithm>

#include <spdlog/spdlog.h>

#include "engine/db/impl.h"
#include "engine/db/reading/read_cost.h"
#include "engine/db/tier_state.h"
#include "engine/tier/merge/tier_joiner.h"

namespace firn::engine {
std::optional<PlannedJoin> Database::Impl::PlanJoin(const TierJoin& join) {
  const VersionPtr version = versions_.Current();
  PlannedJoin plan;
  for (const size_t i : join.tiers) {
    const StoredTier& tier = version->tiers[i];
    // The joined one could not tell what is still to be deleted from what came later.
    for (const auto& tombstone : version->tombstones) {
      if (Applies(*tombstone, tier.record)) return std::nullopt;
    }
    plan.tiers.push_back(tier);
  }
  const TierRecord& first = plan.tiers.front().record;
  plan.target =
      NewTierRecord({.tier = first.id.tier, .start = join.start, .end = join.end, .generation = 0},
                    first.resolution);
  for (const StoredTier& tier : plan.tiers) {
    const auto& sources = tier.record.sources;
    plan.target.sources.insert(plan.target.sources.end(), sources.begin(), sources.end());
  }
  SortSources(&plan.target.sources);
  return plan;
}

std::optional<PlannedJoin> Database::Impl::PlanJoin() {
  MutexLock lock(&sealing_mutex_);
  const VersionPtr version = versions_.Current();
  const TimestampMs horizon = SealHorizon();
  for (const TierOptions& tier : options_.tiers) {
    for (const int64_t factor : JoinFactors(tier.resolution_ms, options_.tier_window_ms)) {
      const DurationMs width = factor * options_.tier_window_ms;
      for (const TierJoin& join :
           PlanJoins(*version, tier.resolution_ms, width, options_.tier_window_ms, horizon)) {
        if (unjoinable_.contains({tier.resolution_ms, join.start})) continue;
        if (auto plan = PlanJoin(join)) {
          tiers_in_work_ = last_tombstone_;
          return plan;
        }
      }
    }
  }
  return std::nullopt;
}

Status Database::Impl::PublishJoin(const PlannedJoin& plan, BuiltTier built) {
  Version next = *versions_.Current();
  std::vector<storage::CatalogChange> changes;
  std::vector<storage::KeyRange> dropped;
  for (const StoredTier& input : plan.tiers) {
    const size_t before = next.tiers.size();
    std::erase_if(next.tiers, [&](const StoredTier& t) { return t.record.id == input.record.id; });
    // Retention was faster; what it dropped must not come back.
    if (next.tiers.size() == before) return Cancelled("a window of the tier is gone");
    changes.push_back({.key = TierRecordKey(input.record.id), .value = std::nullopt});
    dropped.push_back(storage::WindowKeys(input.record.id));
  }
  return AddTier(std::move(built), std::move(next), std::move(changes), dropped);
}

Status Database::Impl::JoinPlanned(const PlannedJoin& plan) {
  std::vector<JoinInput> inputs;
  for (const StoredTier& tier : plan.tiers) {
    inputs.push_back({tier.reader, tier.filter, TimesOf(tier.record)});
  }
  FIRN_ASSIGN_OR_RETURN(
      BuiltTier built,
      JoinTierWindows(
          inputs, plan.target, [this](std::string_view metric) { return IsCounterMetric(metric); },
          stop_merging_, store_.get()));
  MutexLock lock(&sealing_mutex_);
  FIRN_RETURN_IF_ERROR(PublishJoin(plan, std::move(built)));
  ++tier_joins_;
  return OkStatus();
}

Status Database::Impl::JoinTiers(const TierScope& scope) {
  Status first_error;
  while (!stop_merging_) {
    const std::optional<PlannedJoin> plan = PlanJoin();
    if (!plan) break;
    std::vector<ScanInput> scan;
    for (const StoredTier& tier : plan->tiers) scan.push_back({tier.reader, tier.filter});
    MemoryCharge charge(&memory_.upkeep);
    const bool has_memory = ChargeUpkeep(scan, scope.may_wait, &charge);
    const Status status = has_memory ? JoinPlanned(*plan) : Cancelled("memory is short");
    {
      MutexLock lock(&sealing_mutex_);
      tiers_in_work_.reset();
    }
    if (status.code() == StatusCode::kCancelled) break;
    if (status.ok()) continue;
    ++tier_failures_;
    unjoinable_.emplace(plan->target.resolution, plan->target.id.start);
    spdlog::error("joining tiers from {} failed: {}", plan->target.id.start, status.ToString());
    if (first_error.ok()) first_error = status;
  }
  return first_error;
}

}  // namespace firn::engine
