// PromQL text to tokens, one at a time.
#pragma once

#include <string>
#include <string_view>

#include "query/parser/syntax/token.h"

namespace firn::query {

// One thread at a time; borrows the text. Knows where it stands, because words mean other
// things inside {...} and [...]. Comments and blanks are skipped.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  // After an error or the end of input the same token comes again.
  Token Next();
  // Where the next token is looked for.
  size_t offset() const { return at_; }

 private:
  Token Statement();
  Token InsideBraces();
  Token BeforeBracketValue();
  Token Punctuation(char c);
  Token Comparison(char c);
  Token EndOfInput();
  Token Word();
  Token BracketWord();
  Token RightParen();
  Token Quoted(char quote);
  Token NumberOrDuration();
  bool ScanNumber();
  bool ScanRestOfDuration();
  bool ScanEscape(char quote);
  bool ScanEscapeDigits(int digits, uint32_t base, uint32_t max);

  void SkipBlanks();
  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  Token Operator(BinaryOp op, size_t bytes);
  // The token of `kind` over the next `bytes` bytes.
  Token Take(TokenKind kind, size_t bytes = 1);
  Token Error(std::string message);

  std::string_view text_;
  size_t at_ = 0;
  size_t start_ = 0;  // Of the current token.
  int open_parens_ = 0;
  bool in_braces_ = false;
  bool in_brackets_ = false;
  // Until the first number after a bracket, error texts speak of a duration expression.
  bool before_bracket_value_ = false;
  size_t bracket_at_ = 0;  // Behind the open bracket.
  bool colon_seen_ = false;
  std::string error_;  // Not empty: lexing is over.
};

}  // namespace firn::query
