// Adds up what series of stored windows cost.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "base/status.h"
#include "engine/api/costs.h"
#include "storage/page/window_reader.h"

namespace firn::engine {

struct CostWindow {
  DurationMs resolution = 0;  // 0: samples as they were sent.
  // Of the window's table files; 0 if nobody knows: then pages are taken to be packed as those of
  // the windows before.
  uint64_t disk_bytes = 0;
};

// One thread at a time. Keeps about 100 bytes per series.
class CostCollector {
 public:
  explicit CostCollector(const CostQuery& query) : query_(query) {}

  // Windows of one resolution come in the order of their times. Corruption or Io if labels cannot
  // be read; what was read of the window before counts.
  Status Add(const CostWindow& window, const storage::WindowReader& reader);

  CostReport Finish() &&;

 private:
  struct Line {
    uint64_t series = 0;
    uint64_t active = 0;
    uint64_t samples = 0;
    std::vector<double> bytes;  // By tier.
  };
  struct Series {
    uint32_t metric = 0;
    std::vector<uint32_t> pairs;  // Numbers of lines of pairs.
    TimestampMs last_day = kMinTimestamp;
    bool selected = false;
  };
  // A series of the window and metric that is being read.
  struct Pending {
    Series* series;
    uint64_t samples;
    uint64_t column_bytes;
  };
  struct Pair {
    std::string name;
    std::string value;
    Line line;
  };

  size_t TierOf(DurationMs resolution);
  Series* Find(const Labels& labels);
  // Spreads the bytes of a metric over its series.
  void EndMetric(uint64_t page_bytes, double scale, size_t tier, DayCosts* day);
  std::vector<CostLine> LabelLines() const;
  CostLine Make(const Line& line) const;
  void Cut(std::vector<CostLine>* lines) const;

  const CostQuery query_;
  std::vector<TierCosts> tiers_;
  std::map<TimestampMs, DayCosts> days_;
  // By a hash of the labels. Series stay where they are.
  absl::flat_hash_map<uint64_t, std::unique_ptr<Series>> series_;
  std::vector<std::pair<std::string, Line>> metrics_;
  absl::flat_hash_map<std::string, uint32_t> metric_numbers_;
  std::vector<Pair> pairs_;
  absl::flat_hash_map<std::string, uint32_t> pair_numbers_;
  std::vector<Pending> pending_;
  double packing_ = 1;  // Bytes on disk per byte of pages.
};

}  // namespace firn::engine
