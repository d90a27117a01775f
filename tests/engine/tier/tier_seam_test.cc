// What is answered where raw samples are gone, and across the seams between resolutions.
#include <algorithm>
#include <cmath>

#include "tests/engine/tier/tier_fixture.h"

namespace firn::engine {
namespace {

constexpr DurationMs kInterval = 30 * kSecondMs;

// Three days, of which in the end the first has 1 h buckets alone, and the last hours raw
// samples.
class TierSeamTest : public TierFixture {
 protected:
  void SetUp() override {
    Open();
    made_ = MakeSeries(3, kStart, kStart + 3 * kDayMs, kInterval);
    // One that is regular and rises evenly, so that what is made up can be judged.
    MadeSeries even{.labels = {{"__name__", "even_total"}}, .samples = {}, .ht = {}, .h = {}};
    for (TimestampMs t = kStart + 7000; t < kStart + 3 * kDayMs; t += kInterval) {
      even.samples.push_back({t, static_cast<double>(t - kStart) / 1000});
    }
    made_.push_back(std::move(even));
    Write(made_);
    Seal();
  }

  void DropRaw() {
    options_.retention_ms = 6 * kHourMs;
    options_.tiers = {{kMinuteMs, 30 * kHourMs}, {kHourMs, 0}};
    options_.background_interval_ms = 1;
    Open();
    AwaitStoredWindows(3);
  }

  Query Over(std::string text, DurationMs step, DurationMs shift = 0) const {
    return {.text = std::move(text),
            .start = kStart + 2 * kHourMs + shift,
            .end = kStart + 3 * kDayMs - kHourMs,
            .step = step,
            .resolution_max = {}};
  }

