#include "query/parser/syntax/expression_parser.h"

#include <algorithm>

#include "base/labels.h"
#include "query/parser/function_table.h"
#include "query/parser/syntax/expression_parser_inl.h"
#include "query/parser/syntax/number_literal.h"
#include "query/parser/syntax/utf8.h"

namespace firn::query {

Status ParseErrorAt(std::string_view text, int32_t at, std::string_view message) {
  const std::string_view before = text.substr(0, static_cast<size_t>(at));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0.
  return InvalidArgument("{}:{}: parse error: {}", line, before.size() - line_start + 1, message);
}

ExpressionParser::ExpressionParser(std::string_view text, const ParserOptions& options)
    : text_(text), options_(options), lexer_(text) {}

Result<std::shared_ptr<Expr>> ExpressionParser::Parse() {
  Advance();
  if (At(TokenKind::kEof)) return ParseErrorAt(text_, 0, "no expression found in input");
  const Node node = Expression();
  if (node && !At(TokenKind::kEof)) Unexpected();
  if (!error_.ok()) return error_;
  return node.expr;
}

Result<Matchers> ExpressionParser::ParseSelector() {
  doubled_commas_ = true;
  Advance();
  const Node node = Selector();
  if (node && !At(TokenKind::kEof)) Unexpected();
  if (!error_.ok()) return error_;
  return node.expr->As<VectorSelector>()->matchers;
}

void ExpressionParser::Advance() {
  last_end_ = token_.pos.end;
  token_ = lexer_.Next();
  if (token_.kind == TokenKind::kError) Fail(token_.pos, std::string(token_.text));
}

ExpressionParser::Node ExpressionParser::Fail(PosRange pos, std::string message) {
  if (error_.ok()) error_ = ParseErrorAt(text_, pos.start, message);
  return {};
}

ExpressionParser::Node ExpressionParser::Unexpected(std::string_view context,
                                                    std::string_view expected) {
  std::string message = "unexpected " + DescribeToken(token_);
  if (context.empty() && aggregations_ > 0) context = "aggregation";
  if (!context.empty()) message += fmt::format(" in {}", context);
  if (!expected.empty()) message += fmt::format(", expected {}", expected);
  return Fail(token_.pos, std::move(message));
}

bool ExpressionParser::AtSign() const {
  return At(TokenKind::kOperator) && (token_.op == BinaryOp::kAdd || token_.op == BinaryOp::kSub);
}

ExpressionParser::Node ExpressionParser::Expression() {
  const Nesting nesting(this);
  if (!nesting.ok()) return {};
  return BinaryChain(0);
}

ExpressionParser::Node ExpressionParser::BinaryChain(int precedence_min) {
  Node lhs = Signed();
  while (lhs && At(TokenKind::kOperator)) {
    Binary binary;
    binary.op = token_.op;
    const int precedence = Precedence(binary.op);
    if (precedence < precedence_min) break;
    Advance();
    if (!Modifiers(&binary)) return {};
    Node rhs;
    if (binary.op == BinaryOp::kPow) {
      const Nesting nesting(this);
      if (nesting.ok()) rhs = BinaryChain(precedence);
    } else {
      rhs = BinaryChain(precedence + 1);
    }
    if (!rhs) return {};
    lhs = Combine(std::move(lhs), std::move(binary), std::move(rhs));
  }
  return lhs;
}

ExpressionParser::Node ExpressionParser::Signed() {
  if (!AtSign()) {
    Node node = Primary();
    return node ? Postfixes(std::move(node)) : node;
  }
  const Nesting nesting(this);
  if (!nesting.ok()) return {};
  const bool minus = token_.op == BinaryOp::kSub;
  const int32_t start = token_.pos.start;
  Advance();
  const Node operand = BinaryChain(Precedence(BinaryOp::kPow));
  if (!operand) return {};
  const PosRange pos{start, operand.pos().end};
  if (const auto* number = operand.expr->As<NumberLiteral>()) {
    NumberLiteral folded = *number;
    if (minus) folded.value = -folded.value;
    return Make(folded, pos, ValueType::kScalar, {});
  }
  return Make(Unary{minus, operand.expr}, pos, operand.expr->type, {&operand});
}

ExpressionParser::Node ExpressionParser::Primary() {
  switch (token_.kind) {
    case TokenKind::kNumber:
    case TokenKind::kDuration:
      return Number();
    case TokenKind::kString: {
      StringLiteral literal{Unquote(token_.text)};
      const PosRange pos = token_.pos;
      Advance();
      return Make(std::move(literal), pos, ValueType::kString, {});
    }
    case TokenKind::kLeftParen:
      return Parenthesised();
    case TokenKind::kLeftBrace:
      return Selector();
    case TokenKind::kError:
      return {};
    default:
      return CanBeMetricName(token_) ? Named() : Unexpected();
  }
}

ExpressionParser::Node ExpressionParser::Number() {
  const PosRange pos = token_.pos;
  bool is_duration = false;
  const std::optional<double> value = NumberValue(&is_duration);
  if (!value) return {};
  return Make(NumberLiteral{*value, is_duration}, pos, ValueType::kScalar, {});
}

// REQUIRES: at a number or duration.
std::optional<double> ExpressionParser::NumberValue(bool* is_duration) {
  const Token token = token_;
  *is_duration = token.kind == TokenKind::kDuration;
  const Result<double> value =
      *is_duration ? ReadDurationLiteral(token.text) : ReadNumberLiteral(token.text);
  if (!value.ok()) {
    Fail(token.pos, std::string(value.status().message()));
    return std::nullopt;
  }
  Advance();
  return *value;
}

ExpressionParser::Node ExpressionParser::Parenthesised() {
  const int32_t start = token_.pos.start;
  Advance();
  const Node inner = Expression();
  if (!inner) return {};
  if (!At(TokenKind::kRightParen)) return Unexpected();
  Advance();
  return Make(Paren{inner.expr}, {start, last_end_}, inner.expr->type, {&inner});
}

// A name may turn out to be a selector, a call or an aggregation.
ExpressionParser::Node ExpressionParser::Named() {
  const Token name = token_;
  if (name.kind == TokenKind::kMetricIdentifier) return Selector();
  const Lexer before = lexer_;
  const Token next = lexer_.Next();
  lexer_ = before;
  const bool paren = next.kind == TokenKind::kLeftParen;
  if (name.kind == TokenKind::kAggregator) {
    if (paren || next.kind == TokenKind::kBy || next.kind == TokenKind::kWithout) {
      Advance();
      return AggregateOf(name);
    }
    return Selector();
  }
  const bool callable = name.kind == TokenKind::kIdentifier ||
                        (name.kind >= TokenKind::kStart && name.kind <= TokenKind::kMinOf);
  if (!paren || !callable) return Selector();
  Advance();
  return CallOf(name);
}

ExpressionParser::Node ExpressionParser::CallOf(const Token& name) {
  std::vector<Node> arguments;
  if (!Arguments(&arguments)) return {};
  const Function* function = FindFunction(name.text);
  if (function == nullptr) {
    return Fail(name.pos, "unknown function with name " + QuoteGo(name.text));
  }
  const bool enabled = (!function->experimental || options_.experimental_functions) &&
                       (!function->own || options_.forecast_functions);
  if (!enabled) {
    return Fail(name.pos, "function " + QuoteGo(name.text) + " is not enabled");
  }
  Call call;
  call.function = function;
  Node deepest;
  for (Node& argument : arguments) {
    call.args.push_back(argument.expr);
    deepest.height = std::max(deepest.height, argument.height);
  }
  return Make(std::move(call), {name.pos.start, last_end_}, function->return_type, {&deepest});
}

// REQUIRES: at the open parenthesis.
bool ExpressionParser::Arguments(std::vector<Node>* arguments) {
  Advance();
  while (error_.ok() && !At(TokenKind::kRightParen)) {
    if (!arguments->empty()) {
      if (!At(TokenKind::kComma)) {
        Unexpected();
        return false;
      }
      const PosRange comma = token_.pos;
      Advance();
      if (error_.ok() && !StartsExpression(token_)) {
        Fail(comma, "trailing commas not allowed in function call args");
        return false;
      }
    }
    Node argument = Expression();
    if (!argument) return false;
    arguments->push_back(std::move(argument));
  }
  Advance();
  return error_.ok();
}

}  // namespace firn::query
