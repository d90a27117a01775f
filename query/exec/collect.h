// From an open root operator to the parts of a QueryResult.
#pragma once

#include <string>
#include <vector>

#include "query/exec/operator.h"
#include "query/exec/query_result.h"

namespace firn::query {

// Elements in the operator's order. Applies the marks of late name removal.
Status CollectVector(ExecContext* context, Operator* root, std::vector<ResultSample>* out);
// Series sorted by labels, those without a point left out.
Status CollectMatrix(ExecContext* context, Operator* root, std::vector<ResultSeries>* out);
// The samples in the only window of a range vector, with their own times.
Status CollectWindow(ExecContext* context, RangeSource* source, std::vector<ResultSeries>* out);

// "11,000"
std::string WithThousands(uint64_t number);

}  // namespace firn::query
