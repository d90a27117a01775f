#include <algorithm>
#include <cmath>

#include "base/number.h"
#include "query/exec/accumulators.h"
#include "query/exec/grouping.h"
#include "query/exec/operators.h"
#include "query/functions/quantile.h"

namespace firn::query {
namespace {

// Marks groups whose name is to be dropped: those with a sample of a marked series.
class MarkTracker {
 public:
  MarkTracker(const Aggregate& aggregate, const ExecContext& context)
      : active_(context.scope().delayed_names && KeepsMarks(aggregate)) {}
  void See(bool marked, const Row& row, SeriesInfo* group) const {
    if (active_ && marked && !group->drop_name && !row.empty()) group->drop_name = true;
  }

 private:
  bool active_;
};

// Rows are computed in parallel, chunk by chunk, and added in the order of the series, so
// that sums do not depend on the threads.
class AggregateOperator : public Operator {
 public:
  AggregateOperator(const PlanNode& plan, OperatorPtr child)
      : Operator(plan.grid),
        aggregate_(*plan.As<AggregatePlan>()->aggregate),
        child_pos_(plan.As<AggregatePlan>()->expr->pos),
        child_(std::move(child)) {}

  Status Open(ExecContext* context) override {
    FIRN_RETURN_IF_ERROR(child_->Open(context));
    Grouping grouping = GroupSeries(aggregate_, child_->names());
    series_ = std::move(grouping.groups);
    FIRN_RETURN_IF_ERROR(context->Charge(GroupsHolding()));
    const std::unique_ptr<Accumulator> sums =
        MakeAccumulator(aggregate_.op, series_.size(), steps());
    NotesAt notes(&context->notes(), child_pos_);
    const MarkTracker marks(aggregate_, *context);
    const SeriesNames names = child_->names();
    const auto compute = [&](Worker* worker, size_t chunk) -> Status {
      std::vector<Row>& tile = worker->tile();
      tile.resize(kChunkSeries);
      for (size_t i = chunk * kChunkSeries; i < ChunkEnd(chunk); ++i) {
        FIRN_RETURN_IF_ERROR(child_->ComputeRow(i, worker, &tile[i % kChunkSeries]));
      }
      return OkStatus();
    };
    const auto consume = [&](Worker* worker, size_t chunk) -> Status {
      for (size_t i = chunk * kChunkSeries; i < ChunkEnd(chunk); ++i) {
        const Row& row = worker->tile()[i % kChunkSeries];
        const uint32_t group = grouping.group_of[i];
        sums->Add(group, row, names.metric_name(i), &notes);
        marks.See(names.drop_name(i), row, &series_[group]);
      }
      return OkStatus();
    };
    FIRN_RETURN_IF_ERROR(context->Parallel(ChunkCount(child_->size()), compute, consume));
    rows_.resize(series_.size());
    for (size_t g = 0; g < rows_.size(); ++g) {
      rows_[g].Reset(steps());
      sums->Finish(g, &notes, &rows_[g]);
    }
    return OkStatus();
  }

  Status ComputeRow(size_t i, Worker*, Row* out) override {
    *out = rows_[i];
    return OkStatus();
  }

 private:
  // Of the running state and of the rows that become of it.
  Holding GroupsHolding() const {
    constexpr uint64_t kStateBytes = 24;
    const uint64_t cells = series_.size() * steps();
    return {.samples = cells, .bytes = cells * (kStateBytes + sizeof(PointKind) + sizeof(double))};
  }

  size_t ChunkEnd(size_t chunk) const {
    return std::min((chunk + 1) * kChunkSeries, child_->size());
  }

  const Aggregate& aggregate_;
  PosRange child_pos_;
  OperatorPtr child_;
  std::vector<Row> rows_;
};

class QuantileOperator : public Operator {
 public:
  QuantileOperator(const PlanNode& plan, OperatorPtr child, OperatorPtr param)
      : Operator(plan.grid),
        aggregate_(*plan.As<AggregatePlan>()->aggregate),
        child_pos_(plan.As<AggregatePlan>()->expr->pos),
        param_pos_(plan.As<AggregatePlan>()->param->pos),
        child_(std::move(child)),
        param_(std::move(param)) {}

  Status Open(ExecContext* context) override {
    FIRN_ASSIGN_OR_RETURN(const std::vector<double> phi, ScalarValues(context, param_.get()));
    FIRN_RETURN_IF_ERROR(child_->Open(context));
    NoteBadPhi(phi, &context->notes());
    const Grouping grouping = GroupSeries(aggregate_, child_->names());
    series_ = grouping.groups;
    Materialized rows;
    FIRN_RETURN_IF_ERROR(rows.Load(context, child_.get()));
    std::vector<std::vector<uint32_t>> members(series_.size());
    for (uint32_t i = 0; i < grouping.group_of.size(); ++i) {
      members[grouping.group_of[i]].push_back(i);
    }
    rows_.resize(series_.size());
    const MarkTracker marks(aggregate_, *context);
    const SeriesNames names = child_->names();
    const auto compute = [&](Worker*, size_t g) -> Status {
      Aggregated(context, rows, members[g], phi, &rows_[g]);
      for (const uint32_t i : members[g]) marks.See(names.drop_name(i), rows.row(i), &series_[g]);
      return OkStatus();
    };
    FIRN_RETURN_IF_ERROR(context->Parallel(series_.size(), compute));
    rows.Release(context);
    return context->Charge(RowsHolding(rows_));
  }

  Status ComputeRow(size_t i, Worker*, Row* out) override {
    *out = rows_[i];
    return OkStatus();
  }

 private:
  void NoteBadPhi(const std::vector<double>& phi, Annotations* notes) const {
    const auto warn = [&](double value) {
      notes->Warn(param_pos_,
                  "quantile value should be between 0 and 1, got " + FormatFloatG(value));
    };
    double low = 0;
    double high = 1;
    for (const double value : phi) {
      if (std::isnan(value)) warn(value);
      low = std::min(low, value);
      high = std::max(high, value);
    }
    if (low < 0) warn(low);
    if (high > 1) warn(high);
  }

  void Aggregated(ExecContext* context, const Materialized& rows,
                  const std::vector<uint32_t>& members, const std::vector<double>& phi,
                  Row* out) const {
    out->Reset(steps());
    std::vector<double> values;
    for (size_t s = 0; s < steps(); ++s) {
      values.clear();
      for (const uint32_t i : members) {
        const Row& row = rows.row(i);
        if (row.kind[s] == PointKind::kFloat) values.push_back(row.v[s]);
        if (row.kind[s] == PointKind::kHistogram) {
          context->notes().Info(child_pos_, "ignored histogram in quantile aggregation");
        }
      }
      if (!values.empty()) out->SetFloat(s, Quantile(phi[s], values));
    }
  }

  const Aggregate& aggregate_;
  PosRange child_pos_;
  PosRange param_pos_;
  OperatorPtr child_;
  OperatorPtr param_;
  std::vector<Row> rows_;
};

}  // namespace

Result<OperatorPtr> MakeAggregate(const PlanNode& plan) {
  const AggregatePlan& aggregate = *plan.As<AggregatePlan>();
  FIRN_ASSIGN_OR_RETURN(OperatorPtr child, MakeOperator(*aggregate.expr));
  if (aggregate.aggregate->op != AggregateOp::kQuantile) {
    return std::make_unique<AggregateOperator>(plan, std::move(child));
  }
  FIRN_ASSIGN_OR_RETURN(OperatorPtr param, MakeOperator(*aggregate.param));
  return std::make_unique<QuantileOperator>(plan, std::move(child), std::move(param));
}

}  // namespace firn::query
