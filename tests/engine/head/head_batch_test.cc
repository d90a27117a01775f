#include "engine/head/head_batch.h"

#include <gtest/gtest.h>

#include "engine/head/journal/journal_replayer.h"

namespace firn::engine {
namespace {

class HeadBatchTest : public testing::Test {
 protected:
  static HeadOptions Options() {
    HeadOptions options;
    options.window_ms = 1000;
    options.out_of_order_ms = 500;
    options.clock = &clock_;
    return options;
  }

  Result<SeriesRef> Find(HeadBatch& batch, std::vector<LabelView> labels) {
    return batch.FindSeries(labels);
  }
  Status Write(HeadBatch& batch, Sample sample) {
    auto ref = Find(batch, {{"__name__", "m"}, {"a", "1"}});
    if (!ref.ok()) return ref.status();
    return batch.Append(*ref, std::array{sample});
  }
  Status WriteOne(Sample sample) {
    HeadBatch batch(&head_);
    FIRN_RETURN_IF_ERROR(Write(batch, sample));
    batch.Apply(++journal_);
    return OkStatus();
  }
  SampleColumns ReadAll() {
    HeadScratch scratch;
    SampleColumns out;
    for (const SeriesPtr& s : head_.table().Select({})) {
      EXPECT_TRUE(head_.Read(s.get(), TimeRange{}, {}, &scratch, &out).ok());
    }
    return out;
  }

