#include "tests/promql/at_rewrite.h"

#include <algorithm>
#include <array>
#include <memory>

#include "query/parser/function_table.h"
#include "query/parser/parser.h"

namespace firn::testing {
namespace {

using namespace query;  // NOLINT: the whole tree is named here.

constexpr std::array<std::string_view, 15> kLooksAtTime = {
    "days_in_month", "day_of_month", "day_of_week",    "day_of_year", "hour",
    "minute",        "month",        "year",           "time",        "timestamp",
    "start",         "end",          "predict_linear", "step",        "range"};

class Pinner {
 public:
  explicit Pinner(TimestampMs t) : t_(t) {}

  bool unsafe() const { return unsafe_; }

  ExprPtr Pin(const ExprPtr& expr) {
    if (!expr) return expr;
    auto copy = std::make_shared<Expr>(*expr);
    std::visit([this](auto& node) { PinNode(&node); }, copy->node);
    return copy;
  }

 private:
  void PinTime(TimeModifiers* time) const {
    if (time->at != AtKind::kNone) return;
    time->at = AtKind::kTimestamp;
    time->at_ms = t_;
  }

  void PinNode(NumberLiteral*) {}
  void PinNode(StringLiteral*) {}
  void PinNode(VectorSelector* node) { PinTime(&node->time); }
  void PinNode(MatrixSelector* node) { node->selector = Pin(node->selector); }
  // What is inside a pinned subquery moves with its steps; but time functions still count.
  void PinNode(Subquery* node) { PinTime(&node->time); }
  void PinNode(Call* node) {
    unsafe_ =
        unsafe_ || std::ranges::find(kLooksAtTime, node->function->name) != kLooksAtTime.end();
    for (ExprPtr& arg : node->args) arg = Pin(arg);
  }
  void PinNode(Aggregate* node) {
    node->expr = Pin(node->expr);
    node->param = Pin(node->param);
  }
  void PinNode(Binary* node) {
    node->lhs = Pin(node->lhs);
    node->rhs = Pin(node->rhs);
  }
  void PinNode(Unary* node) { node->expr = Pin(node->expr); }
  void PinNode(Paren* node) { node->expr = Pin(node->expr); }

  TimestampMs t_;
  bool unsafe_ = false;
};

}  // namespace

std::optional<std::string> PinnedText(const ExprPtr& expr, TimestampMs t) {
  Pinner pinner(t);
  const ExprPtr pinned = pinner.Pin(expr);
  if (pinner.unsafe()) return std::nullopt;
  return PrintExpr(*pinned);
}

}  // namespace firn::testing
