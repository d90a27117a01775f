// What stored series cost: from an open database and from a directory at rest.
#include "engine/db/inspect/directory_figures.h"
#include "tests/engine/db/fixture.h"

namespace firn::engine {
namespace {

class CostTest : public DatabaseFixture {
 protected:
  CostTest() {
    options_.future_ms = 0;
    options_.tiers = {{kHourMs, 0}};
  }

  // A sample per minute of `day`, or none.
  Status AddDay(int day, const std::vector<std::pair<std::string, std::string>>& series) {
    const TimestampMs start = day * kDayMs;
    return db_->AddWindow(start, start + kDayMs, [&](const AddSeries& add) -> Status {
      for (const auto& [metric, instance] : series) {
        SampleColumns samples;
        for (int i = 0; i < 1440; ++i) {
          samples.t.push_back(start + i * kMinuteMs);
          samples.v.push_back(i * 0.1 + static_cast<double>(instance.size()));
        }
        FIRN_RETURN_IF_ERROR(
            add(Labels::FromPairs({{"__name__", metric}, {"instance", instance}, {"job", "j"}}),
                samples));
      }
      return OkStatus();
    });
  }

  void Fill() {
    Open();
    ASSERT_TRUE(AddDay(0, {{"a", "1"}, {"b", "1"}, {"b", "2"}}).ok());
    ASSERT_TRUE(AddDay(1, {{"a", "1"}, {"b", "2"}, {"b", "3"}}).ok());
    ASSERT_TRUE(db_->Compact(true).ok());
  }

  static void Check(const CostReport& report) {
    EXPECT_EQ(report.series, 4u);
    EXPECT_EQ(report.active_series, 3u);
    EXPECT_EQ(report.selected_series, 3u);
    ASSERT_EQ(report.days.size(), 2u);
    EXPECT_EQ(report.days[0].new_series, 3u);
    EXPECT_EQ(report.days[1].series, 3u);
    EXPECT_EQ(report.days[1].new_series, 1u);
    EXPECT_EQ(report.days[1].samples, 3u * 1440);
    ASSERT_EQ(report.tiers.size(), 2u);
    EXPECT_EQ(report.tiers[0].samples, 6u * 1440);
    EXPECT_EQ(report.tiers[0].selected_samples, 4u * 1440);
    EXPECT_EQ(report.tiers[1].resolution, kHourMs);
    EXPECT_GT(report.tiers[1].disk_bytes, 0u);
    ASSERT_EQ(report.metrics.size(), 2u);
    EXPECT_EQ(report.metrics[0].name, "b");
    EXPECT_EQ(report.metrics[0].series, 3u);
    EXPECT_EQ(report.metrics[0].active_series, 2u);
    EXPECT_EQ(report.metrics[0].samples, 4u * 1440);
    // Nothing is lost or counted twice, but for rounding.
    const uint64_t raw = report.metrics[0].bytes[0] + report.metrics[1].bytes[0];
    EXPECT_NEAR(static_cast<double>(raw), static_cast<double>(report.tiers[0].disk_bytes), 4);
    EXPECT_NEAR(static_cast<double>(report.metrics[0].bytes[0]),
                static_cast<double>(report.tiers[0].selected_bytes), 4);
    ASSERT_EQ(report.labels.size(), 2u);
    const CostLine& job = report.labels[0].name == "job" ? report.labels[0] : report.labels[1];
    const CostLine& instance = report.labels[0].name == "job" ? report.labels[1] : report.labels[0];
    EXPECT_EQ(job.values, 1u);
    EXPECT_EQ(job.series, 4u);
    EXPECT_EQ(instance.values, 3u);
    EXPECT_EQ(instance.active_series, 3u);
    EXPECT_EQ(report.pairs.size(), 4u);
    EXPECT_EQ(report.pairs[0].name + "=" + report.pairs[0].value, "job=j");
  }

  static CostQuery Query() { return {.limit = 10, .select = {{Matcher::Equal("__name__", "b")}}}; }
};

TEST_F(CostTest, AnOpenDatabaseKnows) {
  Fill();
  const auto report = db_->GetCosts(Query());
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  Check(*report);
  ASSERT_EQ(report->retention.size(), 2u);
  EXPECT_EQ(report->retention[1].resolution, kHourMs);
}

TEST_F(CostTest, ADirectoryAtRestSaysTheSame) {
  Fill();
  EXPECT_EQ(DirectoryFigures::Open(dir_).status().code(), StatusCode::kUnavailable);
  db_.reset();
  const auto directory = DirectoryFigures::Open(dir_);
  ASSERT_TRUE(directory.ok()) << directory.status().ToString();
  uint64_t steps = 0;
  const auto report = (*directory)->Costs(Query(), [&](uint64_t, uint64_t) { ++steps; });
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  Check(*report);
  EXPECT_EQ(steps, (*directory)->windows().size());
  EXPECT_TRUE((*directory)->problems().empty());
  const auto series = (*directory)->Series({Matcher::Equal("__name__", "b")}, {});
  ASSERT_TRUE(series.ok());
  ASSERT_EQ(series->size(), 3u);
  EXPECT_EQ((*series)[1].samples, 2u * 1440);
  const auto pages = (*directory)->Pages();
  ASSERT_TRUE(pages.ok());
  EXPECT_EQ(pages->at(5).kind, "root");
  EXPECT_EQ(pages->at(5).pages, (*directory)->windows().size());
  EXPECT_GT(pages->at(0).bytes, 0u);
  const auto records = (*directory)->Records();
  ASSERT_TRUE(records.ok());
  EXPECT_EQ(records->at(2).name, "catalog");
  EXPECT_GE(records->at(2).records, 3u);
}

TEST_F(CostTest, ManySeriesStayApart) {
  Open();
  std::vector<std::pair<std::string, std::string>> series;
  for (int i = 1000; i < 2000; ++i) series.emplace_back("m", std::to_string(i));
  ASSERT_TRUE(AddDay(0, series).ok());
  const auto report = db_->GetCosts(Query());
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->series, 1000u);
  ASSERT_EQ(report->metrics.size(), 1u);
  EXPECT_EQ(report->metrics[0].samples, 1000u * 1440);
  EXPECT_EQ(report->pairs[1].samples, 1440u);
}

TEST_F(CostTest, ListsAreCutBehindTheMostExpensive) {
  Fill();
  const auto report = db_->GetCosts({.limit = 1, .select = {}});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->metrics.size(), 1u);
  EXPECT_EQ(report->pairs.size(), 1u);
  EXPECT_EQ(report->selected_series, 0u);
}

}  // namespace
}  // namespace firn::engine
