#include <algorithm>
#include <utility>

#include "query/plan/duration_value.h"
#include "query/plan/node_table.h"
#include "query/plan/plan.h"
#include "query/plan/step_invariance.h"

namespace firn::query {
namespace {

// a - b without wrapping around at the ends of time.
TimestampMs Less(TimestampMs a, DurationMs b) {
  TimestampMs out = 0;
  if (!__builtin_sub_overflow(a, b, &out)) return out;
  return b > 0 ? kMinTimestamp : kMaxTimestamp;
}

class Planner {
 public:
  Planner(const PlanContext& context, const Expr& root)
      : context_(context),
        scope_{.step = context.step, .range = context.end - context.start},
        nodes_(root) {}

  // `function` is the innermost call around the expression, for the hints.
  Result<PlanPtr> Plan(const ExprPtr& expr, const StepGrid& grid, std::string_view function) {
    const std::string key = nodes_.Key(*expr, grid, function, detect_resets_);
    if (PlanPtr known = nodes_.Find(key)) return known;
    FIRN_ASSIGN_OR_RETURN(PlanPtr made, PlanAlone(expr, grid, function));
    nodes_.Add(key, made);
    return made;
  }

 private:
  Result<PlanPtr> PlanAlone(const ExprPtr& expr, const StepGrid& grid, std::string_view function) {
    const ExprPtr bare = Unwrap(expr);
    const bool literal = bare->As<NumberLiteral>() || bare->As<StringLiteral>();
    if (grid.count > 1 && !literal && IsStepInvariant(*expr) && expr->type != ValueType::kMatrix) {
      StepGrid once = grid;
      once.count = 1;
      FIRN_ASSIGN_OR_RETURN(PlanPtr inner, PlanNodeOf(expr, once, function));
      return Make(RepeatPlan{std::move(inner)}, expr, grid);
    }
    return PlanNodeOf(expr, grid, function);
  }

  template <typename T>
  static PlanPtr Make(T node, const ExprPtr& expr, const StepGrid& grid) {
    return std::make_shared<PlanNode>(PlanNode{.node = std::move(node),
                                               .grid = grid,
                                               .type = expr->type,
                                               .pos = expr->pos,
                                               .source = expr});
  }

  Result<PlanPtr> PlanNodeOf(const ExprPtr& expr, const StepGrid& grid, std::string_view function) {
    if (const auto* n = expr->As<NumberLiteral>()) return Make(NumberPlan{n->value}, expr, grid);
    if (const auto* n = expr->As<StringLiteral>()) return Make(StringPlan{n->value}, expr, grid);
    if (const auto* n = expr->As<Paren>()) return Plan(n->expr, grid, function);
    if (const auto* n = expr->As<Unary>()) {
      FIRN_ASSIGN_OR_RETURN(PlanPtr inner, Plan(n->expr, grid, function));
      if (!n->minus) return inner;
      return Make(NegatePlan{std::move(inner)}, expr, grid);
    }
    if (const auto* n = expr->As<VectorSelector>()) {
      return PlanSelect(*n, expr, grid, function, SelectValue::kSample);
    }
    if (const auto* n = expr->As<MatrixSelector>()) return PlanRange(*n, expr, grid, function);
    if (const auto* n = expr->As<Subquery>()) return PlanSubquery(*n, expr, grid, function);
    if (const auto* n = expr->As<Call>()) return PlanCall(*n, expr, grid);
    if (const auto* n = expr->As<Aggregate>()) return PlanAggregate(*n, expr, grid);
    return PlanBinary(*expr->As<Binary>(), expr, grid);
  }

  Result<LookTime> Look(const TimeModifiers& time) const {
    LookTime look{.offset = time.offset_ms, .at = std::nullopt};
    if (time.offset_expr) {
      FIRN_ASSIGN_OR_RETURN(look.offset,
                            EvaluateDuration(*time.offset_expr, scope_, DurationSign::kAny));
    }
    switch (time.at) {
      case AtKind::kNone:
        break;
      case AtKind::kTimestamp:
        look.at = time.at_ms;
        break;
      case AtKind::kStart:
        look.at = context_.start;
        break;
      case AtKind::kEnd:
        look.at = context_.end;
        break;
    }
    return look;
  }

  engine::SelectHints Hints(const StepGrid& grid, const LookTime& look, bool in_window,
                            std::string_view function) const {
    engine::SelectHints hints;
    hints.start = grid.start;
    hints.end = grid.end();
    hints.step = context_.step == 0 && grid.count == 1 ? 0 : grid.step;
    hints.function = function;
    hints.resolution_max = context_.resolution_max;
    if (in_window) {
      const StepGrid looked = look.Apply(grid);
      hints.window_end = Less(looked.start, look.offset);
      hints.window_step = looked.count > 1 ? looked.step : 0;
    }
    return hints;
  }

  Result<PlanPtr> PlanSelect(const VectorSelector& selector, const ExprPtr& expr,
                             const StepGrid& grid, std::string_view function,
                             SelectValue value) const {
    FIRN_ASSIGN_OR_RETURN(const LookTime look, Look(selector.time));
    return PlanSelect(selector, look, expr, grid, function, value);
  }

