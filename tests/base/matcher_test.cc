#include "base/matcher.h"

#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace firn {
namespace {

struct MatchCase {
  MatchType type;
  std::string pattern;
  std::vector<std::string> yes;
  std::vector<std::string> no;
};

TEST(Matcher, Matches) {
  using enum MatchType;
  const MatchCase cases[] = {
      {kEqual, "a", {"a"}, {"", "A", "ab", "ba"}},
      {kEqual, "", {""}, {"a"}},
      {kEqual, "a.*", {"a.*"}, {"abc"}},
      {kNotEqual, "a", {"", "b", "aa"}, {"a"}},
      {kNotEqual, "", {"a"}, {""}},
      // Anchored at both ends.
      {kRegex, "a", {"a"}, {"", "ab", "ba"}},
      {kRegex, "a|b", {"a", "b"}, {"", "ab", "a|b"}},
      {kRegex, "(a|b)", {"a", "b"}, {"", "ab", "(a|b)"}},
      {kRegex, "a|", {"a", ""}, {"b"}},
      {kRegex, "|", {""}, {"|", "a"}},
      {kRegex, "", {""}, {"a"}},
      {kRegex, "()", {""}, {"()"}},
      {kRegex, "(a)|(b)", {"a", "b"}, {"", "a)|(b"}},
      {kRegex, "x(a|b)", {"xa", "xb"}, {"x", "a", "xab"}},
      {kRegex, "a|b.*", {"a", "b", "bcd"}, {"ab", "c"}},
      {kRegex, "a\\|b", {"a|b"}, {"a", "b"}},
      // The dot matches a newline.
      {kRegex, ".*", {"", "a", "a\nb", "\n"}, {}},
      {kRegex, ".+", {"a", "a\nb", "\n"}, {""}},
      {kRegex, "ab.*", {"ab", "abc", "ab\n"}, {"", "a", "xab"}},
      {kRegex, ".*ab", {"ab", "\nab"}, {"abc", ""}},
      {kRegex, "a.c", {"abc", "a\nc"}, {"ac", "abbc"}},
      {kRegex, "a+.*", {"a", "aab", "a+"}, {"", "b", "+"}},
      {kRegex, "(?i)abc", {"abc", "ABC", "aBc"}, {"abcd"}},
      {kRegex, "[0-9]{3}", {"123"}, {"12", "1234"}},
      {kRegex, "10\\.0\\.0\\..*", {"10.0.0.1"}, {"10x0.0.1"}},
      {kRegex, "^a$", {"a"}, {"ba"}},
      {kRegex, "\xc3\xa9.", {"\xc3\xa9\xc3\xa8"}, {"\xc3\xa9"}},
      {kNotRegex, "a|b", {"", "c", "ab"}, {"a", "b"}},
      {kNotRegex, ".*", {}, {"", "a"}},
      {kNotRegex, ".+", {""}, {"a", "\n"}},
      {kNotRegex, "a.*", {"", "b"}, {"a", "abc"}},
  };
  for (const MatchCase& c : cases) {
    const Result<Matcher> matcher = Matcher::Create(c.type, "x", c.pattern);
    ASSERT_TRUE(matcher.ok()) << c.pattern << ": " << matcher.status().ToString();
    const auto text = [&](const std::string& value) {
      return matcher->ToString() + " against " + QuoteGo(value);
    };
    for (const std::string& value : c.yes) EXPECT_TRUE(matcher->Matches(value)) << text(value);
    for (const std::string& value : c.no) EXPECT_FALSE(matcher->Matches(value)) << text(value);
    EXPECT_EQ(matcher->MatchesEmpty(), matcher->Matches("")) << text("");
    EXPECT_EQ(matcher->type(), c.type);
    EXPECT_EQ(matcher->value(), c.pattern);
  }
}

TEST(Matcher, RefusesRegularExpressionsThatDoNotCompile) {
  for (const std::string pattern : {"(", "a)", "[", "*", "a**", "\\", "(?P<a", "[z-a]", "x{1001}",
                                    "(?=a)", "\\8", "(a|b", ").(", "a)(b"}) {
    const Result<Matcher> matcher = Matcher::Create(MatchType::kRegex, "x", pattern);
    ASSERT_FALSE(matcher.ok()) << pattern;
    EXPECT_EQ(matcher.status().code(), StatusCode::kInvalidArgument) << pattern;
  }
  // As literals they are fine.
  EXPECT_TRUE(Matcher::Create(MatchType::kEqual, "x", "(").ok());
}

TEST(Matcher, RefusesPatternsAndProgramsAboveTheLimits) {
  EXPECT_TRUE(Matcher::Create(MatchType::kRegex, "x", std::string(64 << 10, 'a')).ok());
  const std::string cases[] = {std::string((64 << 10) + 1, 'a'), "((a{100}){100}){100}",
                               "(?:\\pL{500}){300}"};
  for (const std::string& pattern : cases) {
    const Result<Matcher> matcher = Matcher::Create(MatchType::kNotRegex, "x", pattern);
    ASSERT_FALSE(matcher.ok()) << pattern.substr(0, 30);
    EXPECT_EQ(matcher.status().code(), StatusCode::kInvalidArgument) << pattern.substr(0, 30);
  }
}

TEST(Matcher, TimeIsLinearForPatternsThatBacktrackElsewhere) {
  const Result<Matcher> matcher = Matcher::Create(MatchType::kRegex, "x", "(a+)+b");
  ASSERT_TRUE(matcher.ok());
  EXPECT_FALSE(matcher->Matches(std::string(100'000, 'a')));
}

TEST(Matcher, SetMatchesListsPlainAlternativesOnce) {
  using Set = std::vector<std::string>;
  const std::pair<std::string, Set> cases[] = {{"a", {"a"}},
                                               {"b|a|b", {"a", "b"}},
                                               {"(x|y)", {"x", "y"}},
                                               {"a|", {"", "a"}},
                                               {"a.b", {}},
                                               {"a|b+", {}},
                                               {".*", {}},
                                               {".+", {}},
                                               {"(a|b)c", {}},
                                               {"a-b|c_d", {"a-b", "c_d"}}};
  for (const auto& [pattern, set] : cases) {
    EXPECT_EQ(Matcher::Create(MatchType::kRegex, "x", pattern)->set_matches(), set) << pattern;
  }
  // A negated one matches everything else.
  EXPECT_EQ(Matcher::Create(MatchType::kNotRegex, "x", "a|b")->set_matches(), Set());
  EXPECT_EQ(Matcher::Equal("x", "a").set_matches(), Set());
}

TEST(Matcher, ReadsAMissingLabelAsEmpty) {
  const Labels labels = Labels::FromPairs({{"__name__", "up"}, {"job", "node"}});
  const auto matches = [&](MatchType type, std::string name, std::string value) {
    return Matcher::Create(type, std::move(name), std::move(value))->Matches(labels);
  };
  EXPECT_TRUE(matches(MatchType::kEqual, "job", "node"));
  EXPECT_TRUE(matches(MatchType::kEqual, "absent", ""));
  EXPECT_TRUE(matches(MatchType::kNotEqual, "absent", "x"));
  EXPECT_TRUE(matches(MatchType::kRegex, "absent", "x?"));
  EXPECT_FALSE(matches(MatchType::kRegex, "absent", ".+"));
  EXPECT_FALSE(matches(MatchType::kNotEqual, "absent", ""));
  const Matchers both = {Matcher::Equal("job", "node"), Matcher::Equal("__name__", "up")};
  EXPECT_TRUE(MatchesAll(both, labels));
  EXPECT_TRUE(MatchesAll({}, labels));
  EXPECT_FALSE(MatchesAll({both[0], Matcher::Equal("__name__", "down")}, labels));
}

TEST(Matcher, ToStringQuotesWhatNeedsIt) {
  EXPECT_EQ(Matcher::Equal("job", "a\"b").ToString(), "job=\"a\\\"b\"");
  EXPECT_EQ(Matcher::Create(MatchType::kNotEqual, "a", "b")->ToString(), "a!=\"b\"");
  EXPECT_EQ(Matcher::Create(MatchType::kRegex, "a", "b.*")->ToString(), "a=~\"b.*\"");
  EXPECT_EQ(Matcher::Create(MatchType::kNotRegex, "a.b", "c")->ToString(), "\"a.b\"!~\"c\"");
}

// Patterns with a shortcut must decide as the same pattern without one.
TEST(Matcher, KeysTellMatchersApart) {
  const auto make = [](MatchType type, std::string name, std::string value) {
    return *Matcher::Create(type, std::move(name), std::move(value));
  };
  const Matchers lists[] = {{},
                            {make(MatchType::kEqual, "a", "b")},
                            {make(MatchType::kEqual, "ab", "")},
                            {make(MatchType::kEqual, "", "ab")},
                            {make(MatchType::kNotEqual, "a", "b")},
                            {make(MatchType::kRegex, "a", "b")},
                            {make(MatchType::kEqual, "a", "b"), make(MatchType::kEqual, "c", "d")},
                            {make(MatchType::kEqual, "c", "d"), make(MatchType::kEqual, "a", "b")},
                            {make(MatchType::kEqual, "a", std::string("b\0\1c\1d", 6))}};
  std::set<std::string> keys;
  for (const Matchers& list : lists) keys.insert(KeyOf(list));
  EXPECT_EQ(keys.size(), std::size(lists));
}

TEST(Matcher, ShortcutsAgreeWithTheGeneralWay) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 rng(seed);
  const auto random_text = [&](std::string_view letters, size_t max) {
    std::string text;
    for (size_t n = rng() % (max + 1); n > 0; --n) text += letters[rng() % letters.size()];
    return text;
  };
  for (int i = 0; i < 500; ++i) {
    const std::string pattern = random_text("ab|", 5) + (i % 3 == 0   ? ".*"
                                                         : i % 3 == 1 ? ""
                                                                      : random_text("ab|.*+()", 3));
    const Result<Matcher> quick = Matcher::Create(MatchType::kRegex, "x", pattern);
    // An empty group changes nothing, but no shortcut knows it.
    const Result<Matcher> general = Matcher::Create(MatchType::kRegex, "x", pattern + "(?:)");
    ASSERT_EQ(quick.ok(), general.ok()) << pattern;
    if (!quick.ok()) continue;
    for (int k = 0; k < 20; ++k) {
      const std::string value = random_text("ab|\n", 4);
      ASSERT_EQ(quick->Matches(value), general->Matches(value))
          << QuoteGo(pattern) << " against " << QuoteGo(value);
    }
  }
}

TEST(Matcher, CopiesMayBeUsedByManyThreads) {
  const Matcher matcher = *Matcher::Create(MatchType::kRegex, "x", "[a-c]+[0-9]*");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([copy = matcher, &matcher] {
      for (int k = 0; k < 500; ++k) {
        EXPECT_TRUE(matcher.Matches("abc" + std::to_string(k)));
        EXPECT_FALSE(copy.Matches("x" + std::to_string(k)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace firn
