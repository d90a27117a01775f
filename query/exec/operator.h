// One node of a running query: a list of series, and on demand the values of any of them
// at every step. Leaves, maps and range functions compute a row when asked; aggregations
// and matching compute all of theirs while opening.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/labels.h"
#include "base/status.h"
#include "query/exec/exec_context.h"
#include "query/exec/series_names.h"
#include "query/functions/range_function.h"
#include "query/functions/row.h"
#include "query/plan/plan.h"

namespace firn::query {

// Open() is called once, by one thread. Afterwards ComputeRow may be called from several
// threads, each with its own worker.
class Operator {
 public:
  virtual ~Operator() = default;

  virtual Status Open(ExecContext* context) = 0;
  // Fills `out` with `grid().count` steps. Errors fail the query.
  virtual Status ComputeRow(size_t i, Worker* worker, Row* out) = 0;

  // Cheap, unlike series(). Valid as long as the operator.
  SeriesNames names() const { return names_ ? *names_ : SeriesNames(&series_); }
  const std::vector<SeriesInfo>& series() const;
  size_t size() const { return names_ ? names_->size() : series_.size(); }
  const StepGrid& grid() const { return grid_; }
  size_t steps() const { return grid_.count; }

 protected:
  explicit Operator(const StepGrid& grid) : grid_(grid) {}
  // To be called while opening, in place of filling series_.
  void NameBy(const SeriesNames& names) { names_ = names; }

  std::vector<SeriesInfo> series_;
  StepGrid grid_;

 private:
  std::optional<SeriesNames> names_;
  mutable std::once_flag listed_;
  mutable std::vector<SeriesInfo> list_;  // What names_ stands for, once asked for.
};
using OperatorPtr = std::unique_ptr<Operator>;

// A range vector: series whose samples fall into a moving window.
class RangeSource {
 public:
  virtual ~RangeSource() = default;
  virtual Status Open(ExecContext* context) = 0;
  // The samples of series i over all windows, stale markers removed. They live in `columns`.
  virtual Status Read(size_t i, Worker* worker, engine::SampleColumns* columns) = 0;

  // False if what it reads was counted further down, by the selectors of a subquery.
  virtual bool counts_samples() const { return false; }

  const SeriesNames& names() const { return names_; }
  size_t size() const { return names_.size(); }
  // Times, offset and width of the windows; parameters are left empty.
  const RangeCall& windows() const { return windows_; }

 protected:
  SeriesNames names_;
  RangeCall windows_;
};
using RangeSourcePtr = std::unique_ptr<RangeSource>;

// The operator of a plan node of scalar or vector type; InvalidArgument or Evaluation for
// what only shows when the plan is put together. The plan must outlive the operator.
Result<OperatorPtr> MakeOperator(const PlanNode& plan);
// REQUIRES: plan.type == ValueType::kMatrix.
Result<RangeSourcePtr> MakeRangeSource(const PlanNode& plan);

// All rows of an operator that is open, charged to the query.
class Materialized {
 public:
  Status Load(ExecContext* context, Operator* source);
  void Release(ExecContext* context);
  size_t size() const { return rows_.size(); }
  const Row& row(size_t i) const { return rows_[i]; }
  std::vector<Row>& rows() { return rows_; }

 private:
  std::vector<Row> rows_;
  Holding charged_;
};

// The values of a scalar operator at every step; opens it.
Result<std::vector<double>> ScalarValues(ExecContext* context, Operator* scalar);

// Lays the points of `from` over `into`; Evaluation if both have one at a step.
Status OverlayRow(const Row& from, Row* into);

// What a histogram counts as against the sample limit, in units of one float sample.
uint64_t SampleWeight(const FloatHistogram& histogram);
// Samples of a row, histograms by weight.
uint64_t RowWeight(const Row& row);
// What rows cost. Histograms count in every row that shares them.
Holding RowHolding(const Row& row);
Holding RowsHolding(const std::vector<Row>& rows);
// What the labels of a series cost.
uint64_t LabelsBytes(const Labels& labels);

Status SameLabelsetError();

}  // namespace firn::query
