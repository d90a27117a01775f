// What an open database does about stored windows that turn out to be damaged: they are left as
// they are, and the work on others goes on.
#include <algorithm>

#include <spdlog/spdlog.h>

#include "engine/db/impl.h"
#include "engine/db/integrity/window_health.h"

namespace firn::engine {

void Database::Impl::NoteDamage(const WindowHealth& health) {
  {
    MutexLock lock(&damage_mutex_);
    const auto same = [&](const storage::WindowId& id) { return id == health.id; };
    if (std::any_of(damaged_.begin(), damaged_.end(), same)) return;
    damaged_.push_back(health.id);
  }
  for (const Loss& loss : health.losses) {
    spdlog::error(
        "damaged: tier {} window from {} to {}, {}: {} series with {} samples between {} and {} "
        "cannot be read: {}",
        health.id.tier, UtcText(health.id.start), UtcText(health.id.end),
        loss.whole ? std::string("all metrics") : "metric " + loss.metric, loss.series,
        loss.samples, UtcText(loss.range.min), UtcText(loss.range.max), loss.error);
  }
  for (const std::string& stray : health.stray) {
    spdlog::error("damaged: tier {} window from {} to {}: {}", health.id.tier,
                  UtcText(health.id.start), UtcText(health.id.end), stray);
  }
}

void Database::Impl::FindDamage(const std::vector<const StoredWindow*>& windows) {
  WindowScope scope;
  scope.scan_pages = false;
  scope.pace = [this](uint64_t) { return stop_merging_ ? Cancelled("stopped") : OkStatus(); };
  for (const StoredWindow* window : windows) {
    const auto source = store_->UncachedPages(storage::WindowKeys(window->record.id));
    const auto health = CheckRawWindow(source, window->record, scope);
    if (health.ok() && !health->losses.empty()) NoteDamage(*health);
  }
}

// Next to a window that cannot be read nothing is merged, or samples of one time could change
// their precedence.
bool Database::Impl::TouchesDamage(const WindowRecord& record) const {
  MutexLock lock(&damage_mutex_);
  return std::any_of(damaged_.begin(), damaged_.end(), [&](const storage::WindowId& id) {
    return id.tier == record.id.tier && id.start < record.id.end && record.id.start < id.end;
  });
}

uint64_t Database::Impl::CountDamaged(const Version& version) const {
  MutexLock lock(&damage_mutex_);
  const auto damaged = [&](const auto& stored) ABSL_EXCLUSIVE_LOCKS_REQUIRED(damage_mutex_) {
    return std::find(damaged_.begin(), damaged_.end(), stored.record.id) != damaged_.end();
  };
  return static_cast<uint64_t>(
      std::count_if(version.windows.begin(), version.windows.end(), damaged) +
      std::count_if(version.tiers.begin(), version.tiers.end(), damaged));
}

uint64_t Database::Impl::corruption_count() const {
  const VersionPtr version = versions_.Current();
  return version->unreadable.size() + CountDamaged(*version) +
         store_->Figures().damaged_compactions;
}

}  // namespace firn::engine