  Result<PlanPtr> PlanSelect(const VectorSelector& selector, const LookTime& look,
                             const ExprPtr& expr, const StepGrid& grid, std::string_view function,
                             SelectValue value) const {
    SelectPlan plan;
    plan.matchers = selector.matchers;
    plan.look = look;
    plan.lookback = context_.lookback;
    plan.smoothed = selector.smoothed;
    plan.detect_resets = detect_resets_;
    plan.value = value;
    const StepGrid looked = plan.look.Apply(grid);
    plan.range.min = Less(Less(looked.start, plan.look.offset), plan.lookback - 1);
    plan.range.max = Less(looked.end(), plan.look.offset);
    if (plan.smoothed) plan.range.max = Less(plan.range.max, -plan.lookback);
    plan.hints = Hints(grid, plan.look, !plan.smoothed, function);
    plan.hints.lookback = plan.lookback;
    return Make(std::move(plan), expr, grid);
  }

  Result<PlanPtr> PlanRange(const MatrixSelector& matrix, const ExprPtr& expr, const StepGrid& grid,
                            std::string_view function) const {
    const auto* selector = Unwrap(matrix.selector)->As<VectorSelector>();
    RangeSelectPlan plan;
    plan.matchers = selector->matchers;
    FIRN_ASSIGN_OR_RETURN(plan.look, Look(selector->time));
    FIRN_ASSIGN_OR_RETURN(plan.window, DurationOf(matrix.range_ms, matrix.range_expr));
    plan.lookback = context_.lookback;
    plan.extension = selector->anchored   ? RangeExtension::kAnchored
                     : selector->smoothed ? RangeExtension::kSmoothed
                                          : RangeExtension::kNone;
    plan.detect_resets = detect_resets_;
    const StepGrid looked = plan.look.Apply(grid);
    plan.range.min = Less(Less(looked.start, plan.look.offset), plan.window - 1);
    plan.range.max = Less(looked.end(), plan.look.offset);
    if (plan.extension != RangeExtension::kNone) {
      plan.range.min = Less(plan.range.min, plan.lookback + 1);
    }
    if (plan.extension == RangeExtension::kSmoothed) {
      plan.range.max = Less(plan.range.max, -plan.lookback);
    }
    plan.hints = Hints(grid, plan.look, plan.extension == RangeExtension::kNone, function);
    plan.hints.range = plan.window;
    return Make(std::move(plan), expr, grid);
  }

  Result<DurationMs> DurationOf(DurationMs value, const DurationExprPtr& written) const {
    if (!written) return value;
    return EvaluateDuration(*written, scope_, DurationSign::kPositive);
  }

  Result<PlanPtr> PlanSubquery(const Subquery& subquery, const ExprPtr& expr, const StepGrid& grid,
                               std::string_view function) {
    SubqueryPlan plan;
    FIRN_ASSIGN_OR_RETURN(plan.look, Look(subquery.time));
    FIRN_ASSIGN_OR_RETURN(plan.window, DurationOf(subquery.range_ms, subquery.range_expr));
    FIRN_ASSIGN_OR_RETURN(DurationMs step, DurationOf(subquery.step_ms, subquery.step_expr));
    if (step <= 0) step = std::max<DurationMs>(1, context_.default_subquery_step);
    const StepGrid looked = plan.look.Apply(grid);
    const TimestampMs after = Less(Less(looked.start, plan.look.offset), plan.window);
    const TimestampMs last = Less(looked.end(), plan.look.offset);
    // Multiples of the step since the epoch, the first one inside the left-open window.
    TimestampMs first = after / step * step;
    if (first <= after) first += step;
    const bool outer = std::exchange(detect_resets_, false);
    if (grid.count > 0 && first <= last) {
      const auto count = static_cast<size_t>((last - first) / step) + 1;
      FIRN_ASSIGN_OR_RETURN(
          plan.expr,
          Plan(subquery.expr, StepGrid{.start = first, .step = step, .count = count}, function));
    }
    detect_resets_ = outer;
    return Make(std::move(plan), expr, grid);
  }

  Result<PlanPtr> PlanCall(const Call& call, const ExprPtr& expr, const StepGrid& grid) {
    CallPlan plan;
    plan.function = call.function;
    const std::string_view name = call.function->name;
    const bool outer = detect_resets_;
    if (name == "histogram_count" || name == "histogram_sum" || name == "histogram_avg") {
      detect_resets_ = true;
    } else if (name.starts_with("histogram_")) {
      detect_resets_ = false;
    }
    for (const ExprPtr& arg : call.args) {
      if (name == "info" && !plan.args.empty()) break;
      plan.arg_exprs.push_back(arg);
      const ExprPtr inner = Unwrap(arg);
      const auto* selector = inner->As<VectorSelector>();
      const bool own_time = name == "timestamp" || name == "start_timestamp";
      // The sample's own time is only known to the selector; every step looks anew.
      Result<PlanPtr> planned = selector && own_time
                                    ? PlanSelect(*selector, inner, grid, name,
                                                 name == "timestamp" ? SelectValue::kTimestamp
                                                                     : SelectValue::kStartTimestamp)
                                    : Plan(arg, grid, name);
      if (!planned.ok()) return planned.status();
      plan.args.push_back(*std::move(planned));
    }
    detect_resets_ = outer;
    if (name == "info") FIRN_RETURN_IF_ERROR(PlanInfoSelect(call, expr, grid, &plan));
    return Make(std::move(plan), expr, grid);
  }

