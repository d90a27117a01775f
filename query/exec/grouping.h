// by(...) and without(...): which group each series of an aggregation belongs to.
#pragma once

#include <vector>

#include "query/exec/operator.h"
#include "query/parser/ast.h"

namespace firn::query {

struct Grouping {
  std::vector<SeriesInfo> groups;  // In order of first appearance; without marks.
  std::vector<uint32_t> group_of;  // By series.
};

Grouping GroupSeries(const Aggregate& aggregate, const SeriesNames& series);

// The labels of a series' group.
Labels GroupLabels(const Aggregate& aggregate, const Labels& labels);

// True if the group's labels may hold a name that late name removal is to drop.
bool KeepsMarks(const Aggregate& aggregate);

}  // namespace firn::query
