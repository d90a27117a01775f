#include <algorithm>

#include "query/exec/map_operator.h"
#include "query/exec/matching.h"
#include "query/exec/operators.h"

namespace firn::query {
namespace {

// and, or, unless. One side is only asked where it has samples, which is kept as a bit per
// group and step; the other side's rows are computed on demand and masked by it.
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
    std::vector<uint32_t> left = table.Assign(lhs_->series());
    std::vector<uint32_t> right = table.Assign(rhs_->series());
    present_.assign(table.size() * steps(), 0);
    const bool is_or = op_ == BinaryOp::kOr;
    Operator* asked = is_or ? lhs_.get() : rhs_.get();
    FIRN_RETURN_IF_ERROR(FindPresent(context, asked, is_or ? left : right));
    masked_groups_ = is_or ? std::move(right) : std::move(left);
    series_ = lhs_->series();
    if (is_or) {
      series_.insert(series_.end(), rhs_->series().begin(), rhs_->series().end());
      merge_.Build(&series_);
    }
    return OkStatus();
  }

  Status ComputeRow(size_t i, Worker* worker, Row* out) override {
    if (!merge_.merged()) return ComputeMember(i, worker, out);
    out->Reset(steps());
    Worker::RowLease row(worker);
    for (const uint32_t member : merge_.members(i)) {
      FIRN_RETURN_IF_ERROR(ComputeMember(member, worker, row.get()));
      FIRN_RETURN_IF_ERROR(OverlayRow(*row, out));
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

  Status ComputeMember(size_t i, Worker* worker, Row* out) {
    const bool is_or = op_ == BinaryOp::kOr;
    if (is_or && i < lhs_->size()) return lhs_->ComputeRow(i, worker, out);
    const size_t masked = is_or ? i - lhs_->size() : i;
    Operator* side = is_or ? rhs_.get() : lhs_.get();
    FIRN_RETURN_IF_ERROR(side->ComputeRow(masked, worker, out));
    const uint8_t* present = &present_[masked_groups_[masked] * steps()];
    const uint8_t wanted = op_ == BinaryOp::kAnd ? 1 : 0;
    for (size_t s = 0; s < steps(); ++s) {
      if (present[s] != wanted) out->SetAbsent(s);
    }
    return OkStatus();
  }

  BinaryOp op_;
  const VectorMatching& matching_;
  OperatorPtr lhs_;
  OperatorPtr rhs_;
  std::vector<uint8_t> present_;         // By group, then step.
  std::vector<uint32_t> masked_groups_;  // Of the side that is masked.
  SeriesMerge merge_;
};

}  // namespace

Result<OperatorPtr> MakeSetBinary(const PlanNode& plan) {
  const BinaryPlan& binary = *plan.As<BinaryPlan>();
  FIRN_ASSIGN_OR_RETURN(OperatorPtr lhs, MakeOperator(*binary.lhs));
  FIRN_ASSIGN_OR_RETURN(OperatorPtr rhs, MakeOperator(*binary.rhs));
  return std::make_unique<SetOperator>(plan, std::move(lhs), std::move(rhs));
}

}  // namespace firn::query
