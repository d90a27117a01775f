#include <cmath>
#include <limits>

#include "query/exec/arithmetic.h"
#include "query/exec/map_operator.h"
#include "query/exec/operators.h"
#include "query/functions/histogram/histogram_buckets.h"
#include "query/functions/histogram/histogram_ops.h"
#include "query/functions/instant_functions.h"

namespace firn::query {
namespace {

// Rows have a value of some kind at every step; those of histograms are removed.
template <typename Fn>
void MapFloats(Row* row, const Fn& fn) {
  for (size_t s = 0; s < row->steps(); ++s) {
    if (row->kind[s] == PointKind::kFloat) {
      row->v[s] = fn(row->v[s], s);
    } else {
      row->SetAbsent(s);
    }
  }
}

class NegateOperator : public MapOperator {
 public:
  NegateOperator(const StepGrid& grid, OperatorPtr child)
      : MapOperator(grid, std::move(child), Naming::kDrop) {}

 protected:
  Status MapRow(size_t, Worker*, Row* row) override {
    for (size_t s = 0; s < row->steps(); ++s) {
      if (row->kind[s] == PointKind::kFloat) row->v[s] = -row->v[s];
      if (row->kind[s] != PointKind::kHistogram) continue;
      auto negative = std::make_shared<FloatHistogram>(*row->h[s]);
      MultiplyHistogram(-1, negative.get());
      Compact(negative.get());
      row->SetHistogram(s, std::move(negative));
    }
    return OkStatus();
  }
};

// A vector and a scalar, in either order.
class VectorScalarOperator : public MapOperator {
 public:
  VectorScalarOperator(const PlanNode& plan, OperatorPtr vector, OperatorPtr scalar,
                       bool scalar_left)
      : MapOperator(plan.grid, std::move(vector), NamingOf(*plan.As<BinaryPlan>()->binary)),
        binary_(*plan.As<BinaryPlan>()->binary),
        pos_(plan.pos),
        scalar_(std::move(scalar)),
        scalar_left_(scalar_left) {}

 protected:
  Status Prepare(ExecContext* context) override {
    notes_ = &context->notes();
    FIRN_ASSIGN_OR_RETURN(values_, ScalarValues(context, scalar_.get()));
    return OkStatus();
  }

  Status MapRow(size_t, Worker*, Row* row) override {
    NotesAt notes(notes_, pos_);
    const BinaryOp op = binary_.op;
    const bool floats_only =
        row->h.empty() && op != BinaryOp::kTrimUpper && op != BinaryOp::kTrimLower;
    for (size_t s = 0; s < row->steps(); ++s) {
      if (row->kind[s] == PointKind::kAbsent) continue;
      if (floats_only) {
        MapFloat(s, row);
      } else {
        MapSample(s, &notes, row);
      }
    }
    return OkStatus();
  }

 private:
  static Naming NamingOf(const Binary& binary) {
    const bool trim = binary.op == BinaryOp::kTrimUpper || binary.op == BinaryOp::kTrimLower;
    const bool filter = IsComparison(binary.op) && !binary.return_bool;
    return trim || filter ? Naming::kKeep : Naming::kDrop;
  }

  void MapFloat(size_t s, Row* row) const {
    const double a = scalar_left_ ? values_[s] : row->v[s];
    const double b = scalar_left_ ? row->v[s] : values_[s];
    if (!IsComparison(binary_.op)) {
      row->v[s] = CombineFloats(binary_.op, a, b);
    } else if (const bool holds = CompareFloats(binary_.op, a, b); binary_.return_bool) {
      row->v[s] = holds ? 1 : 0;
    } else if (!holds) {
      row->SetAbsent(s);
    }
  }

  void MapSample(size_t s, NoteSink* notes, Row* row) const {
    const Operand sample = Operand::At(*row, s);
    const Operand value{values_[s], nullptr};
    Operand out;
    const Verdict verdict = CombineSamples(binary_.op, scalar_left_ ? value : sample,
                                           scalar_left_ ? sample : value, notes, &out);
    if (verdict == Verdict::kInvalid) {
      row->SetAbsent(s);
    } else if (IsComparison(binary_.op) && binary_.return_bool) {
      row->SetFloat(s, verdict == Verdict::kKeep ? 1 : 0);
    } else if (verdict == Verdict::kDrop) {
      row->SetAbsent(s);
    } else if (!IsComparison(binary_.op)) {
      if (out.h) {
        row->SetHistogram(s, std::move(out.h));
      } else {
        row->SetFloat(s, out.v);
      }
    }
  }

  const Binary& binary_;
  PosRange pos_;
  OperatorPtr scalar_;
  bool scalar_left_;
  std::vector<double> values_;
  Annotations* notes_ = nullptr;
};

class FloatMapOperator : public MapOperator {
 public:
  FloatMapOperator(const StepGrid& grid, OperatorPtr child, FloatFunction fn)
      : MapOperator(grid, std::move(child), Naming::kDrop), fn_(fn) {}

 protected:
  Status MapRow(size_t, Worker*, Row* row) override {
    MapFloats(row, [this](double v, size_t) { return fn_(v); });
    return OkStatus();
  }

 private:
  FloatFunction fn_;
};

// clamp*, round: float maps with scalar arguments.
class ClampOperator : public MapOperator {
 public:
  ClampOperator(const StepGrid& grid, std::vector<OperatorPtr> args, std::string_view name)
      : MapOperator(grid, std::move(args[0]), Naming::kDrop), name_(name), args_(std::move(args)) {}

