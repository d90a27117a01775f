#include <cmath>

#include <yaml-cpp/yaml.h>

#include "tests/server/api/fixture.h"

namespace firn::server {
namespace {

// Ten days of hours in two disks, of which one fills by 1 an hour from 100 on.
class ForecastApiTest : public ApiFixture {
 protected:
  static constexpr int kHours = 240;
  static constexpr int64_t kEnd = 3600 * kHours;

  ForecastApiTest() {
    for (int i = 0; i <= kHours; ++i) {
      const double ripple = 0.5 * std::sin(i * i);
      store_.Add({{"__name__", "disk"}, {"dev", "a"}}, i * kHourMs, 100 + i + ripple);
      store_.Add({{"__name__", "disk"}, {"dev", "b"}}, i * kHourMs, 50 + ripple);
      store_.Add({{"__name__", "size"}, {"dev", "a"}}, i * kHourMs, 400);
      store_.Add({{"__name__", "size"}, {"dev", "b"}}, i * kHourMs, 60);
      store_.Add({{"__name__", "same"}}, i * kHourMs, 7);
    }
    clock_.Advance(kEnd * kSecondMs - clock_.NowMs());
  }

  // JSON is YAML, near enough.
  YAML::Node Ask(const std::string& params) {
    const Reply reply = Get("/api/v1/forecast?horizon=5d&step=1h&lookback_delta=1h&" + params);
    EXPECT_EQ(reply.status, 200) << reply.body;
    const YAML::Node answer = YAML::Load(reply.body);
    EXPECT_EQ(answer["status"].as<std::string>(), "success");
    return answer;
  }

  static YAML::Node Series(const YAML::Node& answer, const std::string& dev,
                           const std::string& kind) {
    for (const YAML::Node& series : answer["data"]["result"]) {
      const YAML::Node metric = series["metric"];
      if (metric["forecast"].as<std::string>() == kind &&
          (dev.empty() || metric["dev"].as<std::string>() == dev)) {
        return series["values"];
      }
    }
    ADD_FAILURE() << "no series " << kind << " of " << dev;
    return YAML::Node();
  }

