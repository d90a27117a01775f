// Recursive descent over one query. Stops at the first error.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "query/parser/parser.h"
#include "query/parser/syntax/lexer.h"

namespace firn::query {

// "1:5: parse error: message" for an error at byte `at` of `text`.
Status ParseErrorAt(std::string_view text, int32_t at, std::string_view message);

// One query, one thread, one call of Parse or ParseSelector. Borrows text and options.
class ExpressionParser {
 public:
  ExpressionParser(std::string_view text, const ParserOptions& options);

  // The tree before type checks.
  Result<std::shared_ptr<Expr>> Parse();
  Result<Matchers> ParseSelector();

 private:
  // Height is kept so that no tree grows too deep for the recursion of those who walk it.
  struct Node {
    std::shared_ptr<Expr> expr;  // Null after an error.
    int height = 0;
    explicit operator bool() const { return expr != nullptr; }
    const PosRange& pos() const { return expr->pos; }
  };
  class Nesting;

  // expression_parser.cc
  Node Expression();
  Node BinaryChain(int precedence_min);
  Node Signed();
  Node Primary();
  Node Number();
  Node Parenthesised();
  Node Named();
  Node CallOf(const Token& name);
  bool Arguments(std::vector<Node>* arguments);
  Node Fail(PosRange pos, std::string message);
  Node Unexpected(std::string_view context = {}, std::string_view expected = {});
  template <typename T>
  Node Make(T node, PosRange pos, ValueType type, std::initializer_list<const Node*> children);
  std::optional<double> NumberValue(bool* is_duration);
  void Advance();
  bool At(TokenKind kind) const { return token_.kind == kind; }
  bool AtSign() const;

  // parse_operators.cc
  Node Combine(Node lhs, Binary binary, Node rhs);
  bool Modifiers(Binary* binary);
  bool FillModifiers(VectorMatching* matching);
  std::optional<double> FillValue();
  std::optional<std::vector<std::string>> LabelNames();
  bool LabelName(std::vector<std::string>* names);
  Node AggregateOf(const Token& op);
  Node BuildAggregate(const Token& op, Aggregate aggregate, std::vector<Node> arguments,
                      int32_t end);

  // parse_selectors.cc
  Node Selector();
  bool BracedMatchers(Matchers* matchers);
  bool OneMatcher(Matchers* matchers);
  bool AddMatcher(std::string name, PosRange pos, Matchers* matchers);
  Node Postfixes(Node node);
  Node Bracketed(Node node);
  Node Range(Node node, PosRange brackets, DurationExprPtr range);
  Node Offset(Node node);
  Node AtTime(Node node);
  Node Extended(Node node, bool anchored);
  TimeModifiers* MutableTime(const Node& node, std::string_view what);
  VectorSelector* MutableSelector(const Node& node);

  // parse_durations.cc
  DurationExprPtr PositiveDuration();
  DurationExprPtr OffsetDuration();
  DurationExprPtr DurationChain(int precedence_min);
  DurationExprPtr ContinueChain(DurationExprPtr lhs, int precedence_min);
  DurationExprPtr SignedDuration();
  DurationExprPtr PrimaryDuration();
  DurationExprPtr DurationLiteral();
  DurationExprPtr DurationCall();
  DurationExprPtr ParenthesisedDuration();
  DurationExprPtr Negated(const Token& sign, DurationExprPtr operand);
  DurationExprPtr UnexpectedDuration();

  const std::string_view text_;
  const ParserOptions& options_;
  Lexer lexer_;
  Token token_;           // The one to be read next.
  int32_t last_end_ = 0;  // Behind the token read last.
  Status error_;
  int nesting_ = 0;
  int aggregations_ = 0;  // Open ones: error texts speak of them.
  bool doubled_commas_ = false;
  std::string_view duration_context_;
  std::string_view duration_expected_;
};

}  // namespace firn::query
