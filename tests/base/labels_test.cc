#include "base/labels.h"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace firn {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs PairsOf(const Labels& labels) {
  Pairs pairs;
  for (const LabelView label : labels) pairs.emplace_back(label.name, label.value);
  return pairs;
}

TEST(Labels, FromPairsSortsAndDropsEmptyValues) {
  const Labels labels = Labels::FromPairs({{"b", "2"}, {"empty", ""}, {"a", "1"}, {"B", "3"}});
  EXPECT_EQ(PairsOf(labels), (Pairs{{"B", "3"}, {"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(labels.size(), 3u);
}

TEST(Labels, OfEqualNamesTheLastWins) {
  const Labels labels = Labels::FromPairs({{"a", "1"}, {"b", "x"}, {"a", "2"}});
  EXPECT_EQ(PairsOf(labels), (Pairs{{"a", "2"}, {"b", "x"}}));
  // Also if the last one is empty and so removes the label.
  EXPECT_EQ(PairsOf(Labels::FromPairs({{"a", "1"}, {"a", ""}})), Pairs());
}

TEST(Labels, GetFindsValuesAndAnswersEmptyForWhatIsAbsent) {
  const Labels labels = Labels::FromPairs({{"__name__", "up"}, {"job", "node"}, {"zone", "b"}});
  EXPECT_EQ(labels.Get("job"), "node");
  EXPECT_EQ(labels.metric_name(), "up");
  for (const std::string absent : {"", "a", "jo", "jobs", "zz"}) {
    EXPECT_EQ(labels.Get(absent), "") << absent;
    EXPECT_FALSE(labels.Has(absent)) << absent;
  }
  EXPECT_TRUE(labels.Has("zone"));
  EXPECT_TRUE(Labels().empty());
  EXPECT_EQ(Labels().Get("a"), "");
  EXPECT_EQ(Labels().size(), 0u);
}

TEST(Labels, CopiesOutliveTheirOrigin) {
  Labels copy;
  std::string_view value;
  {
    const Labels origin = Labels::FromPairs({{"a", "1"}, {"b", "2"}});
    copy = origin;
    value = copy.Get("b");
    EXPECT_EQ(copy, origin);
    EXPECT_EQ(copy.packed().data(), origin.packed().data());
  }
  EXPECT_EQ(value, "2");
  Labels moved = std::move(copy);
  EXPECT_EQ(PairsOf(moved), (Pairs{{"a", "1"}, {"b", "2"}}));
  const Labels& itself = moved;
  moved = itself;
  EXPECT_EQ(moved.size(), 2u);
  moved = Labels();
  EXPECT_TRUE(moved.empty());
  EXPECT_EQ(moved, Labels::FromPairs({{"a", ""}}));
}

TEST(Labels, AnyThreadMayCopyAndDrop) {
  const Labels shared = Labels::FromPairs({{"a", "1"}});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&shared] {
      std::vector<Labels> copies;
      for (int n = 0; n < 10'000; ++n) {
        copies.push_back(shared);
        if (n % 3 == 0) copies.erase(copies.begin(), copies.begin() + 1);
        if (copies.size() > 100) copies.clear();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(shared.Get("a"), "1");
}

TEST(Labels, OrderIsThatOfThePairs) {
  std::mt19937_64 rng(1);
  // Few characters and lengths around those that are written in other ways.
  const auto text = [&] {
    constexpr size_t kLengths[] = {1, 1, 2, 3, 7, 8, 9, 254, 255, 256, 300};
    std::string out(kLengths[rng() % std::size(kLengths)], 'm');
    out[rng() % out.size()] = "am\xff"[rng() % 3];
    return out;
  };
  std::vector<Labels> all;
  for (int i = 0; i < 300; ++i) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (size_t n = rng() % 4; n > 0; --n) pairs.emplace_back(text(), text());
    all.push_back(Labels::FromPairs(pairs));
  }
  for (const Labels& a : all) {
    for (const Labels& b : all) {
      const auto expected =
          std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
      ASSERT_TRUE((a <=> b) == expected) << a.ToString() << " and " << b.ToString();
    }
  }
}

TEST(Labels, OrderIsByPairsNameBeforeValueShorterFirst) {
  const std::vector<Labels> ascending = {
      Labels(),
      Labels::FromPairs({{"a", "1"}}),
      Labels::FromPairs({{"a", "1"}, {"b", "1"}}),
      Labels::FromPairs({{"a", "1"}, {"b", "2"}}),
      Labels::FromPairs({{"a", "1"}, {"c", "1"}}),
      Labels::FromPairs({{"a", "10"}}),
      Labels::FromPairs({{"a", "2"}}),
      Labels::FromPairs({{"aa", "1"}}),
      Labels::FromPairs({{"b", "1"}}),
      Labels::FromPairs({{"b", std::string(300, 'x')}}),
      Labels::FromPairs({{"b", "\xc3\xa9"}}),
  };
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (size_t k = 0; k < ascending.size(); ++k) {
      EXPECT_EQ(ascending[i] <=> ascending[k], i <=> k) << i << " " << k;
      EXPECT_EQ(ascending[i] == ascending[k], i == k) << i << " " << k;
    }
  }
}

TEST(Labels, ToStringIsAsPrometheusPrints) {
  const std::pair<Pairs, std::string> cases[] = {
      {{}, "{}"},
      {{{"__name__", "up"}}, "up"},
      {{{"__name__", "up"}, {"job", "a"}, {"zone", "b"}}, "up{job=\"a\", zone=\"b\"}"},
      {{{"job", "a"}}, "{job=\"a\"}"},
      {{{"job", "a\"b\\c\n"}}, "{job=\"a\\\"b\\\\c\\n\"}"},
      {{{"__name__", "a:b_c"}, {"x", "1"}}, "a:b_c{x=\"1\"}"},
      {{{"__name__", "with.dot"}, {"x", "1"}}, "{__name__=\"with.dot\", x=\"1\"}"},
      {{{"with.dot", "1"}}, "{\"with.dot\"=\"1\"}"},
  };
  for (const auto& [pairs, text] : cases) EXPECT_EQ(Labels::FromPairs(pairs).ToString(), text);
}

TEST(Labels, LongStringsTakeFourBytesOfLength) {
  for (const size_t n : {254, 255, 256, 65536}) {
    const Labels labels = Labels::FromPairs({{"a", std::string(n, 'x')}});
    EXPECT_EQ(labels.packed().size(), 2 + (n < 255 ? 1 : 4) + n) << n;
    EXPECT_EQ(labels.Get("a").size(), n);
    const Result<Labels> read = Labels::FromPacked(labels.packed());
    ASSERT_TRUE(read.ok()) << n;
    EXPECT_EQ(*read, labels);
  }
}

TEST(Labels, TheLongestStringFitsAndLongerOnesAreSeenBefore) {
  LabelsBuilder builder;
  builder.Set("a", std::string(kLabelStringBytesMax, 'x'));
  EXPECT_EQ(builder.LongestString(), kLabelStringBytesMax);
  const Labels labels = builder.Build();
  EXPECT_EQ(labels.Get("a").size(), kLabelStringBytesMax);
  EXPECT_TRUE(Labels::FromPacked(labels.packed()).ok());
  builder.Set(std::string(kLabelStringBytesMax + 1, 'n'), "v");
  EXPECT_EQ(builder.LongestString(), kLabelStringBytesMax + 1);
  EXPECT_EQ(LabelsBuilder().LongestString(), 0u);
}

TEST(Labels, FromPackedRefusesWhatIsNotWellFormed) {
  const auto packed = [](std::initializer_list<std::string_view> strings) {
    std::string out;
    for (const std::string_view text : strings) AppendPackedString(text, &out);
    return out;
  };
  const std::pair<std::string, std::string> bad[] = {
      {"out of order", packed({"b", "1", "a", "1"})},
      {"name repeats", packed({"a", "1", "a", "2"})},
      {"empty name", packed({"", "1"})},
      {"empty value", packed({"a", ""})},
      {"name without value", packed({"a"})},
      {"length beyond the end",
       "\x05"
       "abc"},
      {"long length cut short", "\xff\x01"},
      {"long length beyond the end", std::string("\xff\x01\x00\x00", 4)},
  };
  for (const auto& [what, bytes] : bad) {
    const Result<Labels> read = Labels::FromPacked(bytes);
    ASSERT_FALSE(read.ok()) << what;
    EXPECT_EQ(read.status().code(), StatusCode::kInvalidArgument) << what;
  }
  EXPECT_TRUE(Labels::FromPacked("").ok());
}

TEST(Labels, BuilderChangesACopy) {
  const Labels base = Labels::FromPairs({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  LabelsBuilder builder(base);
  builder.Set("b", "20").Set("aa", "x").Del("c").Set("a", "").Del("absent");
  EXPECT_EQ(builder.Get("b"), "20");
  EXPECT_EQ(builder.Get("c"), "");
  EXPECT_EQ(PairsOf(builder.Build()), (Pairs{{"aa", "x"}, {"b", "20"}}));
  EXPECT_EQ(PairsOf(base), (Pairs{{"a", "1"}, {"b", "2"}, {"c", "3"}}));

  const std::vector<std::string> names = {"a", "c", "z"};
  EXPECT_EQ(PairsOf(LabelsBuilder(base).Keep(names).Build()), (Pairs{{"a", "1"}, {"c", "3"}}));
  EXPECT_EQ(PairsOf(LabelsBuilder(base).Drop(names).Build()), (Pairs{{"b", "2"}}));
}

// The same operations on a std::map, which is sorted and unique by itself.
TEST(Labels, BuilderAgreesWithAMap) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 rng(seed);
  for (int round = 0; round < 200; ++round) {
    std::map<std::string, std::string> model;
    LabelsBuilder builder;
    Pairs all;
    for (int i = 0; i < 20; ++i) {
      const std::string name(1 + rng() % 3, static_cast<char>('a' + rng() % 5));
      const std::string value(rng() % 4 == 0 ? 250 + rng() % 10 : rng() % 3, 'v');
      builder.Set(name, value);
      all.emplace_back(name, value);
      model[name] = value;
    }
    std::erase_if(model, [](const auto& pair) { return pair.second.empty(); });
    const Pairs want(model.begin(), model.end());
    const Labels built = builder.Build();
    ASSERT_EQ(PairsOf(built), want);
    ASSERT_EQ(Labels::FromPairs(all), built);
    std::vector<LabelView> views(built.begin(), built.end());
    ASSERT_EQ(Labels::FromSortedViews(views), built);
    ASSERT_EQ(*Labels::FromPacked(built.packed()), built);
    for (const auto& [name, value] : want) ASSERT_EQ(built.Get(name), value);
  }
}

TEST(Labels, FromPackedTakesDamagedBytesForLabelsOrRefuses) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 rng(seed);
  const Labels labels =
      Labels::FromPairs({{"__name__", "up"}, {"a", std::string(260, 'x')}, {"job", "node"}});
  for (int i = 0; i < 5000; ++i) {
    std::string bytes(labels.packed());
    bytes[rng() % bytes.size()] ^= static_cast<char>(1u << rng() % 8);
    if (i % 2 == 0) bytes.resize(rng() % bytes.size());
    const Result<Labels> read = Labels::FromPacked(bytes);
    if (!read.ok()) continue;
    // What was taken must be sound: sorted, unique, nothing empty.
    EXPECT_EQ(Labels::FromPairs(PairsOf(*read)), *read);
  }
}

}  // namespace
}  // namespace firn
