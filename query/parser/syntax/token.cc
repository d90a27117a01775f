#include "query/parser/syntax/token.h"

#include <optional>

#include "base/labels.h"

namespace firn::query {
namespace {

constexpr size_t kDescribedBytesMax = 10;

struct Keyword {
  std::string_view word;
  TokenKind kind;
};
constexpr Keyword kKeywords[] = {{"offset", TokenKind::kOffset},
                                 {"anchored", TokenKind::kAnchored},
                                 {"smoothed", TokenKind::kSmoothed},
                                 {"by", TokenKind::kBy},
                                 {"without", TokenKind::kWithout},
                                 {"on", TokenKind::kOn},
                                 {"ignoring", TokenKind::kIgnoring},
                                 {"group_left", TokenKind::kGroupLeft},
                                 {"group_right", TokenKind::kGroupRight},
                                 {"bool", TokenKind::kBool},
                                 {"fill", TokenKind::kFill},
                                 {"fill_left", TokenKind::kFillLeft},
                                 {"fill_right", TokenKind::kFillRight},
                                 {"start", TokenKind::kStart},
                                 {"end", TokenKind::kEnd},
                                 {"step", TokenKind::kStep},
                                 {"range", TokenKind::kRange},
                                 {"max_of", TokenKind::kMaxOf},
                                 {"min_of", TokenKind::kMinOf},
                                 {"inf", TokenKind::kNumber},
                                 {"nan", TokenKind::kNumber}};

constexpr BinaryOp kWordOperators[] = {BinaryOp::kAnd, BinaryOp::kOr, BinaryOp::kUnless,
                                       BinaryOp::kAtan2};

bool EqualsKeyword(std::string_view word, std::string_view keyword) {
  if (word.size() != keyword.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    const char c = word[i] >= 'A' && word[i] <= 'Z' ? static_cast<char>(word[i] + 32) : word[i];
    if (c != keyword[i]) return false;
  }
  return true;
}

// What stands before the quoted text; null for tokens that need no introduction.
const char* KindIntroduction(TokenKind kind) {
  switch (kind) {
    case TokenKind::kIdentifier:
      return "identifier ";
    case TokenKind::kMetricIdentifier:
      return "metric identifier ";
    case TokenKind::kString:
      return "string ";
    case TokenKind::kNumber:
      return "number ";
    case TokenKind::kDuration:
      return "duration ";
    default:
      return "";
  }
}

// The first `n` characters of `text`.
std::string_view FirstCharacters(std::string_view text, size_t n) {
  size_t end = 0;
  for (size_t count = 0; end < text.size(); ++end) {
    const bool continues = (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80;
    if (!continues && count++ == n) break;
  }
  return text.substr(0, end);
}

}  // namespace

std::string DescribeToken(const Token& token) {
  const TokenKind kind = token.kind;
  if (kind == TokenKind::kEof) return "end of input";
  if (kind == TokenKind::kError) return "error " + std::string(token.text);
  if (kind == TokenKind::kOperator || kind == TokenKind::kAt || kind == TokenKind::kMatchRegex ||
      kind == TokenKind::kMatchNotRegex) {
    return fmt::format("<op:{}>", token.text);
  }
  if (kind == TokenKind::kAggregator) return fmt::format("<aggr:{}>", token.text);
  if (kind >= TokenKind::kOffset && kind <= TokenKind::kFillRight) {
    return fmt::format("<{}>", token.text);
  }
  const bool is_name = kind == TokenKind::kIdentifier || kind == TokenKind::kMetricIdentifier;
  if (!is_name && token.text.size() > kDescribedBytesMax) {
    return KindIntroduction(kind) + QuoteGo(FirstCharacters(token.text, kDescribedBytesMax)) +
           "...";
  }
  return KindIntroduction(kind) + QuoteGo(token.text);
}

Token ClassifyWord(std::string_view word) {
  Token token;
  token.text = word;
  token.kind = word.find(':') == std::string_view::npos ? TokenKind::kIdentifier
                                                        : TokenKind::kMetricIdentifier;
  for (const Keyword& keyword : kKeywords) {
    if (EqualsKeyword(word, keyword.word)) {
      token.kind = keyword.kind;
      return token;
    }
  }
  for (const BinaryOp op : kWordOperators) {
    if (EqualsKeyword(word, BinaryOpName(op))) {
      token.kind = TokenKind::kOperator;
      token.op = op;
      return token;
    }
  }
  for (int i = 0; i <= static_cast<int>(AggregateOp::kLimitRatio); ++i) {
    const auto op = static_cast<AggregateOp>(i);
    if (EqualsKeyword(word, AggregateOpName(op))) {
      token.kind = TokenKind::kAggregator;
      token.aggregate = op;
      return token;
    }
  }
  return token;
}

}  // namespace firn::query
