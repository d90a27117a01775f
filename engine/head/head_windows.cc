#include "engine/head/head_windows.h"

#include <algorithm>

namespace firn::engine {

WindowSlot HeadWindows::SlotOf(int64_t window) const {
  MutexLock lock(&mutex_);
  const auto it = states_.find(window);
  return {window, it == states_.end() ? 0 : it->second.epoch};
}

WindowSlot HeadWindows::Touch(int64_t window, uint64_t journal) {
  MutexLock lock(&mutex_);
  State& state = states_[window];
  state.first_journal = std::min(state.first_journal.value_or(journal), journal);
  return {window, state.epoch};
}

bool HeadWindows::IsDue(int64_t window, const State& state, const Horizon& horizon) const {
  if (!state.first_journal) return false;
  return (window + 1) * width_ <= (state.fresh ? horizon.fresh : horizon.late);
}

std::vector<FrozenWindow> HeadWindows::Freeze(const Horizon& horizon, uint64_t next_journal,
                                              size_t most) {
  MutexLock lock(&mutex_);
  std::vector<FrozenWindow> out;
  for (auto& [window, state] : states_) {
    if (out.size() == most) break;
    FrozenWindow frozen{.slot = {window, state.epoch},
                        .start = window * width_,
                        .end = (window + 1) * width_,
                        .journal_end = next_journal};
    if (!IsDue(window, state, horizon)) continue;
    frozen_.push_back({frozen.slot, *state.first_journal});
    state.first_journal.reset();
    ++state.epoch;
    state.fresh = false;
    out.push_back(frozen);
  }
  return out;
}

std::optional<TimestampMs> HeadWindows::OldestDue(const Horizon& horizon) const {
  MutexLock lock(&mutex_);
  for (const auto& [window, state] : states_) {
    if (IsDue(window, state, horizon)) return window * width_;
  }
  return std::nullopt;
}

void HeadWindows::Sealed(WindowSlot slot) {
  MutexLock lock(&mutex_);
  std::erase_if(frozen_, [&](const Frozen& f) { return f.slot == slot; });
}

void HeadWindows::Unfreeze(const FrozenWindow& window) {
  MutexLock lock(&mutex_);
  const auto it = std::find_if(frozen_.begin(), frozen_.end(),
                               [&](const Frozen& f) { return f.slot == window.slot; });
  if (it == frozen_.end()) return;
  // The next freeze of this window takes every chunk up to its epoch.
  State& state = states_[window.slot.window];
  state.fresh = true;
  state.first_journal =
      std::min(state.first_journal.value_or(it->first_journal), it->first_journal);
  frozen_.erase(it);
}

uint64_t HeadWindows::FirstNeeded(uint64_t next_journal) const {
  MutexLock lock(&mutex_);
  uint64_t first = next_journal;
  for (const auto& [window, state] : states_) {
    if (state.first_journal) first = std::min(first, *state.first_journal);
  }
  for (const Frozen& f : frozen_) first = std::min(first, f.first_journal);
  return first;
}

size_t HeadWindows::open_count() const {
  MutexLock lock(&mutex_);
  return static_cast<size_t>(std::count_if(states_.begin(), states_.end(), [](const auto& entry) {
    return entry.second.first_journal.has_value();
  }));
}

std::vector<TimeRange> HeadWindows::Unsealed() const {
  MutexLock lock(&mutex_);
  std::vector<TimeRange> out;
  const auto add = [&](int64_t window) {
    out.push_back({window * width_, (window + 1) * width_ - 1});
  };
  for (const auto& [window, state] : states_) {
    if (state.first_journal) add(window);
  }
  for (const Frozen& f : frozen_) add(f.slot.window);
  return out;
}

}  // namespace firn::engine
