// The nodes of a plan under construction by what they compute, so that an expression that is
// written several times is planned, and evaluated, once.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "query/plan/plan.h"

namespace firn::query {

class NodeTable {
 public:
  // Looks for equal expressions only if `root` has a selector twice and is short enough that
  // printing each of its parts costs nothing to speak of.
  explicit NodeTable(const Expr& root);

  // What tells nodes apart: the text, when it is evaluated, and what the calls around it ask
  // of the selectors. Empty for what is not worth sharing: anything but instant vectors.
  std::string Key(const Expr& expr, const StepGrid& grid, std::string_view function,
                  bool detect_resets) const;
  // The node of that key, marked as shared from now on; null if there is none.
  PlanPtr Find(const std::string& key);
  void Add(const std::string& key, const PlanPtr& node);

 private:
  bool looks_ = false;
  std::unordered_map<std::string, std::shared_ptr<PlanNode>> nodes_;
};

}  // namespace firn::query
