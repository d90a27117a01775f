#include <gtest/gtest.h>

#include "tools/inspect/cost_tables.h"
#include "tools/inspect/directory_tables.h"

namespace firn::tools {
namespace {

constexpr TimestampMs kDay = 1'790'812'800'000;  // 2026-10-01T00:00:00Z

engine::CostReport Costs() {
  engine::CostReport report;
  report.series = 1200;
  report.active_series = 1000;
  report.tiers = {{.resolution = 0,
                   .windows = 2,
                   .samples = 5'760'000,
                   .disk_bytes = 1'500'000,
                   .min_time = kDay,
                   .max_time = kDay + kDayMs},
                  {.resolution = kHourMs,
                   .windows = 1,
                   .samples = 24'000,
                   .disk_bytes = 100'000,
                   .min_time = kDay,
                   .max_time = kDay + kDayMs}};
  report.days = {{.day = kDay - kDayMs, .series = 1100, .new_series = 1100, .samples = 10},
                 {.day = kDay,
                  .series = 1000,
                  .new_series = 100,
                  .samples = 5'759'990,
                  .disk_bytes = 1'500'000}};
  report.metrics = {{.name = "http_requests_total",
                     .value = {},
                     .series = 1200,
                     .active_series = 1000,
                     .samples = 5'760'000,
                     .bytes = {1'500'000, 100'000}}};
  report.labels = {{.name = "pod",
                    .value = {},
                    .values = 700,
                    .series = 1200,
                    .active_series = 1000,
                    .samples = 5'760'000,
                    .bytes = {1'500'000, 100'000}}};
  report.pairs = {{.name = "path",
                   .value = "/a,\"b\"",
                   .series = 12,
                   .active_series = 10,
                   .samples = 57'600,
                   .bytes = {15'000, 1'000}}};
  return report;
}

TEST(InspectOutputTest, Tiers) {
  EXPECT_EQ(TierTable(Costs()).Text({.columns = 80}),
            R"(TIER  FROM        TO          WINDOWS  SAMPLES      DISK  B/SAMPLE
raw   2026-10-01  2026-10-02        2   5.76 M  1.43 MiB      0.26
1h    2026-10-01  2026-10-02        1     24 k  97.7 KiB      4.17
)");
  EXPECT_EQ(TierRecords(Costs()).Csv(),
            R"(resolution_ms,windows,samples,disk_bytes,min_time,max_time
0,2,5760000,1500000,1790812800000,1790899200000
3600000,1,24000,100000,1790812800000,1790899200000
)");
}

TEST(InspectOutputTest, Cardinality) {
  EXPECT_EQ(CostTable(Costs(), CostKind::kMetrics).Text({.columns = 80}),
            R"(METRIC               SERIES  ACTIVE  SAMPLES      DISK  SHARE  B/SAMPLE
http_requests_total   1,200   1,000   5.76 M  1.53 MiB  100 %      0.26
)");
  EXPECT_EQ(CostTable(Costs(), CostKind::kLabels).Text({.columns = 80}),
            R"(LABEL  VALUES  SERIES  ACTIVE  SAMPLES      DISK  SHARE  B/SAMPLE
pod       700   1,200   1,000   5.76 M  1.53 MiB  100 %      0.26
)");
  EXPECT_EQ(DayTable(Costs(), 1).Text({.columns = 80}),
            R"(DAY         SERIES  NEW  SAMPLES      DISK  B/SAMPLE
2026-10-01   1,000  100   5.76 M  1.43 MiB      0.26
)");
  EXPECT_EQ(CostRecords(Costs(), 1).Csv(),
            R"(kind,name,value,values,series,active_series,new_series,samples,disk_bytes
metric,http_requests_total,,,1200,1000,,5760000,1600000
label,pod,,700,1200,1000,,5760000,1600000
pair,path,"/a,""b""",,12,10,,57600,16000
day,2026-10-01,,,1000,,100,5759990,1500000
)");
}

TEST(InspectOutputTest, Windows) {
  const std::vector<engine::WindowFigures> windows = {
      {.id = {.start = kDay, .end = kDay + kDayMs, .generation = 3},
       .resolution = 0,
       .summary = {.series = 1000,
                   .float_samples = 5'759'000,
                   .histogram_samples = 990,
                   .metrics = 12,
                   .clocks = 40,
                   .pages = 77,
                   .bytes = 1'600'000,
                   .min_t = kDay + 5,
                   .max_t = kDay + 7},
       .disk_bytes = 1'500'000}};
  EXPECT_EQ(
      WindowTable(windows).Text({.columns = 0}),
      R"(TIER  START             END               GEN  METRICS  SERIES  SAMPLES  PAGES     BYTES      DISK  B/SAMPLE
raw   2026-10-01 00:00  2026-10-02 00:00    3       12    1000   5.76 M     77  1.53 MiB  1.43 MiB      0.26
)");
  EXPECT_EQ(
      WindowRecords(windows).Csv(),
      R"(resolution_ms,start,end,generation,metrics,series,float_samples,histogram_samples,clocks,pages,page_bytes,disk_bytes,min_time,max_time
0,1790812800000,1790899200000,3,12,1000,5759000,990,40,77,1600000,1500000,1790812800005,1790812800007
)");
  EXPECT_EQ(
      WindowRecords(windows).Json(),
      R"([{"resolution_ms":0,"start":1790812800000,"end":1790899200000,"generation":3,"metrics":12,)"
      R"("series":1000,"float_samples":5759000,"histogram_samples":990,"clocks":40,"pages":77,)"
      R"("page_bytes":1600000,"disk_bytes":1500000,"min_time":1790812800005,)"
      R"("max_time":1790812800007}])"
      "\n");
}

TEST(InspectOutputTest, PagesAndOtherRecords) {
  const std::vector<engine::PageKindFigures> pages = {{"columns", 1234, 80'000'000},
                                                      {"none", 0, 0}};
  EXPECT_EQ(PageTable(pages).Text({.columns = 80}), R"(PAGES OF  NUMBER     BYTES   AVERAGE
columns    1,234  76.3 MiB  63.3 KiB
none           0       0 B         -
)");
  EXPECT_EQ(PageRecords(pages).Csv(), "kind,pages,bytes\ncolumns,1234,80000000\nnone,0,0\n");
  EXPECT_EQ(PageRecords({}).Csv(), "kind,pages,bytes\n");
  EXPECT_EQ(PageRecords({}).Json(), "[]\n");
  const std::vector<engine::RecordFigures> others = {{"journal", 12, 34'567}};
  EXPECT_EQ(RecordTable(others).Text({.columns = 80}), R"(RECORDS OF  NUMBER     BYTES
journal         12  33.8 KiB
)");
  EXPECT_EQ(OtherRecords(others).Csv(), "name,records,bytes\njournal,12,34567\n");
}

TEST(InspectOutputTest, Series) {
  const std::vector<engine::DirectoryFigures::SeriesFigures> series = {
      {.labels = Labels::FromPairs({{"__name__", "up"}, {"job", "a\nb"}}),
       .samples = 5760,
       .column_bytes = 24,
       .range = {kDay, kDay + kDayMs - 1}}};
  EXPECT_EQ(SeriesTable(series).Text({.columns = 80}),
            R"(SERIES          FROM        TO          SAMPLES  BYTES  B/SAMPLE
up{job="a\nb"}  2026-10-01  2026-10-01    5,760   24 B      0.00
)");
  EXPECT_EQ(SeriesRecords(series).Csv(), R"(labels,samples,column_bytes,min_time,max_time
"up{job=""a\nb""}",5760,24,1790812800000,1790899199999
)");
  EXPECT_EQ(SeriesRecords(series).Json(),
            R"([{"labels":{"__name__":"up","job":"a\nb"},"samples":5760,"column_bytes":24,)"
            R"("min_time":1790812800000,"max_time":1790899199999}])"
            "\n");
}

}  // namespace
}  // namespace firn::tools