  std::vector<MadeSeries> made_;
};

TEST_F(TierSeamTest, AlignedWindowsDoNotNoticeThatRawSamplesWent) {
  const std::string texts[] = {"increase(requests_total[1h])",
                               "rate(seconds_total[6h])",
                               "max_over_time(noise[2h])",
                               "count_over_time(memory[1h])",
                               "memory",
                               "last_over_time(temperature[3h])",
                               "resets(requests_total[1d])",
                               "rate(native[2h])",
                               "avg_over_time(memory[4h])",
                               "sum_over_time(temperature[1h])"};
  std::vector<query::QueryResult> before;
  for (const std::string& text : texts) before.push_back(Run(Over(text, kHourMs)));
  DropRaw();
  for (size_t i = 0; i < std::size(texts); ++i) {
    const query::QueryResult after = Run(Over(texts[i], kHourMs));
    const Difference difference = Compare(before[i], after);
    EXPECT_LT(difference.relative, 1e-9) << texts[i] << ": " << difference.where;
    EXPECT_GT(difference.points, 100u);
    EXPECT_TRUE(after.infos == before[i].infos) << texts[i];
  }
}

TEST_F(TierSeamTest, CutBucketsAreNeverEmptyAndSaySo) {
  const std::string texts[] = {"rate(latency_bucket[5m])",
                               "irate(latency_bucket[2m])",
                               "memory",
                               "quantile_over_time(0.5, memory[10m])",
                               "avg_over_time(temperature[5m])",
                               "min_over_time(memory[7m])",
                               "stddev_over_time(noise[10m])",
                               "rate(native[5m])",
                               "count_over_time(memory[5m])",
                               "native"};
  std::vector<query::QueryResult> before;
  for (const std::string& text : texts) before.push_back(Run(Over(text, 7 * kMinuteMs, 17000)));
  DropRaw();
  for (size_t i = 0; i < std::size(texts); ++i) {
    SCOPED_TRACE(texts[i]);
    const query::QueryResult after = Run(Over(texts[i], 7 * kMinuteMs, 17000));
    const bool told = std::any_of(after.infos.begin(), after.infos.end(), [](const auto& info) {
      return info.find("answered in part from buckets of 1h") != std::string::npos;
    });
    EXPECT_TRUE(told);
    ASSERT_EQ(after.matrix.size(), before[i].matrix.size());
    for (size_t s = 0; s < after.matrix.size(); ++s) {
      const auto all = [](const query::ResultSeries& series) {
        std::vector<TimestampMs> t = series.t;
        t.insert(t.end(), series.ht.begin(), series.ht.end());
        return t;
      };
      const auto raw = all(before[i].matrix[s]);
      const auto tier = all(after.matrix[s]);
      EXPECT_EQ(before[i].matrix[s].labels, after.matrix[s].labels);
      // Scrapes were missing here and there, which a bucket cannot tell.
      std::vector<TimestampMs> missing;
      std::set_difference(raw.begin(), raw.end(), tier.begin(), tier.end(),
                          std::back_inserter(missing));
      EXPECT_LE(missing.size(), raw.size() / 50);
    }
  }
}

TEST_F(TierSeamTest, SaysSoOnlyWhereSomethingWasMadeUp) {
  DropRaw();
  const struct {
    const char* text;
    bool made_up;
  } kCases[] = {{"avg_over_time(memory[1h])", false},
                {"sum_over_time(memory[1h])", false},
                {"sum_over_time(latency_bucket[1h])", true},  // Counters have no sums.
                {"changes(native[1h])", true},
                {"changes(memory[1h])", false},
                {"stddev_over_time(memory[1h])", true},
                {"memory @ end()", false},  // Within what raw samples there are.
                {"rate(even_total[7m])", true}};
  for (const auto& [text, made_up] : kCases) {
    EXPECT_EQ(!Run(Over(text, kHourMs)).infos.empty(), made_up) << text;
  }
}

TEST_F(TierSeamTest, AnEvenCounterStaysEvenAcrossTheSeams) {
  DropRaw();
  for (const char* text : {"rate(even_total[5m])", "rate(even_total[90m])", "irate(even_total[5m])",
                           "deriv(even_total[10m])", "increase(even_total[10m]) / 600"}) {
    SCOPED_TRACE(text);
    const query::QueryResult result = Run(Over(text, 7 * kMinuteMs, 17000));
    ASSERT_EQ(result.matrix.size(), 1u);
    EXPECT_EQ(result.matrix[0].t.size(), (69 * kHourMs - 17000) / (7 * kMinuteMs) + 1);
    for (const double v : result.matrix[0].v) EXPECT_NEAR(v, 1, 1e-6);
  }
  const query::QueryResult value = Run(Over("even_total", 7 * kMinuteMs, 17000));
  for (size_t i = 0; i < value.matrix.at(0).t.size(); ++i) {
    const double now = static_cast<double>(value.matrix[0].t[i] - kStart) / 1000;
    EXPECT_LE(value.matrix[0].v[i], now);
    EXPECT_GE(value.matrix[0].v[i], now - 31);
  }
}

TEST_F(TierSeamTest, ProRataSumsAddUp) {
  const auto total = [&](const query::QueryResult& result) {
    double sum = 0;
    for (const auto& series : result.matrix) {
      for (const double v : series.v) sum += v;
    }
    return sum;
  };
  const std::string texts[] = {"sum_over_time(memory[7m])", "count_over_time(memory[7m])",
                               "avg_over_time(memory[7m])"};
  std::vector<double> before;
  for (const std::string& text : texts)
    before.push_back(total(Run(Over(text, 7 * kMinuteMs, 17000))));
  DropRaw();
  for (size_t i = 0; i < std::size(texts); ++i) {
    const double after = total(Run(Over(texts[i], 7 * kMinuteMs, 17000)));
    EXPECT_NEAR(after / before[i], 1, 0.02) << texts[i];
  }
}

TEST_F(TierSeamTest, SeriesAndLabelsAreFoundWhereOnlyTiersAre) {
  DropRaw();
  const auto querier = *db_->NewQuerier();
  const TimeRange first_day{kStart, kStart + kDayMs - 1};
  const Matchers all = {Matcher::Equal("__name__", "memory")};
  EXPECT_EQ(*querier->LabelValues("instance", first_day, all, 0),
            (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(*querier->LabelNames(first_day, all, 0),
            (std::vector<std::string>{"__name__", "instance"}));
  EXPECT_EQ((*querier->Select(first_day, all, {}))->size(), 3u);
}

TEST_F(TierSeamTest, AResolutionCanBeForcedOrForbidden) {
  Query query = Over("rate(even_total[10m])", 7 * kMinuteMs, 17000);
  query.resolution_max = kHourMs;
  const query::QueryResult forced = Run(query);
  EXPECT_FALSE(forced.infos.empty());
  for (const double v : forced.matrix.at(0).v) EXPECT_NEAR(v, 1, 1e-6);
  DropRaw();
  query.resolution_max = 0;
  const query::QueryResult raw = Run(query);
  EXPECT_TRUE(raw.infos.empty());
  EXPECT_GE(raw.matrix.at(0).t.front(), kStart + 3 * kDayMs - 9 * kHourMs);
}

TEST_F(TierSeamTest, LateSamplesAreSeenAtOnceAndRebuildTheirBuckets) {
  options_.backfill = true;
  Open();
  const Query query = Over("count_over_time(even_total[1h])", kHourMs);
  const query::QueryResult before = Run(query);
  MadeSeries late{.labels = {{"__name__", "even_total"}}, .samples = {}, .ht = {}, .h = {}};
  for (TimestampMs t = kStart + 5 * kHourMs + 1; t < kStart + 6 * kHourMs; t += kMinuteMs) {
    late.samples.push_back({t, static_cast<double>(t - kStart) / 1000});
  }
  Write({late});
  const auto expect_more = [&] {
    const query::QueryResult after = Run(query);
    ASSERT_EQ(after.matrix.at(0).t, before.matrix.at(0).t);
    for (size_t i = 0; i < after.matrix[0].t.size(); ++i) {
      const bool there = after.matrix[0].t[i] == kStart + 6 * kHourMs;
      EXPECT_EQ(after.matrix[0].v[i] - before.matrix[0].v[i], there ? 60 : 0);
    }
  };
  expect_more();
  const double builds = Metric("tier_builds_total");
  Seal();
  EXPECT_EQ(Metric("tier_builds_total"), builds + 1) << "only the day that changed";
  expect_more();
  Open();
  expect_more();
  Seal();
  EXPECT_EQ(Metric("tier_builds_total"), 0) << "nothing to do";
}

}  // namespace
}  // namespace firn::engine
