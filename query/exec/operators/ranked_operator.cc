#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/number.h"
#include "query/exec/grouping.h"
#include "query/exec/operators.h"

namespace firn::query {
namespace {

// topk, bottomk, limitk, limit_ratio: a selection of the child's elements at each step.
class RankedOperator : public Operator {
 public:
  RankedOperator(const PlanNode& plan, OperatorPtr child, OperatorPtr param)
      : Operator(plan.grid),
        aggregate_(*plan.As<AggregatePlan>()->aggregate),
        child_pos_(plan.As<AggregatePlan>()->expr->pos),
        param_pos_(plan.As<AggregatePlan>()->param->pos),
        child_(std::move(child)),
        param_(std::move(param)) {}

  Status Open(ExecContext* context) override {
    FIRN_ASSIGN_OR_RETURN(param_values_, ScalarValues(context, param_.get()));
    FIRN_RETURN_IF_ERROR(child_->Open(context));
    FIRN_ASSIGN_OR_RETURN(const bool wanted, CheckParam(context));
    if (!wanted) return OkStatus();
    const Grouping grouping = GroupSeries(aggregate_, child_->names());
    members_.resize(grouping.groups.size());
    for (uint32_t i = 0; i < grouping.group_of.size(); ++i) {
      members_[grouping.group_of[i]].push_back(i);
    }
    FIRN_RETURN_IF_ERROR(rows_.Load(context, child_.get()));
    const auto compute = [&](Worker*, size_t g) -> Status {
      SelectGroup(context, members_[g]);
      return OkStatus();
    };
    FIRN_RETURN_IF_ERROR(context->Parallel(members_.size(), compute));
    Arrange();
    return OkStatus();
  }

  Status ComputeRow(size_t i, Worker*, Row* out) override {
    *out = rows_.row(order_[i]);
    return OkStatus();
  }

 private:
  bool IsRatio() const { return aggregate_.op == AggregateOp::kLimitRatio; }

  // False if no step wants an element.
  Result<bool> CheckParam(ExecContext* context) {
    const bool any_nan = std::ranges::any_of(param_values_, [](double k) { return std::isnan(k); });
    if (IsRatio()) return CheckRatio(context, any_nan);
    if (any_nan) return Evaluation("Parameter value is NaN");
    const double low = *std::ranges::min_element(param_values_);
    const double high = *std::ranges::max_element(param_values_);
    if (high < 1) return false;
    if (high >= 0x1p63) return Evaluation("Scalar value {} overflows int64", FormatFloatG(high));
    if (low <= -0x1p63) return Evaluation("Scalar value {} underflows int64", FormatFloatG(low));
    return true;
  }

  Result<bool> CheckRatio(ExecContext* context, bool any_nan) {
    if (any_nan) return Evaluation("Ratio value is NaN");
    const double low = *std::ranges::min_element(param_values_);
    const double high = *std::ranges::max_element(param_values_);
    const auto warn = [&](double value, double cap) {
      context->notes().Warn(param_pos_,
                            fmt::format("ratio value should be between -1 and 1, got {}, capping "
                                        "to {}",
                                        FormatFloatG(value), FormatFloatG(cap)));
    };
    if (low == 0 && high == 0) return false;
    if (high > 1) warn(high, 1);
    if (low < -1) warn(low, -1);
    for (double& ratio : param_values_) ratio = std::clamp(ratio, -1.0, 1.0);
    return true;
  }

  // Clears the points of the group's rows that are not selected.
  void SelectGroup(ExecContext* context, const std::vector<uint32_t>& members) {
    if (IsRatio()) {
      for (const uint32_t i : members) SelectByHash(i);
      return;
    }
    std::vector<uint32_t> ranked;
    for (size_t s = 0; s < steps(); ++s) {
      const double k = param_values_[s];
      const size_t wanted =
          k < 1 ? 0 : static_cast<size_t>(std::min(k, static_cast<double>(members.size())));
      if (aggregate_.op == AggregateOp::kLimitk) {
        SelectFirst(members, s, wanted);
      } else {
        SelectBest(context, members, s, wanted, &ranked);
      }
    }
  }

