#include <cmath>
#include <numbers>

#include "query/exec/arithmetic.h"
#include "query/exec/operators.h"

namespace firn::query {
namespace {

// One series without labels whose value at each step is known once opened.
class ValuesOperator : public Operator {
 public:
  explicit ValuesOperator(const StepGrid& grid) : Operator(grid), values_(grid.count) {
    series_.resize(1);
  }
  Status Open(ExecContext*) override { return OkStatus(); }
  Status ComputeRow(size_t, Worker*, Row* out) override {
    out->Reset(steps());
    for (size_t s = 0; s < steps(); ++s) out->SetFloat(s, values_[s]);
    return OkStatus();
  }

 protected:
  std::vector<double> values_;
};

class NumberOperator : public ValuesOperator {
 public:
  NumberOperator(const StepGrid& grid, double value) : ValuesOperator(grid) {
    values_.assign(grid.count, value);
  }
};

// What the query's own time range yields: time(), start(), end(), step(), range().
class ClockOperator : public ValuesOperator {
 public:
  ClockOperator(const StepGrid& grid, std::string_view name) : ValuesOperator(grid), name_(name) {}
  Status Open(ExecContext* context) override {
    const ExecScope& scope = context->scope();
    const auto seconds = [](int64_t ms) { return static_cast<double>(ms) / 1000; };
    for (size_t s = 0; s < steps(); ++s) {
      values_[s] = name_ == "time"    ? seconds(grid_.At(s))
                   : name_ == "start" ? seconds(scope.start)
                   : name_ == "end"   ? seconds(scope.end)
                   : name_ == "step"  ? (scope.start == scope.end ? 0 : seconds(scope.step))
                                      : seconds(scope.end - scope.start);
    }
    return OkStatus();
  }

 private:
  std::string_view name_;
};

// scalar(v): the only float sample of a step, else NaN.
class ToScalarOperator : public ValuesOperator {
 public:
  ToScalarOperator(const StepGrid& grid, OperatorPtr child)
      : ValuesOperator(grid), child_(std::move(child)) {}

  Status Open(ExecContext* context) override {
    FIRN_RETURN_IF_ERROR(child_->Open(context));
    std::vector<uint32_t> seen(steps());
    Worker::RowLease row(context->main_worker());
    for (size_t i = 0; i < child_->size(); ++i) {
      if (i % kChunkSeries == 0) FIRN_RETURN_IF_ERROR(context->CheckTime());
      FIRN_RETURN_IF_ERROR(child_->ComputeRow(i, context->main_worker(), row.get()));
      for (size_t s = 0; s < steps(); ++s) {
        if (row->kind[s] != PointKind::kFloat) continue;
        ++seen[s];
        values_[s] = row->v[s];
      }
    }
    for (size_t s = 0; s < steps(); ++s) {
      if (seen[s] != 1) values_[s] = NormalNan();
    }
    return OkStatus();
  }

 private:
  OperatorPtr child_;
};

// vector(s), and everything else that hands a scalar on.
class PassOperator : public ValuesOperator {
 public:
  PassOperator(const StepGrid& grid, OperatorPtr child)
      : ValuesOperator(grid), child_(std::move(child)) {}
  Status Open(ExecContext* context) override {
    FIRN_ASSIGN_OR_RETURN(values_, ScalarValues(context, child_.get()));
    return OkStatus();
  }

 private:
  OperatorPtr child_;
};

using Combine = double (*)(BinaryOp op, double a, double b);

class ScalarPairOperator : public ValuesOperator {
 public:
  ScalarPairOperator(const StepGrid& grid, OperatorPtr lhs, OperatorPtr rhs, BinaryOp op,
                     Combine combine)
      : ValuesOperator(grid),
        lhs_(std::move(lhs)),
        rhs_(std::move(rhs)),
        op_(op),
        combine_(combine) {}
  Status Open(ExecContext* context) override {
    FIRN_ASSIGN_OR_RETURN(const std::vector<double> a, ScalarValues(context, lhs_.get()));
    FIRN_ASSIGN_OR_RETURN(const std::vector<double> b, ScalarValues(context, rhs_.get()));
    for (size_t s = 0; s < steps(); ++s) values_[s] = combine_(op_, a[s], b[s]);
    return OkStatus();
  }

