#include "server/codec/otlp/otlp_names.h"

#include <gtest/gtest.h>

namespace firn::server {
namespace {

struct NameCase {
  const char* name;
  const char* unit;
  OtlpKind kind;
  bool monotonic;
  // Under each strategy, in the order of the enum.
  const char* names[4];
};

TEST(OtlpNamesTest, NamesMetrics) {
  constexpr auto kGauge = OtlpKind::kGauge;
  constexpr auto kSum = OtlpKind::kSum;
  const NameCase kCases[] = {
      {"http.server.duration",
       "ms",
       OtlpKind::kHistogram,
       false,
       {"http_server_duration_milliseconds", "http.server.duration_milliseconds",
        "http_server_duration", "http.server.duration"}},
      {"system.network.io",
       "By",
       kSum,
       true,
       {"system_network_io_bytes_total", "system.network.io_bytes_total", "system_network_io",
        "system.network.io"}},
      {"io", "By/s", kGauge, false, {"io_bytes_per_second", "io_bytes_per_second", "io", "io"}},
      {"a_bytes_total",
       "By",
       kSum,
       true,
       {"a_bytes_total", "a_bytes_total", "a_bytes_total", "a_bytes_total"}},
      {"total.requests",
       "{request}",
       kSum,
       true,
       {"requests_total", "total.requests_total", "total_requests", "total.requests"}},
      {"usage", "1", kGauge, false, {"usage_ratio", "usage_ratio", "usage", "usage"}},
      {"usage", "1", kSum, false, {"usage", "usage", "usage", "usage"}},
      {"disk..use--d",
       "%",
       kGauge,
       false,
       {"disk_use_d_percent", "disk..use--d_percent", "disk_use_d", "disk..use--d"}},
      {"2xx", "", kGauge, false, {"_2xx", "2xx", "_2xx", "2xx"}},
      {"a__b",
       "furlong/fortnight",
       kGauge,
       false,
       {"a_b_furlong_per_fortnight", "a__b_furlong_per_fortnight", "a__b", "a__b"}},
      {"!weird name!",
       "",
       kGauge,
       false,
       {"weird_name", "!weird name!", "weird_name", "!weird name!"}},
      {"x_per_second",
       "By/s",
       kGauge,
       false,
       {"x_per_second_bytes_per_second", "x_bytes_per_second", "x_per_second", "x_per_second"}},
      {"_x", "", kGauge, false, {"x", "_x", "_x", "_x"}},
      {"rate", "/s", kGauge, false, {"rate_per_second", "rate_per_second", "rate", "rate"}},
  };
  for (const NameCase& c : kCases) {
    OtlpMetric metric;
    metric.name = c.name;
    metric.unit = c.unit;
    metric.kind = c.kind;
    metric.monotonic = c.monotonic;
    for (int strategy = 0; strategy < 4; ++strategy) {
      OtlpNaming naming;
      naming.strategy = static_cast<OtlpStrategy>(strategy);
      EXPECT_EQ(OtlpMetricName(naming, metric), c.names[strategy]) << c.name << " " << strategy;
    }
  }
  OtlpMetric nothing;
  nothing.name = "--";
  EXPECT_EQ(OtlpMetricName({}, nothing), "");
}

TEST(OtlpNamesTest, NamesLabels) {
  const OtlpNaming plain;
  EXPECT_EQ(OtlpLabelName(plain, "http.method"), "http_method");
  EXPECT_EQ(OtlpLabelName(plain, "a..b"), "a__b");
  EXPECT_EQ(OtlpLabelName(plain, "1st"), "key_1st");
  EXPECT_EQ(OtlpLabelName(plain, ".x"), "key_x");
  EXPECT_EQ(OtlpLabelName(plain, "__x"), "__x");
  EXPECT_EQ(OtlpLabelName(plain, "\xc3\xbc"), "key_");
  EXPECT_EQ(OtlpLabelName(plain, ""), "");
  OtlpNaming collapse;
  collapse.keep_multiple_underscores = false;
  collapse.sanitize_underscore = false;
  EXPECT_EQ(OtlpLabelName(collapse, "a..b"), "a_b");
  EXPECT_EQ(OtlpLabelName(collapse, "_b"), "_b");
  OtlpNaming utf8;
  utf8.strategy = OtlpStrategy::kNoTranslation;
  EXPECT_EQ(OtlpLabelName(utf8, "a..b"), "a..b");
}

TEST(OtlpNamesTest, KnowsItsStrategies) {
  OtlpStrategy strategy;
  EXPECT_TRUE(ParseOtlpStrategy("NoTranslation", &strategy));
  EXPECT_EQ(strategy, OtlpStrategy::kNoTranslation);
  EXPECT_FALSE(ParseOtlpStrategy("x", &strategy));
  EXPECT_EQ(OtlpUnitName("By/min"), "bytes_per_min");
  EXPECT_EQ(OtlpUnitName("{x}"), "");
}

}  // namespace
}  // namespace firn::server
