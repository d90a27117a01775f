#include "tools/move/output/export_writer.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include <gtest/gtest.h>

namespace firn::tools {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Known {
  std::string metric, type, help, unit;
};

// Everything that the writer makes of the series, which come in the order of their names.
std::string Written(const std::vector<Known>& metadata, const std::vector<Pairs>& series,
                    ExportFormat format = ExportFormat::kOpenMetrics) {
  char* text = nullptr;
  size_t size = 0;
  {
    ExportWriter writer(format, open_memstream(&text, &size));
    std::vector<Labels> labels;
    for (const Pairs& pairs : series) labels.push_back(Labels::FromPairs(pairs));
    for (const Labels& l : labels) writer.OnMetric(l.metric_name());
    for (const Known& k : metadata) {
      EXPECT_TRUE(writer.OnMetadata({k.metric, k.type, k.help, k.unit}).ok());
    }
    const std::vector<Sample> samples = {{1'000, 1}, {2'500, 1}};
    for (const Labels& l : labels) {
      const std::vector<LabelView> views(l.begin(), l.end());
      server::WriteSeries one;
      one.labels = views;
      one.samples = samples;
      EXPECT_TRUE(writer.OnSeries(one).ok());
    }
    EXPECT_TRUE(writer.Finish().ok());
  }
  std::string out(text, size);
  std::free(text);
  return out;
}

TEST(ExportWriterTest, TellsTypeUnitAndHelp) {
  EXPECT_EQ(Written({{"http_requests", "counter", "All \"of\"\nthem \\.", ""},
                     {"uptime_seconds", "gauge", "", "seconds"},
                     {"build", "info", "Version.", "version"}},
                    {{{"__name__", "build_info"}, {"v", "1"}},
                     {{"__name__", "http_requests_total"}, {"code", "200"}},
                     {{"__name__", "http_requests_total"}, {"code", "500"}},
                     {{"__name__", "other"}},
                     {{"__name__", "uptime_seconds"}}}),
            R"(# TYPE build info
# HELP build Version.
build_info{v="1"} 1.0 1
build_info{v="1"} 1.0 2.500
# TYPE http_requests counter
# HELP http_requests All \"of\"\nthem \\.
http_requests_total{code="200"} 1.0 1
http_requests_total{code="200"} 1.0 2.500
http_requests_total{code="500"} 1.0 1
http_requests_total{code="500"} 1.0 2.500
# TYPE other unknown
other 1.0 1
other 1.0 2.500
# TYPE uptime_seconds gauge
# UNIT uptime_seconds seconds
uptime_seconds 1.0 1
uptime_seconds 1.0 2.500
# EOF
)");
}

std::string Header(const std::vector<Known>& metadata, const std::string& metric,
                   const std::vector<std::string>& others = {}) {
  MetricFamilies families;
  for (const Known& k : metadata) families.AddMetadata({k.metric, k.type, k.help, k.unit});
  families.AddMetric(metric);
  for (const std::string& other : others) families.AddMetric(other);
  const server::FamilyText family = families.Of(metric, false);
  return std::string(family.type.empty() ? "unknown" : family.type) + " " +
         std::string(family.name) + (family.help.empty() ? "" : ", help") +
         (family.unit.empty() ? "" : ", unit");
}

TEST(MetricFamiliesTest, KnowsCountersByTheirMetricAndByTheirFamily) {
  EXPECT_EQ(Header({{"a_total", "counter", "x", ""}}, "a_total"), "counter a, help");
  EXPECT_EQ(Header({{"a", "counter", "x", ""}}, "a_total"), "counter a, help");
  EXPECT_EQ(Header({{"a_bytes", "counter", "x", "bytes"}}, "a_bytes_total"),
            "counter a_bytes, help, unit");
  // No counter of OpenMetrics may be called so.
  EXPECT_EQ(Header({{"a", "counter", "x", ""}}, "a"), "unknown a, help");
  EXPECT_EQ(Header({{"_total", "counter", "x", ""}}, "_total"), "unknown _total, help");
  // A gauge keeps its name, whatever that is.
  EXPECT_EQ(Header({{"a_total", "gauge", "x", ""}}, "a_total"), "gauge a_total, help");
}

TEST(MetricFamiliesTest, NoFamilyTakesTheNameOfAnother) {
  EXPECT_EQ(Header({{"a", "counter", "x", ""}}, "a_total", {"a"}), "unknown a_total, help");
  EXPECT_EQ(Header({{"a", "counter", "x", ""}}, "a_total", {"a_created"}), "unknown a_total, help");
  EXPECT_EQ(Header({{"a", "counter", "x", ""}}, "a_total", {"a_b"}), "counter a, help");
  EXPECT_EQ(Header({{"a", "info", "x", ""}}, "a_info", {"a"}), "unknown a_info, help");
}

TEST(MetricFamiliesTest, PartsOfFamiliesAreUnknown) {
  const std::vector<Known> metadata = {{"h", "histogram", "x", ""}, {"s", "summary", "x", ""}};
  EXPECT_EQ(Header(metadata, "h_bucket", {"h_count", "h_sum"}), "unknown h_bucket");
  EXPECT_EQ(Header(metadata, "s", {"s_count"}), "unknown s, help");
}

TEST(MetricFamiliesTest, AUnitIsTheEndOfTheName) {
  EXPECT_EQ(Header({{"a_seconds", "gauge", "", "seconds"}}, "a_seconds"), "gauge a_seconds, unit");
  EXPECT_EQ(Header({{"a", "gauge", "", "seconds"}}, "a"), "gauge a");
  EXPECT_EQ(Header({{"aseconds", "gauge", "", "seconds"}}, "aseconds"), "gauge aseconds");
}

TEST(MetricFamiliesTest, CustomBucketsAreAHistogram) {
  MetricFamilies families;
  families.AddMetric("a");
  EXPECT_EQ(families.Of("a", true).type, "histogram");
}

TEST(ExportWriterTest, LinesOfJsonSayNothingOfTypes) {
  EXPECT_EQ(Written({{"a", "gauge", "x", ""}}, {{{"__name__", "a"}}}, ExportFormat::kJsonLines),
            "{\"metric\":{\"__name__\":\"a\"},\"values\":[1,1],\"timestamps\":[1000,2500]}\n");
}

}  // namespace
}  // namespace firn::tools