 protected:
  Status Prepare(ExecContext* context) override {
    for (size_t i = 1; i < args_.size(); ++i) {
      FIRN_ASSIGN_OR_RETURN(std::vector<double> values, ScalarValues(context, args_[i].get()));
      values_.push_back(std::move(values));
    }
    if (values_.empty()) values_.emplace_back(steps(), 1.0);  // round() to whole numbers.
    return OkStatus();
  }

  Status MapRow(size_t, Worker*, Row* row) override {
    if (name_ == "round") {
      MapFloats(row, [this](double v, size_t s) {
        const double inverse = 1.0 / values_[0][s];
        return std::floor(v * inverse + 0.5) / inverse;
      });
    } else if (name_ == "clamp_min") {
      MapFloats(row, [this](double v, size_t s) { return GoMax(values_[0][s], v); });
    } else if (name_ == "clamp_max") {
      MapFloats(row, [this](double v, size_t s) { return GoMin(values_[0][s], v); });
    } else {
      MapFloats(row, [this](double v, size_t s) {
        return GoMax(values_[0][s], GoMin(values_[1][s], v));
      });
      for (size_t s = 0; s < row->steps(); ++s) {
        if (values_[1][s] < values_[0][s]) row->SetAbsent(s);
      }
    }
    return OkStatus();
  }

 private:
  std::string_view name_;
  std::vector<OperatorPtr> args_;  // The first one moved to the base.
  std::vector<std::vector<double>> values_;
};

// timestamp() and start_timestamp() of anything.
class TimestampOperator : public MapOperator {
 public:
  TimestampOperator(const StepGrid& grid, OperatorPtr child, bool selected)
      : MapOperator(grid, std::move(child), Naming::kDrop), selected_(selected) {}

 protected:
  Status MapRow(size_t, Worker*, Row* row) override {
    if (selected_) return OkStatus();  // The selector yielded the times already.
    for (size_t s = 0; s < row->steps(); ++s) {
      if (row->kind[s] == PointKind::kAbsent) continue;
      row->SetFloat(s, static_cast<double>(grid_.At(s)) / 1000);
    }
    return OkStatus();
  }

 private:
  bool selected_;
};

// start_timestamp() of anything but a selector knows no sample.
class NothingOperator : public Operator {
 public:
  explicit NothingOperator(const StepGrid& grid) : Operator(grid) {}
  Status Open(ExecContext*) override { return OkStatus(); }
  Status ComputeRow(size_t, Worker*, Row* out) override {
    out->Reset(steps());
    return OkStatus();
  }
};

// The evaluation time in seconds, as an unlabelled vector: default of the date functions.
class NowOperator : public Operator {
 public:
  explicit NowOperator(const StepGrid& grid) : Operator(grid) { series_.resize(1); }
  Status Open(ExecContext*) override { return OkStatus(); }
  Status ComputeRow(size_t, Worker*, Row* out) override {
    out->Reset(steps());
    for (size_t s = 0; s < steps(); ++s) {
      out->SetFloat(s, static_cast<double>(grid_.At(s)) / 1000);
    }
    return OkStatus();
  }
};

}  // namespace

Result<OperatorPtr> MakeNegate(const PlanNode& plan) {
  FIRN_ASSIGN_OR_RETURN(OperatorPtr child, MakeOperator(*plan.As<NegatePlan>()->expr));
  if (plan.type == ValueType::kScalar) return MakeNegatedScalar(plan, std::move(child));
  return std::make_unique<NegateOperator>(plan.grid, std::move(child));
}

Result<OperatorPtr> MakeVectorScalarBinary(const PlanNode& plan) {
  const BinaryPlan& binary = *plan.As<BinaryPlan>();
  const bool scalar_left = binary.lhs->type == ValueType::kScalar;
  FIRN_ASSIGN_OR_RETURN(OperatorPtr lhs, MakeOperator(*binary.lhs));
  FIRN_ASSIGN_OR_RETURN(OperatorPtr rhs, MakeOperator(*binary.rhs));
  if (scalar_left) std::swap(lhs, rhs);
  return std::make_unique<VectorScalarOperator>(plan, std::move(lhs), std::move(rhs), scalar_left);
}

Result<OperatorPtr> MakeMapCall(const PlanNode& plan) {
  const CallPlan& call = *plan.As<CallPlan>();
  const std::string_view name = call.function->name;
  const bool timestamp = name == "timestamp" || name == "start_timestamp";
  const bool clamp = name.starts_with("clamp") || name == "round";
  const FloatFunction fn = FindFloatFunction(name);
  if (!timestamp && !clamp && fn == nullptr) return OperatorPtr();
  if (timestamp) {
    const auto* select = call.args[0]->As<SelectPlan>();
    const bool selected = select && select->value != SelectValue::kSample;
    if (name == "start_timestamp" && !selected) return std::make_unique<NothingOperator>(plan.grid);
    FIRN_ASSIGN_OR_RETURN(OperatorPtr child, MakeOperator(*call.args[0]));
    return std::make_unique<TimestampOperator>(plan.grid, std::move(child), selected);
  }
  std::vector<OperatorPtr> args;
  for (const PlanPtr& arg : call.args) {
    FIRN_ASSIGN_OR_RETURN(OperatorPtr child, MakeOperator(*arg));
    args.push_back(std::move(child));
  }
  if (args.empty()) args.push_back(std::make_unique<NowOperator>(plan.grid));
  if (clamp) return std::make_unique<ClampOperator>(plan.grid, std::move(args), name);
  return std::make_unique<FloatMapOperator>(plan.grid, std::move(args[0]), fn);
}

}  // namespace firn::query
