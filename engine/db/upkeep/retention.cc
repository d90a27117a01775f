#include <algorithm>
#include <array>

#include <spdlog/spdlog.h>

#include "base/bytes.h"
#include "engine/db/impl.h"
#include "engine/tier/merge/retention_time.h"

namespace firn::engine {
namespace {

constexpr std::string_view kRetentionTimeKey = "retention_time";

}  // namespace

DurationMs Database::Impl::LongestRetention() const {
  DurationMs longest = options_.retention_ms;
  for (const RetentionRule& rule : options_.retention_rules) {
    if (longest == 0 || rule.keep_ms == 0) return 0;
    longest = std::max(longest, rule.keep_ms);
  }
  return longest;
}

Status Database::Impl::LoadRetentionTime() {
  return store_->ScanCatalog(
      kRetentionTimeKey,
      [&](std::string_view, std::string_view value)
          ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_) -> Status {
            ByteReader in(value);
            retention_time_ = in.Fixed<TimestampMs>();
            return in.ok() ? OkStatus() : Corruption("record {} is cut short", kRetentionTimeKey);
          });
}

Status Database::Impl::SetRetentionTime(TimestampMs t) {
  if (retention_time_ == t) return OkStatus();
  std::string value;
  AppendFixed(t, &value);
  const std::array changes = {
      storage::CatalogChange{.key = std::string(kRetentionTimeKey), .value = value}};
  FIRN_RETURN_IF_ERROR(store_->PutCatalog(changes));
  retention_time_ = t;
  return OkStatus();
}

Status Database::Impl::AdvanceRetentionTime() {
  std::vector<TimeRange> spans;
  TimestampMs newest = kMinTimestamp;
  for (const StoredWindow& window : versions_.Current()->windows) {
    const storage::WindowSummary& summary = window.record.summary;
    spans.push_back({summary.min_t, summary.max_t});
    newest = std::max(newest, summary.max_t);
  }
  const std::optional<TimestampMs> reached = ReachableTime(retention_time_, std::move(spans));
  if (!reached) return OkStatus();
  const bool held = newest > *reached;
  if (held && !retention_held_.exchange(held)) {
    spdlog::warn(
        "retention is held at {}: the next sample is more than a day later, as if a clock had "
        "jumped; if the times up to {} are right, confirm them",
        *reached, newest);
  }
  retention_held_ = held;
  return SetRetentionTime(*reached);
}

Status Database::Impl::ConfirmTime() {
  MutexLock lock(&sealing_mutex_);
  TimestampMs newest = retention_time_.value_or(kMinTimestamp);
  for (const StoredWindow& window : versions_.Current()->windows) {
    newest = std::max(newest, window.record.summary.max_t);
  }
  if (newest == kMinTimestamp) return OkStatus();
  FIRN_RETURN_IF_ERROR(SetRetentionTime(newest));
  return EnforceRetention();
}

Status Database::Impl::EnforceRetention() {
  FIRN_RETURN_IF_ERROR(AdvanceRetentionTime());
  FIRN_RETURN_IF_ERROR(DropOversize());
  if (!retention_time_) return OkStatus();
  // What rules hide moves on with the time.
  if (!options_.retention_rules.empty()) InstallWindows(*versions_.Current());
  FIRN_RETURN_IF_ERROR(DropExpiredTiers(*retention_time_));
  return DropExpired();
}

Status Database::Impl::DropExpired() {
  const DurationMs longest = LongestRetention();
  if (longest == 0) return OkStatus();
  return DropWindows([&](const StoredWindow& window) ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_) {
    const storage::WindowId& id = window.record.id;
    return id.end <= *retention_time_ - longest &&
           TiersHold(*versions_.Current(), id, *retention_time_);
  });
}

