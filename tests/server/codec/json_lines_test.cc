#include "server/codec/json_lines.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/server/codec/lines.h"

namespace firn::server {
namespace {

using Texts = std::vector<std::string>;

Texts Parse(std::string_view text) {
  Lines got;
  const Status status = ParseJsonLines(text, {}, &got);
  if (!status.ok()) return {std::string(status.message())};
  return got.lines;
}

TEST(JsonLinesTest, ReadsSeries) {
  EXPECT_EQ(Parse("{\"metric\":{\"__name__\":\"up\",\"j\\u00f6b\":\"a\\n\"},"
                  "\"values\":[1,-0.5,null,\"Infinity\",\"-Infinity\",\"NaN\",1e3],"
                  "\"timestamps\":[1000,2000,3,4,5,6,-7]}\r\n"
                  "\n"
                  "{\"timestamps\":[],\"more\":{},\"values\":[],\"metric\":{}}"),
            (Texts{"series __name__=up,j\u00f6b=a\n,", "sample 1 @1000", "sample -0.5 @2000",
                   "sample nan @3", "sample inf @4", "sample -inf @5", "sample nan @6",
                   "sample 1000 @-7", "series "}));
}

TEST(JsonLinesTest, ReadsWholeNumbersOfAnyLength) {
  EXPECT_EQ(Parse("{\"metric\":{\"a\":\"\\\"123456789012345678901234\"},\"values\":"
                  "[100000000000000000000000,-18446744073709551616,123456789012345678901.5,1],"
                  "\"timestamps\":[1,2,3,4]}"),
            (Texts{"series a=\"123456789012345678901234,", "sample 1e+23 @1",
                   "sample -1.8446744073709552e+19 @2", "sample 1.2345678901234568e+20 @3",
                   "sample 1 @4"}));
}

TEST(JsonLinesTest, KeepsTheSignOfZero) {
  EXPECT_EQ(Parse("{\"metric\":{\"a\":\"-0\"},\"values\":[-0,-0.0,-0e1,0, -0 ,-0],"
                  "\"timestamps\":[1,2,3,4,5,6]}"),
            (Texts{"series a=-0,", "sample -0 @1", "sample -0 @2", "sample -0 @3", "sample 0 @4",
                   "sample -0 @5", "sample -0 @6"}));
}

TEST(JsonLinesTest, ReadsWordsWithoutQuotes) {
  EXPECT_EQ(Parse("{\"metric\":{\"a\":\"NaN,+Inf\"},\"values\":[NaN,+Inf,-Inf,Infinity,1e+5],"
                  "\"timestamps\":[1,2,3,4,5]}"),
            (Texts{"series a=NaN,+Inf,", "sample nan @1", "sample inf @2", "sample -inf @3",
                   "sample inf @4", "sample 100000 @5"}));
  for (const char* word : {"nope", "true", "+", "-", "+1", "Infinit", "NaNNaN", "NaN1"}) {
    const Texts got =
        Parse(std::string("{\"metric\":{},\"timestamps\":[1],\"values\":[") + word + "]}");
    ASSERT_EQ(got.size(), 1u) << word;
    EXPECT_TRUE(got[0].starts_with("line 1: ")) << got[0];
  }
}

TEST(JsonLinesTest, SaysWhatIsWrongAndWhere) {
  const std::pair<std::string, std::string> kBad[] = {
      {"x", "line 1: not a JSON object"},
      {" []", "line 1: not a JSON object"},
      {"{", "line 1: "},
      {std::string(10 << 20, ' ') + "{", "line 1: 10485761 bytes, the limit is 10485760"},
      {"{}", "line 1: metric: no such object"},
      {R"({"metric":{"a":1}})", "line 1: metric: label \"a\" is not a string"},
      {R"({"metric":{},"values":[1]})", "line 1: timestamps: no such array"},
      {R"({"metric":{},"timestamps":[1]})", "line 1: values: no such array"},
      {R"({"metric":{},"timestamps":[1,2.5],"values":[1,2]})",
       "line 1: timestamps: number 2 is not a whole number of milliseconds"},
      {R"({"metric":{},"timestamps":[1,2],"values":[1]})",
       "line 1: values: 1 of them, but 2 timestamps"},
      {R"({"metric":{},"timestamps":[1],"values":["5"]})",
       "line 1: values: number 1 is not a value"},
      {R"({"metric":{},"timestamps":[1],"values":[[]]})",
       "line 1: values: number 1 is not a value"},
      {"{\"metric\":{},\"timestamps\":[1],\"values\":[1]}\n{\"metric\":{}", "line 2: "},
      {"{\"metric\":{\"a\":\"\xff\"},\"timestamps\":[1],\"values\":[1]}", "line 1: "},
      {R"({"metric":{},"timestamps":[1],"histograms":[1]})",
       "line 1: histograms: number 1: not a JSON object"},
      {R"({"metric":{},"timestamps":[1],"histograms":[{"x":1}]})",
       "line 1: histograms: number 1: unknown key \"x\""},
      {R"({"metric":{},"timestamps":[1],"histograms":[{"count":"x"}]})",
       "line 1: histograms: number 1: bad value of count"},
      {R"({"metric":{},"timestamps":[1],"histograms":[{"positive_spans":[[1]]}]})",
       "line 1: histograms: number 1: bad value of positive_spans"},
      {R"({"metric":{},"timestamps":[1],"histograms":[{"positive_spans":[[0,2]]}]})",
       "line 1: histograms: number 1: positive side: spans need 2 buckets, have 0 buckets"},
      {R"({"metric":{},"timestamps":[1],"histograms":[{"schema":60}]})",
       "line 1: histograms: number 1: histogram schema 60 is not supported: -4 to 52 and -53 are"},
  };
  for (const auto& [text, error] : kBad) {
    const Texts got = Parse(text);
    ASSERT_EQ(got.size(), 1u) << text;
    EXPECT_TRUE(got[0].starts_with(error)) << got[0];
  }
}

TEST(JsonLinesTest, WritesWhatItReads) {
  const Labels labels = Labels::FromPairs({{"__name__", "a<b"}, {"x", "\"\xc3\xb6\n"}});
  const std::vector<TimestampMs> t = {1, 2, 3, 4, 5, 6};
  const std::vector<double> v = {0.1, NAN, INFINITY, StaleNan(), 1e19, -5e-324};
  std::string line;
  AppendJsonLine(labels, t, v, &line);
  EXPECT_EQ(line,
            "{\"metric\":{\"__name__\":\"a<b\",\"x\":\"\\\"\xc3\xb6\\n\"},\"values\":"
            "[0.1,null,\"Infinity\",\"StaleNaN\",1e+19,-5e-324],\"timestamps\":[1,2,3,4,5,6]}\n");
  struct : WriteVisitor {
    Status OnSeries(const WriteSeries& s) override {
      samples.assign(s.samples.begin(), s.samples.end());
      return OkStatus();
    }
    Status OnMetadata(const WriteMetadata&) override { return OkStatus(); }
    std::vector<Sample> samples;
  } got;
  ASSERT_TRUE(ParseJsonLines(line, {}, &got).ok());
  ASSERT_EQ(got.samples.size(), 6u);
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(got.samples[i].t, t[i]);
    if (i != 1) {
      EXPECT_EQ(std::bit_cast<uint64_t>(got.samples[i].v), std::bit_cast<uint64_t>(v[i])) << i;
    }
  }
  EXPECT_TRUE(std::isnan(got.samples[1].v) && !IsStaleNan(got.samples[1].v));
}

TEST(JsonLinesTest, WritesHistogramsThatItReads) {
  FloatHistogram h;
  h.schema = 1;
  h.counter_reset_hint = CounterResetHint::kGauge;
  h.count = 7.5;
  h.sum = -1.25;
  h.zero_count = 1;
  h.zero_threshold = 0.001;
  h.positive_spans = {{-2, 1}, {3, 1}};
  h.positive_buckets = {2, 0.5};
  h.negative_spans = {{1, 1}};
  h.negative_buckets = {4};
  FloatHistogram custom;
  custom.schema = kCustomBucketsSchema;
  custom.custom_values = {1, 2.5};
  custom.positive_spans = {{0, 3}};
  custom.positive_buckets = {1, 2, 3};
  custom.count = 6;
  FloatHistogram stale;
  stale.sum = StaleNan();
  std::vector<HistogramPtr> in;
  for (const FloatHistogram& one : {h, custom, stale}) {
    in.push_back(std::make_shared<const FloatHistogram>(one));
  }
  std::string line;
  const std::vector<TimestampMs> t = {1, 2, 3};
  AppendJsonLine(Labels::FromPairs({{"__name__", "h"}}), t, in, &line);
  struct : WriteVisitor {
    Status OnSeries(const WriteSeries& s) override {
      histograms.assign(s.histograms.begin(), s.histograms.end());
      return OkStatus();
    }
    Status OnMetadata(const WriteMetadata&) override { return OkStatus(); }
    std::vector<TimedHistogram> histograms;
  } got;
  ASSERT_TRUE(ParseJsonLines(line, {}, &got).ok()) << line;
  std::vector<HistogramPtr> out;
  for (const TimedHistogram& one : got.histograms) out.push_back(one.histogram);
  std::string again;
  AppendJsonLine(Labels::FromPairs({{"__name__", "h"}}), t, out, &again);
  EXPECT_EQ(again, line);
  EXPECT_EQ(out.at(1)->custom_values, custom.custom_values);
  EXPECT_TRUE(out.at(2)->IsStale());
}

}  // namespace
}  // namespace firn::server
