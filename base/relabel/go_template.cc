#include "base/relabel/go_template.h"

#include <charconv>

#include "base/check.h"
#include "base/relabel/unicode_case.h"

namespace firn {
namespace {

// Length of the name at the start of `text`: letters, digits and underscores.
size_t NameLength(std::string_view text) {
  size_t n = 0;
  while (n < text.size()) {
    const size_t step = WordCharacterLength(text.substr(n));
    if (step == 0) break;
    n += step;
  }
  return n;
}

bool IsNumber(std::string_view name) {
  return name.find_first_not_of("0123456789") == std::string_view::npos &&
         (name.size() == 1 || name[0] != '0');
}

int GroupOf(std::string_view name, const std::map<std::string, int>& group_names, int group_count) {
  if (IsNumber(name)) {
    int number = -1;
    std::from_chars(name.data(), name.data() + name.size(), number);
    return number >= 0 && number <= group_count ? number : -1;
  }
  const auto it = group_names.find(std::string(name));
  return it == group_names.end() ? -1 : it->second;
}

}  // namespace

GoTemplate::GoTemplate(std::string_view text, const std::map<std::string, int>& group_names,
                       int group_count) {
  std::string literal;
  while (!text.empty()) {
    const size_t dollar = std::min(text.find('$'), text.size());
    literal.append(text.substr(0, dollar));
    text.remove_prefix(dollar);
    if (text.empty()) break;
    text.remove_prefix(1);
    if (text.starts_with('$')) {
      literal.push_back('$');
      text.remove_prefix(1);
      continue;
    }
    const bool braces = text.starts_with('{');
    const size_t start = braces ? 1 : 0;
    const size_t length = NameLength(text.substr(start));
    if (length == 0 || (braces && text.substr(start + length, 1) != "}")) {
      literal.push_back('$');  // Not a reference, so a plain character.
      continue;
    }
    pieces_.push_back(
        {std::move(literal), GroupOf(text.substr(start, length), group_names, group_count)});
    literal.clear();
    text.remove_prefix(length + 2 * start);
  }
  if (!literal.empty()) pieces_.push_back({std::move(literal), -1});
}

void GoTemplate::Expand(std::span<const std::string_view> groups, std::string* out) const {
  for (const Piece& piece : pieces_) {
    out->append(piece.literal);
    if (piece.group < 0) continue;
    FIRN_CHECK(static_cast<size_t>(piece.group) < groups.size());
    out->append(groups[static_cast<size_t>(piece.group)]);
  }
}

std::string WithPythonGroupNames(std::string_view pattern) {
  std::string out;
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    out.push_back(c);
    if (c == '\\' && i + 1 < pattern.size()) {
      out.push_back(pattern[++i]);
    } else if (c == '[') {
      in_class = true;
      // A bracket right behind the opening one is an element of the class.
      if (pattern.substr(i + 1, 1) == "^") out.push_back(pattern[++i]);
      if (pattern.substr(i + 1, 1) == "]") out.push_back(pattern[++i]);
    } else if (c == ']') {
      in_class = false;
    } else if (c == '(' && !in_class && pattern.substr(i + 1, 2) == "?<") {
      out.append("?P<");
      i += 2;
    }
  }
  return out;
}

}  // namespace firn
