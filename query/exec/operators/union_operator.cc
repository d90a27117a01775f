#include <algorithm>
#include <atomic>

#include "query/exec/map_operator.h"
#include "query/exec/matching.h"
#include "query/exec/operators.h"

namespace firn::query {
namespace {

// a or b or ... or z as one operator: nested ones would compute the rows of `a` once for each
// of the others. A sample counts if no operand before its own has one of its match group at
// that step.
class UnionOperator : public Operator {
 public:
  UnionOperator(const PlanNode& plan, std::vector<OperatorPtr> operands)
      : Operator(plan.grid),
        matching_(*plan.As<BinaryPlan>()->binary->matching),
        operands_(std::move(operands)) {}

  Status Open(ExecContext* context) override {
    GroupTable table(matching_);
    for (const OperatorPtr& operand : operands_) {
      FIRN_RETURN_IF_ERROR(operand->Open(context));
      const std::vector<SeriesInfo>& series = operand->series();
      const std::vector<uint32_t> groups = table.Assign(series);
      begins_.push_back(group_of_.size());
      group_of_.insert(group_of_.end(), groups.begin(), groups.end());
      series_.insert(series_.end(), series.begin(), series.end());
    }
    begins_.push_back(group_of_.size());
    merge_.Build(&series_);
    const uint64_t cells = table.size() * steps();
    FIRN_RETURN_IF_ERROR(context->Charge({.bytes = cells * sizeof(uint16_t)}));
    first_.assign(cells, kNobody);
    // In order, so that the first one to be seen is the first one there is. What the last one
    // has, nobody asks.
    for (size_t k = 0; k + 1 < operands_.size(); ++k) {
      FIRN_RETURN_IF_ERROR(Enter(context, static_cast<uint16_t>(k)));
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
  static constexpr uint16_t kNobody = UINT16_MAX;

  // Enters operand k where it is the first one with a sample.
  Status Enter(ExecContext* context, uint16_t k) {
    Operator* const operand = operands_[k].get();
    const auto compute = [&](Worker* worker, size_t chunk) -> Status {
      const size_t begin = chunk * kChunkSeries;
      const size_t end = std::min(begin + kChunkSeries, operand->size());
      Worker::RowLease row(worker);
      for (size_t i = begin; i < end; ++i) {
        FIRN_RETURN_IF_ERROR(operand->ComputeRow(i, worker, row.get()));
        uint16_t* const first = &first_[group_of_[begins_[k] + i] * steps()];
        for (size_t s = 0; s < steps(); ++s) {
          if (row->kind[s] == PointKind::kAbsent) continue;
          // Series of one group may be in several threads' hands, all of which write k.
          const std::atomic_ref seen(first[s]);
          if (seen.load(std::memory_order_relaxed) == kNobody) {
            seen.store(k, std::memory_order_relaxed);
          }
        }
      }
      return OkStatus();
    };
    return context->Parallel(ChunkCount(operand->size()), compute);
  }

  // `i` counts the series of all operands.
  Status ComputeMember(size_t i, Worker* worker, Row* out) {
    const auto behind = std::ranges::upper_bound(begins_, i);
    const auto k = static_cast<size_t>(behind - begins_.begin()) - 1;
    FIRN_RETURN_IF_ERROR(operands_[k]->ComputeRow(i - begins_[k], worker, out));
    if (k == 0) return OkStatus();
    const uint16_t* const first = &first_[group_of_[i] * steps()];
    for (size_t s = 0; s < steps(); ++s) {
      if (first[s] < k) out->SetAbsent(s);
    }
    return OkStatus();
  }

  const VectorMatching& matching_;
  std::vector<OperatorPtr> operands_;
  std::vector<size_t> begins_;      // Of each operand's series among all; and the end.
  std::vector<uint32_t> group_of_;  // By series of all operands.
  std::vector<uint16_t> first_;     // By group, then step: the first operand with a sample.
  SeriesMerge merge_;
};

// The parser allows fewer operations, and kNobody must not be among them.
constexpr size_t kOperandsMax = 10'000;

}  // namespace

Result<OperatorPtr> MakeUnion(const PlanNode& plan) {
  const VectorMatching& matching = *plan.As<BinaryPlan>()->binary->matching;
  std::vector<const PlanNode*> nodes;
  const PlanNode* node = &plan;
  // `(a or b) or c`, all matched by the same labels.
  while (nodes.size() < kOperandsMax) {
    const auto* binary = node->As<BinaryPlan>();
    if (binary == nullptr || binary->binary->op != BinaryOp::kOr) break;
    const VectorMatching& inner = *binary->binary->matching;
    if (inner.on != matching.on || inner.labels != matching.labels) break;
    nodes.push_back(binary->rhs.get());
    node = binary->lhs.get();
    if (node->shared) break;
  }
  nodes.push_back(node);
  std::vector<OperatorPtr> operands;
  for (auto it = nodes.rbegin(); it != nodes.rend(); ++it) {
    FIRN_ASSIGN_OR_RETURN(OperatorPtr operand, MakeOperator(**it));
    operands.push_back(std::move(operand));
  }
  return std::make_unique<UnionOperator>(plan, std::move(operands));
}

}  // namespace firn::query