  // Down to the first selector; false if there is none.
  static bool FirstSelector(const Expr& expr, std::vector<const TimeModifiers*>* path) {
    const auto* selector = expr.As<VectorSelector>();
    const auto* subquery = expr.As<Subquery>();
    if (selector) path->push_back(&selector->time);
    if (selector) return true;
    if (subquery) path->push_back(&subquery->time);
    for (const ExprPtr& child : Children(expr)) {
      if (FirstSelector(*child, path)) return true;
    }
    if (subquery) path->pop_back();
    return false;
  }

  // When that selector looks, the subqueries around it taken into account.
  Result<LookTime> InfoLook(const Expr& expr) const {
    std::vector<const TimeModifiers*> path;
    FirstSelector(expr, &path);
    LookTime out;
    for (const TimeModifiers* time : path) {
      FIRN_ASSIGN_OR_RETURN(const LookTime look, Look(*time));
      if (look.at) out = LookTime{.offset = 0, .at = look.at};
      out.offset += look.offset;
    }
    return out;
  }

  // The second argument of info() only holds matchers. What it selects is looked up at the
  // time of the first selector in the first argument.
  Status PlanInfoSelect(const Call& call, const ExprPtr& expr, const StepGrid& grid,
                        CallPlan* plan) const {
    VectorSelector selector;
    if (call.args.size() > 1) {
      const auto* matchers = Unwrap(call.args[1])->As<VectorSelector>();
      if (matchers == nullptr) return InvalidArgument("expected label selectors only");
      selector.matchers = matchers->matchers;
    }
    FIRN_ASSIGN_OR_RETURN(const LookTime look, InfoLook(*call.args[0]));
    FIRN_ASSIGN_OR_RETURN(PlanPtr select, PlanSelect(selector, look, expr, grid, "info",
                                                     SelectValue::kInfoTimestamp));
    plan->args.resize(1);
    plan->args.push_back(std::move(select));
    return OkStatus();
  }

  Result<PlanPtr> PlanAggregate(const Aggregate& aggregate, const ExprPtr& expr,
                                const StepGrid& grid) {
    AggregatePlan plan;
    plan.aggregate = &aggregate;
    const std::string_view name = AggregateOpName(aggregate.op);
    FIRN_ASSIGN_OR_RETURN(plan.expr, Plan(aggregate.expr, grid, name));
    if (aggregate.param) {
      FIRN_ASSIGN_OR_RETURN(plan.param, Plan(aggregate.param, grid, name));
    }
    return Make(std::move(plan), expr, grid);
  }

  Result<PlanPtr> PlanBinary(const Binary& binary, const ExprPtr& expr, const StepGrid& grid) {
    BinaryPlan plan;
    plan.binary = &binary;
    FIRN_ASSIGN_OR_RETURN(plan.lhs, Plan(binary.lhs, grid, ""));
    FIRN_ASSIGN_OR_RETURN(plan.rhs, Plan(binary.rhs, grid, ""));
    return Make(std::move(plan), expr, grid);
  }

  PlanContext context_;
  DurationScope scope_;
  NodeTable nodes_;
  bool detect_resets_ = false;
};

}  // namespace

ExprPtr Unwrap(ExprPtr expr) {
  while (const auto* paren = expr->As<Paren>()) expr = paren->expr;
  return expr;
}

void VisitPlan(const PlanNode& root, const std::function<void(const PlanNode&)>& visit) {
  visit(root);
  const auto below = [&](const PlanPtr& child) {
    if (child) VisitPlan(*child, visit);
  };
  if (const auto* n = root.As<SubqueryPlan>()) below(n->expr);
  if (const auto* n = root.As<CallPlan>()) std::ranges::for_each(n->args, below);
  if (const auto* n = root.As<NegatePlan>()) below(n->expr);
  if (const auto* n = root.As<RepeatPlan>()) below(n->expr);
  if (const auto* n = root.As<AggregatePlan>()) {
    below(n->expr);
    below(n->param);
  }
  if (const auto* n = root.As<BinaryPlan>()) {
    below(n->lhs);
    below(n->rhs);
  }
}

StepGrid QueryGrid(const PlanContext& context) {
  StepGrid grid{.start = context.start, .step = 1, .count = 1};
  if (context.step > 0) {
    grid.step = context.step;
    grid.count = context.end < context.start
                     ? 0
                     : static_cast<size_t>((context.end - context.start) / context.step) + 1;
  }
  return grid;
}

Result<PlanPtr> MakePlan(const ExprPtr& expr, const PlanContext& context) {
  return Planner(context, *expr).Plan(expr, QueryGrid(context), "");
}

}  // namespace firn::query
