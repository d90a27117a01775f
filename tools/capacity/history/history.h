// The past of an expression on an even grid, wherever it is stored.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/labels.h"
#include "base/status.h"
#include "base/time.h"

namespace firn::tools {

struct HistoryQuestion {
  std::string expression;  // PromQL; a vector or a scalar.
  TimestampMs start = 0;   // Both multiples of `step`; both included.
  TimestampMs end = 0;
  DurationMs step = 0;
  size_t series_max = 0;  // More are refused as soon as they are seen; 0: no limit.
};

struct HistorySeries {
  Labels labels;
  std::vector<double> values;  // One per grid time; NaN is a gap.
};

struct History {
  TimestampMs start = 0;
  DurationMs step = 0;
  size_t points = 0;
  std::vector<HistorySeries> series;  // In order of labels.
  std::vector<std::string> notes;     // Warnings and infos of queries, each once.
};

// Answers one question. Errors: InvalidArgument for what is wrong with the expression,
// ResourceExhausted for too many series, Unavailable if a server cannot be reached, others as the
// store has them. One thread at a time.
using HistoryReader = std::function<Result<History>(const HistoryQuestion&)>;

// A grid for so long a past: fine enough to see its seasons, and of steps that the tiers of the
// store have buckets for.
DurationMs HistoryStep(DurationMs history);

// Points for a series from an answer's pairs of time and value; times off the grid are left out.
class HistoryBuilder {
 public:
  explicit HistoryBuilder(const HistoryQuestion& question);

  // The values of a series, made if it is new.
  std::vector<double>* Series(const Labels& labels);
  void Set(std::vector<double>* values, TimestampMs t, double v) const;
  void Note(const std::string& note);
  size_t series() const { return values_.size(); }
  // ResourceExhausted, with what to do about it, if there are more series than are wanted.
  Status Check() const;
  // Leaves the builder empty.
  History Take();

 private:
  const size_t series_max_;
  History history_;
  std::map<Labels, std::vector<double>> values_;  // What is pointed to stays in place.
};

// How much of a history is asked for at once.
struct SliceLimits {
  int64_t points_max = 0;  // Of a series.
  int64_t values_max = 0;  // Of all series.
};
// Adds what a part of the question yields.
using SliceReader = std::function<Status(const HistoryQuestion& slice, HistoryBuilder* builder)>;
// Called with how many of how many points of a question are done.
using HistoryProgress = std::function<void(uint64_t done, uint64_t total)>;

// Reads a history slice by slice, from its end on, so that what is not yet on the grid stays small.
// The first slice is the newest point alone: it tells how many series there are, before any of them
// costs much. `progress` may be null. Errors of `read`, or ResourceExhausted for too many series.
Result<History> ReadInSlices(const HistoryQuestion& question, const SliceLimits& limits,
                             const SliceReader& read, const HistoryProgress& progress);

}  // namespace firn::tools
