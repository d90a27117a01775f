#include "query/parser/syntax/lexer.h"

#include "base/labels.h"
#include "query/parser/syntax/utf8.h"

namespace firn::query {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsWordCharacter(char c) { return IsLetter(c) || IsDigit(c); }
int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 16;
}
bool OneOf(char c, std::string_view set) {
  return c != '\0' && set.find(c) != std::string_view::npos;
}

}  // namespace

Token Lexer::Next() {
  if (!error_.empty()) return Error(error_);
  SkipBlanks();
  start_ = at_;
  if (in_braces_) return InsideBraces();
  if (in_brackets_ && before_bracket_value_) return BeforeBracketValue();
  return Statement();
}

void Lexer::SkipBlanks() {
  while (!AtEnd()) {
    if (Peek() == '#') {
      while (!AtEnd() && Peek() != '\n' && Peek() != '\r') ++at_;
    } else if (IsBlank(Peek())) {
      ++at_;
    } else {
      return;
    }
  }
}

Token Lexer::Statement() {
  if (AtEnd()) return EndOfInput();
  const char c = Peek();
  if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return NumberOrDuration();
  if (c == '"' || c == '\'' || c == '`') return Quoted(c);
  if (IsLetter(c) || c == ':') return in_brackets_ ? BracketWord() : Word();
  if (OneOf(c, "=!<>")) return Comparison(c);
  return Punctuation(c);
}

Token Lexer::EndOfInput() {
  if (open_parens_ != 0) return Error("unclosed left parenthesis");
  if (in_brackets_) return Error("unclosed left bracket");
  return Take(TokenKind::kEof, 0);
}

Token Lexer::Punctuation(char c) {
  switch (c) {
    case ',':
      return Take(TokenKind::kComma);
    case '*':
      return Operator(BinaryOp::kMul, 1);
    case '/':
      return Operator(BinaryOp::kDiv, 1);
    case '%':
      return Operator(BinaryOp::kMod, 1);
    case '+':
      return Operator(BinaryOp::kAdd, 1);
    case '-':
      return Operator(BinaryOp::kSub, 1);
    case '^':
      return Operator(BinaryOp::kPow, 1);
    case '@':
      return Take(TokenKind::kAt);
    case '(':
      ++open_parens_;
      return Take(TokenKind::kLeftParen);
    case ')':
      return RightParen();
    case '{':
      in_braces_ = true;
      return Take(TokenKind::kLeftBrace);
    case '[':
      if (in_brackets_) return Error("unexpected left bracket '['");
      in_brackets_ = true;
      before_bracket_value_ = true;
      colon_seen_ = false;
      bracket_at_ = at_ + 1;
      return Take(TokenKind::kLeftBracket);
    case ']':
      if (!in_brackets_) return Error("unexpected right bracket ']'");
      in_brackets_ = false;
      return Take(TokenKind::kRightBracket);
    default:
      return Error("unexpected character: " + QuoteCharacter(text_, at_));
  }
}

Token Lexer::RightParen() {
  if (--open_parens_ >= 0) return Take(TokenKind::kRightParen);
  start_ = ++at_;
  return Error("unexpected right parenthesis ')'");
}

Token Lexer::Comparison(char c) {
  const char next = Peek(1);
  switch (c) {
    case '=':
      if (next == '=') return Operator(BinaryOp::kEqual, 2);
      if (next == '~') return Error("unexpected character after '=': '~'");
      return Take(TokenKind::kAssign);
    case '!':
      if (next == '=') return Operator(BinaryOp::kNotEqual, 2);
      return Error("unexpected character after '!': " + QuoteCharacter(text_, at_ + 1));
    case '<':
      if (next == '=') return Operator(BinaryOp::kLessEqual, 2);
      if (next == '/') return Operator(BinaryOp::kTrimUpper, 2);
      return Operator(BinaryOp::kLess, 1);
    default:
      if (next == '=') return Operator(BinaryOp::kGreaterEqual, 2);
      if (next == '/') return Operator(BinaryOp::kTrimLower, 2);
      return Operator(BinaryOp::kGreater, 1);
  }
}

