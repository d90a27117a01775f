#include "server/http/gzip.h"
#include "tests/server/api/fixture.h"

namespace firn::server {
namespace {

class ImportTest : public ApiFixture {
 protected:
  Reply Text(std::string body, std::vector<NameValue> headers = {}, const char* parameters = "") {
    return Call(Method::kPost, std::string("/api/v1/import/prometheus") + parameters, "",
                std::move(body), std::move(headers));
  }
  Reply Lines(std::string body, std::vector<NameValue> headers = {}) {
    return Call(Method::kPost, "/api/v1/import", "", std::move(body), std::move(headers));
  }
  std::string Export(const char* parameters) {
    return Get(std::string("/api/v1/export?") + parameters).body;
  }
};

TEST_F(ImportTest, StoresExpositionText) {
  const Reply reply = Text("# TYPE a counter\na{x=\"1\",job=\"own\"} 5\nb 6 7000\n", {},
                           "?extra_label=job=push&timestamp=3000");
  EXPECT_EQ(reply.status, 204) << reply.body;
  EXPECT_EQ(Export("match[]=%7Bjob=%22push%22%7D"),
            "{\"metric\":{\"__name__\":\"a\",\"job\":\"push\",\"x\":\"1\"},\"values\":[5],"
            "\"timestamps\":[3000]}\n"
            "{\"metric\":{\"__name__\":\"b\",\"job\":\"push\"},\"values\":[6],"
            "\"timestamps\":[7000]}\n");
  EXPECT_EQ(store_.GetMetadata("a", 0).at(0).type, "counter");
  // Without a time it is now.
  EXPECT_EQ(Text("c 1").status, 204);
  EXPECT_EQ(Export("match[]=c"),
            "{\"metric\":{\"__name__\":\"c\"},\"values\":[1],\"timestamps\":[1000000]}\n");
}

TEST_F(ImportTest, StoresOpenMetricsWithExemplars) {
  EXPECT_EQ(Text("a_total 5 7.5 # {trace=\"x\"} 1\n# EOF\n",
                 {{"Content-Type", "application/openmetrics-text; version=1.0.0"}})
                .status,
            204);
  EXPECT_EQ(store_.SelectExemplars({}, {{}}).at(0).exemplars.at(0).labels.Get("trace"), "x");
}

// More than labels can hold at all: refused in words that are much shorter than the body.
TEST_F(ImportTest, RefusesHugeNamesAndValues) {
  const std::string huge((size_t{1} << 24) + 1, 'x');
  const Reply bad = Text("a{x=\"" + huge + "\"} 1\n");
  EXPECT_EQ(bad.status, 400);
  EXPECT_LT(bad.body.size(), 20'000u);
  EXPECT_EQ(Text("a{" + huge + "=\"1\"} 1\n").status, 400);
  EXPECT_EQ(
      Lines(R"({"metric":{"__name__":"a","x":")" + huge + R"("},"values":[1],"timestamps":[1]})")
          .status,
      400);
  EXPECT_EQ(Text("a 1 # {x=\"" + huge + "\"} 1\n# EOF\n",
                 {{"Content-Type", "application/openmetrics-text; version=1.0.0"}})
                .status,
            204);
  EXPECT_TRUE(store_.SelectExemplars({}, {{}}).empty());
}

TEST_F(ImportTest, StoresNothingOfABadRequest) {
  const Reply reply = Text("a 1\nb x\n");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body, "line 2: expected a number as value, found \"x\"\n");
  EXPECT_EQ(Text("a 1\na{x=\"1\",x=\"2\"} 1\n").body,
            "line 2: invalid metric name or labels, got a{x=\"2\"}: duplicate label\n");
  store_.Add({{"__name__", "old"}}, 5000, 1);
  EXPECT_EQ(Text("a 1\nold 1 4000\n").body, "line 2: out of order sample for series old\n");
  EXPECT_EQ(Lines("{}\n").body, "line 1: metric: no such object\n");
  EXPECT_EQ(store_.Contents().size(), 1u);
  EXPECT_EQ(Text("a 1", {}, "?timestamp=x").status, 400);
  EXPECT_EQ(Text("a 1", {}, "?extra_label=x").status, 400);
  EXPECT_EQ(Text("a 1", {{"Content-Encoding", "zstd"}}).status, 415);
  EXPECT_EQ(Text("a 1", {{"Content-Encoding", "gzip"}}).body, "gzip: incorrect header check\n");
  store_.FailAppender(Unavailable("full"));
  EXPECT_EQ(Text("a 1").status, 503);
}

TEST_F(ImportTest, UnpacksGzip) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += fmt::format("m{{i=\"{}\"}} 1\n", i);
  EXPECT_EQ(Text(Gzip(text), {{"Content-Encoding", "gzip"}}).status, 204);
  EXPECT_EQ(store_.Contents().size(), 20'000u);
}

TEST_F(ImportTest, ExportsWhatItImports) {
  const std::string lines =
      "{\"metric\":{\"__name__\":\"a\"},\"values\":[1,\"StaleNaN\",\"Infinity\"],"
      "\"timestamps\":[1000,2000,3000]}\n"
      "{\"metric\":{\"__name__\":\"h\"},\"histograms\":[{\"schema\":0,\"reset_hint\":0,\"count\":3,"
      "\"sum\":1.5,\"zero_count\":3,\"zero_threshold\":0.5,\"positive_spans\":[],"
      "\"positive_buckets\":[],\"negative_spans\":[],\"negative_buckets\":[],"
      "\"custom_values\":[]}],\"timestamps\":[1000]}\n";
  EXPECT_EQ(Lines(lines).status, 204);
  EXPECT_EQ(Export("match[]=%7B__name__=~%22a|h%22%7D&extended=1"), lines);
  // What other readers refuse is left out unless it is asked for.
  EXPECT_EQ(Export("match[]=%7B__name__=~%22a|h%22%7D"),
            "{\"metric\":{\"__name__\":\"a\"},\"values\":[1,\"Infinity\"],"
            "\"timestamps\":[1000,3000]}\n");
}

TEST_F(ImportTest, ExportsEachSeriesOnceWithinTheRange) {
  for (TimestampMs t = 0; t < 5; ++t) store_.Add({{"__name__", "a"}}, t * 1000, 1);
  EXPECT_EQ(
      Export("match[]=a&match[]=%7B__name__=~%22.%2B%22%7D&start=1&end=3&max_rows_per_line=2"),
      "{\"metric\":{\"__name__\":\"a\"},\"values\":[1,1],\"timestamps\":[1000,2000]}\n"
      "{\"metric\":{\"__name__\":\"a\"},\"values\":[1],\"timestamps\":[3000]}\n");
  EXPECT_EQ(Get("/api/v1/export?match[]=nothing").status, 200);
  EXPECT_EQ(Get("/api/v1/export").status, 400);
  EXPECT_EQ(Get("/api/v1/export?match[]=a&start=x").status, 400);
  EXPECT_EQ(Get("/api/v1/export?match[]=a&max_rows_per_line=x").status, 400);
}

TEST(GunzipTest, TellsWhatIsWrong) {
  const std::string packed = Gzip(std::string(100'000, 'a'));
  EXPECT_EQ(Gunzip(packed, 100'000)->size(), 100'000u);
  EXPECT_EQ(Gunzip(packed + packed, 200'000)->size(), 200'000u);
  EXPECT_EQ(Gunzip(packed, 99'999).status().message(),
            "gzip: decoded size exceeds the limit of 99999 bytes");
  for (size_t n = 0; n < packed.size(); ++n) {
    EXPECT_EQ(Gunzip(packed.substr(0, n), 1 << 20).status().message(), "gzip: cut short") << n;
  }
  std::string corrupt = packed;
  corrupt[corrupt.size() - 6] ^= 1;
  EXPECT_EQ(Gunzip(corrupt, 1 << 20).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(*Gunzip(Gzip(""), 0), "");
}

}  // namespace
}  // namespace firn::server
