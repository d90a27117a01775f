#include "server/app/server.h"

#include <sys/wait.h>

#include <cctype>
#include <csignal>

#include <yaml-cpp/yaml.h>

#include "tests/server/app/fixture.h"

namespace firn::server {
namespace {

using ServerTest = AppFixture;

TEST_F(ServerTest, KeepsWhatItAcknowledgedOverARestart) {
  StartServer();
  EXPECT_EQ(StatusOf(Write(10, 60'000, 5)), 204);
  const std::string query = "/api/v1/query?query=sum(m)&time=61";
  EXPECT_EQ(BodyOf(Get(query)), R"({"status":"success","data":{"resultType":"vector","result":)"
                                R"([{"metric":{},"value":[61,"50"]}]}})");
  ASSERT_TRUE(server_->Stop().ok());
  server_.reset();
  StartServer();
  EXPECT_NE(BodyOf(Get(query)).find("\"50\""), std::string::npos);
  EXPECT_EQ(StatusOf(Exchange("POST /api/v1/admin/tsdb/seal HTTP/1.1\r\nHost: a\r\n"
                              "Content-Length: 0\r\n\r\n")),
            204);
  EXPECT_NE(BodyOf(Get(query)).find("\"50\""), std::string::npos);
}

TEST_F(ServerTest, StopsWhileTheStoreOpens) {
  StartServer();
  EXPECT_EQ(StatusOf(Write(10, 60'000, 5)), 204);
  server_.reset();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(RunningServer::Start(config_, {}, {}, stop.get_token()).status().code(),
            StatusCode::kCancelled);
  StartServer();
  EXPECT_NE(BodyOf(Get("/api/v1/query?query=sum(m)&time=61")).find("\"50\""), std::string::npos);
  const std::string progress = BodyOf(Get("/api/v1/status/walreplay"));
  EXPECT_EQ(progress.find("\"current\":0"), std::string::npos) << progress;
}

TEST_F(ServerTest, HasDataOfItsOwnRightAfterTheStart) {
  config_.self_scrape_interval = kHourMs;
  StartServer();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  std::string body;
  while (std::chrono::steady_clock::now() < end) {
    body = BodyOf(Get("/api/v1/query?query=up%7Bjob=%22firn%22%7D"));
    if (body.find("\"1\"") != std::string::npos) break;
  }
  EXPECT_NE(body.find("\"instance\":\"127.0.0.1:"), std::string::npos) << body;
}

TEST_F(ServerTest, RefusesADirectoryThatIsInUseAndAnAddressThatIsTaken) {
  StartServer();
  EXPECT_FALSE(RunningServer::Start(config_).ok());
  ServerConfig other = config_;
  other.data = directory_ / "other";
  other.listen = "127.0.0.1:" + std::to_string(server_->port());
  EXPECT_EQ(RunningServer::Start(other).status().code(), StatusCode::kIo);
}

TEST_F(ServerTest, RefusesNewSeriesAboveTheLimitAndKeepsTheOthers) {
  config_.series_max = 5;
  StartServer();
  EXPECT_EQ(StatusOf(Write(5, 60'000, 1)), 204);
  EXPECT_EQ(StatusOf(Write(8, 75'000, 2)), 400);
  EXPECT_NE(BodyOf(Get("/api/v1/query?query=sum(m)&time=76")).find("\"10\""), std::string::npos);
}

TEST_F(ServerTest, TakesNewLimitsOnSeriesWhileItRuns) {
  StartServer();
  EXPECT_EQ(StatusOf(Write(5, 60'000, 1)), 204);
  config_.series_max_per_metric = 5;
  EXPECT_EQ(BodyOf(Post("/-/reload")), "");
  const std::string refused = Write(6, 75'000, 1);
  EXPECT_EQ(StatusOf(refused), 400);
  EXPECT_NE(BodyOf(refused).find("metric m has reached the limit of 5 active series "
                                 "(series_max_per_metric); refused: "),
            std::string::npos)
      << BodyOf(refused);
  EXPECT_NE(BodyOf(Get("/metrics"))
                .find("firn_head_series_refused_total{limit=\"series_max_per_metric\"} 1"),
            std::string::npos);
  config_.series_max_per_metric = 0;
  config_.label_values_max = 7;
  EXPECT_EQ(BodyOf(Post("/-/reload")), "");
  EXPECT_EQ(StatusOf(Write(7, 90'000, 1)), 204);
  EXPECT_EQ(StatusOf(Write(8, 105'000, 1)), 400);
}

TEST_F(ServerTest, RollsBackABatchThatContradictsStoredSamples) {
  StartServer();
  EXPECT_EQ(StatusOf(Write(2, 60'000, 1)), 204);
  EXPECT_EQ(StatusOf(Write(2, 60'000, 1)), 204);
  const std::string response = Write(3, 60'000, 2);
  EXPECT_EQ(StatusOf(response), 400);
  EXPECT_NE(BodyOf(response).find("duplicate sample for timestamp"), std::string::npos)
      << BodyOf(response);
  EXPECT_NE(BodyOf(Get("/api/v1/query?query=count(m)&time=61")).find("\"2\""), std::string::npos);
}

TEST_F(ServerTest, ReloadsOverHttpAndTellsWhatIsWrong) {
  StartServer();
  EXPECT_EQ(StatusOf(Get("/-/reload")), 405);
  config_.log_level = "warn";
  EXPECT_EQ(BodyOf(Post("/-/reload")), "");
  EXPECT_NE(BodyOf(Get("/api/v1/status/config")).find("log_level: warn"), std::string::npos);
  EXPECT_NE(BodyOf(Get("/api/v1/status/flags")).find(R"("log-level":"warn")"), std::string::npos);
  config_.log_level = "info";
  config_.query_timeout = kSecondMs;
  EXPECT_EQ(BodyOf(Post("/-/reload")), "in force after a restart only: query_timeout\n");
  reloaded_ = []() -> Result<ServerConfig> { return InvalidArgument("firn.yml:3: unknown key"); };
  const std::string failed = Post("/-/reload");
  EXPECT_EQ(StatusOf(failed), 500);
  EXPECT_EQ(BodyOf(failed), "failed to reload config: firn.yml:3: unknown key\n");
  EXPECT_NE(BodyOf(Get("/api/v1/status/runtimeinfo")).find(R"("reloadConfigSuccess":false)"),
            std::string::npos);
}

TEST_F(ServerTest, EndsForClientsOnlyWhenAllowed) {
  StartServer();
  EXPECT_EQ(StatusOf(Get("/-/quit")), 405);
  EXPECT_EQ(StatusOf(Post("/-/quit")), 403);
  EXPECT_EQ(quits_, 0);
  server_.reset();
  config_.http_quit = true;
  StartServer();
  EXPECT_EQ(BodyOf(Post("/-/quit")), "Requesting termination... Goodbye!");
  server_.reset();  // What follows the answer has run then.
  EXPECT_EQ(quits_, 1);
}

TEST_F(ServerTest, AnswersEveryPathThatItsDescriptionNames) {
  StartServer();
  const YAML::Node document = YAML::Load(BodyOf(Get("/api/v1/openapi.yaml")));
  int asked = 0;
  for (const auto& path : document["paths"]) {
    std::string target = path.first.as<std::string>();
    if (const size_t brace = target.find('{'); brace != std::string::npos) {
      target.replace(brace, target.find('}') - brace + 1, "job");
    }
    for (const auto& item : path.second) {
      std::string method = item.first.as<std::string>();
      if (method == "parameters") continue;
      for (char& c : method) c = static_cast<char>(std::toupper(c));
      const int status = StatusOf(
          Exchange(method + " " + target + " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"));
      // Cancelling finds no query, which is told by 404 too.
      if (target != "/api/v1/admin/queries/cancel") {
        EXPECT_NE(status, 404) << target;
      }
      EXPECT_NE(status, 405) << method << " " << target;
      EXPECT_NE(status, 0) << method << " " << target;
      ++asked;
    }
  }
  EXPECT_GT(asked, 80);
}

TEST_F(ServerTest, WritersAndReadersMeetWithoutErrors) {
  StartServer();
  std::atomic<int> bad{0};
  std::vector<std::thread> threads;
  for (int w = 0; w < 3; ++w) {
    threads.emplace_back([&, w] {
      for (int n = 1; n <= 20; ++n) {
        bad += StatusOf(Write(20, 60'000 + n * 3000 + w, n)) >= 500;
        bad += StatusOf(Get("/api/v1/query_range?query=sum(rate(m[1m]))&start=0&end=200&step=5")) !=
               200;
        bad += StatusOf(Get("/api/v1/labels")) != 200;
        bad += StatusOf(Get("/metrics")) != 200;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(bad, 0);
}

}  // namespace
}  // namespace firn::server
