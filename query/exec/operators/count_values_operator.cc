#include <algorithm>

#include <absl/container/flat_hash_map.h>

#include "base/number.h"
#include "query/exec/grouping.h"
#include "query/exec/operators.h"
#include "query/functions/histogram/histogram_ops.h"

namespace firn::query {
namespace {

// One series per distinct value, whose text is the value of a label.
class CountValuesOperator : public Operator {
 public:
  CountValuesOperator(const PlanNode& plan, OperatorPtr child, std::string_view label)
      : Operator(plan.grid),
        aggregate_(*plan.As<AggregatePlan>()->aggregate),
        label_(label),
        child_(std::move(child)) {
    // With by(...) the label is implicitly one of the group's.
    if (!aggregate_.without) aggregate_.grouping.emplace_back(label);
  }

  Status Open(ExecContext* context) override {
    FIRN_RETURN_IF_ERROR(child_->Open(context));
    Worker::RowLease row(context->main_worker());
    for (size_t i = 0; i < child_->size(); ++i) {
      if (i % kChunkSeries == 0) FIRN_RETURN_IF_ERROR(context->CheckTime());
      FIRN_RETURN_IF_ERROR(child_->ComputeRow(i, context->main_worker(), row.get()));
      FIRN_RETURN_IF_ERROR(Count(context, child_->series()[i], *row));
    }
    return OkStatus();
  }

  Status ComputeRow(size_t i, Worker*, Row* out) override {
    *out = rows_[i];
    return OkStatus();
  }

 private:
  Status Count(ExecContext* context, const SeriesInfo& info, const Row& row) {
    // Neighbouring steps often have the same value, so its group is looked up once.
    std::string last;
    size_t at = SIZE_MAX;
    const bool keeps_marks = context->scope().delayed_names && KeepsMarks(aggregate_);
    for (size_t s = 0; s < steps(); ++s) {
      if (row.kind[s] == PointKind::kAbsent) continue;
      std::string text =
          row.kind[s] == PointKind::kFloat ? FormatFloatF(row.v[s]) : HistogramText(*row.h[s]);
      if (at == SIZE_MAX || text != last) {
        FIRN_ASSIGN_OR_RETURN(at, GroupOf(context, info.labels, text));
        last = std::move(text);
      }
      Row& counts = rows_[at];
      const double before = counts.kind[s] == PointKind::kAbsent ? 0 : counts.v[s];
      counts.SetFloat(s, before + 1);
      if (keeps_marks && info.drop_name) series_[at].drop_name = true;
    }
    return OkStatus();
  }

  Result<size_t> GroupOf(ExecContext* context, const Labels& labels, std::string_view text) {
    Labels group = GroupLabels(aggregate_, LabelsBuilder(labels).Set(label_, text).Build());
    const auto [it, fresh] = ids_.try_emplace(std::move(group), series_.size());
    if (fresh) {
      series_.push_back({.labels = it->first});
      rows_.emplace_back().Reset(steps());
      Holding held = RowHolding(rows_.back());
      held.samples = steps();
      held.bytes += 2 * LabelsBytes(series_.back().labels);
      FIRN_RETURN_IF_ERROR(context->Charge(held));
    }
    return it->second;
  }

  Aggregate aggregate_;
  std::string label_;
  OperatorPtr child_;
  absl::flat_hash_map<Labels, size_t, LabelsHash> ids_;
  std::vector<Row> rows_;
};

}  // namespace

Result<OperatorPtr> MakeCountValues(const PlanNode& plan) {
  const AggregatePlan& aggregate = *plan.As<AggregatePlan>();
  const auto* label = aggregate.param->As<StringPlan>();
  FIRN_CHECK(label != nullptr);
  if (label->value.empty() || !IsValidUtf8(label->value)) {
    return Evaluation("invalid label name {}", QuoteGo(label->value));
  }
  FIRN_ASSIGN_OR_RETURN(OperatorPtr child, MakeOperator(*aggregate.expr));
  return std::make_unique<CountValuesOperator>(plan, std::move(child), label->value);
}

}  // namespace firn::query