 private:
  OperatorPtr lhs_;
  OperatorPtr rhs_;
  BinaryOp op_;
  Combine combine_;
};

class RepeatOperator : public Operator {
 public:
  RepeatOperator(const StepGrid& grid, OperatorPtr child)
      : Operator(grid), child_(std::move(child)) {}

  Status Open(ExecContext* context) override {
    FIRN_RETURN_IF_ERROR(child_->Open(context));
    series_ = child_->series();
    return OkStatus();
  }

  Status ComputeRow(size_t i, Worker* worker, Row* out) override {
    Worker::RowLease once(worker);
    FIRN_RETURN_IF_ERROR(child_->ComputeRow(i, worker, once.get()));
    out->Reset(steps());
    for (size_t s = 0; s < steps(); ++s) {
      if (once->kind[0] == PointKind::kFloat) out->SetFloat(s, once->v[0]);
      if (once->kind[0] == PointKind::kHistogram) out->SetHistogram(s, once->h[0]);
    }
    return OkStatus();
  }

 private:
  OperatorPtr child_;
};

double MaxOf(BinaryOp, double a, double b) { return GoMax(a, b); }
double MinOf(BinaryOp, double a, double b) { return GoMin(a, b); }
double Arithmetic(BinaryOp op, double a, double b) {
  return IsComparison(op) ? (CompareFloats(op, a, b) ? 1 : 0) : CombineFloats(op, a, b);
}

}  // namespace

OperatorPtr MakeNumber(const PlanNode& plan, double value) {
  return std::make_unique<NumberOperator>(plan.grid, value);
}

Result<OperatorPtr> MakeRepeat(const PlanNode& plan) {
  FIRN_ASSIGN_OR_RETURN(OperatorPtr child, MakeOperator(*plan.As<RepeatPlan>()->expr));
  return std::make_unique<RepeatOperator>(plan.grid, std::move(child));
}

Result<OperatorPtr> MakeScalarCall(const PlanNode& plan) {
  const CallPlan& call = *plan.As<CallPlan>();
  const std::string_view name = call.function->name;
  if (name == "pi") return MakeNumber(plan, std::numbers::pi);
  if (name == "time" || name == "start" || name == "end" || name == "step" || name == "range") {
    return std::make_unique<ClockOperator>(plan.grid, name);
  }
  if (name == "scalar" || name == "vector") {
    FIRN_ASSIGN_OR_RETURN(OperatorPtr child, MakeOperator(*call.args[0]));
    if (name == "vector") return std::make_unique<PassOperator>(plan.grid, std::move(child));
    return std::make_unique<ToScalarOperator>(plan.grid, std::move(child));
  }
  if (name == "max_of" || name == "min_of") {
    FIRN_ASSIGN_OR_RETURN(OperatorPtr lhs, MakeOperator(*call.args[0]));
    FIRN_ASSIGN_OR_RETURN(OperatorPtr rhs, MakeOperator(*call.args[1]));
    return std::make_unique<ScalarPairOperator>(plan.grid, std::move(lhs), std::move(rhs),
                                                BinaryOp::kAdd, name == "max_of" ? MaxOf : MinOf);
  }
  return OperatorPtr();
}

OperatorPtr MakeNegatedScalar(const PlanNode& plan, OperatorPtr child) {
  return std::make_unique<ScalarPairOperator>(plan.grid, MakeNumber(plan, -1), std::move(child),
                                              BinaryOp::kMul, Arithmetic);
}

Result<OperatorPtr> MakeScalarBinary(const PlanNode& plan) {
  const BinaryPlan& binary = *plan.As<BinaryPlan>();
  const BinaryOp op = binary.binary->op;
  if (op == BinaryOp::kTrimUpper || op == BinaryOp::kTrimLower) {
    return Evaluation("operator \"{}\" not allowed for Scalar operations", BinaryOpName(op));
  }
  FIRN_ASSIGN_OR_RETURN(OperatorPtr lhs, MakeOperator(*binary.lhs));
  FIRN_ASSIGN_OR_RETURN(OperatorPtr rhs, MakeOperator(*binary.rhs));
  return std::make_unique<ScalarPairOperator>(plan.grid, std::move(lhs), std::move(rhs), op,
                                              Arithmetic);
}

}  // namespace firn::query
