#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/page/page_format.h"
#include "storage/page/window_reader.h"
#include "storage/page/window_writer.h"
#include "tests/storage/page/memory_pages.h"
#include "tests/storage/page/random_window.h"

namespace firn::storage {
namespace {

constexpr TimestampMs kStart = 1'700'000'000'000;
constexpr WindowId kWindow = {
    .tier = 1, .start = kStart, .end = kStart + 4 * kHourMs, .generation = 3};

Matcher MakeMatcher(MatchType type, std::string name, std::string value) {
  return *Matcher::Create(type, std::move(name), std::move(value));
}

std::shared_ptr<const WindowReader> OpenOrDie(const std::shared_ptr<MemoryPages>& pages,
                                              const WindowId& window = kWindow) {
  auto reader = WindowReader::Open(pages, window);
  EXPECT_TRUE(reader.ok()) << reader.status().ToString();
  return reader.ok() ? *reader : nullptr;
}

void ExpectHolds(const WindowReader& reader, const ModelWindow& model) {
  auto handles = reader.Select({});
  ASSERT_TRUE(handles.ok()) << handles.status().ToString();
  ASSERT_EQ(handles->size(), model.size());
  ReadCache cache;
  auto want = model.begin();
  for (const SeriesHandle& handle : *handles) {
    ASSERT_EQ(handle.labels, want->first);
    SeriesData got;
    const Status status = reader.Read(handle, TimeRange(), &cache, &got);
    ASSERT_TRUE(status.ok()) << status.ToString();
    ASSERT_TRUE(SameSamples(got, want->second)) << handle.labels.ToString();
    ++want;
  }
}

class RandomWindowTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    const RandomWindowOptions options[] = {
        {.metrics = 8, .series_per_metric = 30, .samples_max = 200},
        {.metrics = 2, .series_per_metric = 5, .samples_max = 3000},
        {.metrics = 40, .series_per_metric = 2, .samples_max = 5},
        {.metrics = 3, .series_per_metric = 300, .samples_max = 120}};
    model_ = MakeRandomWindow(kWindow, options[GetParam() % 4], rng_);
    const auto summary = WriteWindow(kWindow, model_, pages_.get());
    ASSERT_TRUE(summary.ok()) << summary.status().ToString();
    summary_ = *summary;
    reader_ = OpenOrDie(pages_);
  }

  // `want` ascends.
  void ExpectLists(const Matchers& matchers, const std::vector<Labels>& want) const {
    const auto list = reader_->List(matchers, {.places = false, .series_max = want.size()});
    ASSERT_TRUE(list.ok());
    ASSERT_EQ(list->size(), want.size());
    for (size_t i = 0; i < want.size(); ++i) {
      EXPECT_EQ(list->labels(i), want[i]);
      EXPECT_TRUE(list->HasLabels(i, want[i])) << want[i].ToString();
      EXPECT_FALSE(i > 0 && list->HasLabels(i, want[i - 1])) << want[i].ToString();
      EXPECT_FALSE(i > 0 && list->HasLabels(i - 1, want[i])) << want[i].ToString();
      EXPECT_FALSE(list->HasLabels(i, LabelsBuilder(want[i]).Set("zone", "x").Build()));
      EXPECT_FALSE(list->HasLabels(i, Labels()));
      EXPECT_EQ(list->places(i), SeriesPlaces());
    }
    if (want.empty()) return;
    const auto refused = reader_->List(matchers, {.series_max = want.size() - 1});
    EXPECT_EQ(refused.status().code(), StatusCode::kResourceExhausted);
  }

  std::mt19937_64 rng_{static_cast<uint64_t>(GetParam())};
  ModelWindow model_;
  WindowSummary summary_;
  std::shared_ptr<MemoryPages> pages_ = std::make_shared<MemoryPages>();
  std::shared_ptr<const WindowReader> reader_;
};
INSTANTIATE_TEST_SUITE_P(Seeds, RandomWindowTest, testing::Range(0, 12));