Token Lexer::InsideBraces() {
  if (AtEnd()) return Error("unexpected end of input inside braces");
  const char c = Peek();
  const char next = Peek(1);
  if (IsLetter(c)) {
    size_t n = 1;
    while (IsWordCharacter(Peek(n))) ++n;
    return Take(TokenKind::kIdentifier, n);
  }
  switch (c) {
    case ',':
      return Take(TokenKind::kComma);
    case '"':
    case '\'':
    case '`':
      return Quoted(c);
    case '=':
      return next == '~' ? Take(TokenKind::kMatchRegex, 2) : Take(TokenKind::kAssign);
    case '!':
      if (next == '~') return Take(TokenKind::kMatchNotRegex, 2);
      if (next == '=') return Operator(BinaryOp::kNotEqual, 2);
      return Error("unexpected character after '!' inside braces: " +
                   QuoteCharacter(text_, at_ + 1));
    case '{':
      return Error("unexpected left brace '{'");
    case '}':
      in_braces_ = false;
      return Take(TokenKind::kRightBrace);
    default:
      return Error("unexpected character inside braces: " + QuoteCharacter(text_, at_));
  }
}

Token Lexer::BeforeBracketValue() {
  if (AtEnd()) return Error("unexpected end of input in duration expression");
  const char c = Peek();
  if (c == ':') {
    const bool first = text_.substr(bracket_at_, at_ - bracket_at_).find_first_not_of(" \t\r\n") ==
                       std::string_view::npos;
    if (first || colon_seen_) {
      start_ = ++at_;
      return Error(first ? "unexpected colon before duration in duration expression"
                         : "unexpected repeated colon in duration expression");
    }
    colon_seen_ = true;
    return Take(TokenKind::kColon);
  }
  if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) {
    before_bracket_value_ = false;
    return NumberOrDuration();
  }
  if (IsLetter(c)) {
    const Token token = BracketWord();
    if (token.kind != TokenKind::kError) return token;
    at_ = start_;
  } else if (OneOf(c, "+-*/%^,()]")) {
    return Punctuation(c);
  }
  error_.clear();
  return Error("unexpected character in duration expression: " + QuoteCharacter(text_, at_));
}

Token Lexer::BracketWord() {
  if (Peek() == ':') {
    if (colon_seen_) return Error("unexpected colon ':'");
    colon_seen_ = true;
    return Take(TokenKind::kColon);
  }
  size_t n = 0;
  while (IsLetter(Peek(n))) ++n;
  const Token word = ClassifyWord(text_.substr(at_, n));
  if (word.kind >= TokenKind::kStep && word.kind <= TokenKind::kMinOf) return Take(word.kind, n);
  return Error("unexpected character: " + QuoteCharacter(text_, at_) + ", expected ':'");
}

Token Lexer::Word() {
  size_t n = 0;
  while (IsWordCharacter(Peek(n)) || Peek(n) == ':') ++n;
  const std::string_view word = text_.substr(at_, n);
  Token token = ClassifyWord(word);
  if (token.kind >= TokenKind::kFill && token.kind <= TokenKind::kFillRight) {
    size_t next = n;
    while (IsBlank(Peek(next))) ++next;
    if (Peek(next) != '(') token.kind = TokenKind::kIdentifier;
  }
  const Token taken = Take(token.kind, n);
  token.pos = taken.pos;
  return token;
}

Token Lexer::Quoted(char quote) {
  ++at_;
  while (true) {
    if (AtEnd() || (quote != '`' && Peek() == '\n')) {
      return Error(quote == '`' ? "unterminated raw string" : "unterminated quoted string");
    }
    const char c = Peek();
    if (c == quote) break;
    if (c == '\\' && quote != '`') {
      if (!ScanEscape(quote)) return Error(error_);
      continue;
    }
    const size_t n = Utf8Length(text_.substr(at_));
    if (n == 0) return Error("invalid UTF-8 rune");
    at_ += n;
  }
  const size_t n = at_ + 1 - start_;
  at_ = start_;
  return Take(TokenKind::kString, n);
}