  void SelectFirst(const std::vector<uint32_t>& members, size_t s, size_t wanted) {
    size_t taken = 0;
    for (const uint32_t i : members) {
      Row& row = rows_.rows()[i];
      if (row.kind[s] == PointKind::kAbsent) continue;
      if (taken == wanted) {
        row.SetAbsent(s);
      } else {
        ++taken;
      }
    }
  }

  // a before b: the better value, NaN last. Of equal ones the first seen stays first.
  bool Better(double a, double b) const {
    if (std::isnan(a)) return false;
    if (std::isnan(b)) return true;
    return aggregate_.op == AggregateOp::kTopk ? a > b : a < b;
  }

  void SelectBest(ExecContext* context, const std::vector<uint32_t>& members, size_t s,
                  size_t wanted, std::vector<uint32_t>* ranked) {
    ranked->clear();
    std::vector<Row>& rows = rows_.rows();
    for (const uint32_t i : members) {
      if (rows[i].kind[s] == PointKind::kFloat) ranked->push_back(i);
      if (rows[i].kind[s] == PointKind::kHistogram) {
        rows[i].SetAbsent(s);
        context->notes().Info(child_pos_, fmt::format("ignored histogram in {} aggregation",
                                                      AggregateOpName(aggregate_.op)));
      }
    }
    if (wanted >= ranked->size()) return;
    const auto before = [&](uint32_t a, uint32_t b) {
      if (Better(rows[a].v[s], rows[b].v[s])) return true;
      return !Better(rows[b].v[s], rows[a].v[s]) && a < b;
    };
    std::nth_element(ranked->begin(), ranked->begin() + static_cast<ptrdiff_t>(wanted),
                     ranked->end(), before);
    for (size_t k = wanted; k < ranked->size(); ++k) rows[(*ranked)[k]].SetAbsent(s);
  }

  void SelectByHash(uint32_t i) {
    const double offset = static_cast<double>(child_->series()[i].labels.Hash()) /
                          static_cast<double>(std::numeric_limits<uint64_t>::max());
    Row& row = rows_.rows()[i];
    for (size_t s = 0; s < steps(); ++s) {
      const double ratio = param_values_[s];
      const bool selected = ratio >= 0 ? offset < ratio : offset >= 1.0 + ratio;
      if (!selected) row.SetAbsent(s);
    }
  }

  // Result order: by group; within a group of an instant query by rank.
  void Arrange() {
    const bool by_rank = steps() == 1 && (aggregate_.op == AggregateOp::kTopk ||
                                          aggregate_.op == AggregateOp::kBottomk);
    for (std::vector<uint32_t>& members : members_) {
      std::erase_if(members, [&](uint32_t i) { return rows_.row(i).empty(); });
      if (by_rank) {
        std::ranges::stable_sort(members, [&](uint32_t a, uint32_t b) {
          return Better(rows_.row(a).v[0], rows_.row(b).v[0]);
        });
      }
      for (const uint32_t i : members) {
        order_.push_back(i);
        series_.push_back(child_->series()[i]);
      }
    }
  }

  const Aggregate& aggregate_;
  PosRange child_pos_;
  PosRange param_pos_;
  OperatorPtr child_;
  OperatorPtr param_;
  std::vector<double> param_values_;
  std::vector<std::vector<uint32_t>> members_;  // By group.
  Materialized rows_;
  std::vector<uint32_t> order_;  // Positions in the child.
};

}  // namespace

Result<OperatorPtr> MakeRanked(const PlanNode& plan) {
  const AggregatePlan& aggregate = *plan.As<AggregatePlan>();
  FIRN_ASSIGN_OR_RETURN(OperatorPtr child, MakeOperator(*aggregate.expr));
  FIRN_ASSIGN_OR_RETURN(OperatorPtr param, MakeOperator(*aggregate.param));
  return std::make_unique<RankedOperator>(plan, std::move(child), std::move(param));
}

}  // namespace firn::query
