#include "server/codec/json.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace firn::server {
namespace {

std::string Quoted(std::string_view text, JsonText mode) {
  std::string out;
  AppendJsonString(text, mode, &out);
  return out;
}

TEST(JsonTest, EscapesText) {
  EXPECT_EQ(Quoted("a<b>&\"\\\n\t\x01", JsonText::kPlain), "\"a<b>&\\\"\\\\\\n\\t\\u0001\"");
  EXPECT_EQ(Quoted("a<b>&", JsonText::kHtmlSafe), "\"a\\u003cb\\u003e\\u0026\"");
  EXPECT_EQ(Quoted("\u00e9\U0001f600\u2028", JsonText::kPlain), "\"\u00e9\U0001f600\u2028\"");
  EXPECT_EQ(Quoted("\u2028\u2029", JsonText::kHtmlSafe), "\"\\u2028\\u2029\"");
  EXPECT_EQ(Quoted("a\xff\xc3(", JsonText::kPlain), "\"a\\ufffd\\ufffd(\"");
  EXPECT_EQ(Quoted("\xe2\x82", JsonText::kPlain), "\"\\ufffd\\ufffd\"");
}

TEST(JsonTest, WritesPoints) {
  const struct {
    TimestampMs t;
    double v;
    const char* json;
  } kCases[] = {{1435781430781, 1, "[1435781430.781,\"1\"]"},
                {1435781430000, 0.1, "[1435781430,\"0.1\"]"},
                {-1, -0.0, "[-0.001,\"-0\"]"},
                {-1500, 1e21, "[-1.500,\"1e+21\"]"},
                {4005, 1e-7, "[4.005,\"1e-07\"]"},
                {0, 1e20, "[0,\"100000000000000000000\"]"},
                {0, 1.2345678901234567e20, "[0,\"123456789012345670000\"]"},
                {0, -9223372036854775808.0, "[0,\"-9223372036854776000\"]"},
                {0, 9007199254740993.0, "[0,\"9007199254740992\"]"},
                {0, -9007199254740991.0, "[0,\"-9007199254740991\"]"},
                {0, INFINITY, "[0,\"+Inf\"]"},
                {0, -INFINITY, "[0,\"-Inf\"]"},
                {0, std::nan(""), "[0,\"NaN\"]"}};
  for (const auto& c : kCases) {
    std::string out;
    AppendJsonPoint(c.t, c.v, &out);
    EXPECT_EQ(out, c.json);
  }
}

TEST(JsonTest, WritesLabels) {
  std::string out;
  AppendJsonLabels(Labels::FromPairs({{"b", "<1>"}, {"__name__", "up"}}), &out);
  AppendJsonLabels(Labels(), &out);
  EXPECT_EQ(out, R"({"__name__":"up","b":"<1>"}{})");
}

TEST(JsonTest, WritesHistogramsFromTheMostNegativeBucketOn) {
  FloatHistogram h;
  h.schema = 0;
  h.count = 13.5;
  h.sum = 3.1;
  h.zero_count = 1;
  h.zero_threshold = 0.001;
  h.positive_spans = {{0, 2}, {1, 1}};
  h.positive_buckets = {2, 0, 4.5};
  h.negative_spans = {{-1, 1}, {1, 1}};
  h.negative_buckets = {1, 5};
  std::string out;
  AppendJsonHistogram(h, &out);
  EXPECT_EQ(out,
            R"({"count":"13.5","sum":"3.1","buckets":[[1,"-2","-1","5"],[1,"-0.5","-0.25","1"],)"
            R"([3,"-0.001","0.001","1"],[0,"0.5","1","2"],[0,"4","8","4.5"]]})");
}

TEST(JsonTest, WritesCustomAndExtremeBuckets) {
  FloatHistogram custom;
  custom.schema = kCustomBucketsSchema;
  custom.custom_values = {1, 2.5};
  custom.positive_spans = {{0, 3}};
  custom.positive_buckets = {1, 2, 3};
  std::string out;
  AppendJsonHistogram(custom, &out);
  EXPECT_EQ(out, R"({"count":"0","sum":"0","buckets":[[3,"-Inf","1","1"],)"
                 R"([0,"1","2.5","2"],[0,"2.5","+Inf","3"]]})");
  FloatHistogram extreme;
  extreme.schema = 3;
  extreme.positive_spans = {{1024 * 8, 2}};
  extreme.positive_buckets = {1, 1};
  out.clear();
  AppendJsonHistogram(extreme, &out);
  EXPECT_NE(out.find("\"1.7976931348623157e+308"), std::string::npos) << out;
  EXPECT_NE(out.find("\"+Inf\",\"1\"]]}"), std::string::npos) << out;
  out.clear();
  AppendJsonHistogram(FloatHistogram(), &out);
  EXPECT_EQ(out, R"({"count":"0","sum":"0"})");
}

}  // namespace
}  // namespace firn::server
