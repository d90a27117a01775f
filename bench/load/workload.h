// A deterministic stream of scrapes: series with labels as real exporters have them, and
// values that mostly stand still, count, or wander.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace firn::bench {

struct WorkloadOptions {
  uint32_t series = 100'000;
  uint32_t per_instance = 500;  // Series of one scraped target.
  int64_t start_ms = 0;
  int64_t step_ms = 15'000;
  int64_t jitter_ms = 0;  // Each target is scraped up to this much later.
  uint64_t seed = 1;
};

// Part of the series, walked step by step. One thread at a time.
class Workload {
 public:
  // Series [first, last) of the whole.
  Workload(const WorkloadOptions& options, uint32_t first, uint32_t last);

  uint32_t size() const { return static_cast<uint32_t>(series_.size()); }
  // Replaces `out` by a prometheus.WriteRequest with one sample for each of the series
  // [begin, end) of this part at step `step`. Steps must ascend.
  void EncodeRequest(uint32_t begin, uint32_t end, uint64_t step, std::string* out);

 private:
  enum class Shape : uint8_t { kConstant, kCounter, kGauge, kNoise };
  struct Series {
    std::string labels;  // The label fields of a TimeSeries message.
    Shape shape;
    uint32_t instance;
    double value;
    uint64_t random;
  };
  double NextValue(Series* series);

  const WorkloadOptions options_;
  std::vector<Series> series_;
};

}  // namespace firn::bench
