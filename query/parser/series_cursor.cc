#include "query/parser/series_cursor.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/labels.h"
#include "base/sample.h"
#include "query/parser/syntax/expression_parser.h"
#include "query/parser/syntax/number_literal.h"
#include "query/parser/syntax/utf8.h"

namespace firn::query {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Bytes of the unsigned number at the front of `text`. An x ends it: hexadecimal forms do
// not exist in series lines.
size_t NumberLength(std::string_view text) {
  size_t n = 0;
  while (n < text.size()) {
    const char c = text[n];
    if (IsDigit(c) || c == '.' || c == '_') {
      ++n;
      continue;
    }
    if (n == 0 || (c != 'e' && c != 'E')) break;
    const bool sign = n + 1 < text.size() && (text[n + 1] == '+' || text[n + 1] == '-');
    const size_t digit = n + 1 + sign;
    if (digit >= text.size() || !IsDigit(text[digit])) break;
    n = digit;
  }
  return n;
}

}  // namespace

bool SeriesCursor::SkipBlanks() {
  const size_t before = at_;
  while (AtBlank()) ++at_;
  return at_ > before;
}

bool SeriesCursor::Consume(std::string_view word, bool any_case) {
  if (text_.size() - at_ < word.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    const char c = text_[at_ + i];
    if (c != word[i] && !(any_case && (c | 0x20) == word[i])) return false;
  }
  at_ += word.size();
  return true;
}

std::string_view SeriesCursor::Word() {
  const size_t start = at_;
  while ((Peek() >= 'a' && Peek() <= 'z') || Peek() == '_') ++at_;
  return text_.substr(start, at_ - start);
}

std::optional<double> SeriesCursor::SignedNumber() {
  const bool minus = Peek() == '-';
  if (minus || Peek() == '+') ++at_;
  double value = 0;
  if (Consume("inf", /*any_case=*/true)) {
    value = std::numeric_limits<double>::infinity();
  } else if (Consume("nan", /*any_case=*/true)) {
    value = NormalNan();
  } else {
    const std::string_view digits = text_.substr(at_, NumberLength(text_.substr(at_)));
    if (digits.empty()) return Unexpected();
    const Result<double> read = ReadNumberLiteral(digits);
    if (!read.ok()) return Fail(at_, std::string(read.status().message()));
    at_ += digits.size();
    value = *read;
  }
  return minus ? -value : value;
}

std::optional<int64_t> SeriesCursor::SignedInteger() {
  const size_t start = at_;
  if (Peek() == '-') ++at_;
  if (!IsDigit(Peek())) return Unexpected();
  while (IsDigit(Peek())) ++at_;
  int64_t value = 0;
  const std::string_view digits = text_.substr(start, at_ - start);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc()) return Fail(start, "integer out of range: " + std::string(digits));
  return value;
}

std::optional<uint64_t> SeriesCursor::Count() {
  const size_t start = at_;
  if (!IsDigit(Peek())) return Unexpected();
  while (IsDigit(Peek())) ++at_;
  uint64_t value = 0;
  const std::string_view digits = text_.substr(start, at_ - start);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || value >= kSequenceValuesMax) {
    return Fail(start, fmt::format("invalid repetition in series values: {} is more than {}",
                                   digits, kSequenceValuesMax));
  }
  return value;
}

std::nullopt_t SeriesCursor::Fail(size_t at, std::string message) {
  if (error_.ok()) error_ = ParseErrorAt(text_, static_cast<int32_t>(at), message);
  return std::nullopt;
}

std::nullopt_t SeriesCursor::Unexpected() {
  if (AtEnd()) return Fail(at_, "unexpected end of input in series values");
  const size_t n = std::max<size_t>(1, Utf8Length(text_.substr(at_)));
  return Fail(at_, "unexpected " + QuoteGo(text_.substr(at_, n)) + " in series values");
}

}  // namespace firn::query
