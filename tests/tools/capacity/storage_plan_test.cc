#include "tools/capacity/storage/storage_plan.h"

#include <gtest/gtest.h>

#include "tools/capacity/storage/storage_text.h"

namespace firn::tools {
namespace {

constexpr uint64_t kMiB = 1 << 20;

// Two weeks of 100 series, a sample each every 15 s, one byte a sample; `growth` more bytes each
// day. The tier of an hour has a tenth of what the samples take.
engine::CostReport Report(uint64_t growth) {
  engine::CostReport report;
  report.series = 150;
  report.active_series = 100;
  report.tiers = {{.resolution = 0, .windows = 14, .min_time = 0, .max_time = 14 * kDayMs - 1},
                  {.resolution = kHourMs, .windows = 10, .min_time = 0, .max_time = 10 * kDayMs}};
  for (int i = 0; i < 14; ++i) {
    const bool whole = i > 0 && i < 13;
    const uint64_t samples = whole ? 100 * 5760 : 1000;
    report.days.push_back(
        {.day = i * kDayMs,
         .series = 100,
         .new_series = i == 0 ? 100u : 4u,
         .samples = samples,
         .disk_bytes = whole ? 10 * kMiB + growth * static_cast<uint64_t>(i) : 1000});
    report.tiers[0].samples += samples;
    report.tiers[0].disk_bytes += report.days.back().disk_bytes;
  }
  report.tiers[0].selected_bytes = report.tiers[0].disk_bytes / 4;
  report.tiers[1].disk_bytes = 10 * kMiB;
  report.tiers[1].samples = 24'000;
  report.tiers[1].selected_bytes = 5 * kMiB;
  report.metrics.emplace_back();
  report.metrics[0].name = "it's";
  report.metrics[0].bytes = {report.tiers[0].disk_bytes / 2, 0};
  return report;
}

const std::vector<engine::TierRetention> kRules = {{0, 30 * kDayMs}, {kHourMs, 730 * kDayMs}};

StoragePlan Plan(const engine::CostReport& report, StorageRules rules) {
  if (rules.retention.empty()) rules.retention = kRules;
  const auto plan = PlanStorage(report, rules);
  EXPECT_TRUE(plan.ok()) << plan.status().ToString();
  return plan.ok() ? *plan : StoragePlan();
}

TEST(StoragePlanTest, TakesWholeDaysForThePace) {
  const StoragePlan plan = Plan(Report(0), {});
  ASSERT_EQ(plan.tiers.size(), 2u);
  EXPECT_DOUBLE_EQ(plan.tiers[0].bytes_per_day, 10 * kMiB);
  EXPECT_DOUBLE_EQ(plan.tiers[0].full_bytes, 300 * kMiB);
  EXPECT_DOUBLE_EQ(plan.tiers[0].year_bytes, 300 * kMiB);
  EXPECT_DOUBLE_EQ(plan.tiers[1].bytes_per_day, kMiB);
  EXPECT_DOUBLE_EQ(plan.tiers[1].full_bytes, 730 * kMiB);
  // Half of the time has passed by then.
  EXPECT_DOUBLE_EQ(plan.tiers[1].year_bytes, (10 + 365) * kMiB);
  EXPECT_EQ(plan.interval, 15'000);
  EXPECT_DOUBLE_EQ(plan.series_per_day, 100);
  EXPECT_DOUBLE_EQ(plan.new_series_per_day, 4);
  EXPECT_DOUBLE_EQ(plan.growth_per_week, 0);
}

TEST(StoragePlanTest, AFewHoursAreTakenForWhatTheyAre) {
  engine::CostReport report;
  report.tiers = {{.resolution = 0,
                   .windows = 1,
                   .samples = 96'000,
                   .disk_bytes = 4 * kMiB,
                   .min_time = 0,
                   .max_time = 4 * kHourMs}};
  report.days = {{.day = 0, .series = 100, .new_series = 100, .samples = 96'000}};
  const StoragePlan plan = Plan(report, {});
  EXPECT_DOUBLE_EQ(plan.tiers[0].bytes_per_day, 24 * kMiB);
  EXPECT_EQ(plan.interval, 15'000);
}

TEST(StoragePlanTest, GrowthGoesOn) {
  const StoragePlan plan = Plan(Report(kMiB / 10), {});
  EXPECT_NEAR(plan.growth_per_week, 0.7 / 10.9, 1e-6);
  EXPECT_GT(plan.tiers[0].year_bytes, plan.tiers[0].full_bytes * 3);
}

TEST(StoragePlanTest, OtherRulesCostAndSave) {
  const auto rules = ReadRetention("raw=60d,1m=1y", kRules);
  ASSERT_TRUE(rules.ok());
  ASSERT_EQ(rules->size(), 3u);
  const StoragePlan plan = Plan(Report(0), {.retention = *rules});
  EXPECT_DOUBLE_EQ(plan.tiers[0].full_bytes, 600 * kMiB);
  EXPECT_DOUBLE_EQ(plan.tiers[1].full_bytes, 730 * kMiB);
  // Buckets of a minute are made two days before samples go, and of four samples each.
  EXPECT_DOUBLE_EQ(plan.tiers[2].bytes_per_day, 10 * kMiB);
  EXPECT_DOUBLE_EQ(plan.tiers[2].samples_per_day, 100 * 1440);
  EXPECT_DOUBLE_EQ(plan.tiers[2].full_bytes, (365 - 58) * 10.0 * kMiB);
  EXPECT_EQ(
      plan.notes.back(),
      "1m is made of samples when they are 58d old, since few make a bucket; it is taken to be "
      "as large as they are");
  for (const char* bad : {"30d", "raw", "raw=x", "x=30d", "raw=30d,1m"}) {
    EXPECT_EQ(ReadRetention(bad, kRules).status().code(), StatusCode::kInvalidArgument) << bad;
  }
}

TEST(StoragePlanTest, ATierOfWhichNothingIsKnownIsLeftOut) {
  const auto rules = ReadRetention("1m=1y", kRules);
  ASSERT_TRUE(rules.ok());
  // It would be made at once, and would be much smaller than the samples.
  const StoragePlan plan = Plan(Report(0), {.retention = *rules, .interval = kSecondMs});
  EXPECT_DOUBLE_EQ(plan.tiers[2].full_bytes, 0);
  EXPECT_EQ(plan.notes.back(), "nothing of resolution 1m is stored yet, so it is left out");
}

TEST(StoragePlanTest, ATierThatWaitsTakesNothingUntilThen) {
  engine::CostReport report = Report(0);
  // Made of what was two days from its end.
  report.tiers.push_back({.resolution = kMinuteMs,
                          .samples = 4 * 144'000,
                          .disk_bytes = 36 * kMiB,
                          .min_time = 0,
                          .max_time = 4 * kDayMs});
  StorageRules rules{.retention = {{0, 12 * kDayMs}, {kMinuteMs, 30 * kDayMs}}};
  EXPECT_DOUBLE_EQ(Plan(report, rules).tiers[1].full_bytes, (30 - 10) * 9.0 * kMiB);
  rules.retention[1].retention = 10 * kDayMs;
  EXPECT_DOUBLE_EQ(Plan(report, rules).tiers[1].full_bytes, 0);
  rules.retention[0].retention = 0;
  const StoragePlan plan = Plan(report, rules);
  EXPECT_DOUBLE_EQ(plan.tiers[1].full_bytes, 0);
  EXPECT_NE(plan.notes.back().find("1m is never made"), std::string::npos);
  // One that is stored up to yesterday does not wait.
  report.tiers[2].max_time = 13 * kDayMs;
  EXPECT_GT(Plan(report, rules).tiers[1].full_bytes, 0);
}

TEST(StoragePlanTest, FewerSamplesAndFewerSeriesSave) {
  StoragePlan plan = Plan(Report(0), {.retention = {}, .interval = 30'000});
  EXPECT_DOUBLE_EQ(plan.tiers[0].bytes_per_day, 5 * kMiB);
  EXPECT_DOUBLE_EQ(plan.tiers[0].samples_per_day, 50 * 5760);
  EXPECT_DOUBLE_EQ(plan.tiers[1].bytes_per_day, kMiB);
  plan = Plan(Report(0), {.retention = {}, .interval = 2 * kHourMs});
  EXPECT_DOUBLE_EQ(plan.tiers[1].bytes_per_day, kMiB / 2.0);
  plan = Plan(Report(0), {.retention = {}, .drop_selected = true});
  EXPECT_NEAR(plan.tiers[0].bytes_per_day, 7.5 * kMiB, 1);
  EXPECT_DOUBLE_EQ(plan.tiers[1].bytes_per_day, kMiB / 2.0);
}

TEST(StoragePlanTest, NothingStoredIsNoPlan) {
  EXPECT_EQ(PlanStorage({}, {.retention = kRules}).status().code(), StatusCode::kInvalidArgument);
}

TEST(StoragePlanTest, IsATableAndCsv) {
  StorageAnswer answer;
  answer.report = Report(0);
  answer.present = Plan(answer.report, {});
  answer.changed = Plan(answer.report, {.retention = {{0, 60 * kDayMs}, {kHourMs, 0}}});
  EXPECT_EQ(StorageText(answer, {.columns = 80}),
            R"(150 series, 100 of them active; 100 on a day, 4 new each day; a sample every 15s.

TIER  KEPT  SAMPLES/DAY  B/SAMPLE  PER DAY      NOW  WHEN FULL  IN 1 YEAR
raw   30d         576 k     18.20   10 MiB  120 MiB    300 MiB    300 MiB
1h    2y           2400    436.91    1 MiB   10 MiB    730 MiB    375 MiB
all                                 11 MiB  130 MiB   1.01 GiB    675 MiB

With the change:

TIER  KEPT      SAMPLES/DAY  B/SAMPLE  PER DAY      NOW  WHEN FULL  IN 1 YEAR
raw   60d             576 k     18.20   10 MiB  120 MiB    600 MiB    600 MiB
1h    for ever         2400    436.91    1 MiB   10 MiB    375 MiB    375 MiB
all                                     11 MiB  130 MiB    975 MiB    975 MiB

-55 MiB when full (-5.3 %), +300 MiB in a year.

METRIC  ACTIVE  WHEN FULL   SHARE  DROPPED SAVES  KEPT 1W SAVES
it's         0    150 MiB  14.6 %        150 MiB        115 MiB

Rules for firn.yml that cut the first of them, either

write_relabel_configs:
  - source_labels: [__name__]
    regex: 'it\''s'
    action: drop

or, for samples older than a week,

retention_rules: '{__name__="it''s"} 1w'

Note: less than 7 whole days of history: growth is not known.
)");
  EXPECT_EQ(
      StorageCsv(answer),
      R"(row,name,retention_seconds,samples_per_day,bytes_per_sample,bytes_per_day,now_bytes,full_bytes,year_bytes,saved_if_dropped,saved_if_kept_1w
present,raw,2592000,576000,18.2044,10485760,125831120,314572800,314572800,,
present,1h,63072000,2400,436.9067,1048576,10485760,765460480,393216000,,
changed,raw,5184000,576000,18.2044,10485760,125831120,629145600,629145600,,
changed,1h,0,2400,436.9067,1048576,10485760,393216000,393216000,,
metric,it's,,,,,62915560,157286400,,157286400,120586240
)");
}

TEST(StoragePlanTest, NamesWhatAMetricCostsAndTheRuleThatCutsIt) {
  StorageAnswer answer;
  answer.report = Report(0);
  answer.present = Plan(answer.report, {});
  const MetricPlan metric =
      PlanMetric(answer.report, answer.present, answer.report.metrics[0], 7 * kDayMs);
  EXPECT_NEAR(metric.full_bytes, 150 * kMiB, 10);
  EXPECT_NEAR(metric.shortened_bytes, 35 * kMiB, 10);
  const std::string text = StorageText(answer, {});
  for (const char* part : {"regex: 'it\\''s'", "retention_rules: '{__name__=\"it''s\"} 1w'",
                           "150 series, 100 of them active", "a sample every 15s"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is not in\n" << text;
  }
  const std::string json = StorageJson(answer);
  EXPECT_NE(json.find(R"("changed":null)"), std::string::npos);
  EXPECT_NE(json.find(R"("metric":"it's")"), std::string::npos);
}

}  // namespace
}  // namespace firn::tools
