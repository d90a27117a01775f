#include <algorithm>

#include "query/exec/operators.h"

namespace firn::query {
namespace {

// The labels that equality matchers of a bare selector promise.
Labels AbsentLabels(const Expr& arg) {
  const auto* selector = arg.As<VectorSelector>();
  if (const auto* matrix = arg.As<MatrixSelector>()) {
    selector = matrix->selector->As<VectorSelector>();
  }
  if (selector == nullptr) return {};
  LabelsBuilder builder;
  std::vector<std::string> seen;
  for (const Matcher& matcher : selector->matchers) {
    if (matcher.name() == kMetricName) continue;
    const bool again = std::ranges::find(seen, matcher.name()) != seen.end();
    if (matcher.type() == MatchType::kEqual && !again) {
      builder.Set(matcher.name(), matcher.value());
      seen.push_back(matcher.name());
    } else {
      builder.Del(matcher.name());
    }
  }
  return builder.Build();
}

// 1 at the steps at which nothing was seen.
class AbsentOperator : public Operator {
 public:
  explicit AbsentOperator(const PlanNode& plan) : Operator(plan.grid), seen_(plan.grid.count) {
    series_.push_back({.labels = AbsentLabels(*plan.As<CallPlan>()->arg_exprs[0])});
  }

  Status ComputeRow(size_t, Worker*, Row* out) override {
    out->Reset(steps());
    for (size_t s = 0; s < steps(); ++s) {
      if (!seen_[s]) out->SetFloat(s, 1);
    }
    return OkStatus();
  }

 protected:
  std::vector<uint8_t> seen_;
};

class AbsentVectorOperator : public AbsentOperator {
 public:
  AbsentVectorOperator(const PlanNode& plan, OperatorPtr child)
      : AbsentOperator(plan), child_(std::move(child)) {}

  Status Open(ExecContext* context) override {
    FIRN_RETURN_IF_ERROR(child_->Open(context));
    Worker::RowLease row(context->main_worker());
    for (size_t i = 0; i < child_->size(); ++i) {
      if (i % kChunkSeries == 0) FIRN_RETURN_IF_ERROR(context->CheckTime());
      FIRN_RETURN_IF_ERROR(child_->ComputeRow(i, context->main_worker(), row.get()));
      for (size_t s = 0; s < steps(); ++s) seen_[s] |= row->kind[s] != PointKind::kAbsent;
    }
    return OkStatus();
  }

 private:
  OperatorPtr child_;
};

class AbsentOverTimeOperator : public AbsentOperator {
 public:
  AbsentOverTimeOperator(const PlanNode& plan, RangeSourcePtr source)
      : AbsentOperator(plan), source_(std::move(source)) {}

  Status Open(ExecContext* context) override {
    FIRN_RETURN_IF_ERROR(source_->Open(context));
    Worker::ColumnsLease columns(context->main_worker());
    for (size_t i = 0; i < source_->size(); ++i) {
      if (i % kChunkSeries == 0) FIRN_RETURN_IF_ERROR(context->CheckTime());
      FIRN_RETURN_IF_ERROR(source_->Read(i, context->main_worker(), columns.get()));
      context->CountRead(columns->size());
      See(columns->t);
      See(columns->ht);
    }
    return OkStatus();
  }

 private:
  // Marks the windows that hold one of these times.
  void See(const std::vector<TimestampMs>& times) {
    const RangeCall& windows = source_->windows();
    size_t first = 0;
    for (size_t s = 0; s < steps(); ++s) {
      const TimestampMs end = windows.grid.At(s) - windows.offset;
      while (first < times.size() && times[first] <= end - windows.range) ++first;
      if (first < times.size() && times[first] <= end) seen_[s] = 1;
    }
  }

  RangeSourcePtr source_;
};

}  // namespace

Result<OperatorPtr> MakeAbsentCall(const PlanNode& plan) {
  const CallPlan& call = *plan.As<CallPlan>();
  if (call.function->name == "absent") {
    FIRN_ASSIGN_OR_RETURN(OperatorPtr child, MakeOperator(*call.args[0]));
    return std::make_unique<AbsentVectorOperator>(plan, std::move(child));
  }
  if (call.function->name != "absent_over_time") return OperatorPtr();
  if (const auto* select = call.args[0]->As<RangeSelectPlan>();
      select && select->extension != RangeExtension::kNone) {
    return ExtensionError(select->extension, call.function->name);
  }
  FIRN_ASSIGN_OR_RETURN(RangeSourcePtr source, MakeRangeSource(*call.args[0]));
  return std::make_unique<AbsentOverTimeOperator>(plan, std::move(source));
}

}  // namespace firn::query