Status Database::Impl::DropWindows(const std::function<bool(const StoredWindow&)>& chosen) {
  Version next = *versions_.Current();
  std::vector<storage::CatalogChange> changes;
  std::vector<storage::KeyRange> pages;
  std::erase_if(
      next.windows, [&](const StoredWindow& window) ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_) {
        if (!chosen(window)) return false;
        changes.push_back({.key = WindowRecordKey(window.record.id), .value = std::nullopt});
        pages.push_back(storage::WindowKeys(window.record.id));
        swept_.erase(window.record.id.generation);
        return true;
      });
  if (changes.empty()) return OkStatus();
  FIRN_RETURN_IF_ERROR(store_->Publish(nullptr, changes, pages));
  windows_dropped_ += changes.size();
  versions_.Install(std::move(next));
  return OkStatus();
}

// What would expire first goes first, but never the newest window.
Status Database::Impl::DropOversize() {
  if (options_.retention_bytes == 0) return OkStatus();
  const VersionPtr version = versions_.Current();
  uint64_t bytes = 0;
  for (const StoredTier& tier : version->tiers) bytes += tier.record.summary.bytes;
  std::vector<const StoredWindow*> oldest;
  for (const StoredWindow& window : version->windows) {
    bytes += window.record.disk_bytes;
    oldest.push_back(&window);
  }
  std::sort(oldest.begin(), oldest.end(), [](const StoredWindow* a, const StoredWindow* b) {
    return std::pair(a->record.id.end, a->record.order) <
           std::pair(b->record.id.end, b->record.order);
  });
  size_t dropped = 0;
  while (bytes > options_.retention_bytes && dropped + 1 < oldest.size()) {
    bytes -= oldest[dropped++]->record.disk_bytes;
  }
  if (dropped == 0) return OkStatus();
  oldest.resize(dropped);
  return DropWindows([&](const StoredWindow& window) {
    return std::any_of(oldest.begin(), oldest.end(),
                       [&](const StoredWindow* old) { return old->record.id == window.record.id; });
  });
}

bool Database::Impl::GeneralRetentionIsOver(const WindowRecord& record) const {
  if (options_.retention_ms == 0 || !retention_time_ || options_.retention_rules.empty()) {
    return false;
  }
  return record.id.end <= *retention_time_ - options_.retention_ms &&
         TiersHold(*versions_.Current(), record.id, *retention_time_);
}

void Database::Impl::AddRules(SampleFilter* filter) const {
  if (!retention_time_) return;
  for (const RetentionRule& rule : options_.retention_rules) {
    filter->AddRule(rule.matchers,
                    rule.keep_ms == 0 ? kMinTimestamp : *retention_time_ - rule.keep_ms);
  }
}

Result<bool> Database::Impl::HoldsExpired(const StoredWindow& window) {
  if (options_.retention_rules.empty() || !retention_time_) return false;
  const WindowRecord& record = window.record;
  const auto swept = swept_.find(record.id.generation);
  const TimestampMs before = swept == swept_.end() ? kMinTimestamp : swept->second;
  // Whether all of the window grew older than `keep` since it was looked at.
  const auto crossed = [&](DurationMs keep) ABSL_EXCLUSIVE_LOCKS_REQUIRED(sealing_mutex_) {
    return keep != 0 && record.id.end <= *retention_time_ - keep && record.id.end + keep > before;
  };
  bool look = crossed(options_.retention_ms) && GeneralRetentionIsOver(record);
  for (const RetentionRule& rule : options_.retention_rules) look |= crossed(rule.keep_ms);
  if (!look) return false;
  SampleFilter filter;
  AddRules(&filter);
  if (GeneralRetentionIsOver(record)) filter.HideBefore(record.id.end);
  const TimeRange all{record.summary.min_t, record.summary.max_t};
  FIRN_ASSIGN_OR_RETURN(const auto series, window.reader->Select({}));
  const bool holds = std::any_of(series.begin(), series.end(), [&](const auto& handle) {
    return filter.HidesAll(handle.labels, all);
  });
  if (!holds) swept_[record.id.generation] = *retention_time_;
  return holds;
}

}  // namespace firn::engine
