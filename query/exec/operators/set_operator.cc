#include <algorithm>
#include <atomic>

#include "query/exec/matching.h"
#include "query/exec/operators.h"

namespace firn::query {
namespace {

// and, unless. The right side is only asked where it has samples, which is kept per group and
// step; the left side's rows are computed on demand and masked by it.
class SetOperator : public Operator {
 public:
  SetOperator(const PlanNode& plan, OperatorPtr lhs, OperatorPtr rhs)
      : Operator(plan.grid),
        op_(plan.As<BinaryPlan>()->binary->op),
        matching_(*plan.As<BinaryPlan>()->binary->matching),
        lhs_(std::move(lhs)),
        rhs_(std::move(rhs)) {}

  Status Open(ExecContext* context) override {
    FIRN_RETURN_IF_ERROR(lhs_->Open(context));
    FIRN_RETURN_IF_ERROR(rhs_->Open(context));
    GroupTable table(matching_);
    groups_ = table.Assign(lhs_->series());
    const std::vector<uint32_t> right = table.Assign(rhs_->series());
    const uint64_t cells = table.size() * steps();
    FIRN_RETURN_IF_ERROR(context->Charge({.bytes = cells}));
    present_.assign(cells, 0);
    FIRN_RETURN_IF_ERROR(FindPresent(context, rhs_.get(), right));
    NameBy(lhs_->names());
    return OkStatus();
  }

  Status ComputeRow(size_t i, Worker* worker, Row* out) override {
    FIRN_RETURN_IF_ERROR(lhs_->ComputeRow(i, worker, out));
    const uint8_t* present = &present_[groups_[i] * steps()];
    const uint8_t wanted = op_ == BinaryOp::kAnd ? 1 : 0;
    for (size_t s = 0; s < steps(); ++s) {
      if (present[s] != wanted) out->SetAbsent(s);
    }
    return OkStatus();
  }

 private:
  Status FindPresent(ExecContext* context, Operator* asked, const std::vector<uint32_t>& groups) {
    const auto compute = [&](Worker* worker, size_t chunk) -> Status {
      const size_t begin = chunk * kChunkSeries;
      const size_t end = std::min(begin + kChunkSeries, asked->size());
      Worker::RowLease row(worker);
      for (size_t i = begin; i < end; ++i) {
        FIRN_RETURN_IF_ERROR(asked->ComputeRow(i, worker, row.get()));
        uint8_t* present = &present_[groups[i] * steps()];
        for (size_t s = 0; s < steps(); ++s) {
          if (row->kind[s] == PointKind::kAbsent) continue;
          // Series of one group may be in several threads' hands.
          std::atomic_ref(present[s]).store(1, std::memory_order_relaxed);
        }
      }
      return OkStatus();
    };
    return context->Parallel(ChunkCount(asked->size()), compute);
  }

  BinaryOp op_;
  const VectorMatching& matching_;
  OperatorPtr lhs_;
  OperatorPtr rhs_;
  std::vector<uint8_t> present_;  // By group, then step.
  std::vector<uint32_t> groups_;  // Of the left side's series.
};

}  // namespace

Result<OperatorPtr> MakeSetBinary(const PlanNode& plan) {
  const BinaryPlan& binary = *plan.As<BinaryPlan>();
  if (binary.binary->op == BinaryOp::kOr) return MakeUnion(plan);
  FIRN_ASSIGN_OR_RETURN(OperatorPtr lhs, MakeOperator(*binary.lhs));
  FIRN_ASSIGN_OR_RETURN(OperatorPtr rhs, MakeOperator(*binary.rhs));
  return std::make_unique<SetOperator>(plan, std::move(lhs), std::move(rhs));
}

}  // namespace firn::query
