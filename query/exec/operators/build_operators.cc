#include "query/exec/operators.h"

namespace firn::query {
namespace {

using CallMaker = Result<OperatorPtr> (*)(const PlanNode& plan);

Result<OperatorPtr> MakeCall(const PlanNode& plan) {
  static constexpr CallMaker kMakers[] = {MakeScalarCall, MakeMapCall,    MakeLabelCall,
                                          MakeSortCall,   MakeAbsentCall, MakeHistogramCall,
                                          MakeInfoCall,   MakeRangeCall};
  for (const CallMaker make : kMakers) {
    Result<OperatorPtr> made = make(plan);
    if (!made.ok() || *made != nullptr) return made;
  }
  return Internal("no operator for function {}", plan.As<CallPlan>()->function->name);
}

Result<OperatorPtr> MakeBinary(const PlanNode& plan) {
  const BinaryPlan& binary = *plan.As<BinaryPlan>();
  const bool scalar_left = binary.lhs->type == ValueType::kScalar;
  const bool scalar_right = binary.rhs->type == ValueType::kScalar;
  if (scalar_left && scalar_right) return MakeScalarBinary(plan);
  if (scalar_left || scalar_right) return MakeVectorScalarBinary(plan);
  return IsSetOperator(binary.binary->op) ? MakeSetBinary(plan) : MakeVectorBinary(plan);
}

Result<OperatorPtr> MakeAnyAggregate(const PlanNode& plan) {
  switch (plan.As<AggregatePlan>()->aggregate->op) {
    case AggregateOp::kTopk:
    case AggregateOp::kBottomk:
    case AggregateOp::kLimitk:
    case AggregateOp::kLimitRatio:
      return MakeRanked(plan);
    case AggregateOp::kCountValues:
      return MakeCountValues(plan);
    default:
      return MakeAggregate(plan);
  }
}

}  // namespace

std::string_view StringArg(const CallPlan& call, size_t i) {
  const auto* text = call.args[i]->As<StringPlan>();
  FIRN_CHECK(text != nullptr);
  return text->value;
}

Result<OperatorPtr> MakeOperator(const PlanNode& plan) {
  return plan.shared ? MakeShared(plan) : MakeAlone(plan);
}

Result<OperatorPtr> MakeAlone(const PlanNode& plan) {
  if (const auto* number = plan.As<NumberPlan>()) return MakeNumber(plan, number->value);
  if (plan.As<SelectPlan>()) return MakeSelect(plan);
  if (plan.As<CallPlan>()) return MakeCall(plan);
  if (plan.As<AggregatePlan>()) return MakeAnyAggregate(plan);
  if (plan.As<BinaryPlan>()) return MakeBinary(plan);
  if (plan.As<NegatePlan>()) return MakeNegate(plan);
  if (plan.As<RepeatPlan>()) return MakeRepeat(plan);
  return Internal("no operator for a {}", ValueTypeName(plan.type));
}

}  // namespace firn::query
