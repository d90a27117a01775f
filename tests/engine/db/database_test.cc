#include "engine/db/database.h"

#include <atomic>
#include <thread>

#include "tests/engine/db/fixture.h"
#include "tests/support/copy_at_rest.h"

namespace firn::engine {
namespace {

class DatabaseTest : public DatabaseFixture {
 protected:
  DatabaseTest() {
    options_.head_window_ms = 1000;
    options_.out_of_order_ms = 500;
    options_.future_ms = 0;
  }

  static Status Write(Database* db, const std::string& instance, std::vector<Sample> samples) {
    FIRN_ASSIGN_OR_RETURN(auto appender, db->NewAppender());
    const std::vector<LabelView> labels = {{"__name__", "m"}, {"instance", instance}};
    FIRN_ASSIGN_OR_RETURN(const SeriesRef ref, appender->Series(labels));
    FIRN_RETURN_IF_ERROR(appender->Append(ref, samples));
    return appender->Commit().status();
  }

  static std::vector<TimestampMs> Times(const Querier& querier, const std::string& instance) {
    auto set = querier.Select({}, {Matcher::Equal("instance", instance)}, {});
    EXPECT_TRUE(set.ok()) << set.status().ToString();
    SampleColumns samples;
    if (!set.ok() || (*set)->size() == 0) return {};
    const Status status = (*set)->Read(0, {}, &samples);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return samples.t;
  }
  std::vector<TimestampMs> Times(const std::string& instance) {
    return Times(**db_->NewQuerier(), instance);
  }
};

using Ts = std::vector<TimestampMs>;

TEST_F(DatabaseTest, CommittedSamplesSurviveAProcessThatEndsAtOnce) {
  Open();
  ASSERT_TRUE(Write(db_.get(), "a", {{100, 1}, {200, 2}}).ok());
  const std::filesystem::path killed = dir_.string() + ".killed";
  ASSERT_TRUE(CopyAtRest(dir_, killed, [] {}));
  db_.reset();
  std::filesystem::remove_all(dir_);
  std::filesystem::rename(killed, dir_);
  Open();
  EXPECT_EQ(Times("a"), (Ts{100, 200}));
}

TEST_F(DatabaseTest, TellsHowFarOpeningIsAndCanBeAskedToStop) {
  Open();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Write(db_.get(), "a", {{100 * i, 1}}).ok());
  db_.reset();
  size_t told = 0;
  options_.on_replay = [&](const ReplayProgress&) -> Status {
    return ++told < 3 ? OkStatus() : Cancelled("enough");
  };
  EXPECT_EQ(Database::Open(options_).status().code(), StatusCode::kCancelled);
  EXPECT_EQ(told, 3u);
  std::vector<ReplayProgress> progress;
  options_.on_replay = [&](const ReplayProgress& p) {
    progress.push_back(p);
    return OkStatus();
  };
  Open();
  EXPECT_EQ(Times("a"), (Ts{0, 100, 200, 300, 400}));
  ASSERT_EQ(progress.size(), 5u);
  for (size_t i = 0; i < progress.size(); ++i) {
    EXPECT_EQ(progress[i].first, progress[0].current);
    EXPECT_EQ(progress[i].last, progress[4].current);
    EXPECT_EQ(progress[i].current, progress[0].current + i);
  }
}

TEST_F(DatabaseTest, SealedSamplesLeaveHeadAndJournal) {
  Open();
  ASSERT_TRUE(Write(db_.get(), "a", {{100, 1}, {1100, 2}}).ok());
  ASSERT_TRUE(db_->Seal().ok());
  EXPECT_EQ(Times("a"), (Ts{100, 1100}));
  EXPECT_EQ(Metric("stored_windows"), 2);
  EXPECT_EQ(Metric("head_chunks"), 0);
  Open();
  EXPECT_EQ(Times("a"), (Ts{100, 1100}));
  EXPECT_EQ(Metric("head_chunks"), 0) << "nothing is replayed";
}

TEST_F(DatabaseTest, SealsMoreWindowsThanAtATimeWhileAReaderHoldsTheHead) {
  Open();
  std::vector<Sample> samples;
  Ts times;
  for (int i = 0; i < 70; ++i) {
    times.push_back(1000 * i + 100);
    samples.push_back({times.back(), static_cast<double>(i)});
  }
  ASSERT_TRUE(Write(db_.get(), "a", samples).ok());
  auto before = *db_->NewQuerier();
  ASSERT_TRUE(db_->Seal().ok());
  EXPECT_EQ(Metric("stored_windows"), 70);
  EXPECT_EQ(Metric("head_chunks"), 70) << "the reader may still look at them";
  EXPECT_EQ(Times(*before, "a"), times);
  EXPECT_EQ(Times("a"), times);
  before.reset();
  ASSERT_TRUE(Write(db_.get(), "a", {{200'100, 1}}).ok());
  ASSERT_TRUE(db_->Seal().ok());
  EXPECT_EQ(Metric("head_chunks"), 0);
  times.push_back(200'100);
  EXPECT_EQ(Times("a"), times);
  Open();
  EXPECT_EQ(Times("a"), times);
}

TEST_F(DatabaseTest, ASealedWindowTakesLateSamplesAsANewGeneration) {
  Open();
  ASSERT_TRUE(Write(db_.get(), "a", {{100, 1}, {300, 3}}).ok());
  ASSERT_TRUE(db_->Seal().ok());
  ASSERT_TRUE(Write(db_.get(), "a", {{200, 2}, {400, 4}}).ok());
  EXPECT_EQ(Times("a"), (Ts{100, 200, 300, 400}));
  ASSERT_TRUE(db_->Seal().ok());
  EXPECT_EQ(Metric("stored_windows"), 2);
  Open();
  EXPECT_EQ(Times("a"), (Ts{100, 200, 300, 400}));
}

TEST_F(DatabaseTest, SealsAWindowSoonAndOnceMoreWhatComesLate) {
  options_.head_window_ms = 30 * kMinuteMs;
  options_.out_of_order_ms = kHourMs;
  Open();
  const auto stored_after = [&](const std::string& instance, TimestampMs t) {
    EXPECT_TRUE(Write(db_.get(), instance, {{t, 1}}).ok());
    EXPECT_TRUE(db_->Compact(false).ok());
    return Metric("stored_windows");
  };
  EXPECT_EQ(stored_after("a", 29 * kMinuteMs), 0);
  EXPECT_EQ(stored_after("a", 32 * kMinuteMs - 1), 0);
  EXPECT_EQ(stored_after("a", 32 * kMinuteMs), 1);
  EXPECT_EQ(stored_after("late", 10 * kMinuteMs), 1);
  EXPECT_EQ(stored_after("a", 90 * kMinuteMs - 1), 2) << "only the second half hour";
  EXPECT_EQ(Times("late"), Ts{10 * kMinuteMs});
  EXPECT_EQ(stored_after("a", 90 * kMinuteMs), 3);
  EXPECT_EQ(Times("late"), Ts{10 * kMinuteMs});
  Open();
  EXPECT_EQ(Times("late"), Ts{10 * kMinuteMs});
  EXPECT_EQ(Times("a"), (Ts{29 * kMinuteMs, 32 * kMinuteMs - 1, 32 * kMinuteMs, 90 * kMinuteMs - 1,
                            90 * kMinuteMs}));
}

TEST_F(DatabaseTest, AQuerierKeepsItsSnapshotThroughASeal) {
  Open();
  ASSERT_TRUE(Write(db_.get(), "a", {{100, 1}}).ok());
  const auto before = *db_->NewQuerier();
  auto set = *before->Select({}, {}, {});
  ASSERT_TRUE(db_->Seal().ok());
  EXPECT_EQ(Metric("head_chunks"), 1) << "still needed by the querier";
  SampleColumns samples;
  ASSERT_EQ(set->size(), 1u);
  ASSERT_TRUE(set->Read(0, {}, &samples).ok());
  EXPECT_EQ(samples.t, Ts{100});
  EXPECT_EQ(Times("a"), Ts{100}) << "a new querier reads the pages";
}

TEST_F(DatabaseTest, HistogramsSurviveSealAndReopen) {
  Open();
  auto h = std::make_shared<FloatHistogram>();
  h->schema = 3;
  h->count = 5;
  h->sum = 1.25;
  h->positive_spans = {{-2, 2}};
  h->positive_buckets = {2, 3};
  {
    auto appender = *db_->NewAppender();
    const std::vector<LabelView> labels = {{"__name__", "h"}, {"instance", "a"}};
    const SeriesRef ref = *appender->Series(labels);
    ASSERT_TRUE(appender->AppendHistogram(ref, 100, h).ok());
    ASSERT_TRUE(appender->Commit().ok());
  }
  for (int round = 0; round < 3; ++round) {
    auto querier = *db_->NewQuerier();
    auto set = *querier->Select({}, {}, {});
    ASSERT_EQ(set->size(), 1u);
    SampleColumns samples;
    ASSERT_TRUE(set->Read(0, {}, &samples).ok());
    ASSERT_EQ(samples.ht, Ts{100}) << round;
    EXPECT_EQ(samples.h[0]->positive_buckets, h->positive_buckets);
    EXPECT_EQ(samples.h[0]->sum, h->sum);
    set.reset();
    querier.reset();
    if (round == 0) {
      ASSERT_TRUE(db_->Seal().ok());
    } else if (round == 1) {
      Open();
    }
  }
}

TEST_F(DatabaseTest, LabelQueriesSeeHeadAndPages) {
  Open();
  ASSERT_TRUE(Write(db_.get(), "a", {{100, 1}}).ok());
  ASSERT_TRUE(db_->Seal().ok());
  ASSERT_TRUE(Write(db_.get(), "b", {{1200, 1}}).ok());
  const auto querier = *db_->NewQuerier();
  EXPECT_EQ(*querier->LabelNames({}, {}, 0), (std::vector<std::string>{"__name__", "instance"}));
  EXPECT_EQ(*querier->LabelValues("instance", {}, {}, 0), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(*querier->LabelValues("instance", {}, {}, 1), (std::vector<std::string>{"a"}));
  EXPECT_EQ(*querier->LabelValues("instance", {0, 500}, {}, 0), (std::vector<std::string>{"a"}));
}

TEST_F(DatabaseTest, TheSeriesLimitRefusesNewSeriesOnly) {
  options_.series_limits.active_max = 1;
  Open();
  ASSERT_TRUE(Write(db_.get(), "a", {{100, 1}}).ok());
  const Status refused = Write(db_.get(), "b", {{100, 1}});
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
  EXPECT_NE(refused.message().find("limit of 1 active series"), std::string_view::npos);
  EXPECT_TRUE(Write(db_.get(), "a", {{200, 1}}).ok());
}

TEST_F(DatabaseTest, RetentionCountsFromTheNewestStoredSample) {
  options_.retention_ms = 5000;
  options_.tiers.clear();  // Which would have to be made first.
  options_.background_interval_ms = 1;
  Open();
  for (TimestampMs t = 0; t < 20'000; t += 500) {
    ASSERT_TRUE(Write(db_.get(), "a", {{t, 1}}).ok());
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (Times("a").front() < 10'000 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_GE(Times("a").front(), 10'000);
  EXPECT_EQ(Times("a").back(), 19'500);
}

TEST_F(DatabaseTest, SaysWhatMetricsTakeInPages) {
  options_.tiers.clear();
  Open();
  ASSERT_TRUE(Write(db_.get(), "a", {{1000, 1}, {2000, 2}}).ok());
  ASSERT_TRUE(Write(db_.get(), "b", {{1000, 1}}).ok());
  EXPECT_LE(db_->GetStatus(10)->min_time, 1000);
  EXPECT_TRUE(db_->GetStatus(10)->stored_bytes_by_metric.empty());
  EXPECT_TRUE(db_->Blocks().empty());
  ASSERT_TRUE(db_->Seal().ok());
  const auto status = db_->GetStatus(10);
  ASSERT_TRUE(status.ok());
  ASSERT_EQ(status->stored_samples_by_metric.size(), 1u);
  EXPECT_EQ(status->stored_samples_by_metric[0].value, 3u);
  ASSERT_EQ(status->stored_bytes_by_metric.size(), 1u);
  EXPECT_GT(status->stored_bytes_by_metric[0].value, 0u);
  const auto blocks = db_->Blocks();
  ASSERT_EQ(blocks.size(), 2u);  // The samples are of two windows of the head.
  EXPECT_EQ(blocks[0].series, 2u);
  EXPECT_EQ(blocks[0].samples, 2u);
  EXPECT_EQ(blocks[0].min_time, 1000);
  EXPECT_EQ(blocks[1].max_time, 2000);
  EXPECT_EQ(blocks[1].resolution, 0);
  EXPECT_NE(blocks[0].name, blocks[1].name);
}

TEST_F(DatabaseTest, MetadataIsReplacedAndSurvives) {
  Open();
  ASSERT_TRUE(
      db_->PutMetadata({{"up", "gauge", "Is it up?", ""}, {"x_total", "counter", "", ""}}).ok());
  ASSERT_TRUE(db_->PutMetadata({{"up", "gauge", "Up.", "bool"}}).ok());
  Open();
  const auto one = db_->GetMetadata("up", 0);
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].help, "Up.");
  EXPECT_EQ(one[0].unit, "bool");
  EXPECT_EQ(db_->GetMetadata("", 0).size(), 2u);
  EXPECT_EQ(db_->GetMetadata("", 1).size(), 1u);
  EXPECT_TRUE(db_->GetMetadata("none", 0).empty());
}

TEST_F(DatabaseTest, WritersReadersAndSealsRunTogether) {
  options_.background_interval_ms = 1;
  Open();
  constexpr TimestampMs kSteps = 400;
  std::atomic<bool> done = false;
  std::atomic<TimestampMs> written[2] = {-1, -1};
  std::vector<std::thread> threads;
  for (int w = 0; w < 2; ++w) {
    threads.emplace_back([&, w] {
      for (TimestampMs i = 0; i < kSteps; ++i) {
        ASSERT_TRUE(Write(db_.get(), std::to_string(w), {{i * 100, 1}}).ok());
        written[w] = i;
      }
    });
  }
  threads.emplace_back([&] {
    while (!done) {
      for (int w = 0; w < 2; ++w) {
        const TimestampMs at_least = written[w];
        const Ts times = Times(std::to_string(w));
        ASSERT_GE(static_cast<TimestampMs>(times.size()), at_least + 1);
        for (size_t i = 0; i < times.size(); ++i) {
          ASSERT_EQ(times[i], static_cast<TimestampMs>(i) * 100);
        }
      }
    }
  });
  threads[0].join();
  threads[1].join();
  done = true;
  threads[2].join();
  EXPECT_EQ(Times("0").size(), static_cast<size_t>(kSteps));
}

TEST_F(DatabaseTest, PutsAZeroWhereCountingBegan) {
  Open();
  const auto write = [&](TimestampMs start, TimestampMs t, double v) {
    auto appender = *db_->NewAppender();
    const std::vector<LabelView> labels = {{"__name__", "m"}, {"instance", "a"}};
    const SeriesRef ref = *appender->Series(labels);
    appender->AppendStart(ref, start, nullptr);
    const Sample sample{t, v};
    ASSERT_TRUE(appender->Append(ref, {&sample, 1}).ok());
    ASSERT_TRUE(appender->Commit().ok());
  };
  write(10'500, 11'000, 5);
  // The same start again, one too old to be stored, and a new one.
  write(10'500, 11'100, 6);
  write(1, 11'200, 7);
  write(11'250, 11'300, 1);
  EXPECT_EQ(Times("a"), (std::vector<TimestampMs>{10'500, 11'000, 11'100, 11'200, 11'250, 11'300}));
}

TEST_F(DatabaseTest, PutsAnEmptyHistogramWhereCountingBegan) {
  Open();
  FloatHistogram h;
  h.schema = 2;
  h.zero_threshold = 0.25;
  h.count = h.zero_count = 3;
  {
    auto appender = *db_->NewAppender();
    const std::vector<LabelView> labels = {{"__name__", "m"}, {"instance", "a"}};
    const SeriesRef ref = *appender->Series(labels);
    appender->AppendStart(ref, 500, &h);
    ASSERT_TRUE(
        appender->AppendHistogram(ref, 1000, std::make_shared<const FloatHistogram>(h)).ok());
    ASSERT_TRUE(appender->Commit().ok());
  }
  const auto querier = *db_->NewQuerier();
  const auto set = *querier->Select({}, {Matcher::Equal("instance", "a")}, {});
  SampleColumns samples;
  ASSERT_TRUE(set->Read(0, {}, &samples).ok());
  ASSERT_EQ(samples.ht, (std::vector<TimestampMs>{500, 1000}));
  EXPECT_EQ(samples.h[0]->count, 0);
  EXPECT_EQ(samples.h[0]->schema, 2);
  EXPECT_EQ(samples.h[0]->zero_threshold, 0.25);
}

TEST_F(DatabaseTest, SnapshotHoldsWhatIsSealedAndWhatIsNot) {
  Open();
  ASSERT_TRUE(Write(db_.get(), "a", {{1000, 1}, {1500, 2}}).ok());
  ASSERT_TRUE(db_->Seal().ok());
  ASSERT_TRUE(Write(db_.get(), "a", {{2000, 3}}).ok());
  const auto name = db_->Snapshot();
  ASSERT_TRUE(name.ok()) << name.status().ToString();
  ASSERT_TRUE(Write(db_.get(), "a", {{2500, 4}}).ok());
  db_.reset();
  options_.path = dir_ / "snapshots" / *name;
  Open();
  EXPECT_EQ(Times("a"), (std::vector<TimestampMs>{1000, 1500, 2000}));
  EXPECT_EQ(db_->RecoveryReport(), "");
}

}  // namespace
}  // namespace firn::engine
