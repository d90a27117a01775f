#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include "base/duration.h"
#include "base/labels.h"
#include "base/number.h"
#include "query/parser/function_table.h"
#include "query/parser/parser.h"
#include "query/parser/print_parts.h"

namespace firn::query {
namespace {

void AppendLabels(const std::vector<std::string>& labels, std::string* out) {
  out->append(" (");
  for (size_t i = 0; i < labels.size(); ++i) {
    if (i > 0) out->append(", ");
    out->append(IsLegacyLabelName(labels[i]) ? labels[i] : QuoteGo(labels[i]));
  }
  out->append(")");
}

std::string SecondsAsDuration(double seconds) {
  return FormatDuration(std::llround(seconds * 1e3));
}

void AppendDuration(const DurationExpr& e, std::string* out) {
  using Op = DurationExpr::Op;
  if (e.wrapped) out->push_back('(');
  const auto infix = [&](std::string_view op) {
    AppendDuration(*e.lhs, out);
    out->append(op);
    AppendDuration(*e.rhs, out);
  };
  switch (e.op) {
    case Op::kLiteral:
      out->append(e.is_duration ? SecondsAsDuration(e.seconds) : FormatFloatF(e.seconds));
      break;
    case Op::kAdd:
      infix(" + ");
      break;
    case Op::kSub:
      infix(" - ");
      break;
    case Op::kMul:
      infix(" * ");
      break;
    case Op::kDiv:
      infix(" / ");
      break;
    case Op::kMod:
      infix(" % ");
      break;
    case Op::kPow:
      infix(" ^ ");
      break;
    case Op::kNeg:
      out->push_back('-');
      AppendDuration(*e.lhs, out);
      break;
    case Op::kPos:
      AppendDuration(*e.lhs, out);
      break;
    case Op::kStep:
      out->append("step()");
      break;
    case Op::kRange:
      out->append("range()");
      break;
    case Op::kMinOf:
    case Op::kMaxOf:
      out->append(e.op == Op::kMinOf ? "min_of(" : "max_of(");
      infix(", ");
      out->push_back(')');
      break;
  }
  if (e.wrapped) out->push_back(')');
}

void AppendAt(const TimeModifiers& time, std::string* out) {
  switch (time.at) {
    case AtKind::kNone:
      break;
    case AtKind::kTimestamp:
      *out += fmt::format(" @ {:.3f}", static_cast<double>(time.at_ms) / 1000.0);
      break;
    case AtKind::kStart:
      out->append(" @ start()");
      break;
    case AtKind::kEnd:
      out->append(" @ end()");
      break;
  }
}

void AppendOffset(const TimeModifiers& time, std::string* out) {
  if (time.offset_expr != nullptr) {
    out->append(" offset ");
    AppendDuration(*time.offset_expr, out);
  } else if (time.offset_ms != 0) {
    out->append(" offset ").append(FormatDuration(time.offset_ms));
  }
}

// An operator behind an offset in parentheses would be read as going on with the offset, unless `@`
// stands between.
bool NeedsAtLast(const TimeModifiers& time) {
  return time.at != AtKind::kNone && time.offset_expr != nullptr && time.offset_expr->wrapped;
}

void AppendTime(const TimeModifiers& time, std::string* out) {
  if (NeedsAtLast(time)) {
    AppendOffset(time, out);
    AppendAt(time, out);
  } else {
    AppendAt(time, out);
    AppendOffset(time, out);
  }
}

void AppendExtended(const VectorSelector& selector, std::string* out) {
  if (selector.anchored) out->append(" anchored");
  if (selector.smoothed) out->append(" smoothed");
}

// Name and conditions, these in the order of their text.
void AppendSeries(const VectorSelector& selector, std::string* out) {
  out->append(selector.name);
  std::vector<std::string> conditions;
  for (const Matcher& matcher : selector.matchers) {
    const bool is_name = matcher.name() == kMetricName && matcher.type() == MatchType::kEqual &&
                         matcher.value() == selector.name && !matcher.value().empty();
    if (!is_name) conditions.push_back(matcher.ToString());
  }
  if (conditions.empty()) {
    if (selector.name.empty()) out->append("{}");  // The second argument of info().
    return;
  }
  std::sort(conditions.begin(), conditions.end());
  char before = '{';
  for (const std::string& condition : conditions) {
    out->push_back(before);
    out->append(condition);
    before = ',';
  }
  out->push_back('}');
}

void AppendBracketed(DurationMs ms, const DurationExprPtr& expr, std::string* out) {
  if (expr != nullptr) {
    AppendDuration(*expr, out);
  } else {
    out->append(FormatDuration(ms));
  }
}

class Printer {
 public:
  explicit Printer(std::string* out) : out_(out) {}