  static double Value(const YAML::Node& point) { return std::stod(point[1].as<std::string>()); }
};

TEST_F(ForecastApiTest, AnswersPastAndFutureAsSeries) {
  const YAML::Node answer = Ask("query=disk");
  EXPECT_EQ(answer["data"]["resultType"].as<std::string>(), "matrix");
  EXPECT_EQ(answer["data"]["result"].size(), 10u);
  const YAML::Node observed = Series(answer, "a", "observed");
  EXPECT_EQ(observed.size(), static_cast<size_t>(kHours + 1));
  EXPECT_EQ(observed[0][0].as<int64_t>(), 0);
  const YAML::Node median = Series(answer, "a", "median");
  ASSERT_EQ(median.size(), 120u);
  EXPECT_EQ(median[0][0].as<int64_t>(), kEnd + 3600);
  EXPECT_NEAR(Value(median[119]), 100 + kHours + 120, 2);
  const YAML::Node lower = Series(answer, "a", "lower"), upper = Series(answer, "a", "upper");
  const YAML::Node fitted = Series(answer, "a", "fitted");
  EXPECT_NEAR(Value(fitted[100]), 200, 2);
  for (size_t i = 0; i < 120; ++i) {
    EXPECT_LE(Value(lower[i]), Value(median[i]));
    EXPECT_GE(Value(upper[i]), Value(median[i]));
  }
}

TEST_F(ForecastApiTest, TellsWhenALimitIsReached) {
  const YAML::Node answer = Ask("query=disk{dev=%22a%22}&limit=400");
  const YAML::Node figures = answer["data"]["forecasts"][0];
  EXPECT_EQ(figures["metric"]["dev"].as<std::string>(), "a");
  EXPECT_EQ(figures["verdict"].as<std::string>(), "ok");
  EXPECT_NEAR(figures["trend_per_week"].as<double>(), 168, 3);
  EXPECT_EQ(figures["crossing"]["probability"].as<double>(), 1);
  EXPECT_NEAR(figures["crossing"]["median"].as<double>(), kEnd + 60 * 3600, 3 * 3600);
  EXPECT_LE(figures["crossing"]["lower"].as<double>(), figures["crossing"]["median"].as<double>());
  EXPECT_EQ(figures["crossing"]["words"].as<std::string>().substr(0, 6), "in 2 d");
  EXPECT_GT(figures["backtest"]["windows"].as<int>(), 0);
  EXPECT_EQ(Series(answer, "a", "limit").size(), 120u);
}

TEST_F(ForecastApiTest, TakesLimitsFromSeriesOfEqualLabels) {
  const YAML::Node answer = Ask("query=disk&limit=size&series=false");
  EXPECT_EQ(answer["data"]["result"].size(), 0u);
  const YAML::Node figures = answer["data"]["forecasts"];
  EXPECT_EQ(figures[0]["crossing"]["probability"].as<double>(), 1);
  EXPECT_EQ(figures[1]["crossing"]["probability"].as<double>(), 0);
  EXPECT_EQ(figures[1]["crossing"]["words"].as<std::string>(), "not within 5 d");
  const YAML::Node some = Ask("query=disk&limit=size{dev=%22b%22}");
  EXPECT_FALSE(some["data"]["forecasts"][0]["crossing"]);
  EXPECT_EQ(some["warnings"][0].as<std::string>(), "1 series have no limit of equal labels");
}

TEST_F(ForecastApiTest, AppliesWhatIf) {
  // Doubled from the second day on: above 720 at once.
  const std::string from = std::to_string(kEnd + 24 * 3600);
  const YAML::Node answer = Ask("query=disk{dev=%22a%22}&limit=600&scale=2@" + from);
  EXPECT_NEAR(answer["data"]["forecasts"][0]["crossing"]["median"].as<double>(), kEnd + 24 * 3600,
              3600);
  const YAML::Node more = Ask("query=disk{dev=%22a%22}&limit=400&limit_add=1000");
  EXPECT_EQ(more["data"]["forecasts"][0]["crossing"]["probability"].as<double>(), 0);
  const YAML::Node less = Ask("query=disk{dev=%22a%22}&limit=400&limit_scale=0.5");
  EXPECT_EQ(less["data"]["forecasts"][0]["crossing"]["probability"].as<double>(), 1);
}

TEST_F(ForecastApiTest, SumsByLabels) {
  const YAML::Node answer = Ask("query=disk&by=job");
  ASSERT_EQ(answer["data"]["forecasts"].size(), 1u);
  EXPECT_NEAR(answer["data"]["forecasts"][0]["level"].as<double>(), 150 + kHours, 3);
  EXPECT_EQ(Ask("query=disk&by=dev")["data"]["forecasts"].size(), 2u);
}

TEST_F(ForecastApiTest, SaysWhatCannotBeForecast) {
  const YAML::Node constant = Ask("query=same&limit=8")["data"]["forecasts"][0];
  EXPECT_EQ(constant["verdict"].as<std::string>(), "constant");
  EXPECT_EQ(constant["crossing"]["words"].as<std::string>(), "not within 5 d");
  const YAML::Node little = Ask("query=disk&history=5h")["data"];
  EXPECT_EQ(little["forecasts"][0]["verdict"].as<std::string>(), "too_short");
  EXPECT_EQ(little["result"].size(), 2u);  // What was observed.
  EXPECT_EQ(Ask("query=nothing")["data"]["forecasts"].size(), 0u);
}

TEST_F(ForecastApiTest, TakesFormsAndTimes) {
  const Reply reply = Call(Method::kPost, "/api/v1/forecast",
                           "query=disk&start=0&end=360000&step=3600&horizon=10h"
                           "&lookback_delta=1h&direction=falling&limit=45&confidence=0.5"
                           "&backtest=false&min=49&max=500");
  ASSERT_EQ(reply.status, 200) << reply.body;
  const YAML::Node answer = YAML::Load(reply.body);
  EXPECT_EQ(Series(answer, "a", "observed").size(), 101u);
  EXPECT_EQ(Series(answer, "a", "median").size(), 10u);
  EXPECT_FALSE(answer["data"]["forecasts"][0]["backtest"]);
  EXPECT_EQ(answer["data"]["forecasts"][1]["crossing"]["probability"].as<double>(), 0);
}

TEST_F(ForecastApiTest, NamesTheParameterThatIsWrong) {
  const std::pair<const char*, const char*> kBad[] = {
      {"query=disk%7B", "query"},
      {"", "query"},
      {"query=disk%5B5m%5D", "query"},
      {"query=disk&by=a)%20(x", "by"},
      {"query=disk&by=1a", "by"},
      {"query=disk&limit=%7B", "limit"},
      {"query=disk&direction=up", "direction"},
      {"query=disk&confidence=1", "confidence"},
      {"query=disk&horizon=0", "horizon"},
      {"query=disk&horizon=1m", "horizon"},
      {"query=disk&history=-1h", "history"},
      {"query=disk&start=9&end=8", "end"},
      {"query=disk&step=1s", "step"},
      {"query=disk&scale=2@x", "scale"},
      {"query=disk&scale=-1", "scale"},
      {"query=disk&limit_add=x", "limit_add"},
      {"query=disk&min=3&max=2", "max"},
      {"query=disk&backtest=maybe", "backtest"},
      {"query=disk&series=x", "series"},
      {"query=disk&max_source_resolution=x", "max_source_resolution"},
      {"query=disk&timeout=x", "timeout"}};
  for (const auto& [params, name] : kBad) {
    // Of equal parameters the first one counts.
    const Reply reply = Get("/api/v1/forecast?" + std::string(params) + "&step=1h");
    EXPECT_EQ(reply.status, 400) << params;
    EXPECT_NE(reply.body.find("\"errorType\":\"bad_data\""), std::string::npos) << params;
    EXPECT_NE(reply.body.find("invalid parameter \\\"" + std::string(name) + "\\\""),
              std::string::npos)
        << reply.body.substr(0, 300);
  }
}

TEST_F(ForecastApiTest, RefusesTooManySeriesAndEndsInTime) {
  EXPECT_EQ(Get("/api/v1/forecast?query=disk&step=1h&timeout=0.0001").status, 503);
  for (int i = 0; i < 2001; ++i) {
    store_.Add({{"__name__", "many"}, {"i", std::to_string(i)}}, kEnd * kSecondMs, i);
  }
  const Reply reply = Get("/api/v1/forecast?query=many&step=1h");
  EXPECT_EQ(reply.status, 422);
  EXPECT_NE(reply.body.find("yields 2001 series; at most 2000"), std::string::npos) << reply.body;
}

}  // namespace
}  // namespace firn::server
