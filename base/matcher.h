// A condition on one label: `=`, `!=`, `=~`, `!~`. A missing label counts as "".
// Regular expressions are RE2, anchored at both ends, dot matches newline.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/status.h"

namespace firn {

enum class MatchType : uint8_t { kEqual, kNotEqual, kRegex, kNotRegex };

std::string_view MatchTypeName(MatchType type);  // "=", "!=", "=~", "!~"

// Immutable, cheap to copy (a compiled regex is shared), thread-safe.
class Matcher {
 public:
  // InvalidArgument if the regular expression does not compile or is over a limit
  // (pattern 64 KiB, RE2 program 8 MiB).
  static Result<Matcher> Create(MatchType type, std::string name, std::string value);
  static Matcher Equal(std::string name, std::string value);

  MatchType type() const { return type_; }
  const std::string& name() const { return name_; }
  const std::string& value() const { return value_; }

  bool Matches(std::string_view value) const;
  bool MatchesEmpty() const { return matches_empty_; }
  bool Matches(const Labels& labels) const { return Matches(labels.Get(name_)); }

  // Whether it holds a compiled expression, which takes more memory the more it meets.
  bool is_compiled() const;
  // For a regex that is a plain alternation of literals ("a|b|c"): these, else empty.
  const std::vector<std::string>& set_matches() const;

  // `name="value"`, the name quoted if it is not a plain label name.
  std::string ToString() const;

  friend bool operator==(const Matcher& a, const Matcher& b) {
    return a.type_ == b.type_ && a.name_ == b.name_ && a.value_ == b.value_;
  }

 private:
  struct Regex;
  Matcher() = default;

  MatchType type_ = MatchType::kEqual;
  bool matches_empty_ = false;
  std::string name_;
  std::string value_;
  std::shared_ptr<const Regex> regex_;  // Null for = and !=.
};

using Matchers = std::vector<Matcher>;

// A text that no other matchers have; their order counts.
std::string KeyOf(const Matchers& matchers);

// True if every matcher holds.
bool MatchesAll(const Matchers& matchers, const Labels& labels);

}  // namespace firn
