// Batches whose entries hold differences, and what a replay makes of them.
#include <array>
#include <bit>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/head/head_batch.h"
#include "engine/head/journal/journal_replayer.h"

namespace firn::engine {
namespace {

constexpr DurationMs kWindow = kMinuteMs;
constexpr TimestampMs kStart = 1'700'000'040'000;

HeadOptions Options() {
  HeadOptions options;
  options.window_ms = kWindow;
  options.out_of_order_ms = kWindow;
  options.future_ms = 0;
  return options;
}

Labels LabelsOf(int series) {
  return Labels::FromPairs({{"__name__", "m"}, {"series", std::to_string(series)}});
}

// Which of the samples of entries are differences.
class Survey : public JournalEntryVisitor {
 public:
  explicit Survey(std::string_view entry) { EXPECT_TRUE(ReadJournalEntry(entry, this).ok()); }
  void OnSample(uint64_t, Sample) override { ++whole; }
  void OnDifference(uint64_t, TimestampMs, const JournalDifference& since) override {
    ++differences;
    base = since.base_entry;
  }
  void OnHistogram(uint64_t, TimestampMs, HistogramPtr) override {}
  int whole = 0;
  int differences = 0;
  uint64_t base = 0;
};

struct Write {
  int series = 0;
  Sample sample;
};

class JournalBasesTest : public testing::Test {
 protected:
  std::unique_ptr<HeadBatch> Encode(const std::vector<Write>& writes, std::string* entry) {
    auto batch = std::make_unique<HeadBatch>(&head_);
    for (const auto& [series, sample] : writes) {
      const Labels labels = LabelsOf(series);
      std::vector<LabelView> views;
      for (const LabelView& label : labels) views.push_back(label);
      const auto ref = batch->FindSeries(views);
      EXPECT_TRUE(ref.ok() && batch->Append(*ref, std::array{sample}).ok());
      series_[static_cast<uint64_t>(*ref)] = series;
    }
    *entry = batch->EncodeEntry();
    return batch;
  }
  // Returns the bytes of the entry.
  std::string Commit(const std::vector<Write>& writes) {
    std::string entry;
    const auto batch = Encode(writes, &entry);
    journal_[next_] = entry;
    batch->Apply(next_++);
    return entry;
  }
  // What of `journal_` fills `into`, a head that knows the same series.
  std::unique_ptr<JournalReplayer> Replay(Head* into, uint64_t first = 0) {
    for (const auto& [ref, series] : series_) {
      EXPECT_TRUE(into->table().Restore(ref, LabelsOf(series)).ok());
    }
    JournalReplayer::Source source;
    source.first = first;
    source.read_entry = [this](uint64_t entry) -> Result<std::string> {
      ++fetches_;
      const auto it = journal_.find(entry);
      if (it == journal_.end()) return NotFound("entry {}", entry);
      return it->second;
    };
    auto replayer = std::make_unique<JournalReplayer>(into, sealed_, 2, std::move(source));
    for (auto it = journal_.lower_bound(first); it != journal_.end(); ++it) {
      EXPECT_TRUE(replayer->Replay(it->first, it->second).ok());
    }
    replayer->Finish();
    return replayer;
  }
  using Samples = std::map<TimestampMs, uint64_t>;  // Patterns.
  // What comes of `journal_` in a head of its own.
  std::map<int, Samples> Replayed() {
    Head other(Options());
    Replay(&other);
    return ReadAll(&other);
  }
  std::map<int, Samples> ReadAll(Head* head) {
    std::map<int, Samples> all;
    HeadScratch scratch;
    for (const auto& [ref, series] : series_) {
      SampleColumns got;
      EXPECT_TRUE(head->Read(head->table().ByRef(ref), TimeRange{}, {}, &scratch, &got).ok());
      for (size_t i = 0; i < got.t.size(); ++i) {
        all[series][got.t[i]] = std::bit_cast<uint64_t>(got.v[i]);
      }
    }
    std::erase_if(all, [](const auto& item) { return item.second.empty(); });
    return all;
  }

