// Binary operators with their modifiers, and aggregations.
#include <algorithm>

#include "base/labels.h"
#include "query/parser/syntax/expression_parser_inl.h"
#include "query/parser/syntax/utf8.h"

namespace firn::query {
namespace {

// Group members of these may be called like any keyword but the number words.
bool CanBeGroupingLabel(const Token& token) {
  switch (token.kind) {
    case TokenKind::kBool:
    case TokenKind::kOn:
    case TokenKind::kIgnoring:
    case TokenKind::kGroupLeft:
    case TokenKind::kGroupRight:
      return true;
    case TokenKind::kWithout:
      return false;
    case TokenKind::kOperator:
      return token.op == BinaryOp::kAtan2 || IsSetOperator(token.op);
    default:
      return CanBeMetricName(token);
  }
}

bool TakesParam(AggregateOp op) {
  switch (op) {
    case AggregateOp::kTopk:
    case AggregateOp::kBottomk:
    case AggregateOp::kCountValues:
    case AggregateOp::kQuantile:
    case AggregateOp::kLimitk:
    case AggregateOp::kLimitRatio:
      return true;
    default:
      return false;
  }
}

bool IsExperimental(AggregateOp op) {
  return op == AggregateOp::kLimitk || op == AggregateOp::kLimitRatio;
}

}  // namespace

ExpressionParser::Node ExpressionParser::Combine(Node lhs, Binary binary, Node rhs) {
  const PosRange pos{lhs.pos().start, rhs.pos().end};
  if (!options_.binop_fill_modifiers &&
      (binary.matching->fill_left || binary.matching->fill_right)) {
    return Fail(pos, "binop fill modifiers are experimental and not enabled");
  }
  const bool scalar = lhs.expr->type == ValueType::kScalar && rhs.expr->type == ValueType::kScalar;
  binary.lhs = lhs.expr;
  binary.rhs = rhs.expr;
  return Make(std::move(binary), pos, scalar ? ValueType::kScalar : ValueType::kVector,
              {&lhs, &rhs});
}

// What stands between an operator and its right side. The matching is set in any case; the
// type check takes it away where it means nothing.
bool ExpressionParser::Modifiers(Binary* binary) {
  VectorMatching& matching = binary->matching.emplace();
  if (At(TokenKind::kBool)) {
    binary->return_bool = true;
    Advance();
  }
  if (At(TokenKind::kOn) || At(TokenKind::kIgnoring)) {
    matching.on = At(TokenKind::kOn);
    Advance();
    std::optional<std::vector<std::string>> labels = LabelNames();
    if (!labels) return false;
    matching.labels = *std::move(labels);
    if (At(TokenKind::kGroupLeft) || At(TokenKind::kGroupRight)) {
      matching.card = At(TokenKind::kGroupLeft) ? MatchCard::kManyToOne : MatchCard::kOneToMany;
      Advance();
      if (At(TokenKind::kLeftParen)) {
        std::optional<std::vector<std::string>> include = LabelNames();
        if (!include) return false;
        matching.include = *std::move(include);
      }
    }
  }
  return FillModifiers(&matching) && error_.ok();
}

bool ExpressionParser::FillModifiers(VectorMatching* matching) {
  if (At(TokenKind::kFill)) {
    Advance();
    matching->fill_left = matching->fill_right = FillValue();
    return matching->fill_left.has_value();
  }
  while ((At(TokenKind::kFillLeft) && !matching->fill_left) ||
         (At(TokenKind::kFillRight) && !matching->fill_right)) {
    std::optional<double>& side =
        At(TokenKind::kFillLeft) ? matching->fill_left : matching->fill_right;
    Advance();
    side = FillValue();
    if (!side) return false;
  }
  return true;
}

std::optional<double> ExpressionParser::FillValue() {
  const auto unexpected = [this] {
    Unexpected();
    return std::nullopt;
  };
  if (!At(TokenKind::kLeftParen)) return unexpected();
  Advance();
  const bool minus = AtSign() && token_.op == BinaryOp::kSub;
  if (AtSign()) Advance();
  if (!At(TokenKind::kNumber) && !At(TokenKind::kDuration)) return unexpected();
  bool is_duration = false;
  const std::optional<double> value = NumberValue(&is_duration);
  if (!value) return std::nullopt;
  if (!At(TokenKind::kRightParen)) return unexpected();
  Advance();
  return minus ? -*value : *value;
}

std::optional<std::vector<std::string>> ExpressionParser::LabelNames() {
  if (!At(TokenKind::kLeftParen)) {
    Unexpected("grouping opts", "\"(\"");
    return std::nullopt;
  }
  Advance();
  std::vector<std::string> names;
  while (!At(TokenKind::kRightParen)) {
    if (!LabelName(&names)) return std::nullopt;
    if (At(TokenKind::kComma)) {
      Advance();
    } else if (!At(TokenKind::kRightParen)) {
      Unexpected("grouping opts", "\",\" or \")\"");
      return std::nullopt;
    }
  }
  Advance();
  return names;
}

bool ExpressionParser::LabelName(std::vector<std::string>* names) {
  std::string name;
  if (At(TokenKind::kString)) {
    name = Unquote(token_.text);
  } else if (CanBeGroupingLabel(token_)) {
    name = std::string(token_.text);
  } else {
    Unexpected("grouping opts", "label");
    return false;
  }
  if (name.empty() || !IsValidUtf8(name)) {
    Fail(token_.pos, "invalid label name for grouping: " + QuoteGo(name));
    return false;
  }
  names->push_back(std::move(name));
  Advance();
  return true;
}

// REQUIRES: the operator is read, and an argument list or a clause follows.
ExpressionParser::Node ExpressionParser::AggregateOf(const Token& op) {
  ++aggregations_;
  Aggregate aggregate;
  const auto clause = [&] {
    aggregate.without = At(TokenKind::kWithout);
    Advance();
    std::optional<std::vector<std::string>> labels = LabelNames();
    if (labels) aggregate.grouping = *std::move(labels);
    return labels.has_value();
  };
  const auto at_clause = [&] { return At(TokenKind::kBy) || At(TokenKind::kWithout); };

  const bool clause_first = at_clause();
  if (clause_first && !clause()) return {};
  if (!At(TokenKind::kLeftParen)) return Unexpected();
  std::vector<Node> arguments;
  if (!Arguments(&arguments)) return {};
  --aggregations_;
  const int32_t end = last_end_;
  if (clause_first || !at_clause()) {
    return BuildAggregate(op, std::move(aggregate), std::move(arguments), end);
  }
  if (!clause()) return {};
  return BuildAggregate(op, std::move(aggregate), std::move(arguments), last_end_);
}

ExpressionParser::Node ExpressionParser::BuildAggregate(const Token& op, Aggregate aggregate,
                                                        std::vector<Node> arguments, int32_t end) {
  const PosRange pos{op.pos.start, end};
  aggregate.op = op.aggregate;
  if (arguments.empty()) return Fail(pos, "no arguments for aggregate expression provided");
  if (IsExperimental(op.aggregate) && !options_.experimental_functions) {
    return Fail(pos, fmt::format("{}() is experimental and must be enabled with "
                                 "--enable-feature=promql-experimental-functions",
                                 AggregateOpName(op.aggregate)));
  }
  const size_t wanted = TakesParam(op.aggregate) ? 2 : 1;
  if (arguments.size() != wanted) {
    return Fail(pos, fmt::format("wrong number of arguments for aggregate expression provided, "
                                 "expected {}, got {}",
                                 wanted, arguments.size()));
  }
  if (wanted == 2) aggregate.param = arguments.front().expr;
  aggregate.expr = arguments.back().expr;
  return Make(std::move(aggregate), pos, ValueType::kVector,
              {&arguments.front(), &arguments.back()});
}

}  // namespace firn::query
