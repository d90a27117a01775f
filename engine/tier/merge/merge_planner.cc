#include "engine/tier/merge/merge_planner.h"

#include <algorithm>
#include <map>
#include <set>

namespace firn::engine {
namespace {

// A merged window is not written anew for less than this: so many windows beside it, or
// this part of its size.
constexpr size_t kLateWindows = 4;
constexpr uint64_t kLateShare = 4;

bool IsWorthIt(std::span<const PlanWindow> windows, const std::vector<size_t>& group,
               const PlanOptions& options) {
  if (group.size() < 2) return false;
  if (options.settle || options.unfinished || group.size() > kLateWindows) return true;
  uint64_t all = 0;
  uint64_t largest = 0;
  for (const size_t i : group) {
    all += windows[i].bytes;
    largest = std::max(largest, windows[i].bytes);
  }
  return all - largest >= largest / kLateShare;
}

class Planner {
 public:
  Planner(std::span<const PlanWindow> windows, const PlanOptions& options)
      : windows_(windows), options_(options), taken_(windows.size(), false) {}

  std::vector<MergeJob> Run() {
    for (size_t i = options_.widths.size(); i > 0; --i) PlanWidth(options_.widths[i - 1]);
    for (size_t i = 0; i < windows_.size(); ++i) {
      if (windows_[i].rewrite && !in_job_.contains(i)) Add({i});
    }
    std::vector<MergeJob> jobs;
    for (auto& [start, job] : jobs_) jobs.push_back(std::move(job));
    return jobs;
  }

 private:
  // Windows of a finished range are left to it, whether it is worth merging now or not.
  void PlanWidth(DurationMs width) {
    std::map<TimestampMs, std::vector<size_t>> groups;
    for (size_t i = 0; i < windows_.size(); ++i) {
      const TimestampMs start = FloorTo(windows_[i].start, width);
      if (taken_[i] || windows_[i].end > start + width) continue;
      if (start + width > options_.horizon && !options_.unfinished) continue;
      groups[start].push_back(i);
    }
    for (auto& [start, group] : groups) {
      for (const size_t i : group) taken_[i] = true;
      if (IsWorthIt(windows_, group, options_)) Add(std::move(group));
    }
  }

  void Add(std::vector<size_t> inputs) {
    std::sort(inputs.begin(), inputs.end(),
              [&](size_t a, size_t b) { return windows_[a].order < windows_[b].order; });
    if (inputs.size() > options_.inputs_max) inputs.resize(options_.inputs_max);
    TimestampMs start = kMaxTimestamp;
    for (const size_t i : inputs) {
      start = std::min(start, windows_[i].start);
      in_job_.insert(i);
    }
    jobs_.emplace(start, MergeJob{std::move(inputs)});
  }

  const std::span<const PlanWindow> windows_;
  const PlanOptions& options_;
  std::vector<bool> taken_;
  std::set<size_t> in_job_;
  std::multimap<TimestampMs, MergeJob> jobs_;
};

}  // namespace

std::vector<MergeJob> PlanMerges(std::span<const PlanWindow> windows, const PlanOptions& options) {
  return Planner(windows, options).Run();
}

}  // namespace firn::engine
