// What Grafana's data source needs, checked on the wire against a complete server.
#include <zlib.h>

#include "tests/server/app/fixture.h"

namespace firn::server {
namespace {

class AcceptanceTest : public AppFixture {
 protected:
  void SetUp() override {
    StartServer();
    for (int n = 0; n <= 40; ++n) ASSERT_EQ(StatusOf(Write(3, n * 15'000, n)), 204);
  }
};

TEST_F(AcceptanceTest, PassesSaveAndTest) {
  const std::string expected =
      R"({"status":"success","data":{"resultType":"scalar","result":[4,"2"]}})";
  EXPECT_EQ(BodyOf(PostForm("/api/v1/query", "query=1%2B1&time=4")), expected);
  EXPECT_EQ(BodyOf(PostForm("/api/v1/query?stats=", "query=1%2B1&time=4")), expected);
  EXPECT_EQ(BodyOf(PostForm("/api/v1/query?query=1%2B1&time=4", "")), expected);
  EXPECT_EQ(BodyOf(Get("/api/v1/query?query=1%2B1&time=4&custom=x&timeout=60s")), expected);
  const std::string info = BodyOf(PostForm("/api/v1/status/buildinfo", ""));
  EXPECT_EQ(info.find("features"), std::string::npos);
  EXPECT_NE(info.find("\"application\":\"Firn\""), std::string::npos);
}

TEST_F(AcceptanceTest, AnswersOnTheAskedGridOnly) {
  const struct {
    const char* range;
    const char* values;
  } kCases[] = {
      {"start=30.5&end=31.75&step=0.5", R"([[30.500,"2"],[31,"2"],[31.500,"2"]])"},
      {"start=17&end=47&step=15", R"([[17,"1"],[32,"2"],[47,"3"]])"},
      {"start=60&end=60&step=86400", R"([[60,"4"]])"},
      {"start=60&end=60.002&step=0.001", R"([[60,"4"],[60.001,"4"],[60.002,"4"]])"},
      {"start=60&end=99999999999&step=31536000", R"([[60,"4"]])"},
  };
  for (const auto& c : kCases) {
    const std::string body =
        BodyOf(PostForm("/api/v1/query_range", "query=m%7Bi%3D%221%22%7D&" + std::string(c.range)));
    EXPECT_NE(body.find(c.values), std::string::npos) << c.range << " " << body;
  }
}

TEST_F(AcceptanceTest, AcceptsElevenThousandSteps) {
  const std::string path = "/api/v1/query_range?query=m&step=1&start=0&end=";
  EXPECT_EQ(StatusOf(Get(path + "11000")), 200);
  EXPECT_EQ(StatusOf(Get(path + "11001")), 400);
}

TEST_F(AcceptanceTest, ParsesTheSelectorsThatGrafanaSends) {
  const struct {
    const char* match;
    const char* data;
  } kCases[] = {
      {R"({__name__=~".+",})", R"(["0","1","2"])"},
      {R"({__name__="m",i="1",i!=""})", R"(["1"])"},
      {R"({__name__=~"(?i).*M.*"})", R"(["0","1","2"])"},
      {R"({"m","i"="2"})", R"(["2"])"},
      {R"x(m{i=~"(0|1\\.x|2)"})x", R"(["0","2"])"},
      {R"(m{__ignore_usage__="", i='1'})", R"(["1"])"},
      {R"({__name__!="",absent!="x",i=~"1|2"})", R"(["1","2"])"},
      {R"({__name__=~"m"})", R"(["0","1","2"])"},
      {R"({__name__=~"other"})", R"([])"},
  };
  for (const auto& c : kCases) {
    std::string form = "match%5B%5D=";
    for (const char* p = c.match; *p != '\0'; ++p) {
      char escaped[4];
      std::snprintf(escaped, sizeof(escaped), "%%%02X", static_cast<unsigned char>(*p));
      form += escaped;
    }
    const std::string body =
        BodyOf(PostForm("/api/v1/label/i/values?limit=40000&start=0&end=99999999999", form));
    EXPECT_EQ(body, R"({"status":"success","data":)" + std::string(c.data) + "}") << c.match;
  }
}

TEST_F(AcceptanceTest, ParsesTheDurationsThatGrafanaWrites) {
  for (const char* range : {"1m0s", "2m15s", "1h0m0s", "15m30s", "400ms", "3600s", "1y"}) {
    const std::string query = std::string("/api/v1/query?time=600&query=count(m%20offset%20") +
                              range + ")%20or%20count(rate(m%5B" + range + "%5D))";
    EXPECT_EQ(StatusOf(Get(query)), 200) << range;
  }
}

TEST_F(AcceptanceTest, RunsTheRecentMetricsQuery) {
  const std::string body = BodyOf(PostForm(
      "/api/v1/query?time=600&query=group%20by%20(__name__)%20(%7B__name__!%3D%22%22%2C%7D)"
      "%20unless%20(group%20by%20(__name__)%20(%7B__name__!%3D%22%22%2C%7D%20offset%203h))",
      ""));
  EXPECT_NE(body.find(R"({"metric":{"__name__":"m"},"value":[600,"1"]})"), std::string::npos)
      << body;
}

TEST_F(AcceptanceTest, AnswersUnknownPathsOfTheApiAsJson) {
  for (const char* path : {"/api/v1/search/nothing", "/api/v1/nothing", "/api/v1/query/",
                           "/api/v1/status/unknown", "/api/v2/x"}) {
    const std::string response = Get(path);
    EXPECT_EQ(StatusOf(response), 404) << path;
    EXPECT_NE(response.find("Content-Type: application/json"), std::string::npos) << path;
    EXPECT_TRUE(BodyOf(response).starts_with("{\"status\":\"error\"")) << path;
  }
  EXPECT_NE(BodyOf(Get("/rules/test/test")).find("page not found"), std::string::npos);
}

TEST_F(AcceptanceTest, ProbesExemplarsAndRules) {
  EXPECT_EQ(BodyOf(PostForm("/api/v1/query_exemplars",
                            "query=test&start=1700000000000&end=1700003600000")),
            R"({"status":"success","data":[]})");
  EXPECT_EQ(BodyOf(Get("/api/v1/rules?group_limit=40&exclude_alerts=true")),
            R"({"status":"success","data":{"groups":[]}})");
  EXPECT_EQ(BodyOf(PostForm("/api/v1/alerts", "")), R"({"status":"success","data":{"alerts":[]}})");
}

TEST_F(AcceptanceTest, CompressesWithGzipOrNotAtAll) {
  const std::string target = "/api/v1/query_range?query=m&start=0&end=600&step=1";
  const std::string plain = Get(target, "Accept-Encoding: br, zstd, deflate\r\n");
  EXPECT_EQ(plain.find("Content-Encoding"), std::string::npos);
  const std::string packed = Get(target, "Accept-Encoding: gzip, deflate, br, zstd\r\n");
  EXPECT_NE(packed.find("Content-Encoding: gzip\r\n"), std::string::npos);
  const std::string data = BodyOf(packed);
  z_stream stream{};
  ASSERT_EQ(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
  std::string text(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  EXPECT_EQ(text, BodyOf(plain));
}

TEST_F(AcceptanceTest, GivesStatisticsOnDemand) {
  EXPECT_NE(BodyOf(PostForm("/api/v1/query?stats=all", "query=m&time=60"))
                .find("\"samples\":{\"totalQueryableSamples\":3"),
            std::string::npos);
}

}  // namespace
}  // namespace firn::server
