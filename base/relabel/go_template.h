// Replacement texts such as "$1-${name}", as Go's regexp expands them.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace firn {

// Immutable, thread-safe.
class GoTemplate {
 public:
  GoTemplate() = default;
  // `group_names` are the named groups of the regular expression and their numbers,
  // `group_count` counts all groups without the whole match. References to groups that do not
  // exist expand to nothing.
  GoTemplate(std::string_view text, const std::map<std::string, int>& group_names, int group_count);

  // Appends the expansion. `groups` begins with the whole match.
  void Expand(std::span<const std::string_view> groups, std::string* out) const;

 private:
  struct Piece {
    std::string literal;  // Before the group.
    int group;            // -1: none.
  };
  std::vector<Piece> pieces_;
};

// Go also writes named groups as (?<name>...); RE2 of Debian 12 knows (?P<name>...) alone.
std::string WithPythonGroupNames(std::string_view pattern);

}  // namespace firn
