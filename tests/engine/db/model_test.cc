// Random writes, seals, merges, deletions and reopenings against a map.
#include <filesystem>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "engine/db/database.h"
#include "tests/support/soak.h"

namespace firn::engine {
namespace {

constexpr int kSeries = 12;
constexpr DurationMs kWindow = 10'000;

using Model = std::map<Labels, std::map<TimestampMs, double>>;

class ModelTest : public testing::TestWithParam<uint64_t> {
 protected:
  ModelTest() {
    dir_ = std::filesystem::temp_directory_path() /
           ("firn_model_" + std::to_string(getpid()) + "_" + std::to_string(GetParam()));
    std::filesystem::remove_all(dir_);
  }
  ~ModelTest() override {
    db_.reset();
    std::filesystem::remove_all(dir_);
  }

  void Open() {
    db_.reset();
    DatabaseOptions options;
    options.path = dir_;
    options.head_window_ms = kWindow;
    options.future_ms = 0;
    options.backfill = true;
    options.background_interval_ms = 0;
    options.retention_ms = 3650 * kDayMs;
    options.tier_lead_ms = options.retention_ms;  // All tiers are made at once.
    options.merge_widths_ms = {4 * kWindow, 16 * kWindow};
    if (GetParam() % 2 == 0) options.tiers = {};
    auto db = Database::Open(options);
    ASSERT_TRUE(db.ok()) << db.status().ToString();
    db_ = *std::move(db);
  }

  static Labels LabelsOf(int series) {
    return Labels::FromPairs(
        {{"__name__", "m" + std::to_string(series % 3)}, {"i", std::to_string(series)}});
  }

  void WriteBatch() {
    auto appender = db_->NewAppender();
    ASSERT_TRUE(appender.ok());
    Model batch;
    for (uint64_t n = 1 + random_() % 20; n > 0; --n) {
      const Labels labels = LabelsOf(static_cast<int>(random_() % kSeries));
      // Mostly forward, sometimes far back, sometimes a known time again.
      now_ += static_cast<TimestampMs>(random_() % 700);
      const TimestampMs t =
          random_() % 4 == 0 ? static_cast<TimestampMs>(random_() % 100'000) : now_;
      auto& known = model_[labels];
      auto& pending = batch[labels];
      if (pending.contains(t)) continue;
      const auto it = known.find(t);
      const double v = it != known.end() ? it->second : static_cast<double>(random_() % 1000) / 8;
      const std::vector<LabelView> views(labels.begin(), labels.end());
      auto ref = (*appender)->Series(views);
      ASSERT_TRUE(ref.ok()) << ref.status().ToString();
      const Status status = (*appender)->Append(*ref, std::array{Sample{t, v}});
      ASSERT_TRUE(status.ok()) << status.ToString();
      pending[t] = v;
    }
    if (random_() % 10 == 0) return;  // Dropped uncommitted.
    const auto counts = (*appender)->Commit();
    ASSERT_TRUE(counts.ok()) << counts.status().ToString();
    for (auto& [labels, samples] : batch) model_[labels].merge(samples);
  }

  void Delete() {
    const auto a = static_cast<TimestampMs>(random_() % 200'000);
    const TimeRange range{a, a + static_cast<TimestampMs>(random_() % 60'000)};
    const Matchers matchers = {
        Matcher::Equal("__name__", "m" + std::to_string(random_() % 3)),
        *Matcher::Create(MatchType::kRegex, "i", std::to_string(random_() % 3) + ".*")};
    ASSERT_TRUE(db_->DeleteSeries({matchers}, range).ok());
    for (auto& [labels, series] : model_) {
      if (!MatchesAll(matchers, labels)) continue;
      std::erase_if(series, [&](const auto& sample) { return range.Contains(sample.first); });
    }
  }

  void Compare(const TimeRange& range, const Matchers& matchers) {
    const auto querier = *db_->NewQuerier();
    auto set = querier->Select(range, matchers, {});
    ASSERT_TRUE(set.ok()) << set.status().ToString();
    std::map<Labels, std::map<TimestampMs, double>> got;
    SampleColumns samples;
    for (size_t i = 0; i < (*set)->size(); ++i) {
      ASSERT_TRUE((*set)->Read(i, range, &samples).ok());
      if (i > 0) {
        EXPECT_LT((*set)->labels(i - 1), (*set)->labels(i));
      }
      if (samples.empty()) continue;
      auto& series = got[(*set)->labels(i)];
      for (size_t k = 0; k < samples.t.size(); ++k) {
        if (k > 0) {
          EXPECT_LT(samples.t[k - 1], samples.t[k]);
        }
        series[samples.t[k]] = samples.v[k];
      }
    }
    Model want;
    for (const auto& [labels, series] : model_) {
      if (!MatchesAll(matchers, labels)) continue;
      for (const auto& [t, v] : series) {
        if (range.Contains(t)) want[labels][t] = v;
      }
    }
    EXPECT_EQ(got, want);
  }

  std::filesystem::path dir_;
  std::unique_ptr<Database> db_;
  std::mt19937_64 random_;
  TimestampMs now_ = 100'000;
  Model model_;
};

TEST_P(ModelTest, AnswersWhatWasCommitted) {
  const uint64_t seed = std::random_device{}() + static_cast<uint64_t>(GetParam());
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  random_.seed(seed);
  Open();
  for (int step = 0; step < 200; ++step) {
    const uint64_t action = random_() % 20;
    if (action == 0) {
      ASSERT_TRUE(db_->Seal().ok());
    } else if (action == 1) {
      Open();
    } else if (action == 2) {
      ASSERT_TRUE(db_->Compact(random_() % 2 == 0).ok());
    } else if (action == 3) {
      Delete();
    } else if (action == 4 && random_() % 3 == 0) {
      ASSERT_TRUE(db_->CleanTombstones().ok());
    } else if (action < 15) {
      WriteBatch();
    } else {
      const auto a = static_cast<TimestampMs>(random_() % 200'000);
      const auto b = static_cast<TimestampMs>(random_() % 200'000);
      Compare({std::min(a, b), std::max(a, b)}, {});
    }
    if (HasFatalFailure()) return;
  }
  Compare({}, {});
  Compare({}, {Matcher::Equal("__name__", "m1")});
  Compare({}, {*Matcher::Create(MatchType::kRegex, "i", "1.*")});
  ASSERT_TRUE(db_->Seal().ok());
  Open();
  Compare({}, {});
  ASSERT_TRUE(db_->Compact(true).ok());
  ASSERT_TRUE(db_->CleanTombstones().ok());
  Compare({}, {});
  Open();
  Compare({}, {});
}

std::vector<uint64_t> Seeds() {
  std::vector<uint64_t> seeds;
  for (int i = 0; i < ScaledRuns(6); ++i) seeds.push_back(SoakSeed(static_cast<uint64_t>(i)));
  return seeds;
}
INSTANTIATE_TEST_SUITE_P(Seeds, ModelTest, testing::ValuesIn(Seeds()));

}  // namespace
}  // namespace firn::engine
