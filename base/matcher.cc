#include "base/matcher.h"

#include <algorithm>

#include <re2/re2.h>

#include "base/bytes.h"
#include "base/regex/regex_cache.h"

namespace firn {
namespace {

constexpr size_t kPatternBytesMax = 64 << 10;

bool IsLiteral(std::string_view text) {
  return text.find_first_of("\\.+*?()|[]{}^$") == std::string_view::npos;
}

// "a|b|c", also in one pair of parentheses; empty if the pattern is anything else.
std::vector<std::string> SplitAlternation(std::string_view pattern) {
  if (pattern.size() >= 2 && pattern.front() == '(' && pattern.back() == ')') {
    pattern = pattern.substr(1, pattern.size() - 2);
  }
  std::vector<std::string> out;
  while (true) {
    const size_t bar = pattern.find('|');
    const std::string_view part = pattern.substr(0, bar);
    if (!IsLiteral(part)) return {};
    out.emplace_back(part);
    if (bar == std::string_view::npos) break;
    pattern.remove_prefix(bar + 1);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

struct Matcher::Regex {
  std::shared_ptr<const RE2> compiled;  // Null if `literals` decides or anything matches.
  std::vector<std::string> literals;    // Sorted.
  bool matches_all = false;             // ".*"
  bool matches_non_empty = false;       // ".+"
  std::string prefix;                   // "abc.*", if has_prefix.
  bool has_prefix = false;

  bool Matches(std::string_view value) const {
    if (matches_all) return true;
    if (matches_non_empty) return !value.empty();
    if (has_prefix) return value.substr(0, prefix.size()) == prefix;
    if (compiled == nullptr) return std::binary_search(literals.begin(), literals.end(), value);
    return RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *compiled);
  }
};

std::string_view MatchTypeName(MatchType type) {
  switch (type) {
    case MatchType::kEqual:
      return "=";
    case MatchType::kNotEqual:
      return "!=";
    case MatchType::kRegex:
      return "=~";
    case MatchType::kNotRegex:
      return "!~";
  }
  return "?";
}

Result<Matcher> Matcher::Create(MatchType type, std::string name, std::string value) {
  Matcher m;
  m.type_ = type;
  m.name_ = std::move(name);
  m.value_ = std::move(value);
  if (type == MatchType::kRegex || type == MatchType::kNotRegex) {
    if (m.value_.size() > kPatternBytesMax) {
      return InvalidArgument("regular expression of {} bytes is longer than the limit of {}",
                             m.value_.size(), kPatternBytesMax);
    }
    auto regex = std::make_shared<Regex>();
    const std::string_view v = m.value_;
    regex->literals = SplitAlternation(v);
    if (v == ".*") {
      regex->matches_all = true;
    } else if (v == ".+") {
      regex->matches_non_empty = true;
    } else if (v.size() > 2 && v.substr(v.size() - 2) == ".*" &&
               IsLiteral(v.substr(0, v.size() - 2))) {
      regex->has_prefix = true;
      regex->prefix = v.substr(0, v.size() - 2);
    } else if (regex->literals.empty()) {
      regex->compiled = RegexCache::Shared().Get("(?s)" + m.value_);
      if (!regex->compiled->ok()) {
        return InvalidArgument("error parsing regexp: {}", regex->compiled->error());
      }
    }
    m.regex_ = std::move(regex);
  }
  m.matches_empty_ = m.Matches("");
  return m;
}

Matcher Matcher::Equal(std::string name, std::string value) {
  return *Create(MatchType::kEqual, std::move(name), std::move(value));
}

bool Matcher::Matches(std::string_view value) const {
  switch (type_) {
    case MatchType::kEqual:
      return value == value_;
    case MatchType::kNotEqual:
      return value != value_;
    case MatchType::kRegex:
      return regex_->Matches(value);
    case MatchType::kNotRegex:
      return !regex_->Matches(value);
  }
  return false;
}

bool Matcher::is_compiled() const { return regex_ != nullptr && regex_->compiled != nullptr; }

const std::vector<std::string>& Matcher::set_matches() const {
  static const std::vector<std::string> kNone;
  return type_ == MatchType::kRegex ? regex_->literals : kNone;
}

std::string Matcher::ToString() const {
  std::string out = IsLegacyLabelName(name_) ? name_ : QuoteGo(name_);
  out += MatchTypeName(type_);
  out += QuoteGo(value_);
  return out;
}

std::string KeyOf(const Matchers& matchers) {
  std::string key;
  for (const Matcher& m : matchers) {
    key += static_cast<char>(m.type());
    AppendLengthPrefixed(m.name(), &key);
    AppendLengthPrefixed(m.value(), &key);
  }
  return key;
}

bool MatchesAll(const Matchers& matchers, const Labels& labels) {
  return std::all_of(matchers.begin(), matchers.end(),
                     [&](const Matcher& m) { return m.Matches(labels); });
}

}  // namespace firn