TEST_P(RandomWindowTest, YieldsAllSamples) { ExpectHolds(*reader_, model_); }

TEST_P(RandomWindowTest, SummaryIsExact) {
  WindowSummary want;
  std::set<std::string> names;
  for (const auto& [labels, data] : model_) {
    ++want.series;
    want.float_samples += data.t.size();
    want.histogram_samples += data.ht.size();
    names.emplace(labels.metric_name());
    for (const auto* times : {&data.t, &data.ht}) {
      if (times->empty()) continue;
      want.min_t = std::min(want.min_t, times->front());
      want.max_t = std::max(want.max_t, times->back());
    }
  }
  want.metrics = names.size();
  want.clocks = summary_.clocks;
  want.pages = pages_->pages().size() - 1;
  for (const auto& [key, page] : pages_->pages()) {
    if (key != pages_->pages().rbegin()->first) want.bytes += page.size();
  }
  EXPECT_EQ(summary_, want);
  EXPECT_EQ(reader_->summary(), want);
  EXPECT_EQ(reader_->Metrics()->size(), names.size());
  EXPECT_TRUE(reader_->Verify().ok());
}

TEST_P(RandomWindowTest, ReadsAnyRange) {
  auto handles = reader_->Select({});
  ASSERT_TRUE(handles.ok());
  ReadCache cache;
  for (int round = 0; round < 300; ++round) {
    const SeriesHandle& handle = (*handles)[rng_() % handles->size()];
    TimeRange range{.min = kStart + static_cast<TimestampMs>(rng_() % (4 * kHourMs)),
                    .max = kStart + static_cast<TimestampMs>(rng_() % (4 * kHourMs))};
    if (rng_() % 8 == 0) range.min = kMinTimestamp;
    if (rng_() % 8 == 0) range.max = kMaxTimestamp;
    SeriesData got;
    ASSERT_TRUE(reader_->Read(handle, range, &cache, &got).ok());
    ASSERT_TRUE(SameSamples(got, Cut(model_.at(handle.labels), range)));
  }
}

TEST_P(RandomWindowTest, SelectsWhatMatchersSay) {
  std::vector<Labels> all;
  for (const auto& [labels, data] : model_) all.push_back(labels);
  for (int round = 0; round < 60; ++round) {
    Matchers matchers;
    for (size_t n = rng_() % 3; n > 0; --n) {
      const Labels& labels = all[rng_() % all.size()];
      std::vector<LabelView> views(labels.begin(), labels.end());
      const LabelView label = views[rng_() % views.size()];
      const auto type = static_cast<MatchType>(rng_() % 4);
      const bool regex = type == MatchType::kRegex || type == MatchType::kNotRegex;
      matchers.push_back(MakeMatcher(type, std::string(rng_() % 8 == 0 ? "absent" : label.name),
                                     regex ? (rng_() % 2 == 0 ? ".*1.*" : ".+")
                                           : std::string(rng_() % 8 == 0 ? "" : label.value)));
    }
    std::vector<Labels> want;
    std::set<std::string> names;
    std::set<std::string> instances;
    std::set<std::string> metrics;
    for (const Labels& labels : all) {
      if (!MatchesAll(matchers, labels)) continue;
      want.push_back(labels);
      for (const LabelView label : labels) names.emplace(label.name);
      if (labels.Has("instance")) instances.emplace(labels.Get("instance"));
      if (labels.Has(kMetricName)) metrics.emplace(labels.metric_name());
    }
    auto handles = reader_->Select(matchers);
    ASSERT_TRUE(handles.ok());
    std::vector<Labels> got;
    for (const SeriesHandle& handle : *handles) got.push_back(handle.labels);
    EXPECT_EQ(got, want);
    ExpectLists(matchers, want);
    EXPECT_EQ(*reader_->LabelNames(matchers), std::vector<std::string>(names.begin(), names.end()));
    EXPECT_EQ(**reader_->LabelValues("instance", matchers),
              std::vector<std::string>(instances.begin(), instances.end()));
    EXPECT_EQ(**reader_->LabelValues(kMetricName, matchers),
              std::vector<std::string>(metrics.begin(), metrics.end()));
  }
}

