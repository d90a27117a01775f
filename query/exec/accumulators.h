// Running state of the aggregations that need one pass: (group x step) arrays to which rows
// are added in the order of the series.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "query/functions/range_function.h"
#include "query/functions/row.h"
#include "query/parser/ast.h"

namespace firn::query {

// One thread at a time.
class Accumulator {
 public:
  virtual ~Accumulator() = default;
  // `metric` is the series' name, for annotations.
  virtual void Add(size_t group, const Row& row, std::string_view metric, NoteSink* notes) = 0;
  // The row of a finished group; called once for each.
  virtual void Finish(size_t group, NoteSink* notes, Row* out) = 0;
};

// For sum, avg, count, group, min, max, stddev and stdvar; null for the others.
std::unique_ptr<Accumulator> MakeAccumulator(AggregateOp op, size_t groups, size_t steps);

}  // namespace firn::query
