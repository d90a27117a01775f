// Base of operators that turn each series of a child into one of their own.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "query/exec/operator.h"

namespace firn::query {

// Groups the positions of series whose labels are equal. Most often there are none, and
// then nothing is stored.
class SeriesMerge {
 public:
  // Reduces `series` to one entry per label set, in order of first occurrence.
  void Build(std::vector<SeriesInfo>* series);
  // True if Build found equal label sets.
  bool merged() const { return !members_.empty(); }
  // The positions before Build that became series i. REQUIRES: merged().
  const std::vector<uint32_t>& members(size_t i) const { return members_[i]; }

 private:
  std::vector<std::vector<uint32_t>> members_;
};

class MapOperator : public Operator {
 public:
  Status Open(ExecContext* context) final;
  Status ComputeRow(size_t i, Worker* worker, Row* out) final;

 protected:
  MapOperator(const StepGrid& grid, OperatorPtr child, Naming naming)
      : Operator(grid), child_(std::move(child)), naming_(naming) {}

  // Scalar arguments and the like; the child is open.
  virtual Status Prepare(ExecContext*) { return OkStatus(); }
  // True if Rename is to change the labels, which otherwise follow from the naming.
  virtual bool renames() const { return false; }
  // Changes labels in place, one entry per series of the child.
  virtual Status Rename(std::vector<SeriesInfo>*) { return OkStatus(); }
  // Turns the row of the child's series i into the result's.
  virtual Status MapRow(size_t i, Worker* worker, Row* row) = 0;

  const Operator& child() const { return *child_; }
  // Joins series that Rename made equal; they must not overlap in time.
  void MergeEqual(std::vector<SeriesInfo>* series) { merge_.Build(series); }

 private:
  OperatorPtr child_;
  Naming naming_;
  SeriesMerge merge_;
};

}  // namespace firn::query