TEST_P(RandomWindowTest, ScansInTheOrderOfTheWriter) {
  std::vector<Labels> want;
  for (const auto& [labels, data] : model_) want.push_back(labels);
  std::stable_sort(want.begin(), want.end(), [](const Labels& a, const Labels& b) {
    return a.metric_name() < b.metric_name();
  });
  std::vector<Labels> got;
  WindowReader::Cursor cursor = reader_->Scan();
  while (*cursor.Next()) got.push_back(cursor.series().labels);
  EXPECT_EQ(got, want);
}

TEST_P(RandomWindowTest, WritingAgainGivesTheSameBytes) {
  MemoryPages again;
  ASSERT_TRUE(WriteWindow(kWindow, model_, &again).ok());
  EXPECT_EQ(again.pages(), pages_->pages());
  const KeyRange range = WindowKeys(kWindow);
  for (const auto& [key, page] : again.pages()) {
    EXPECT_TRUE(range.first <= key && key < range.last);
  }
}

TEST_P(RandomWindowTest, ReadsNoLabelsToSeeThatThereAreTooMany) {
  const auto reader = OpenOrDie(pages_);
  const int before = pages_->gets();
  const auto refused = reader->List({}, {.series_max = model_.size() - 1});
  EXPECT_EQ(refused.status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(pages_->gets(), before);
  EXPECT_EQ(reader->List({}, {.series_max = model_.size()})->size(), model_.size());
}

TEST_P(RandomWindowTest, KeepsTheValuesOfALabel) {
  const auto first = *reader_->LabelValues("instance", {});
  const int before = pages_->gets();
  EXPECT_EQ(**reader_->LabelValues("instance", {}), *first);
  EXPECT_EQ(pages_->gets(), before);
  EXPECT_TRUE((*reader_->LabelValues("absent", {}))->empty());
  EXPECT_EQ(**reader_->LabelValues("instance", {MakeMatcher(MatchType::kRegex, "le", ".*")}),
            *first);
}

TEST_P(RandomWindowTest, FindsTheSameSeriesAgainWithoutPages) {
  for (int round = 0; round < 30; ++round) {
    const Labels& labels = std::next(model_.begin(), rng_() % model_.size())->first;
    Matchers matchers = {
        Matcher::Equal(std::string(kMetricName), std::string(labels.metric_name()))};
    if (round % 2 == 0) {
      const auto last = *std::prev(std::vector<LabelView>(labels.begin(), labels.end()).end());
      matchers.push_back(Matcher::Equal(std::string(last.name), std::string(last.value)));
    }
    const auto first = *reader_->Select(matchers);
    ASSERT_FALSE(first.empty());
    const int before = pages_->gets();
    const auto again = *reader_->Select(matchers);
    EXPECT_EQ(pages_->gets(), before);
    ASSERT_EQ(again.size(), first.size());
    for (size_t i = 0; i < first.size(); ++i) {
      EXPECT_EQ(again[i].labels, first[i].labels);
      EXPECT_EQ(again[i].places, first[i].places);
      EXPECT_EQ(again[i].metric, first[i].metric);
    }
    EXPECT_EQ(reader_->List(matchers, {.series_max = first.size() - 1}).status().code(),
              StatusCode::kResourceExhausted);
  }
}

TEST_P(RandomWindowTest, SharesTimesBetweenReaders) {
  const auto handles = *reader_->Select({});
  for (const bool again : {false, true}) {
    ReadCache cache(ReadCache::Parts::kShared);
    for (const SeriesHandle& handle : handles) {
      SeriesData got;
      const int before = pages_->gets();
      ASSERT_TRUE(reader_->Read(handle, TimeRange(), &cache, &got).ok());
      ASSERT_TRUE(SameSamples(got, model_.at(handle.labels)));
      // Of short ones no page of times is read again, but for a data page for each kind.
      if (again && got.t.size() < 1000 && got.ht.size() < 1000) {
        EXPECT_LE(pages_->gets() - before, 2);
      }
    }
  }
}

TEST(Window, SharesTheFirstPagesOfDataBetweenReaders) {
  std::mt19937_64 rng(3);
  const ModelWindow model =
      MakeRandomWindow(kWindow, {.metrics = 30, .series_per_metric = 3, .samples_max = 60}, rng);
  auto pages = std::make_shared<MemoryPages>();
  ASSERT_TRUE(WriteWindow(kWindow, model, pages.get()).ok());
  const auto reader = *WindowReader::Open(pages, kWindow);
  const auto handles = *reader->Select({});
  const auto read_all = [&](ReadCache::Parts parts) {
    ReadCache cache(parts);
    const int before = pages->gets();
    for (const SeriesHandle& handle : handles) {
      SeriesData got;
      EXPECT_TRUE(reader->Read(handle, TimeRange(), &cache, &got).ok());
      EXPECT_TRUE(SameSamples(got, model.at(handle.labels)));
    }
    return pages->gets() - before;
  };
  const int alone = read_all(ReadCache::Parts::kOwn);
  EXPECT_EQ(read_all(ReadCache::Parts::kOwn), alone);
  read_all(ReadCache::Parts::kShared);
  const int again = read_all(ReadCache::Parts::kShared);
  EXPECT_LT(again, alone - 15);
  EXPECT_GT(again, 0) << "there are more pages than are kept";
}

TEST(Window, ADamagedByteIsCorruptionNamingThePage) {
  std::mt19937_64 rng(1);
  const ModelWindow model =
      MakeRandomWindow(kWindow, {.metrics = 2, .series_per_metric = 4, .samples_max = 30}, rng);
  auto pages = std::make_shared<MemoryPages>();
  ASSERT_TRUE(WriteWindow(kWindow, model, pages.get()).ok());
  for (auto& [key, page] : pages->pages()) {
    const std::string whole = page;
    for (size_t i = 0; i <= whole.size(); ++i) {
      if (i < whole.size()) {
        page[i] = static_cast<char>(page[i] ^ (1 << rng() % 8));
      } else {
        page.resize(rng() % whole.size());
      }
      auto reader = WindowReader::Open(pages, kWindow);
      const Status status = reader.ok() ? (*reader)->Verify() : reader.status();
      ASSERT_EQ(status.code(), StatusCode::kCorruption);
      ASSERT_NE(status.message().find(DescribePage(key)), std::string::npos) << status.ToString();
      page = whole;
    }
  }
}

TEST(Window, AMissingOrMisplacedPageIsCorruption) {
  std::mt19937_64 rng(2);
  const ModelWindow model =
      MakeRandomWindow(kWindow, {.metrics = 3, .series_per_metric = 9, .samples_max = 60}, rng);
  auto pages = std::make_shared<MemoryPages>();
  ASSERT_TRUE(WriteWindow(kWindow, model, pages.get()).ok());
  const MemoryPages::Map whole = pages->pages();
  const std::string root = whole.rbegin()->first;
  for (const auto& [key, page] : whole) {
    pages->pages().erase(key);
    auto reader = WindowReader::Open(pages, kWindow);
    const Status status = reader.ok() ? (*reader)->Verify() : reader.status();
    EXPECT_EQ(status.code(), key == root ? StatusCode::kNotFound : StatusCode::kCorruption);
    pages->pages()[key] = whole.begin()->second;
    if (key != whole.begin()->first) {
      reader = WindowReader::Open(pages, kWindow);
      EXPECT_EQ((reader.ok() ? (*reader)->Verify() : reader.status()).code(),
                StatusCode::kCorruption);
    }
    pages->pages()[key] = page;
  }
}

TEST(Window, SharedClocksAreStoredOnce) {
  WindowId window = kWindow;
  auto pages = std::make_shared<MemoryPages>();
  WindowWriter writer(window, pages.get());
  std::mt19937_64 rng(3);
  std::vector<TimestampMs> clock;
  for (int i = 0; i < 480; ++i) {
    clock.push_back(kStart + 15'000 * i + static_cast<TimestampMs>(rng() % 5));
  }
  const std::vector<double> ones(clock.size(), 1);
  for (int i = 100; i < 600; ++i) {
    const Labels labels = Labels::FromPairs({{"__name__", "up"}, {"instance", std::to_string(i)}});
    // Every tenth starts late: it names a part of the same clock.
    const size_t first = i % 10 == 9 ? 100 : 0;
    ASSERT_TRUE(writer
                    .Add(labels, {.t = std::span(clock).subspan(first),
                                  .v = std::span(ones).subspan(first),
                                  .ht = {},
                                  .h = {}})
                    .ok());
  }
  const auto summary = writer.Finish();
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->clocks, 1u);
  EXPECT_LE(summary->bytes, 5000u);  // For 235,000 samples.
  auto reader = OpenOrDie(pages);
  auto handles = reader->Select({MakeMatcher(MatchType::kRegex, "instance", "1.9")});
  ASSERT_EQ(handles->size(), 10u);
  EXPECT_EQ((*handles)[0].places.floats.clock_first, 100u);
}

TEST(Window, ReadingInOrderOpensEachPageOnce) {
  std::mt19937_64 rng(4);
  auto pages = std::make_shared<MemoryPages>();
  WindowWriter writer(kWindow, pages.get());
  std::vector<TimestampMs> clock;
  std::vector<double> noise;
  for (int i = 0; i < 960; ++i) {
    clock.push_back(kStart + 15'000 * i);
    noise.push_back(std::bit_cast<double>(rng() >> 2));
  }
  for (int i = 100; i < 200; ++i) {
    ASSERT_TRUE(writer
                    .Add(Labels::FromPairs({{"__name__", "m"}, {"i", std::to_string(i)}}),
                         {.t = clock, .v = noise, .ht = {}, .h = {}})
                    .ok());
  }
  ASSERT_TRUE(writer.Finish().ok());
  ASSERT_GE(pages->pages().size(), 10u);
  auto reader = OpenOrDie(pages);
  auto handles = reader->Select({});
  ReadCache cache;
  SeriesData data;
  for (const SeriesHandle& handle : *handles) {
    ASSERT_TRUE(reader->Read(handle, TimeRange(), &cache, &data).ok());
  }
  EXPECT_EQ(data.v.size(), 96'000u);
  EXPECT_EQ(pages->gets(), static_cast<int>(pages->pages().size()));
}

TEST(Window, LongMetricsAreCutIntoSegments) {
  auto pages = std::make_shared<MemoryPages>();
  WindowWriter writer(kWindow, pages.get());
  const std::vector<TimestampMs> t = {kStart};
  const int n = 2 * static_cast<int>(kSegmentRowsMax) + 5;
  for (int i = 0; i < n; ++i) {
    const std::vector<double> v = {static_cast<double>(i)};
    ASSERT_TRUE(writer
                    .Add(Labels::FromPairs({{"__name__", "m"}, {"i", std::to_string(100'000 + i)}}),
                         {.t = t, .v = v, .ht = {}, .h = {}})
                    .ok());
  }
  ASSERT_TRUE(writer.Finish().ok());
  auto reader = OpenOrDie(pages);
  auto handles = reader->Select({});
  ASSERT_EQ(handles->size(), static_cast<size_t>(n));
  ReadCache cache;
  for (const int i : {0, 8191, 8192, 8193, n - 1}) {
    SeriesData data;
    ASSERT_TRUE(reader->Read((*handles)[static_cast<size_t>(i)], TimeRange(), &cache, &data).ok());
    EXPECT_EQ(data.v, std::vector<double>{static_cast<double>(i)});
  }
  EXPECT_TRUE(reader->Verify().ok());
}

TEST(Window, AnEmptyWindowCanBeOpened) {
  auto pages = std::make_shared<MemoryPages>();
  ASSERT_TRUE(WriteWindow(kWindow, {}, pages.get()).ok());
  auto reader = OpenOrDie(pages);
  EXPECT_TRUE(reader->Select({})->empty());
  EXPECT_TRUE(reader->LabelNames({})->empty());
  EXPECT_TRUE(reader->Verify().ok());
}

TEST(Window, AnUnfinishedWindowIsNotFound) {
  auto pages = std::make_shared<MemoryPages>();
  EXPECT_EQ(WindowReader::Open(pages, kWindow).status().code(), StatusCode::kNotFound);
}

TEST(Window, RefusesWhatBreaksItsContract) {
  const Labels a = Labels::FromPairs({{"__name__", "a"}});
  const Labels b = Labels::FromPairs({{"__name__", "b"}});
  const std::vector<double> v = {1, 2};
  const auto add = [&](std::vector<TimestampMs> t, const Labels& first, const Labels& second) {
    MemoryPages pages;
    WindowWriter writer(kWindow, &pages);
    const std::vector<TimestampMs> good = {kStart, kStart + 1};
    EXPECT_TRUE(writer.Add(first, {.t = good, .v = v, .ht = {}, .h = {}}).ok());
    return writer.Add(second, {.t = t, .v = v, .ht = {}, .h = {}}).code();
  };
  EXPECT_EQ(add({kStart, kStart + 1}, a, b), StatusCode::kOk);
  EXPECT_EQ(add({kStart, kStart + 1}, b, a), StatusCode::kInvalidArgument);
  EXPECT_EQ(add({kStart, kStart + 1}, a, a), StatusCode::kInvalidArgument);
  EXPECT_EQ(add({kStart, kStart}, a, b), StatusCode::kInvalidArgument);
  EXPECT_EQ(add({kStart - 1, kStart}, a, b), StatusCode::kInvalidArgument);
  EXPECT_EQ(add({kStart, kWindow.end + 1}, a, b), StatusCode::kInvalidArgument);
  EXPECT_EQ(add({kStart}, a, b), StatusCode::kInvalidArgument);
}

TEST(Window, KeysKeepTheOrderOfTiersStartsGenerationsAndNames) {
  const std::vector<WindowId> windows = {{.tier = 0, .start = -5, .end = 0, .generation = 9},
                                         {.tier = 0, .start = 5, .end = 9, .generation = 0},
                                         {.tier = 0, .start = 5, .end = 9, .generation = 256},
                                         {.tier = 1, .start = -9, .end = 0, .generation = 0}};
  for (size_t i = 1; i < windows.size(); ++i) {
    EXPECT_LE(WindowKeys(windows[i - 1]).last, WindowKeys(windows[i]).first);
  }
  const std::vector<std::string> names = {"",
                                          std::string(1, '\0'),
                                          std::string("\0\1", 2),
                                          "a",
                                          std::string("a\0", 2),
                                          "a\1",
                                          "aa",
                                          "\xff",
                                          "\xff\xff"};
  std::string before;
  for (const std::string& name : names) {
    for (const uint32_t number : {0u, 1u, 256u, 0xffffffffu}) {
      const std::string key = PageKey(MetricKeyPrefix(kWindow, name), PageKind::kData, number);
      EXPECT_LT(before, key);
      before = key;
    }
  }
  EXPECT_LT(before, WindowKeyPrefix(kWindow));
  const KeyRange tier = TierKeys(0, 5, 6);
  EXPECT_TRUE(tier.first <= WindowKeys(windows[1]).first &&
              WindowKeys(windows[2]).last <= tier.last);
  EXPECT_LT(WindowKeys(windows[0]).last, tier.first);
}

}  // namespace
}  // namespace firn::storage
