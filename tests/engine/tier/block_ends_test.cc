// Functions that read only the ends of blocks of counters, against the same samples in the head,
// which has no such blocks.
#include <random>

#include "tests/engine/tier/tier_fixture.h"

namespace firn::engine {
namespace {

constexpr const char* kMetrics[] = {"requests_total", "seconds_total", "idle_total",
                                    "memory",         "noise",         "native"};
constexpr const char* kFunctions[] = {"rate",
                                      "increase",
                                      "delta",
                                      "count_over_time",
                                      "resets",
                                      "changes",
                                      "min_over_time",
                                      "max_over_time",
                                      "first_over_time",
                                      "last_over_time",
                                      "sum_over_time",
                                      "avg_over_time",
                                      "deriv",
                                      "present_over_time",
                                      "absent_over_time",
                                      "stddev_over_time",
                                      "ts_of_first_over_time",
                                      "ts_of_last_over_time"};

class BlockEndsTest : public TierFixture {
 protected:
  BlockEndsTest() : made_(MakeSeries(5, kStart, kStart + kDayMs, 15 * kSecondMs)) {
    options_.tiers.clear();
  }

  // Windows that hold many blocks, some, and none, at times when no bucket ends.
  static std::vector<Query> Queries() {
    std::vector<Query> out;
    for (const auto& [window, step] :
         {std::tuple("20h", DurationMs{0}), std::tuple("5h", DurationMs{0}),
          std::tuple("9h", 3 * kHourMs), std::tuple("4h", 5 * kHourMs),
          std::tuple("1h", 7 * kHourMs), std::tuple("3h", 30 * kMinuteMs)}) {
      for (const char* metric : kMetrics) {
        for (const char* function : kFunctions) {
          const TimestampMs start = kStart + (step == 0 ? 22 * kHourMs : kHourMs) + 17'003;
          out.push_back({.text = fmt::format("{}({}[{}])", function, metric, window),
                         .start = start,
                         .end = kStart + kDayMs,
                         .step = step});
        }
      }
    }
    return out;
  }

  std::vector<query::QueryResult> RunAll() const {
    std::vector<query::QueryResult> out;
    for (const Query& query : Queries()) out.push_back(Run(query));
    return out;
  }

  // Every bit is the same. Returns how many answers needed less than half as many samples.
  static size_t ExpectEqual(const std::vector<query::QueryResult>& want,
                            const std::vector<query::QueryResult>& got) {
    const std::vector<Query> queries = Queries();
    size_t cheaper = 0;
    for (size_t i = 0; i < queries.size(); ++i) {
      const Difference difference = Compare(want[i], got[i]);
      EXPECT_EQ(difference.unequal, 0u) << queries[i].text << ": " << difference.where;
      EXPECT_TRUE(want[i].infos == got[i].infos) << queries[i].text;
      cheaper += got[i].stats.total_queryable_samples * 2 < want[i].stats.total_queryable_samples;
    }
    return cheaper;
  }

  const std::vector<MadeSeries> made_;
};

TEST_F(BlockEndsTest, AnswersAreThoseOfAllSamples) {
  Open();
  Write(made_);
  const std::vector<query::QueryResult> want = RunAll();
  Seal();
  EXPECT_GT(ExpectEqual(want, RunAll()), 10u);
}

// What lies between the ends of a block, in another generation or in the head, counts.
TEST_F(BlockEndsTest, LateSamplesAreSeen) {
  std::mt19937_64 rng(6);
  std::vector<MadeSeries> early = made_;
  std::vector<MadeSeries> late;
  for (MadeSeries& made : early) {
    MadeSeries more{.labels = made.labels, .samples = {}, .ht = {}, .h = {}};
    std::erase_if(made.samples, [&](const Sample& sample) {
      const bool is_late = sample.t < kStart + 15 * kHourMs && rng() % 500 == 0;
      if (is_late) more.samples.push_back({sample.t, sample.v + (rng() % 2 == 0 ? 1e12 : 0)});
      return is_late;
    });
    if (!more.samples.empty()) late.push_back(std::move(more));
  }
  options_.backfill = true;
  Open();
  Write(early);
  Write(late);
  const std::vector<query::QueryResult> want = RunAll();
  db_.reset();
  std::filesystem::remove_all(dir_);
  Open();
  Write(early);
  Seal();
  Write(late);
  ExpectEqual(want, RunAll());
  Seal();
  ExpectEqual(want, RunAll());
}

}  // namespace
}  // namespace firn::engine