  Head head_{Options()};
  std::map<uint64_t, int> series_;  // By number.
  std::map<uint64_t, std::string> journal_;
  std::vector<JournalReplayer::SealedRange> sealed_;
  uint64_t next_ = 1;
  int fetches_ = 0;
};

TEST_F(JournalBasesTest, AWholeValueIsTheBaseOfSoManyDifferences) {
  for (int i = 0; i <= 2 * (BaseRow::kUsesMax + 1); ++i) {
    const Survey entry(Commit({{1, {kStart + i, 100.0 + i}}, {2, {kStart + i, 0.5}}}));
    const bool whole = i % (BaseRow::kUsesMax + 1) == 0;
    EXPECT_EQ(entry.whole, whole ? 2 : 0) << i;
    EXPECT_EQ(entry.base, whole ? 0 : next_ - 1 - static_cast<uint64_t>(i) % 16) << i;
  }
  Head other(Options());
  Replay(&other);
  EXPECT_EQ(ReadAll(&other), ReadAll(&head_));
  EXPECT_EQ(fetches_, 0);
}

// Frozen windows let entries go; those of others do not depend on them.
TEST_F(JournalBasesTest, ADifferenceStaysWithinItsWindowAndEpoch) {
  Commit({{1, {kStart, 1000}}});
  EXPECT_EQ(Survey(Commit({{1, {kStart + kWindow, 1001}}})).whole, 1);
  EXPECT_EQ(Survey(Commit({{1, {kStart + kWindow + 1, 1002}}})).base, 2u);
  EXPECT_EQ(Survey(Commit({{1, {kStart + 1, 1002}}})).whole, 1) << "late";
  EXPECT_EQ(Survey(Commit({{1, {kStart + kWindow + 2, 1002}}})).base, 2u);
  {
    GateClosed closed(&head_.gate());
    constexpr TimestampMs kEnd = kStart + 2 * kWindow;
    EXPECT_EQ(head_.windows().Freeze({kEnd, kEnd}, next_).size(), 2u);
  }
  EXPECT_EQ(Survey(Commit({{1, {kStart + kWindow + 3, 1002}}})).whole, 1);
}

TEST_F(JournalBasesTest, WhatAnEntryHoldsTwiceOfASeriesIsNoBase) {
  Commit({{1, {kStart, 1000}}, {2, {kStart, 1000}}, {1, {kStart + 1, 2000}}});
  const Survey entry(Commit({{1, {kStart + 2, 1000}}, {2, {kStart + 2, 1000}}}));
  EXPECT_EQ(entry.whole, 1);
  EXPECT_EQ(entry.differences, 1);
}

// Else every one would push out the base that a replay keeps.
TEST_F(JournalBasesTest, ValuesFarFromTheirBaseLeaveItAlone) {
  Commit({{1, {kStart, 1.0 / 3}}});
  for (int i = 1; i <= 5; ++i) Commit({{1, {kStart + i, -1.0 / (7 + i)}}});
  EXPECT_EQ(Survey(Commit({{1, {kStart + 6, 1.0 / 3}}})).base, 1u);
  EXPECT_EQ(Replayed(), ReadAll(&head_));
  EXPECT_EQ(fetches_, 0);
}

TEST_F(JournalBasesTest, AFailedWriteIsNoBase) {
  std::string entry;
  Encode({{1, {kStart, 1000}}}, &entry).reset();
  EXPECT_EQ(Survey(Commit({{1, {kStart, 1000}}})).whole, 1);
}

// Of requests that cross the newest is the base from then on. What was taken to an older one until
// then is found.
TEST_F(JournalBasesTest, RequestsMayCross) {
  std::string entries[3];
  std::unique_ptr<HeadBatch> batches[3];
  for (int i = 0; i < 3; ++i) batches[i] = Encode({{1, {kStart + i, 1000.0 * i}}}, &entries[i]);
  for (uint64_t i = 0; i < 3; ++i) journal_[i + 1] = entries[i];
  next_ = 4;
  batches[1]->Apply(2);
  EXPECT_EQ(Survey(Commit({{1, {kStart + 3, 1001}}})).base, 2u);
  EXPECT_EQ(Replayed().at(1).at(kStart + 3), std::bit_cast<uint64_t>(1001.0));
  EXPECT_EQ(fetches_, 0);
  batches[2]->Apply(3);
  batches[0]->Apply(1);
  EXPECT_EQ(Survey(Commit({{1, {kStart + 4, 2001}}})).base, 3u);
  EXPECT_EQ(Replayed(), ReadAll(&head_));
  EXPECT_EQ(fetches_, 0);
  for (auto& batch : batches) batch.reset();
}

TEST_F(JournalBasesTest, ABaseThatIsNoneOfTheLastIsReadAgain) {
  JournalEntryWriter writer;
  for (uint64_t entry = 1; entry <= 3; ++entry) {
    Commit({{1, {kStart + static_cast<TimestampMs>(entry), 1000.0 * static_cast<double>(entry)}}});
    writer.Clear();
    writer.Add(1, {kStart + static_cast<TimestampMs>(entry), 1000.0 * static_cast<double>(entry)});
    journal_[entry] = writer.Finish();
  }
  writer.Clear();
  writer.AddSince({.entry = 1, .value = 1000}, 1, {kStart + 4, 1001});
  journal_[4] = writer.Finish();
  const Samples got = Replayed().at(1);
  EXPECT_EQ(fetches_, 1);
  EXPECT_EQ(got.at(kStart + 4), std::bit_cast<uint64_t>(1001.0));
}

TEST_F(JournalBasesTest, ALostBaseIsToldAndCostsOnlyWhatNeedsIt) {
  Commit({{1, {kStart, 1000}}});
  Commit({{2, {kStart, 2000}}});
  Commit({{1, {kStart + 1, 1001}}, {2, {kStart + 1, 2001}}});
  journal_.erase(1);
  Head other(Options());
  EXPECT_EQ(Replay(&other)->baseless(), 1u);
  const std::map<int, Samples> got = ReadAll(&other);
  EXPECT_EQ(got.size(), 1u);
  EXPECT_EQ(got.at(2), ReadAll(&head_).at(2));
}

TEST_F(JournalBasesTest, WhatDependsOnForgottenEntriesIsInPages) {
  Commit({{1, {kStart, 1000}}});
  Commit({{1, {kStart + 1, 1001}}});
  Head other(Options());
  EXPECT_EQ(Replay(&other, 2)->baseless(), 0u);
  EXPECT_TRUE(ReadAll(&other).empty());
}

TEST_F(JournalBasesTest, AnEntryThatCannotBeReadNowStopsTheReplay) {
  Head other(Options());
  JournalReplayer replayer(&other, {}, 1, {.read_entry = [](uint64_t) -> Result<std::string> {
    return Unavailable("the disk does not answer");
  }});
  JournalEntryWriter writer;
  writer.AddSince({.entry = 1, .value = 5}, 1, {kStart, 100});
  EXPECT_EQ(replayer.Replay(2, writer.Finish()).code(), StatusCode::kUnavailable);
}

// Writes in any order, some at once, some that fail; windows that are frozen, and entries that go.
class RandomJournalTest : public JournalBasesTest {
 protected:
  double Value() {
    const auto n = static_cast<double>(random_() % 1000);
    switch (random_() % 5) {
      case 0:
        return n;
      case 1:
        return n / 100;
      case 2:
        return std::bit_cast<double>(random_());
      case 3:
        return StaleNan();
      default:
        return 7;
    }
  }
  std::vector<Write> SomeWrites() {
    std::vector<Write> writes;
    const int first = static_cast<int>(random_() % 200);
    const int n = 1 + static_cast<int>(random_() % 100);
    for (int i = 0; i < n; ++i) {
      const int series = random_() % 20 == 0 ? static_cast<int>(random_() % 300) : first + i;
      const TimestampMs late =
          random_() % 10 == 0 ? static_cast<TimestampMs>(random_() % 20'000) : 0;
      const Sample sample{now_ - late, Value()};
      if (model_[series].contains(sample.t)) continue;
      model_[series][sample.t] = std::bit_cast<uint64_t>(sample.v);
      writes.push_back({series, sample});
    }
    return writes;
  }
  void Forget(const std::vector<Write>& writes) {
    for (const auto& [series, sample] : writes) model_[series].erase(sample.t);
  }
  void Step() {
    now_ += static_cast<TimestampMs>(random_() % 3000);
    const std::vector<Write> a = SomeWrites();
    switch (random_() % 8) {
      case 0: {  // Fails.
        std::string entry;
        Encode(a, &entry).reset();
        ++next_;
        return Forget(a);
      }
      case 1: {  // Two at once.
        const std::vector<Write> b = SomeWrites();
        std::string entry_a;
        std::string entry_b;
        const auto batch_a = Encode(a, &entry_a);
        const auto batch_b = Encode(b, &entry_b);
        journal_[next_] = entry_a;
        journal_[next_ + 1] = entry_b;
        batch_b->Apply(next_ + 1);
        batch_a->Apply(next_);
        next_ += 2;
        return;
      }
      default:
        Commit(a);
    }
  }
  void Seal() {
    const TimestampMs horizon = now_ - 30'000;
    std::vector<FrozenWindow> frozen;
    {
      GateClosed closed(&head_.gate());
      frozen = head_.windows().Freeze({horizon, horizon}, next_);
    }
    for (const FrozenWindow& window : frozen) {
      sealed_.push_back({window.start, window.end, window.journal_end});
      for (auto& [series, samples] : model_) {
        std::erase_if(samples, [&](const auto& sample) {
          return sample.first >= window.start && sample.first < window.end;
        });
      }
      head_.windows().Sealed(window.slot);
    }
    first_ = head_.windows().FirstNeeded(next_);
    journal_.erase(journal_.begin(), journal_.lower_bound(first_));
  }
  void Check() {
    Head other(Options());
    EXPECT_EQ(Replay(&other, first_)->baseless(), 0u);
    std::map<int, Samples> want = model_;
    std::erase_if(want, [](const auto& item) { return item.second.empty(); });
    EXPECT_EQ(ReadAll(&other), want);
  }

  std::mt19937_64 random_;
  std::map<int, Samples> model_;  // What is in no sealed window.
  TimestampMs now_ = kStart;
  uint64_t first_ = 1;
};

TEST_F(RandomJournalTest, AReplayBringsBackEveryBitThatIsNotSealed) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  random_.seed(seed);
  for (int i = 0; i < 600; ++i) {
    Step();
    if (random_() % 20 == 0) Seal();
    if (random_() % 50 == 0) Check();
    if (HasFailure()) return;
  }
  Check();
}

}  // namespace
}  // namespace firn::engine
