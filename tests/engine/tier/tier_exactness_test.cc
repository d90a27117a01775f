// Every function that tiers answer, over random series, against the raw samples.
#include "tests/engine/tier/tier_fixture.h"

namespace firn::engine {
namespace {

constexpr const char* kMetrics[] = {"requests_total", "seconds_total", "idle_total",     "memory",
                                    "temperature",    "noise",         "latency_bucket", "native"};

// Equal bit for bit.
constexpr const char* kExact[] = {"min_over_time",
                                  "max_over_time",
                                  "count_over_time",
                                  "last_over_time",
                                  "first_over_time",
                                  "present_over_time",
                                  "absent_over_time",
                                  "ts_of_first_over_time",
                                  "ts_of_last_over_time",
                                  "resets",
                                  "changes",
                                  "delta"};
// Equal up to the order of additions.
constexpr const char* kRounded[] = {"rate", "increase", "sum_over_time", "avg_over_time"};

class TierExactnessTest : public TierFixture {
 protected:
  void SetUp() override {
    Open();
    Write(MakeSeries(1, kStart, kStart + 2 * kDayMs, 15 * kSecondMs));
    Seal();
  }

  // From a bucket's edge to another, over all of the data and some time beyond. Buckets of a
  // minute hold too few of these samples to be chosen unless asked for.
  Query Aligned(std::string text, DurationMs step,
                std::optional<DurationMs> resolution_max = {}) const {
    return {.text = std::move(text),
            .start = kStart - kHourMs,
            .end = kStart + 2 * kDayMs + kHourMs,
            .step = step,
            .resolution_max = resolution_max};
  }

  // Raw and tier side by side; the tier must have been read.
  Difference Check(Query query) {
    const query::QueryResult tier = Run(query);
    query.resolution_max = 0;
    const query::QueryResult raw = Run(query);
    EXPECT_TRUE(tier.infos == raw.infos) << query.text;
    EXPECT_EQ(tier.warnings, raw.warnings) << query.text;
    fewer_samples_ += tier.stats.total_queryable_samples < raw.stats.total_queryable_samples;
    return Compare(tier, raw);
  }

  size_t fewer_samples_ = 0;
};

TEST_F(TierExactnessTest, FunctionsOfWholeBucketsAreEqual) {
  using Resolution = std::optional<DurationMs>;
  for (const auto& [window, step, resolution] :
       {std::tuple("5m", 5 * kMinuteMs, Resolution(kMinuteMs)),
        std::tuple("1h", 20 * kMinuteMs, Resolution(kMinuteMs)),
        std::tuple("2h", kHourMs, Resolution()), std::tuple("1d", 3 * kHourMs, Resolution())}) {
    for (const char* metric : kMetrics) {
      for (const char* function : kExact) {
        const std::string text = fmt::format("{}({}[{}])", function, metric, window);
        const Difference difference = Check(Aligned(text, step, resolution));
        EXPECT_EQ(difference.unequal, 0u) << text << ": " << difference.where;
      }
      for (const char* function : kRounded) {
        const std::string text = fmt::format("{}({}[{}])", function, metric, window);
        const Difference difference = Check(Aligned(text, step, resolution));
        EXPECT_LT(difference.relative, 1e-9) << text << ": " << difference.where;
      }
    }
  }
  EXPECT_GT(fewer_samples_, 300u);
}

TEST_F(TierExactnessTest, InstantSelectorsAndQuantilesAtEdgesAreEqual) {
  for (const char* metric : kMetrics) {
    for (const char* pattern : {"{}", "timestamp({})", "sum by (le) ({})", "{} offset 1h",
                                "absent({})", "max_over_time({}[6h:1h])"}) {
      const std::string text = fmt::format(fmt::runtime(pattern), metric);
      const Difference difference = Check(Aligned(text, kHourMs));
      EXPECT_EQ(difference.unequal, 0u) << text << ": " << difference.where;
    }
  }
  const std::string text = "histogram_quantile(0.9, sum by (le) (rate(latency_bucket[1h])))";
  EXPECT_LT(Check(Aligned(text, kHourMs)).relative, 1e-12);
}

TEST_F(TierExactnessTest, RatesWithoutAResetAreEqualBitForBit) {
  for (const char* window : {"5m", "1h", "3h"}) {
    for (const char* function : {"rate", "increase"}) {
      const std::string text = fmt::format("{}(latency_bucket[{}])", function, window);
      const Difference difference =
          Check(Aligned(text, kHourMs, window == std::string_view("5m") ? kMinuteMs : kHourMs));
      EXPECT_GT(difference.points, 200u);
      EXPECT_EQ(difference.unequal, 0u) << text << ": " << difference.where;
    }
  }
}

TEST_F(TierExactnessTest, BucketsOfFewSamplesAreNotChosenUnlessAskedFor) {
  const auto samples = [&](std::optional<DurationMs> resolution_max) {
    return Run(Aligned("increase(requests_total[5m])", 5 * kMinuteMs, resolution_max))
        .stats.total_queryable_samples;
  };
  EXPECT_EQ(samples({}), samples(0));
  EXPECT_LT(samples(kMinuteMs), samples(0) * 3 / 4);
}

TEST_F(TierExactnessTest, WindowsThatCutBucketsAreAnsweredFromRaw) {
  for (const char* text : {"rate(requests_total[5m])", "memory",
                           "quantile_over_time(0.5, memory[1h])", "stddev_over_time(memory[1h])",
                           "irate(requests_total[1h])", "rate(requests_total[1h] smoothed)"}) {
    Query query = Aligned(text, kHourMs);
    query.start += 17 * kSecondMs;
    const Difference difference = Check(query);
    EXPECT_GT(difference.points, 0u);
    EXPECT_EQ(difference.unequal, 0u) << text << ": " << difference.where;
  }
  EXPECT_EQ(fewer_samples_, 0u);
}

}  // namespace
}  // namespace firn::engine
