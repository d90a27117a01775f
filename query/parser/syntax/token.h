// The words of PromQL.
#pragma once

#include <string>
#include <string_view>

#include "query/parser/ast.h"

namespace firn::query {

enum class TokenKind : uint8_t {
  kEof,
  kError,  // `text` is the message.
  kIdentifier,
  kMetricIdentifier,  // An identifier with a colon in it.
  kString,            // With its quotes.
  kNumber,
  kDuration,
  kComma,
  kColon,
  kAssign,
  kLeftParen,
  kRightParen,
  kLeftBrace,
  kRightBrace,
  kLeftBracket,
  kRightBracket,
  kAt,
  kMatchRegex,
  kMatchNotRegex,
  kOperator,    // `op` tells which; + and - also stand for signs, != for a label's condition.
  kAggregator,  // `aggregate` tells which.
  kOffset,
  kAnchored,
  kSmoothed,
  kBy,
  kWithout,
  kOn,
  kIgnoring,
  kGroupLeft,
  kGroupRight,
  kBool,
  kFill,
  kFillLeft,
  kFillRight,
  kStart,
  kEnd,
  kStep,
  kRange,
  kMaxOf,
  kMinOf,
};

struct Token {
  TokenKind kind = TokenKind::kEof;
  BinaryOp op = BinaryOp::kAdd;
  AggregateOp aggregate = AggregateOp::kSum;
  PosRange pos;
  std::string_view text;  // As written; borrows the query.
};

// The token as error texts name it: `identifier "foo"`, `<op:+>`, `")"`, `end of input`.
std::string DescribeToken(const Token& token);

// The keyword that `word` is in any case, as a token without position; an identifier if none.
Token ClassifyWord(std::string_view word);

}  // namespace firn::query
