#include "engine/head/registry/series_table.h"

#include <algorithm>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/hash.h"

namespace firn::engine {
namespace {

Labels Make(const std::string& name, const std::string& instance) {
  return Labels::FromPairs({{"__name__", name}, {"instance", instance}});
}

Series* Create(SeriesTable& table, const Labels& labels) {
  bool created = false;
  SeriesTable::RefRun run(&table);
  return *table.FindOrCreate(labels.packed(), Xxh3(labels.packed()), &run, &created);
}

std::vector<std::string> Texts(const std::vector<SeriesPtr>& list) {
  std::vector<std::string> out;
  for (const SeriesPtr& s : list) out.push_back(s->labels().ToString());
  return out;
}

TEST(SeriesTableTest, FindsWhatItCreated) {
  SeriesTable table;
  const Labels labels = Make("up", "a");
  Series* const series = Create(table, labels);
  EXPECT_EQ(Create(table, labels), series);
  EXPECT_EQ(table.Find(labels.packed(), Xxh3(labels.packed())), series);
  EXPECT_EQ(table.ByRef(series->ref()), series);
  EXPECT_EQ(table.ByRef(series->ref() + 1), nullptr);
  EXPECT_EQ(table.ByRef(UINT64_MAX), nullptr);
  EXPECT_EQ(table.size(), 1u);
}

TEST(SeriesTableTest, SelectsInLabelOrder) {
  SeriesTable table;
  for (const char* name : {"up", "down"}) {
    for (const char* instance : {"c", "a", "b"}) Create(table, Make(name, instance));
  }
  const Matcher not_b = *Matcher::Create(MatchType::kNotEqual, "instance", "b");
  EXPECT_EQ(Texts(table.Select({not_b})),
            (std::vector<std::string>{R"(down{instance="a"})", R"(down{instance="c"})",
                                      R"(up{instance="a"})", R"(up{instance="c"})"}));
  EXPECT_EQ(table.Select({Matcher::Equal("__name__", "up"), not_b}).size(), 2u);
  EXPECT_EQ(table.Select({Matcher::Equal("__name__", "none")}).size(), 0u);
}

// What is passed over without a look must not match, whatever asks for a few values.
TEST(SeriesTableTest, FindsWhateverMatches) {
  SeriesTable table;
  std::vector<Labels> all;
  for (int i = 0; i < 300; ++i) {
    all.push_back(Labels::FromPairs({{"__name__", "up"},
                                     {"instance", "i" + std::to_string(i)},
                                     {"job", i % 3 == 0 ? "" : "j" + std::to_string(i % 7)}}));
    Create(table, all.back());
  }
  const auto matcher = [](MatchType type, const char* name, const char* value) {
    return *Matcher::Create(type, name, value);
  };
  const Matcher of_instance[] = {matcher(MatchType::kEqual, "instance", "i7"),
                                 matcher(MatchType::kRegex, "instance", "i7"),
                                 matcher(MatchType::kRegex, "instance", "i7|i8|i250"),
                                 matcher(MatchType::kRegex, "instance", "i7|"),
                                 matcher(MatchType::kRegex, "instance", "i7.*"),
                                 matcher(MatchType::kNotRegex, "instance", "i7|i8"),
                                 matcher(MatchType::kNotEqual, "instance", "i7")};
  const Matcher of_job[] = {
      matcher(MatchType::kEqual, "job", ""), matcher(MatchType::kRegex, "job", "|j1"),
      matcher(MatchType::kRegex, "job", "j1|j2|j3|j4|j5|j6"),
      matcher(MatchType::kRegex, "job", "j1"), matcher(MatchType::kNotRegex, "job", "j1|")};
  size_t found = 0;
  for (const Matcher& a : of_instance) {
    for (const Matcher& b : of_job) {
      std::vector<std::string> want;
      for (const Labels& labels : all) {
        if (MatchesAll({a, b}, labels)) want.push_back(labels.ToString());
      }
      std::vector<std::string> got = Texts(table.Select({a, b}));
      std::sort(want.begin(), want.end());
      std::sort(got.begin(), got.end());
      EXPECT_EQ(got, want);
      found += got.size();
    }
  }
  EXPECT_GT(found, 500u);
}

TEST(SeriesTableTest, VisitsOneSeriesOfEachSetOfNamesThatIsStillThere) {
  SeriesTable table;
  for (const char* instance : {"a", "b", "c"}) Create(table, Make("up", instance));
  Create(table, Labels::FromPairs({{"__name__", "up"}, {"job", "x"}}));
  Create(table, Make("down", "a"));
  const auto visited = [&](const Matchers& matchers, size_t enough) {
    std::map<std::string, size_t> out;
    table.VisitByNames(
        matchers,
        [](std::string_view names) {
          return !NameSet::All(names, [](std::string_view name) { return name == kMetricName; });
        },
        [&](Series* series) {
          const std::string key(series->labels().metric_name());
          return ++out[key + (series->labels().Has("job") ? " job" : "")] < enough;
        });
    return out;
  };
  using Counts = std::map<std::string, size_t>;
  EXPECT_EQ(visited({}, 1), (Counts{{"down", 1}, {"up", 1}, {"up job", 1}}));
  EXPECT_EQ(visited({}, 2), (Counts{{"down", 1}, {"up", 2}, {"up job", 1}}));
  EXPECT_EQ(visited({Matcher::Equal("__name__", "up"), Matcher::Equal("instance", "b")}, 9),
            (Counts{{"up", 1}}));
  table.Remove(table.Select({Matcher::Equal("job", "x")}));
  EXPECT_EQ(visited({}, 1), (Counts{{"down", 1}, {"up", 1}}));
  table.Remove(table.Select({Matcher::Equal("instance", "c")}));
  EXPECT_EQ(visited({}, 9), (Counts{{"down", 1}, {"up", 2}}));
}

TEST(SeriesTableTest, LabelsBeforeTheNameKeepTheOrderRight) {
  SeriesTable table;
  Create(table, Labels::FromPairs({{"__name__", "a"}, {"Zone", "2"}}));
  Create(table, Labels::FromPairs({{"__name__", "b"}, {"Zone", "1"}}));
  const auto all = table.Select({});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_LT(all[0]->labels(), all[1]->labels());
  EXPECT_EQ(all[0]->labels().Get("Zone"), "1");
}

TEST(SeriesTableTest, RemovedSeriesAreGoneAndTheirNumbersStayUsed) {
  SeriesTable table;
  Series* const a = Create(table, Make("up", "a"));
  Create(table, Make("up", "b"));
  const uint64_t ref = a->ref();
  table.Remove(table.Select({Matcher::Equal("instance", "a")}));
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(table.ByRef(ref), nullptr);
  EXPECT_GT(Create(table, Make("up", "a"))->ref(), ref);
}

TEST(SeriesTableTest, KeepsTheOrderAsSeriesComeAndGo) {
  SeriesTable table;
  std::vector<std::string> want;
  for (int round = 0; round < 20; ++round) {
    for (const int i : {7 * round % 20, 20 + 3 * round % 20}) {
      want.push_back(Make("up", std::to_string(1000 + i)).ToString());
      Create(table, Make("up", std::to_string(1000 + i)));
    }
    if (round % 5 == 4) {
      std::erase(want, Make("up", "1007").ToString());
      table.Remove(table.Select({Matcher::Equal("instance", "1007")}));
    }
    std::sort(want.begin(), want.end());
    ASSERT_EQ(Texts(table.Select({})), want) << round;
  }
}

TEST(SeriesTableTest, RemembersWhatWasFoundUntilTheMetricChanges) {
  SeriesTable table;
  for (const char* name : {"up", "down"}) {
    for (const char* instance : {"a", "b", "c"}) Create(table, Make(name, instance));
  }
  const Matchers matchers = {Matcher::Equal("__name__", "up"),
                             *Matcher::Create(MatchType::kNotEqual, "instance", "b")};
  const auto found = [&] { return Texts(table.Select(matchers)); };
  const std::vector<std::string> two = {R"(up{instance="a"})", R"(up{instance="c"})"};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(found(), two);
  Create(table, Make("down", "d"));
  EXPECT_EQ(found(), two);
  Create(table, Make("up", "d"));
  EXPECT_EQ(found().size(), 3u);
  EXPECT_EQ(found().back(), R"(up{instance="d"})");
  table.Remove(table.Select({Matcher::Equal("instance", "a")}));
  EXPECT_EQ(found(), (std::vector<std::string>{R"(up{instance="c"})", R"(up{instance="d"})"}));
  // The metric itself goes and comes back.
  table.Remove(table.Select({Matcher::Equal("__name__", "up")}));
  EXPECT_TRUE(found().empty());
  Create(table, Make("up", "e"));
  EXPECT_EQ(found(), (std::vector<std::string>{R"(up{instance="e"})"}));
  EXPECT_TRUE(
      table.Select({Matcher::Equal("__name__", "up"), Matcher::Equal("instance", "b")}).empty());
}

// Whoever selected a series may use it after it was removed, on any thread.
TEST(SeriesTableTest, SharesOutliveTheTable) {
  std::vector<SeriesPtr> held;
  {
    SeriesTable table;
    for (int i = 0; i < 100; ++i) Create(table, Make("up", std::to_string(1000 + i)));
    held = table.Select({});
    table.Remove(std::vector<SeriesPtr>(held.begin(), held.begin() + 50));
    EXPECT_EQ(table.size(), 50u);
  }
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([mine = held] {
      std::vector<SeriesPtr> copies;
      for (size_t i = 0; i < mine.size(); ++i) {
        copies = {mine[i], mine[mine.size() - 1 - i]};
        EXPECT_EQ(copies[0]->labels(), Make("up", std::to_string(1000 + i)));
      }
    });
  }
  held.clear();
  for (std::thread& thread : threads) thread.join();
}

TEST(SeriesTableTest, NamesBlocksOfNumbersThatAreSpent) {
  constexpr uint64_t kBlock = kSeriesNumbersPerBlock;
  SeriesTable table;
  {
    SeriesTable::RefRun run(&table);
    bool created = false;
    for (uint64_t i = 1; i < 2 * kBlock + 10; ++i) {
      const Labels labels = Make("up", std::to_string(i));
      ASSERT_TRUE(table.FindOrCreate(labels.packed(), Xxh3(labels.packed()), &run, &created).ok());
    }
  }
  const Matcher kept = *Matcher::Create(MatchType::kNotEqual, "instance", "5000");
  EXPECT_EQ(table.Remove(table.Select({kept})), std::vector<uint64_t>{0})
      << "one series is left in the second block, and numbers of the third will be given out";
  EXPECT_EQ(table.ByRef(1), nullptr);
  EXPECT_EQ(table.ByRef(5000)->labels().Get("instance"), "5000");
  EXPECT_EQ(table.Remove(table.Select({})), std::vector<uint64_t>{kBlock});
  EXPECT_EQ(Create(table, Make("up", "new"))->ref(), 2 * kBlock + 10);
}

TEST(SeriesTableTest, RefusesToRestoreTwice) {
  SeriesTable table;
  ASSERT_TRUE(table.Restore(7, Make("up", "a")).ok());
  EXPECT_EQ(table.Restore(7, Make("up", "b")).code(), StatusCode::kCorruption);
  EXPECT_EQ(table.Restore(8, Make("up", "a")).code(), StatusCode::kCorruption);
  EXPECT_EQ(Create(table, Make("up", "c"))->ref(), 8u);
}

// What two batches create at the same time must not alternate: numbers next to one another are
// neighbours in the journal and share locks.
TEST(SeriesTableTest, BatchesGetNumbersInRuns) {
  SeriesTable table;
  constexpr int kSeries = 600;
  int seams = 0;
  uint64_t highest = 0;
  {
    SeriesTable::RefRun a(&table);
    SeriesTable::RefRun b(&table);
    uint64_t last = 0;
    bool created = false;
    for (int i = 0; i < kSeries; ++i) {
      const Labels of_a = Make("a", std::to_string(i));
      const Labels of_b = Make("b", std::to_string(i));
      const uint64_t ref =
          (*table.FindOrCreate(of_a.packed(), Xxh3(of_a.packed()), &a, &created))->ref();
      (*table.FindOrCreate(of_b.packed(), Xxh3(of_b.packed()), &b, &created))->ref();
      seams += ref != last + 1 ? 1 : 0;
      last = ref;
      highest = std::max(highest, ref);
    }
  }
  EXPECT_LT(seams, 12);
  EXPECT_LT(highest, 2u * kSeries + 512);
}

TEST(SeriesTableTest, NumbersThatABatchDidNotNeedAreGivenOut) {
  SeriesTable table;
  for (const char* instance : {"a", "b", "c"}) Create(table, Make("up", instance));
  EXPECT_EQ(table.next_ref(), 4u);
  bool created = false;
  {
    SeriesTable::RefRun run(&table);
    for (const char* instance : {"d", "e"}) {
      const Labels labels = Make("up", instance);
      ASSERT_TRUE(table.FindOrCreate(labels.packed(), Xxh3(labels.packed()), &run, &created).ok());
    }
    EXPECT_EQ(table.next_ref(), 7u) << "one number in reserve";
  }
  EXPECT_EQ(Create(table, Make("up", "f"))->ref(), 6u);
}

TEST(SeriesTableTest, VisitsMetricByMetricAndLeavesTheRestOfOneOut) {
  SeriesTable table;
  constexpr int kSeries = 50;  // More than it asks memory for ahead.
  for (int i = 0; i < kSeries; ++i) {
    for (const char* name : {"down", "up"}) Create(table, Make(name, std::to_string(i)));
  }
  table.Select({});  // Half of them in order, half as they came.
  for (int i = kSeries; i < 2 * kSeries; ++i) {
    for (const char* name : {"down", "up"}) Create(table, Make(name, std::to_string(i)));
  }
  std::vector<std::string> names;
  size_t visited = 0;
  table.VisitUnordered({}, [&](Series* series) {
    const std::string name(series->labels().metric_name());
    if (names.empty() || names.back() != name) names.push_back(name);
    ++visited;
    return true;
  });
  EXPECT_EQ(names, (std::vector<std::string>{"down", "up"}));
  EXPECT_EQ(visited, 4u * kSeries);

  visited = 0;
  table.VisitUnordered({}, [&](Series*) { return ++visited % 3 != 0; });
  EXPECT_EQ(visited, 6u) << "three of each";

  visited = 0;
  table.VisitUnordered({Matcher::Equal("instance", "7")}, [&](Series* series) {
    EXPECT_EQ(series->labels().Get("instance"), "7");
    ++visited;
    return true;
  });
  EXPECT_EQ(visited, 2u);
}

TEST(SeriesTableTest, ThreadsThatCreateTheSameSeriesAgree) {
  SeriesTable table;
  constexpr int kThreads = 4;
  constexpr int kSeries = 500;
  std::vector<std::vector<Series*>> seen(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kSeries; ++i) {
        seen[t].push_back(Create(table, Make("up", std::to_string(i))));
        if (i % 100 == 0) table.Select({Matcher::Equal("__name__", "up")});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int t = 1; t < kThreads; ++t) EXPECT_EQ(seen[t], seen[0]);
  EXPECT_EQ(table.size(), static_cast<size_t>(kSeries));
}

}  // namespace
}  // namespace firn::engine
