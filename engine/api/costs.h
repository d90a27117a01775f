// What costs what: series, samples and bytes on disk by tier, metric, label and day.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/matcher.h"
#include "base/time.h"

namespace firn::engine {

// Samples of one resolution.
struct TierCosts {
  DurationMs resolution = 0;  // 0: samples as they were sent.
  uint64_t windows = 0;
  uint64_t samples = 0;  // Or buckets.
  uint64_t disk_bytes = 0;
  TimestampMs min_time = kMaxTimestamp;
  TimestampMs max_time = kMinTimestamp;
  // Of disk_bytes those of series that match CostQuery::select, and of `samples` too.
  uint64_t selected_samples = 0;
  uint64_t selected_bytes = 0;
};

// A metric, a label name or a pair of both. Bytes of a series count for each of its labels.
struct CostLine {
  std::string name;
  std::string value;            // Of pairs.
  uint64_t values = 0;          // Of label names: how many different ones.
  uint64_t series = 0;          // Stored at any time.
  uint64_t active_series = 0;   // ... and within the newest day.
  uint64_t samples = 0;         // As they were sent, as far as they are still stored.
  std::vector<uint64_t> bytes;  // By tier, as CostReport::tiers.

  uint64_t total_bytes() const {
    uint64_t total = 0;
    for (const uint64_t n : bytes) total += n;
    return total;
  }
};

// One UTC day of samples as they were sent.
struct DayCosts {
  TimestampMs day = 0;
  uint64_t series = 0;      // With a sample.
  uint64_t new_series = 0;  // ... and none on any day before that is still stored.
  uint64_t samples = 0;
  uint64_t disk_bytes = 0;
  uint64_t selected_bytes = 0;  // As TierCosts.
};

struct TierRetention {
  DurationMs resolution = 0;  // 0: samples as they were sent.
  DurationMs retention = 0;   // 0: for ever.
};

struct CostQuery {
  size_t limit = 20;             // Lines of each list.
  std::vector<Matchers> select;  // Series that match one of these are also counted apart.
};

struct CostReport {
  std::vector<TierCosts> tiers;  // By resolution, the samples as sent first.
  std::vector<DayCosts> days;    // By time.
  uint64_t series = 0;
  uint64_t active_series = 0;
  uint64_t selected_series = 0;
  // Sorted by all bytes, the most expensive first.
  std::vector<CostLine> metrics;
  std::vector<CostLine> labels;
  std::vector<CostLine> pairs;
  // What is in force; empty if nobody knows.
  std::vector<TierRetention> retention;
};

}  // namespace firn::engine
