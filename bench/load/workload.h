// A deterministic stream of scrapes as remote-write requests.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/load/fleet.h"

namespace firn::bench {

struct WorkloadOptions {
  uint32_t series = 100'000;  // Rounded up to whole targets.
  int64_t start_ms = 0;
  int64_t step_ms = 15'000;
  bool spread = false;       // Each target is scraped at a time of its own within a step.
  int64_t jitter_ms = 0;     // 3 of 100 scrapes of a target come up to this much later.
  uint32_t churn_steps = 0;  // Every so many steps some targets start anew; 0: never.
  uint32_t churn_percent = 1;
  uint64_t seed = 1;
};

// Part of the targets, walked step by step. One thread at a time.
class Workload {
 public:
  // Of the targets, each `parts`-th from `part` on. The fleet must outlive this.
  Workload(const WorkloadOptions& options, const Fleet& fleet, uint32_t part, uint32_t parts);

  uint32_t size() const { return size_; }
  // Goes on to step `step`; the first call makes the steps before it pass.
  void Advance(uint64_t step);
  // Replaces `out` by a prometheus.WriteRequest with one sample for each of the series
  // [begin, end) of this part at the current step. Series that were replaced at this step
  // get a stale marker besides. Returns the number of samples.
  uint32_t EncodeRequest(uint32_t begin, uint32_t end, std::string* out);
  // Of all samples encoded so far, how many were neither stale markers nor NaN nor of a
  // series with the label `quantile`.
  uint64_t numbers() const { return numbers_; }

 private:
  struct Member {
    std::unique_ptr<Target> target;
    uint32_t number;
    uint32_t first;                   // Its first series.
    uint64_t generation = 0;          // How often it started anew.
    bool renewed = false;             // At this step.
    int64_t time = 0;                 // Of this step.
    std::vector<std::string> labels;  // Label fields of TimeSeries messages.
    std::vector<std::string> old_labels;
    std::vector<double> values;
  };
  void EncodeLabels(Member* member) const;
  bool Renews(const Member& member, uint64_t step) const;

  const WorkloadOptions options_;
  std::vector<Member> members_;
  std::vector<uint32_t> member_of_;  // By series.
  std::vector<bool> quantile_;       // By series: has that label.
  uint32_t size_ = 0;
  uint64_t next_step_ = 0;
  uint64_t numbers_ = 0;
};

}  // namespace firn::bench
