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

// Answers one question. Errors: InvalidArgument for what is wrong with the expression, Unavailable
// if a server cannot be reached, others as the store has them. One thread at a time.
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
  // Leaves the builder empty.
  History Take();

 private:
  History history_;
  std::map<Labels, std::vector<double>> values_;  // What is pointed to stays in place.
};

}  // namespace firn::tools