  inline static FakeClock clock_{kDayMs};
  Head head_{Options()};
  uint64_t journal_ = 0;
};

TEST_F(HeadBatchTest, SortsLabelsAndDropsEmptyOnes) {
  HeadBatch batch(&head_);
  const auto a = Find(batch, {{"b", "2"}, {"__name__", "m"}, {"a", "1"}, {"empty", ""}});
  const auto b = Find(batch, {{"__name__", "m"}, {"a", "1"}, {"b", "2"}});
  ASSERT_TRUE(a.ok());
  EXPECT_EQ(*a, *b);
}

// Once in the head they would keep their window from being sealed for ever.
TEST_F(HeadBatchTest, RefusesHistogramsThatPagesCannotHold) {
  constexpr uint32_t kMany = 40'000;  // Fine on one side, too many on both.
  FloatHistogram both_sides;
  both_sides.positive_spans = both_sides.negative_spans = {{0, kMany}};
  both_sides.positive_buckets = both_sides.negative_buckets = std::vector<double>(kMany, 1);
  FloatHistogram empty_spans;
  empty_spans.positive_spans.assign(70'000, {1, 0});
  FloatHistogram without_buckets;
  without_buckets.positive_spans = {{0, 2}};
  FloatHistogram fine = both_sides;
  fine.negative_spans.clear();
  fine.negative_buckets.clear();

  HeadBatch batch(&head_);
  const auto ref = Find(batch, {{"__name__", "m"}});
  ASSERT_TRUE(ref.ok());
  const auto append = [&](const FloatHistogram& h) {
    return batch.AppendHistogram(*ref, kDayMs, std::make_shared<const FloatHistogram>(h)).code();
  };
  for (const FloatHistogram& h : {both_sides, empty_spans, without_buckets}) {
    EXPECT_EQ(append(h), StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(append(fine), StatusCode::kOk);
}

TEST_F(HeadBatchTest, NamesTheRuleThatALabelSetBreaks) {
  const std::string long_value(20000, 'x');
  const struct {
    std::vector<LabelView> labels;
    std::string want;
  } cases[] = {
      {{{"a", "1"}}, "no metric name"},
      {{{"__name__", "m"}, {"", "1"}}, "empty name"},
      {{{"__name__", "m"}, {"a", "1"}, {"a", "2"}}, "label \"a\" occurs twice"},
      {{{"__name__", "m"}, {"a", "\xff"}}, "not valid UTF-8"},
      {{{"__name__", "m"}, {"a", long_value}}, "20000 bytes, the limit is 16384"},
  };
  HeadBatch batch(&head_);
  for (const auto& c : cases) {
    const auto result = batch.FindSeries(c.labels);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(result.status().message().find(c.want), std::string_view::npos)
        << result.status().message();
  }
}

TEST_F(HeadBatchTest, NothingIsVisibleBeforeApply) {
  HeadBatch batch(&head_);
  ASSERT_TRUE(Write(batch, {100, 1}).ok());
  EXPECT_TRUE(ReadAll().empty());
  const AppendCounts counts = batch.Apply(1);
  EXPECT_EQ(counts.samples, 1u);
  EXPECT_EQ(counts.new_series, 1u);
  EXPECT_EQ(ReadAll().t, std::vector<TimestampMs>{100});
}

TEST_F(HeadBatchTest, AppliesTheRulesOfAcceptance) {
  ASSERT_TRUE(WriteOne({10'000'000, 1}).ok());
  EXPECT_TRUE(WriteOne({10'000'000, 1}).ok()) << "equal value is accepted silently";
  EXPECT_EQ(WriteOne({10'000'000, 2}).code(), StatusCode::kDuplicate);
  EXPECT_EQ(WriteOne({10'000'000 - kHourMs - 1, 2}).code(), StatusCode::kTooOld);
  EXPECT_TRUE(WriteOne({10'000'000 - kHourMs, 2}).ok());
  EXPECT_EQ(WriteOne({clock_.NowMs() + 11 * kMinuteMs, 2}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadAll().v, (std::vector<double>{2, 1}));
}

TEST_F(HeadBatchTest, ReplayOfTheEntryGivesTheSameSamples) {
  std::string entry;
  {
    HeadBatch batch(&head_);
    ASSERT_TRUE(Write(batch, {1000, 1}).ok());
    ASSERT_TRUE(Write(batch, {2500, 2}).ok());
    ASSERT_TRUE(Write(batch, {1500, 3}).ok());
    entry = batch.EncodeEntry();
    batch.Apply(1);
  }
  Head other(Options());
  ASSERT_TRUE(other.table().Restore(1, Labels::FromPairs({{"__name__", "m"}, {"a", "1"}})).ok());
  JournalReplayer replayer(&other, {}, 1, {});
  ASSERT_TRUE(replayer.Replay(1, entry).ok());
  replayer.Finish();
  HeadScratch scratch;
  SampleColumns got;
  const auto series = other.table().Select({});
  ASSERT_EQ(series.size(), 1u);
  ASSERT_TRUE(other.Read(series[0].get(), TimeRange{}, {}, &scratch, &got).ok());
  EXPECT_EQ(got.t, ReadAll().t);
  EXPECT_EQ(got.v, (std::vector<double>{1, 3, 2}));
  EXPECT_EQ(replayer.orphans(), 0u);
}

TEST_F(HeadBatchTest, ReplayLeavesOutWhatIsSealedAndCountsOrphans) {
  JournalEntryWriter writer;
  writer.Clear();
  writer.Add(1, {500, 1});
  writer.Add(1, {1500, 2});
  writer.Add(9, {1600, 3});
  Head head(Options());
  ASSERT_TRUE(head.table().Restore(1, Labels::FromPairs({{"__name__", "m"}})).ok());
  JournalReplayer replayer(&head, {{.start = 0, .end = 1000, .journal_end = 5}}, 2, {});
  ASSERT_TRUE(replayer.Replay(4, writer.Finish()).ok());
  replayer.Finish();
  EXPECT_EQ(replayer.samples(), 1u);
  EXPECT_EQ(replayer.orphans(), 1u);
  HeadScratch scratch;
  SampleColumns got;
  ASSERT_TRUE(head.Read(head.table().ByRef(1), TimeRange{}, {}, &scratch, &got).ok());
  EXPECT_EQ(got.t, std::vector<TimestampMs>{1500});
  // The same samples in a later entry came after the seal.
  ASSERT_TRUE(replayer.Replay(5, writer.Finish()).ok());
  replayer.Finish();
  got.Clear();
  ASSERT_TRUE(head.Read(head.table().ByRef(1), TimeRange{}, {}, &scratch, &got).ok());
  EXPECT_EQ(got.t, (std::vector<TimestampMs>{500, 1500}));
}

TEST_F(HeadBatchTest, RecognisesSeriesInTheOrderOfAnEarlierBatch) {
  const auto feed = [&](HeadBatch& batch, const std::string& value) {
    const auto ref = Find(batch, {{"__name__", "m"}, {"a", value}});
    EXPECT_TRUE(ref.ok());
    batch.Remember(*ref, "wire " + value);
    return *ref;
  };
  std::vector<SeriesRef> refs;
  {
    HeadBatch batch(&head_);
    for (const char* value : {"1", "2", "3"}) refs.push_back(feed(batch, value));
    EXPECT_TRUE(batch.Append(refs[1], std::array{Sample{1000, 1}}).ok());
    batch.Apply(1);
  }
  HeadBatch batch(&head_);
  EXPECT_EQ(batch.Recognise("wire 1").label_bytes, 0u) << "nothing is known of the first";
  EXPECT_EQ(feed(batch, "1"), refs[0]);
  const RecognisedSeries second = batch.Recognise("wire 2, sample");
  EXPECT_EQ(second.label_bytes, 6u);
  EXPECT_EQ(second.series, refs[1]);
  EXPECT_EQ(batch.Append(second.series, std::array{Sample{1000, 2}}).code(),
            StatusCode::kDuplicate);
  // Asked for again with its labels, as after an error.
  EXPECT_EQ(feed(batch, "2"), refs[1]);
  EXPECT_EQ(batch.Recognise("wire 4").label_bytes, 0u);
  EXPECT_EQ(batch.Recognise("wire 3").series, refs[2]);
}

TEST_F(HeadBatchTest, DoesNotRecogniseSeriesThatAreGone) {
  std::vector<SeriesRef> refs;
  {
    HeadBatch batch(&head_);
    for (const char* value : {"1", "2"}) {
      refs.push_back(*Find(batch, {{"__name__", "m"}, {"a", value}}));
      batch.Remember(refs.back(), value);
    }
    ASSERT_TRUE(batch.Append(refs[0], std::array{Sample{10'000, 1}}).ok());
    batch.Apply(1);
  }
  EXPECT_EQ(head_.RemoveIdleSeries(0).size(), 1u) << "the one without samples";
  HeadBatch batch(&head_);
  EXPECT_EQ(*Find(batch, {{"__name__", "m"}, {"a", "1"}}), refs[0]);
  EXPECT_EQ(batch.Recognise("2").label_bytes, 0u);
}

TEST_F(HeadBatchTest, HeadReadSkipsSealedEpochs) {
  ASSERT_TRUE(WriteOne({100, 1}).ok());
  Series* const series = head_.table().ByRef(1);
  {
    GateClosed closed(&head_.gate());
    head_.windows().Freeze({kMaxTimestamp, kMaxTimestamp}, 10);
  }
  ASSERT_TRUE(WriteOne({200, 2}).ok());
  HeadScratch scratch;
  SampleColumns out;
  ASSERT_TRUE(head_.Read(series, TimeRange{}, {{0, 0}}, &scratch, &out).ok());
  EXPECT_EQ(out.t, std::vector<TimestampMs>{200});
  head_.DropSealed({{0, 0}});
  EXPECT_EQ(ReadAll().t, std::vector<TimestampMs>{200});
}

// A sender that did not hear the answer sends again, by when the window may be sealed.
TEST_F(HeadBatchTest, AHistogramIsKnownAgainAfterItsWindowWasSealed) {
  const auto append = [&](TimestampMs t, double sum) {
    FloatHistogram histogram;
    histogram.positive_spans = {{0, 1}};
    histogram.positive_buckets = {2};
    histogram.count = 2;
    histogram.sum = sum;
    HeadBatch batch(&head_);
    const Status status =
        batch.AppendHistogram(*Find(batch, {{"__name__", "m"}}), t,
                              std::make_shared<const FloatHistogram>(std::move(histogram)));
    if (status.ok()) batch.Apply(++journal_);
    return status.code();
  };
  ASSERT_EQ(append(100, 1), StatusCode::kOk);
  {
    GateClosed closed(&head_.gate());
    head_.windows().Freeze({kMaxTimestamp, kMaxTimestamp}, 10);
  }
  head_.DropSealed({{0, 0}});
  Series* const series = head_.table().ByRef(1);
  EXPECT_EQ(series->chunk_count(), 0u);
  EXPECT_EQ(append(100, 1), StatusCode::kOk);
  EXPECT_EQ(append(100, 3), StatusCode::kDuplicate);
  EXPECT_TRUE(ReadAll().ht.empty()) << "pages have it";
  EXPECT_EQ(append(200, 3), StatusCode::kOk);
  EXPECT_EQ(append(200, 4), StatusCode::kDuplicate);
  EXPECT_EQ(ReadAll().ht, std::vector<TimestampMs>{200});
}

}  // namespace
}  // namespace firn::engine