  void Print(const Expr& expr) {
    std::visit([this](const auto& node) { PrintNode(node); }, expr.node);
  }

 private:
  void PrintNode(const NumberLiteral& e) {
    out_->append(e.is_duration ? SecondsAsDuration(e.value) : FormatFloatF(e.value));
  }
  void PrintNode(const StringLiteral& e) { out_->append(QuoteGo(e.value)); }
  void PrintNode(const VectorSelector& e) {
    AppendSeries(e, out_);
    if (NeedsAtLast(e.time)) {
      AppendExtended(e, out_);
      AppendTime(e.time, out_);
      return;
    }
    AppendAt(e.time, out_);
    AppendExtended(e, out_);
    AppendOffset(e.time, out_);
  }
  void PrintNode(const MatrixSelector& e) {
    const auto& selector = *e.selector->As<VectorSelector>();
    AppendSeries(selector, out_);
    out_->push_back('[');
    AppendBracketed(e.range_ms, e.range_expr, out_);
    out_->push_back(']');
    AppendExtended(selector, out_);
    AppendTime(selector.time, out_);
  }
  void PrintNode(const Subquery& e) {
    Print(*e.expr);
    AppendSubquerySuffix(e, out_);
  }
  void PrintNode(const Call& e) {
    out_->append(e.function->name).push_back('(');
    for (size_t i = 0; i < e.args.size(); ++i) {
      if (i > 0) out_->append(", ");
      Print(*e.args[i]);
    }
    out_->push_back(')');
  }
  void PrintNode(const Aggregate& e) {
    AppendAggregateHead(e, out_);
    out_->push_back('(');
    if (e.param != nullptr) {
      Print(*e.param);
      out_->append(", ");
    }
    Print(*e.expr);
    out_->push_back(')');
  }
  void PrintNode(const Binary& e) {
    if (HasBareInfinityBase(e)) {
      out_->append("Inf");
    } else {
      Print(*e.lhs);
    }
    out_->push_back(' ');
    AppendOperator(e, out_);
    out_->push_back(' ');
    Print(*e.rhs);
  }
  void PrintNode(const Unary& e) {
    out_->push_back(e.minus ? '-' : '+');
    Print(*e.expr);
  }
  void PrintNode(const Paren& e) {
    out_->push_back('(');
    Print(*e.expr);
    out_->push_back(')');
  }

  std::string* out_;
};

}  // namespace

void AppendSubquerySuffix(const Subquery& subquery, std::string* out) {
  out->push_back('[');
  AppendBracketed(subquery.range_ms, subquery.range_expr, out);
  out->push_back(':');
  if (subquery.step_ms != 0 || subquery.step_expr != nullptr) {
    AppendBracketed(subquery.step_ms, subquery.step_expr, out);
  }
  out->push_back(']');
  AppendTime(subquery.time, out);
}

void AppendAggregateHead(const Aggregate& aggregate, std::string* out) {
  out->append(AggregateOpName(aggregate.op));
  if (!aggregate.without && aggregate.grouping.empty()) return;
  out->append(aggregate.without ? " without" : " by");
  AppendLabels(aggregate.grouping, out);
  out->push_back(' ');
}

void AppendOperator(const Binary& binary, std::string* out) {
  out->append(BinaryOpName(binary.op));
  if (binary.return_bool) out->append(" bool");
  if (!binary.matching) return;
  const VectorMatching& matching = *binary.matching;
  const bool grouped =
      matching.card == MatchCard::kManyToOne || matching.card == MatchCard::kOneToMany;
  if (matching.on || !matching.labels.empty() || grouped) {
    out->append(matching.on ? " on" : " ignoring");
    AppendLabels(matching.labels, out);
  }
  if (grouped) {
    out->append(matching.card == MatchCard::kManyToOne ? " group_left" : " group_right");
    AppendLabels(matching.include, out);
  }
  const auto fill = [&](std::string_view name, double value) {
    *out += fmt::format(" {} ({})", name, FormatFloatG(value));
  };
  if (matching.fill_left && matching.fill_right && *matching.fill_left == *matching.fill_right) {
    fill("fill", *matching.fill_left);
    return;
  }
  if (matching.fill_left) fill("fill_left", *matching.fill_left);
  if (matching.fill_right) fill("fill_right", *matching.fill_right);
}

bool HasBareInfinityBase(const Binary& binary) {
  const auto* base = binary.lhs->As<NumberLiteral>();
  return binary.op == BinaryOp::kPow && base != nullptr && std::isinf(base->value) &&
         base->value > 0;
}

std::string PrintExpr(const Expr& expr) {
  std::string out;
  Printer(&out).Print(expr);
  return out;
}

}  // namespace firn::query
