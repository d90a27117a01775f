// What a query does, with every time resolved: offsets, `@`, durations written as
// expressions and the evaluation times of every sub-expression. Immutable; shared freely.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/matcher.h"
#include "base/time.h"
#include "engine/api/querier.h"
#include "query/functions/range_function.h"
#include "query/functions/row.h"
#include "query/parser/ast.h"
#include "query/parser/function_table.h"

namespace firn::query {

struct PlanNode;
using PlanPtr = std::shared_ptr<const PlanNode>;

// Where a selector or subquery looks: at `at` if pinned, else at each step; less `offset`.
struct LookTime {
  DurationMs offset = 0;
  std::optional<TimestampMs> at;

  // The same as a grid: a pinned one has step 0.
  StepGrid Apply(const StepGrid& grid) const {
    return at ? StepGrid{.start = *at, .step = 0, .count = grid.count} : grid;
  }
};

struct NumberPlan {
  double value = 0;
};

struct StringPlan {
  std::string value;
};

// Which property of the sample is the value.
enum class SelectValue : uint8_t {
  kSample,
  kTimestamp,
  kStartTimestamp,
  kInfoTimestamp,  // The same as kTimestamp, of an info metric, which has no histograms.
};

struct SelectPlan {
  Matchers matchers;
  LookTime look;
  DurationMs lookback = 0;
  bool smoothed = false;
  // Only count and sum of histograms matter further up: hints that are not known are found
  // by comparing neighbours, as upstream does in this case.
  bool detect_resets = false;
  SelectValue value = SelectValue::kSample;
  TimeRange range;  // Of the samples needed.
  engine::SelectHints hints;
};

// A range selector; only as an argument of a call or at the root.
struct RangeSelectPlan {
  Matchers matchers;
  LookTime look;
  DurationMs window = 0;
  DurationMs lookback = 0;
  RangeExtension extension = RangeExtension::kNone;
  bool detect_resets = false;  // As in SelectPlan.
  TimeRange range;
  engine::SelectHints hints;
};

struct SubqueryPlan {
  PlanPtr expr;  // Null if no evaluation time falls into any window.
  LookTime look;
  DurationMs window = 0;
};

struct CallPlan {
  const Function* function = nullptr;
  std::vector<PlanPtr> args;
  std::vector<ExprPtr> arg_exprs;  // As written, for absent() and messages.
};

struct AggregatePlan {
  const Aggregate* aggregate = nullptr;  // Borrowed from `source`.
  PlanPtr expr;
  PlanPtr param;
};

struct BinaryPlan {
  const Binary* binary = nullptr;  // Borrowed from `source`.
  PlanPtr lhs;
  PlanPtr rhs;
};

struct NegatePlan {
  PlanPtr expr;
};

// Evaluates `expr`, which does not depend on time, once and repeats it at every step.
struct RepeatPlan {
  PlanPtr expr;
};

struct PlanNode {
  std::variant<NumberPlan, StringPlan, SelectPlan, RangeSelectPlan, SubqueryPlan, CallPlan,
               AggregatePlan, BinaryPlan, NegatePlan, RepeatPlan>
      node;
  StepGrid grid;  // The times at which it is evaluated.
  ValueType type = ValueType::kScalar;
  PosRange pos;
  ExprPtr source;
  bool shared = false;  // Has several parents: equal expressions of equal times are one node.

  template <typename T>
  const T* As() const {
    return std::get_if<T>(&node);
  }
};

// What is the same for the whole query.
struct PlanContext {
  TimestampMs start = 0;
  TimestampMs end = 0;
  DurationMs step = 0;  // 0: instant query.
  DurationMs lookback = 0;
  DurationMs default_subquery_step = 0;
  std::optional<DurationMs> resolution_max;  // See engine::SelectHints.
};

// InvalidArgument if a duration expression has no usable value. `expr` is kept alive by
// the plan.
Result<PlanPtr> MakePlan(const ExprPtr& expr, const PlanContext& context);

// Calls `visit` for a node and all below it; for a node with several parents once for each.
void VisitPlan(const PlanNode& root, const std::function<void(const PlanNode&)>& visit);

// The evaluation times of the query itself.
StepGrid QueryGrid(const PlanContext& context);

// The expression inside any number of parentheses.
ExprPtr Unwrap(ExprPtr expr);

}  // namespace firn::query
