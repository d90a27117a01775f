#include "server/api/status/request_log.h"

#include <gtest/gtest.h>

namespace firn::server {
namespace {

TEST(RequestLogTest, SaysWhatWasAskedHowItEndedAndWhoAsked) {
  HttpRequest request;
  request.method = Method::kPost;
  request.path = "/api/v1/query_range";
  request.body = "query=up";
  request.remote_address = "10.0.0.1";
  request.user = "grafana";
  request.params = {
      {"query", "up{a=\"b\"}"}, {"start", "1"}, {"end", "2"}, {"step", "15"}, {"token", "geheim"}};
  request.headers = {
      {"x-dashboard-uid", "d1"},          {"X-Panel-Id", "7\n8"}, {"X-Grafana-Org-Id", "1"},
      {"X-Datasource-Uid", "ds"},         {"FromAlert", "true"},  {"User-Agent", "Grafana/13"},
      {"Authorization", "Bearer geheim"}, {"Cookie", "geheim"}};
  EXPECT_EQ(
      RequestLine({.request = request,
                   .status = 200,
                   .body_bytes = 512,
                   .queue_seconds = 0.002,
                   .seconds = 1.25}),
      R"(method=POST path="/api/v1/query_range" status=200 seconds=1.250000 queue_seconds=0.002000 )"
      R"(request_bytes=8 answer_bytes=512 remote="10.0.0.1" user="grafana" org="1" )"
      R"(datasource="ds" dashboard="d1" panel="7\n8" alert="true" agent="Grafana/13" )"
      R"(query="up{a=\"b\"}" start="1" end="2" step="15")");
}

TEST(RequestLogTest, CutsWhatIsLong) {
  HttpRequest request;
  request.path = std::string(10'000, 'p');
  for (int i = 0; i < 100; ++i) request.params.emplace_back("match[]", std::string(3'000, 'm'));
  request.headers = {{"X-Panel-Id", std::string(10'000, 'h')}};
  const std::string line = RequestLine({.request = request, .status = 404});
  EXPECT_LT(line.size(), 16'000u);
  EXPECT_TRUE(line.ends_with("mmm\"... ...")) << line.substr(line.size() - 20);
}

TEST(RequestLogTest, WantsErrorsOrAll) {
  EXPECT_FALSE(WantsRequest(RequestLog::kOff, 500));
  EXPECT_TRUE(WantsRequest(RequestLog::kErrors, 400));
  EXPECT_FALSE(WantsRequest(RequestLog::kErrors, 204));
  EXPECT_TRUE(WantsRequest(RequestLog::kAll, 204));
  EXPECT_EQ(ParseRequestLog("all"), RequestLog::kAll);
  EXPECT_FALSE(ParseRequestLog("some").has_value());
}

}  // namespace
}  // namespace firn::server
