#include <sstream>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "server/api/status/query_log.h"
#include "tests/server/api/fixture.h"

namespace firn::server {
namespace {

class QueryLogTest : public ApiFixture {
 protected:
  QueryLogTest() : before_(spdlog::default_logger()) {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_);
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", sink));
    spdlog::set_pattern("%v");
  }
  ~QueryLogTest() override { spdlog::set_default_logger(before_); }

  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_;
};

TEST_F(QueryLogTest, SaysWhatALongQueryReadAndWhoAsked) {
  store_.Add({{"__name__", "up"}}, 1000, 1);
  slow_query_ms_ = 5;
  store_.OnSelect([](const engine::SelectHints&) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(6);
    while (std::chrono::steady_clock::now() < end) {
    }
  });
  const Reply reply = Call(Method::kGet, "/api/v1/query_range?query=up%0A&start=1&end=2&step=0.5",
                           "", "", {{"X-Dashboard-Uid", "d\"1"}, {"X-Panel-Id", "7"}});
  EXPECT_EQ(reply.status, 200);
  const std::string line = text_.str();
  EXPECT_TRUE(line.starts_with("slow query seconds=0.")) << line;
  EXPECT_NE(line.find(" start=1.000 end=2.000 step=0.500 samples=3 peak_samples="),
            std::string::npos)
      << line;
  EXPECT_NE(line.find(R"( series=1 status=ok remote="" dashboard="d\"1" panel="7" query="up\n")"),
            std::string::npos)
      << line;
}

TEST_F(QueryLogTest, SaysWhyALongQueryFailedAndCutsItsText) {
  slow_query_ms_ = 5;
  store_.OnSelect([](const engine::SelectHints&) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(6);
    while (std::chrono::steady_clock::now() < end) {
    }
  });
  EXPECT_EQ(Call(Method::kGet, "/api/v1/query?query=topk(0/0,up)%20or%20" + std::string(5000, 'a'))
                .status,
            422);
  const std::string line = text_.str();
  EXPECT_NE(line.find(" status=\""), std::string::npos) << line;
  EXPECT_NE(line.find("aaa\"...\n"), std::string::npos) << line;
  EXPECT_LT(line.size(), 3000u);
}

TEST(SlowQueryLineTest, NamesTheUserIfThereIsOne) {
  const query::QueryRequest request;
  const Result<query::QueryResult> result = InvalidArgument("no");
  HttpRequest http;
  http.remote_address = "10.0.0.1";
  FinishedQuery query{.request = &request, .http = &http, .result = &result};
  EXPECT_EQ(SlowQueryLine(query).find("user="), std::string::npos);
  http.user = "al ice";
  EXPECT_NE(SlowQueryLine(query).find(R"( remote="10.0.0.1" user="al ice" )"), std::string::npos)
      << SlowQueryLine(query);
}

TEST_F(QueryLogTest, IsSilentAboutShortQueriesAndWhenTurnedOff) {
  slow_query_ms_ = 3'600'000;
  Get("/api/v1/query?query=up");
  slow_query_ms_ = 0;
  Get("/api/v1/query?query=up");
  EXPECT_EQ(text_.str(), "");
}

}  // namespace
}  // namespace firn::server
