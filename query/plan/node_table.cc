#include "query/plan/node_table.h"

#include <algorithm>

#include <absl/container/flat_hash_set.h>
#include <fmt/core.h>

#include "query/parser/parser.h"

namespace firn::query {
namespace {

// Parts are printed at every depth, which is quadratic in a chain.
constexpr size_t kTextMax = 8 << 10;

// Whether some selector is written twice; `keys` are those of selectors seen so far.
bool Repeats(const Expr& expr, absl::flat_hash_set<std::string>* keys) {
  if (const auto* selector = expr.As<VectorSelector>()) {
    return !keys->insert(KeyOf(selector->matchers)).second;
  }
  const std::vector<ExprPtr> children = Children(expr);
  return std::any_of(children.begin(), children.end(),
                     [&](const ExprPtr& child) { return Repeats(*child, keys); });
}

bool Repeats(const Expr& root) {
  absl::flat_hash_set<std::string> keys;
  return Repeats(root, &keys);
}

}  // namespace

NodeTable::NodeTable(const Expr& root)
    : looks_(Repeats(root) && PrintExpr(root).size() <= kTextMax) {}

std::string NodeTable::Key(const Expr& expr, const StepGrid& grid, std::string_view function,
                           bool detect_resets) const {
  if (!looks_ || expr.type != ValueType::kVector || expr.As<Paren>()) return {};
  // These give their selectors a hint of their own.
  const bool own_hint = expr.As<Call>() || expr.As<Aggregate>() || expr.As<Binary>();
  const std::string_view hint = own_hint ? "" : function;
  return fmt::format("{} {} {} {} {} {}", grid.start, grid.step, grid.count, detect_resets, hint,
                     PrintExpr(expr));
}

PlanPtr NodeTable::Find(const std::string& key) {
  const auto it = nodes_.find(key);
  if (it == nodes_.end()) return nullptr;
  it->second->shared = true;
  return it->second;
}

void NodeTable::Add(const std::string& key, const PlanPtr& node) {
  if (!key.empty()) nodes_.emplace(key, std::const_pointer_cast<PlanNode>(node));
}

}  // namespace firn::query
