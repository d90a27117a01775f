// What a query yields: one of the four value types, with annotations and statistics.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "base/labels.h"
#include "base/memory/memory_budget.h"
#include "base/time.h"
#include "query/parser/ast.h"

namespace firn::query {

// One element of an instant vector.
struct ResultSample {
  Labels labels;
  double v = 0;
  HistogramPtr h;  // Null: a float sample.
};

// One series of a matrix: float points in t/v, histogram points in ht/h, each in time order;
// a time occurs once over both.
struct ResultSeries {
  Labels labels;
  std::vector<TimestampMs> t;
  std::vector<double> v;
  std::vector<TimestampMs> ht;
  std::vector<HistogramPtr> h;
};

struct QueryStats {
  // Samples that selectors handed to the evaluation, counted once per step that saw them.
  uint64_t total_queryable_samples = 0;
  uint64_t peak_samples = 0;
  uint64_t peak_bytes = 0;  // Of memory, as far as it was counted.
  // The same total by step; filled if the request asked for it.
  std::vector<uint64_t> samples_per_step;
  double parse_seconds = 0;
  double prepare_seconds = 0;  // Planning and finding the series.
  double eval_seconds = 0;     // Everything after that.
};

struct QueryResult {
  ValueType type = ValueType::kVector;
  TimestampMs time = 0;              // kScalar, kString, kVector: the evaluation time.
  double scalar = 0;                 // kScalar.
  std::string text;                  // kString.
  std::vector<ResultSample> vector;  // kVector; the order carries meaning (sort, topk).
  std::vector<ResultSeries> matrix;  // kMatrix; sorted by labels.
  // "PromQL warning: ... (1:6)" and "PromQL info: ...", in order of position, unique.
  std::vector<std::string> warnings;
  std::vector<std::string> infos;
  QueryStats stats;
  // What the answer takes of the memory of all queries, for as long as it lives.
  std::unique_ptr<MemoryBudget> memory;
};

}  // namespace firn::query
