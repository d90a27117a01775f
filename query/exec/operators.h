// How plan nodes become operators: one maker per family. Each maker gets the plan node whose
// variant it stands for.
#pragma once

#include <span>

#include "query/exec/operator.h"

namespace firn::query {

// build_operators.cc: of the node itself, whether it is shared or not.
Result<OperatorPtr> MakeAlone(const PlanNode& plan);

// shared_operator.cc: a reader of a node with several parents.
OperatorPtr MakeShared(const PlanNode& plan);

// operators/select_operator.cc
OperatorPtr MakeSelect(const PlanNode& plan);
// Fills in unknown hints of histograms by comparing each with the one before it.
void DetectHints(engine::SampleColumns* columns);

// Says at `pos` if samples were made up from buckets.
void NoteMadeUp(const engine::SampleColumns& columns, const PosRange& pos, ExecContext* context);

// Warns at `pos` of samples that cannot be read.
void NoteGaps(const engine::SeriesSet& set, const PosRange& pos, ExecContext* context);

// scalar_operators.cc
OperatorPtr MakeNumber(const PlanNode& plan, double value);
Result<OperatorPtr> MakeRepeat(const PlanNode& plan);
// Null if the call is not one that yields a value without looking at a vector, and not
// scalar() or vector() either.
Result<OperatorPtr> MakeScalarCall(const PlanNode& plan);
Result<OperatorPtr> MakeScalarBinary(const PlanNode& plan);
OperatorPtr MakeNegatedScalar(const PlanNode& plan, OperatorPtr child);

// map_operators.cc: each element on its own.
Result<OperatorPtr> MakeNegate(const PlanNode& plan);
Result<OperatorPtr> MakeVectorScalarBinary(const PlanNode& plan);
// Null if the call is not a map.
Result<OperatorPtr> MakeMapCall(const PlanNode& plan);

// range_operators.cc: null if the call does not take a range vector.
Result<OperatorPtr> MakeRangeCall(const PlanNode& plan);
// `anchored` or `smoothed` around a function that looks into its window only.
Status ExtensionError(RangeExtension extension, std::string_view function);

// binary_vector_operator.cc, set_operator.cc, union_operator.cc
Result<OperatorPtr> MakeVectorBinary(const PlanNode& plan);
Result<OperatorPtr> MakeSetBinary(const PlanNode& plan);
Result<OperatorPtr> MakeUnion(const PlanNode& plan);

// aggregate_operator.cc, ranked_operator.cc, count_values_operator.cc
Result<OperatorPtr> MakeAggregate(const PlanNode& plan);
Result<OperatorPtr> MakeRanked(const PlanNode& plan);
Result<OperatorPtr> MakeCountValues(const PlanNode& plan);

// label_operators.cc, sort_operators.cc, absent_operator.cc, histogram_operators.cc,
// info_operator.cc: null if the call is none of theirs.
Result<OperatorPtr> MakeLabelCall(const PlanNode& plan);
Result<OperatorPtr> MakeSortCall(const PlanNode& plan);
Result<OperatorPtr> MakeAbsentCall(const PlanNode& plan);
Result<OperatorPtr> MakeHistogramCall(const PlanNode& plan);
Result<OperatorPtr> MakeInfoCall(const PlanNode& plan);

// The text of a string argument. REQUIRES: the argument is a string literal.
std::string_view StringArg(const CallPlan& call, size_t i);

}  // namespace firn::query
