#include "base/relabel/go_template.h"

#include <gtest/gtest.h>

namespace firn {
namespace {

std::string Expand(std::string_view text) {
  const std::string_view groups[] = {"whole", "one", "two"};
  std::string out;
  GoTemplate(text, {{"second", 2}}, 2).Expand(groups, &out);
  return out;
}

TEST(GoTemplateTest, ExpandsAsGoDoes) {
  static constexpr struct {
    const char* text;
    const char* expanded;
  } kCases[] = {
      {"", ""},
      {"plain", "plain"},
      {"$0", "whole"},
      {"$1-$2", "one-two"},
      {"${1}x", "onex"},
      {"$1x", ""},  // The group named "1x".
      {"$second", "two"},
      {"${second}s", "twos"},
      {"$seconds", ""},
      {"$3", ""},
      {"$01", ""},
      {"$99999999999", ""},
      {"$$1", "$1"},
      {"$", "$"},
      {"a$", "a$"},
      {"$-", "$-"},
      {"${", "${"},
      {"${1", "${1"},
      {"${}", "${}"},
      {"${1-2}", "${1-2}"},
      {"$1→$2", "one→two"},
      {"$1é", ""},
  };
  for (const auto& c : kCases) EXPECT_EQ(Expand(c.text), c.expanded) << c.text;
}

TEST(GoTemplateTest, RewritesNamedGroupsOnly) {
  EXPECT_EQ(WithPythonGroupNames("(?<a>x)(?P<b>y)(?:z)"), "(?P<a>x)(?P<b>y)(?:z)");
  EXPECT_EQ(WithPythonGroupNames("\\(?<a>[(?<b>][]?<(?<]"), "\\(?<a>[(?<b>][]?<(?<]");
  EXPECT_EQ(WithPythonGroupNames("[^](?<a]\\"), "[^](?<a]\\");
}

}  // namespace
}  // namespace firn
