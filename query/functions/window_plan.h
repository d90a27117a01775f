// Which samples the windows of a range call see. Series of one target are sampled at the
// same times, so what follows from the times alone is worked out once for all of them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "query/functions/range_function.h"
#include "query/functions/rate_extrapolation.h"
#include "query/functions/row.h"

namespace firn::query {

// What rate, increase and delta make of every step before they see a value; entries of
// steps with fewer than two samples mean nothing.
struct RateSteps {
  RateKind kind = RateKind::kRate;
  std::vector<PointKind> points;  // kFloat where there is a result.
  bool any = false;               // Whether there is one.
  std::vector<double> sampled;    // Seconds from the first to the last sample,
  std::vector<double> to_start;   // ... and by how much they are stretched to the edges.
  std::vector<double> to_end;
  std::vector<double> factor;  // Where the counter's zero does not cut to_start.
};

// Neighbouring steps whose windows move on by one sample each.
struct WindowRun {
  uint32_t step = 0;
  uint32_t count = 0;
};

// One thread at a time.
class WindowPlan {
 public:
  // Plans for samples at these times; at once if they are those of the last call. `call`
  // must be the same every time.
  void Prepare(const RangeCall& call, std::span<const TimestampMs> t);

  // Window of step i: samples [first[i], last[i]); both only rise.
  const std::vector<uint32_t>& first() const { return first_; }
  const std::vector<uint32_t>& last() const { return last_; }
  // Samples in all windows, each counted in every window that sees it.
  uint64_t seen() const { return seen_; }

  // Planned when first asked for. REQUIRES: the same kind every time.
  const RateSteps& Rates(const RangeCall& call, RateKind kind);
  // Runs over all steps, in order. Empty if they would be too short to be of use.
  const std::vector<WindowRun>& Runs();

  // True if `metric` is not the one of the last call: what is to be said of a name need not
  // be said for every series.
  bool NewMetric(std::string_view metric);

  // Working memory of kernels.
  std::vector<double>& scratch() { return scratch_; }

 private:
  bool planned_ = false;
  std::vector<TimestampMs> t_;
  std::vector<uint32_t> first_;
  std::vector<uint32_t> last_;
  uint64_t seen_ = 0;
  bool rates_planned_ = false;
  RateSteps rates_;
  std::vector<double> gaps_;  // Scratch.
  bool runs_planned_ = false;
  std::vector<WindowRun> runs_;
  bool has_metric_ = false;
  std::string metric_;
  std::vector<double> scratch_;
};

}  // namespace firn::query