bool Lexer::ScanEscape(char quote) {
  ++at_;
  const char c = Peek();
  if (AtEnd()) {
    error_ = "escape sequence not terminated";
    return false;
  }
  if (c == quote || OneOf(c, "abfnrtv\\")) {
    ++at_;
    return true;
  }
  if (c >= '0' && c <= '7') return ScanEscapeDigits(3, 8, 255);
  const int digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  if (digits == 0) {
    error_ = "unknown escape sequence " + DescribeCharacter(text_, at_);
    return false;
  }
  ++at_;
  return ScanEscapeDigits(digits, 16, c == 'x' ? 255 : 0x10ffff);
}

bool Lexer::ScanEscapeDigits(int digits, uint32_t base, uint32_t max) {
  uint32_t value = 0;
  for (int i = 0; i < digits; ++i, ++at_) {
    const auto digit = static_cast<uint32_t>(HexDigit(Peek()));
    if (digit >= base) {
      error_ = AtEnd()
                   ? "escape sequence not terminated"
                   : "illegal character " + DescribeCharacter(text_, at_) + " in escape sequence";
      return false;
    }
    value = value * base + digit;
  }
  if (value > max || (value >= 0xd800 && value < 0xe000)) {
    error_ = "escape sequence is an invalid Unicode code point";
    return false;
  }
  return true;
}

Token Lexer::NumberOrDuration() {
  if (ScanNumber()) {
    const size_t n = at_ - start_;
    at_ = start_;
    return Take(TokenKind::kNumber, n);
  }
  if (ScanRestOfDuration()) {
    const size_t n = at_ - start_;
    at_ = start_;
    return Take(TokenKind::kDuration, n);
  }
  return Error("bad number or duration syntax: " + QuoteGo(text_.substr(start_, at_ - start_)));
}

// Stops behind the first character that cannot belong to a number.
bool Lexer::ScanNumber() {
  const bool hex = Peek() == '0' && OneOf(Peek(1), "xX");
  if (hex) {
    at_ += 2;
    if (Peek() == '_') ++at_;
    if (HexDigit(Peek()) == 16) return false;
  }
  bool dot = false;
  bool exponent = false;
  while (true) {
    const char c = Peek();
    if (hex ? HexDigit(c) < 16 : IsDigit(c)) {
      ++at_;
    } else if (c == '_') {
      ++at_;
      if (hex ? HexDigit(Peek()) == 16 : !IsDigit(Peek())) {
        if (OneOf(Peek(), "._eE")) ++at_;
        return false;
      }
    } else if (c == '.') {
      ++at_;
      if (hex || dot || exponent) return false;
      dot = true;
      if (OneOf(Peek(), "._")) {
        ++at_;
        return false;
      }
    } else if (OneOf(c, "eE")) {
      ++at_;
      if (exponent) return false;
      exponent = true;
      if (OneOf(Peek(), "+-")) ++at_;
      if (!IsDigit(Peek())) {
        if (OneOf(Peek(), "._eE")) ++at_;
        return false;
      }
    } else {
      return !IsWordCharacter(c);
    }
  }
}

// Takes more than is valid, such as `5m1h` or `1hs`: what is wrong is told when it is read.
bool Lexer::ScanRestOfDuration() {
  if (!OneOf(Peek(), "smhdwy")) return false;
  ++at_;
  if (Peek() == 's') ++at_;
  while (IsDigit(Peek())) {
    while (IsDigit(Peek())) ++at_;
    if (!OneOf(Peek(), "smhdw")) return false;
    ++at_;
    if (Peek() == 's') ++at_;
  }
  if (!IsWordCharacter(Peek())) return true;
  ++at_;
  return false;
}

Token Lexer::Operator(BinaryOp op, size_t bytes) {
  Token token = Take(TokenKind::kOperator, bytes);
  token.op = op;
  return token;
}

Token Lexer::Take(TokenKind kind, size_t bytes) {
  Token token;
  token.kind = kind;
  token.text = text_.substr(at_, bytes);
  token.pos = {static_cast<int32_t>(at_), static_cast<int32_t>(at_ + bytes)};
  at_ += bytes;
  return token;
}

Token Lexer::Error(std::string message) {
  error_ = std::move(message);
  Token token;
  token.kind = TokenKind::kError;
  token.text = error_;
  token.pos = {static_cast<int32_t>(start_), static_cast<int32_t>(text_.size())};
  return token;
}

}  // namespace firn::query
