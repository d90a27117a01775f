// Whether results equal what a script expects, by the rules of the script language.
#pragma once

#include <string>
#include <vector>

#include "query/exec/query_result.h"
#include "tests/promql/script.h"

namespace firn::testing {

// Relative difference below 1e-6; NaN equals NaN, stale markers only each other.
bool AlmostEqual(double a, double b);
// Empty buckets do not count; hints only if `hint_counts`.
bool SameHistogram(const FloatHistogram& want, const FloatHistogram& got, bool hint_counts);

// "" if equal, else what differs.
std::string CompareVector(const EvalCommand& want, const std::vector<query::ResultSample>& got,
                          bool check_order);
std::string CompareMatrix(const EvalCommand& want, const Grid& grid,
                          const std::vector<query::ResultSeries>& got);
// `got` as full texts.
std::string CompareNotes(std::string_view kind, const NoteExpectation& want,
                         const std::vector<std::string>& got);

}  // namespace firn::testing
