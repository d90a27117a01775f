#include "server/http/gzip.h"
#include "tests/server/api/fixture.h"

namespace firn::server {
namespace {

constexpr const char* kJson = "application/json";

std::string Gauge(const char* name, int seconds, int value = 1) {
  return fmt::format(R"({{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"{}",)"
                     R"("description":"Help.","gauge":{{"dataPoints":[{{"timeUnixNano":)"
                     R"("{}000000000","asInt":"{}"}}]}}}}]}}]}}]}})",
                     name, seconds, value);
}

class OtlpApiTest : public ApiFixture {
 protected:
  Reply Post(std::string body, std::vector<NameValue> headers) {
    return Call(Method::kPost, "/api/v1/otlp/v1/metrics", "", std::move(body), std::move(headers));
  }
};

TEST_F(OtlpApiTest, StoresJson) {
  const Reply reply = Post(Gauge("a.b", 5, 7), {{"Content-Type", "application/json; charset=x"}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "{}");
  EXPECT_EQ(reply.content_type, kJson);
  EXPECT_EQ(Get("/api/v1/export?match[]=a_b").body,
            "{\"metric\":{\"__name__\":\"a_b\"},\"values\":[7],\"timestamps\":[5000]}\n");
  EXPECT_EQ(store_.GetMetadata("a_b", 0).at(0).help, "Help.");
  EXPECT_EQ(
      Post(Gzip(Gauge("c", 5)), {{"Content-Type", kJson}, {"Content-Encoding", "gzip"}}).status,
      200);
  EXPECT_EQ(store_.Contents().size(), 2u);
}

TEST_F(OtlpApiTest, StoresProtobuf) {
  const Reply reply = Post("", {{"Content-Type", "application/x-protobuf"}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "");
  EXPECT_EQ(Post("\x0a\x7f", {{"Content-Type", "application/x-protobuf"}}).status, 400);
}

TEST_F(OtlpApiTest, RefusesWhatItCannotRead) {
  EXPECT_EQ(Post("{}", {}).status, 400);
  EXPECT_EQ(Post("{}", {{"Content-Type", "text/plain"}}).status, 400);
  EXPECT_EQ(Post("{}", {{"Content-Type", kJson}, {"Content-Encoding", "zstd"}}).status, 400);
  EXPECT_EQ(Post("{", {{"Content-Type", kJson}}).status, 400);
}

TEST_F(OtlpApiTest, StoresNothingOfABadRequest) {
  store_.Add({{"__name__", "old"}}, 9000, 1);
  std::string both = Gauge("new", 9);
  const std::string old = Gauge("old", 5);
  // The second resource behind the first.
  both.insert(both.size() - 2, "," + old.substr(20, old.size() - 22));
  const Reply reply = Post(both, {{"Content-Type", kJson}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body, "resourceMetrics[1]: metric \"old\": out of order sample for series old\n");
  EXPECT_EQ(store_.Contents().size(), 1u);
}

}  // namespace
}  // namespace firn::server
