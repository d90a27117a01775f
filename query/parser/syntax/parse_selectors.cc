// Selectors and what may follow an expression: ranges, offset, @, anchored, smoothed.
#include <cmath>

#include "base/labels.h"
#include "query/parser/syntax/expression_parser_inl.h"
#include "query/parser/syntax/utf8.h"

namespace firn::query {
namespace {

constexpr std::string_view kMatching = "label matching";
constexpr std::string_view kNotExtended = "anchored and smoothed modifiers cannot be used together";
// Beyond it a timestamp in milliseconds does not fit 64 bits.
constexpr double kTimestampSecondsMax = 9.2e15;

// Truncates like upstream's nanosecond durations; the sign stays.
DurationMs ToDurationMs(double seconds) {
  const double ns = std::round(seconds * 1e9);
  if (ns >= 0x1p63) return std::numeric_limits<int64_t>::max() / 1'000'000;
  if (ns < -0x1p63) return std::numeric_limits<int64_t>::min() / 1'000'000;
  return static_cast<int64_t>(ns) / 1'000'000;
}

bool IsPlainLiteral(const DurationExpr& e) {
  return e.op == DurationExpr::Op::kLiteral && !e.wrapped;
}

}  // namespace

// REQUIRES: for a match[] anything; else at a metric name or an open brace.
ExpressionParser::Node ExpressionParser::Selector() {
  const int32_t start = token_.pos.start;
  VectorSelector selector;
  if (CanBeMetricName(token_)) {
    selector.name = std::string(token_.text);
    Advance();
  } else if (!At(TokenKind::kLeftBrace)) {
    return Unexpected();
  }
  if (At(TokenKind::kLeftBrace) && !BracedMatchers(&selector.matchers)) return {};
  if (!error_.ok() && !selector.name.empty() && At(TokenKind::kError)) return {};
  if (!selector.name.empty()) {
    selector.matchers.push_back(Matcher::Equal(std::string(kMetricName), selector.name));
  }
  return Make(std::move(selector), {start, last_end_}, ValueType::kVector, {});
}

bool ExpressionParser::BracedMatchers(Matchers* matchers) {
  Advance();
  while (!At(TokenKind::kRightBrace)) {
    if (!OneMatcher(matchers)) return false;
    if (At(TokenKind::kComma)) {
      Advance();
      while (doubled_commas_ && At(TokenKind::kComma)) Advance();
    } else if (!At(TokenKind::kRightBrace)) {
      Unexpected(kMatching, "\",\" or \"}\"");
      return false;
    }
  }
  Advance();
  return true;
}

bool ExpressionParser::OneMatcher(Matchers* matchers) {
  if (!At(TokenKind::kIdentifier) && !At(TokenKind::kString)) {
    Unexpected(kMatching, "identifier or \"}\"");
    return false;
  }
  const bool quoted = At(TokenKind::kString);
  const PosRange pos = token_.pos;
  std::string name = quoted ? Unquote(token_.text) : std::string(token_.text);
  Advance();
  const bool at_condition = At(TokenKind::kAssign) || At(TokenKind::kMatchRegex) ||
                            At(TokenKind::kMatchNotRegex) || At(TokenKind::kOperator);
  if (at_condition) return AddMatcher(std::move(name), pos, matchers);
  if (!quoted) {
    Unexpected(kMatching, "label matching operator");
    return false;
  }
  matchers->push_back(Matcher::Equal(std::string(kMetricName), std::move(name)));
  return error_.ok();
}

// REQUIRES: at the condition's operator.
bool ExpressionParser::AddMatcher(std::string name, PosRange pos, Matchers* matchers) {
  const MatchType type = At(TokenKind::kAssign)          ? MatchType::kEqual
                         : At(TokenKind::kMatchRegex)    ? MatchType::kRegex
                         : At(TokenKind::kMatchNotRegex) ? MatchType::kNotRegex
                                                         : MatchType::kNotEqual;
  Advance();
  if (!At(TokenKind::kString)) {
    Unexpected(kMatching, "string");
    return false;
  }
  Result<Matcher> matcher = Matcher::Create(type, std::move(name), Unquote(token_.text));
  if (!matcher.ok()) {
    Fail({pos.start, token_.pos.end}, std::string(matcher.status().message()));
    return false;
  }
  matchers->push_back(*std::move(matcher));
  Advance();
  return error_.ok();
}

ExpressionParser::Node ExpressionParser::Postfixes(Node node) {
  while (node) {
    switch (token_.kind) {
      case TokenKind::kLeftBracket:
        node = Bracketed(std::move(node));
        break;
      case TokenKind::kOffset:
        node = Offset(std::move(node));
        break;
      case TokenKind::kAt:
        node = AtTime(std::move(node));
        break;
      case TokenKind::kAnchored:
      case TokenKind::kSmoothed: {
        const bool anchored = At(TokenKind::kAnchored);
        Advance();
        node = Extended(std::move(node), anchored);
        break;
      }
      default:
        return node;
    }
  }
  return node;
}

ExpressionParser::Node ExpressionParser::Bracketed(Node node) {
  const int32_t open = token_.pos.start;
  Advance();
  duration_context_ = "subquery or range selector";
  duration_expected_ = "number, duration, step(), or range()";
  DurationExprPtr range = PositiveDuration();
  if (range == nullptr) return {};
  if (At(TokenKind::kRightBracket)) {
    Advance();
    return Range(std::move(node), {open, last_end_}, std::move(range));
  }
  if (!At(TokenKind::kColon)) return Unexpected("subquery or range", "\":\" or \"]\"");
  Advance();

  Subquery subquery;
  subquery.expr = node.expr;
  subquery.range_ms = IsPlainLiteral(*range) ? ToDurationMs(range->seconds) : 0;
  if (!IsPlainLiteral(*range)) subquery.range_expr = std::move(range);
  if (!At(TokenKind::kRightBracket)) {
    duration_context_ = "subquery selector";
    duration_expected_ = "number, duration, step(), range(), or \"]\"";
    DurationExprPtr step = PositiveDuration();
    if (step == nullptr) return {};
    if (!At(TokenKind::kRightBracket)) return Unexpected("subquery selector", "\"]\"");
    subquery.step_ms = IsPlainLiteral(*step) ? ToDurationMs(step->seconds) : 0;
    if (!IsPlainLiteral(*step)) subquery.step_expr = std::move(step);
  }
  Advance();
  return Make(std::move(subquery), {node.pos().start, last_end_}, ValueType::kMatrix, {&node});
}

ExpressionParser::Node ExpressionParser::Range(Node node, PosRange brackets,
                                               DurationExprPtr range) {
  const auto* selector = node.expr->As<VectorSelector>();
  if (selector == nullptr) return Fail(brackets, "ranges only allowed for vector selectors");
  if (selector->time.offset_ms != 0 || selector->time.offset_expr != nullptr) {
    return Fail(brackets, "no offset modifiers allowed before range");
  }
  if (selector->time.at != AtKind::kNone) {
    return Fail(brackets, "no @ modifiers allowed before range");
  }
  MatrixSelector matrix;
  matrix.selector = node.expr;
  if (IsPlainLiteral(*range)) {
    matrix.range_ms = ToDurationMs(range->seconds);
  } else {
    matrix.range_expr = std::move(range);
  }
  return Make(std::move(matrix), {node.pos().start, brackets.end}, ValueType::kMatrix, {&node});
}

// The node's selector to be changed: nobody else holds a tree that is still being built.
VectorSelector* ExpressionParser::MutableSelector(const Node& node) {
  if (auto* selector = std::get_if<VectorSelector>(&node.expr->node)) return selector;
  const auto* matrix = node.expr->As<MatrixSelector>();
  if (matrix == nullptr) return nullptr;
  return std::get_if<VectorSelector>(&const_cast<Expr&>(*matrix->selector).node);
}

TimeModifiers* ExpressionParser::MutableTime(const Node& node, std::string_view what) {
  if (VectorSelector* selector = MutableSelector(node)) return &selector->time;
  if (auto* subquery = std::get_if<Subquery>(&node.expr->node)) return &subquery->time;
  Fail(node.pos(), fmt::format("{} modifier must be preceded by an instant vector selector or "
                               "range vector selector or a subquery",
                               what));
  return nullptr;
}

ExpressionParser::Node ExpressionParser::Offset(Node node) {
  Advance();
  duration_context_ = "offset";
  duration_expected_ = "number, duration, step(), or range()";
  DurationExprPtr offset = OffsetDuration();
  if (offset == nullptr) return {};
  TimeModifiers* time = MutableTime(node, "offset");
  if (time == nullptr) return {};
  if (time->offset_ms != 0 || time->offset_expr != nullptr) {
    return Fail(node.pos(), "offset may not be set multiple times");
  }
  if (IsPlainLiteral(*offset)) {
    time->offset_ms = ToDurationMs(offset->seconds);
  } else {
    time->offset_expr = std::move(offset);
  }
  node.expr->pos.end = last_end_;
  return node;
}

ExpressionParser::Node ExpressionParser::AtTime(Node node) {
  Advance();
  const auto unexpected = [this] { return Unexpected("@", "timestamp"); };
  AtKind kind = AtKind::kTimestamp;
  double seconds = 0;
  if (At(TokenKind::kStart) || At(TokenKind::kEnd)) {
    kind = At(TokenKind::kStart) ? AtKind::kStart : AtKind::kEnd;
    Advance();
    if (!At(TokenKind::kLeftParen)) return unexpected();
    Advance();
    if (!At(TokenKind::kRightParen)) return unexpected();
    Advance();
  } else {
    const bool minus = AtSign() && token_.op == BinaryOp::kSub;
    if (AtSign()) Advance();
    if (!At(TokenKind::kNumber) && !At(TokenKind::kDuration)) return unexpected();
    bool is_duration = false;
    const std::optional<double> value = NumberValue(&is_duration);
    if (!value) return {};
    seconds = minus ? -*value : *value;
    if (!(std::fabs(seconds) < kTimestampSecondsMax)) {
      const std::string text = std::isnan(seconds)   ? "NaN"
                               : std::isinf(seconds) ? (seconds > 0 ? "+Inf" : "-Inf")
                                                     : fmt::format("{:f}", seconds);
      return Fail(node.pos(), "timestamp out of bounds for @ modifier: " + text);
    }
  }
  TimeModifiers* time = MutableTime(node, "@");
  if (time == nullptr) return {};
  if (time->at != AtKind::kNone) {
    return Fail(node.pos(), "@ <timestamp> may not be set multiple times");
  }
  time->at = kind;
  if (kind == AtKind::kTimestamp) time->at_ms = std::llround(seconds * 1e3);
  node.expr->pos.end = last_end_;
  return node;
}

ExpressionParser::Node ExpressionParser::Extended(Node node, bool anchored) {
  const std::string_view name = anchored ? "anchored" : "smoothed";
  if (!options_.extended_range_selectors) {
    return Fail(node.pos(), fmt::format("{} modifier is experimental and not enabled", name));
  }
  VectorSelector* selector = MutableSelector(node);
  if (selector == nullptr) {
    const bool subquery = node.expr->As<Subquery>() != nullptr;
    return Fail(node.pos(),
                fmt::format("{} modifier {}", name,
                            subquery ? "is not supported for subqueries" : "not implemented"));
  }
  (anchored ? selector->anchored : selector->smoothed) = true;
  if (selector->anchored && selector->smoothed) {
    return Fail(node.pos(), std::string(kNotExtended));
  }
  return node;
}

}  // namespace firn::query
