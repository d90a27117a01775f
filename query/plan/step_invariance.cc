#include "query/plan/step_invariance.h"

#include <algorithm>
#include <array>

#include "query/parser/function_table.h"

namespace firn::query {
namespace {

constexpr std::array<std::string_view, 16> kLooksAtTime = {
    "days_in_month",  "day_of_month", "day_of_week", "day_of_year",
    "hour",           "minute",       "month",       "year",
    "predict_linear", "time",         "range",       "timestamp",
    "start",          "end",          "step",        "start_timestamp",
};

}  // namespace

bool IsStepInvariant(const Expr& expr) {
  if (const auto* n = expr.As<VectorSelector>()) return n->time.at != AtKind::kNone;
  if (const auto* n = expr.As<Subquery>()) return n->time.at != AtKind::kNone;
  if (const auto* n = expr.As<Call>()) {
    if (std::ranges::find(kLooksAtTime, n->function->name) != kLooksAtTime.end()) return false;
    // info() selects at the time of the first selector inside its first argument alone.
    if (n->function->name == "info") return IsStepInvariant(*n->args[0]);
  }
  return std::ranges::all_of(Children(expr),
                             [](const ExprPtr& child) { return IsStepInvariant(*child); });
}

}  // namespace firn::query
