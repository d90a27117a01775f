#include "server/http/metrics.h"

#include <gtest/gtest.h>

namespace firn::server {
namespace {

TEST(MetricsTest, WritesTheTextFormat) {
  MetricsRegistry registry;
  registry.AddCounter("a_total", "Says \"a\"\nand \\.", {{"x", "q\"\\\n"}})->Add(3);
  registry.AddGauge("g", "G.")->Set(-2);
  HistogramMetric* histogram = registry.AddHistogram("h_seconds", "H.", {0.5, 1}, {{"k", "v"}});
  for (const double v : {0.1, 0.5, 0.75, 7.0}) histogram->Observe(v);
  registry.AddCollector([](std::vector<MetricFamily>* out) {
    out->push_back({"late", "L.", MetricType::kGauge, {{"", {}, 1.5}}});
  });
  EXPECT_EQ(WriteExposition(registry.Collect()),
            "# HELP a_total Says \"a\"\\nand \\\\.\n"
            "# TYPE a_total counter\n"
            "a_total{x=\"q\\\"\\\\\\n\"} 3\n"
            "# HELP g G.\n"
            "# TYPE g gauge\n"
            "g -2\n"
            "# HELP h_seconds H.\n"
            "# TYPE h_seconds histogram\n"
            "h_seconds_bucket{k=\"v\",le=\"0.5\"} 2\n"
            "h_seconds_bucket{k=\"v\",le=\"1\"} 3\n"
            "h_seconds_bucket{k=\"v\",le=\"+Inf\"} 4\n"
            "h_seconds_sum{k=\"v\"} 8.35\n"
            "h_seconds_count{k=\"v\"} 4\n"
            "# HELP late L.\n"
            "# TYPE late gauge\n"
            "late 1.5\n");
}

TEST(MetricsTest, GivesTheSameMetricForTheSameNameAndLabels) {
  MetricsRegistry registry;
  Counter* a = registry.AddCounter("a", "A.", {{"x", "1"}});
  EXPECT_EQ(registry.AddCounter("a", "A.", {{"x", "1"}}), a);
  EXPECT_NE(registry.AddCounter("a", "A.", {{"x", "2"}}), a);
}

}  // namespace
}  // namespace firn::server
