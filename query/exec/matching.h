// Match groups of binary operators: which series of the two sides belong together.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "base/labels.h"
#include "query/exec/operator.h"
#include "query/parser/ast.h"

namespace firn::query {

// The labels two series must share to match.
Labels MatchLabels(const Labels& labels, const VectorMatching& matching);

// Numbers match groups in order of first appearance.
class GroupTable {
 public:
  explicit GroupTable(const VectorMatching& matching) : matching_(matching) {}

  // The group of every series.
  std::vector<uint32_t> Assign(const std::vector<SeriesInfo>& series);
  size_t size() const { return labels_.size(); }
  const Labels& labels(uint32_t group) const { return labels_[group]; }

 private:
  const VectorMatching& matching_;
  absl::flat_hash_map<Labels, uint32_t, LabelsHash> ids_;
  std::vector<Labels> labels_;
};

// `{a="b", __name__="c"}`: every label inside the braces, as matching errors print sets.
std::string BracedLabels(const Labels& labels);

}  // namespace firn::query
