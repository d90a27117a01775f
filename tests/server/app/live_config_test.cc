#include "server/app/live_config.h"

#include <gtest/gtest.h>

#include "server/app/config_loader.h"

namespace firn::server {
namespace {

class LiveConfigTest : public testing::Test {
 protected:
  LiveConfigTest()
      : live_(
            ServerConfig(),
            [this]() -> Result<ServerConfig> {
              ServerConfig config;
              FIRN_RETURN_IF_ERROR(ApplyYaml(file_, "firn.yml", &config));
              return config;
            },
            &clock_, &metrics_) {
    live_.AddPart([this](const ServerConfig& config) -> Result<LiveConfig::Commit> {
      if (config.log_level == "error") return InvalidArgument("refused by a part");
      return LiveConfig::Commit([this, level = config.log_level] { level_ = level; });
    });
  }
  double Metric(std::string_view name) const {
    for (const MetricFamily& family : metrics_.Collect()) {
      if (family.name == name) return family.points.at(0).value;
    }
    return -1;
  }

  FakeClock clock_{5'000};
  MetricsRegistry metrics_;
  std::string file_;
  std::string level_;
  LiveConfig live_;
};

TEST_F(LiveConfigTest, PutsReloadableSettingsInForceAndNamesTheOthers) {
  clock_.Set(9'000);
  file_ = "log_level: debug\nretention: 7d\n";
  const auto restart = live_.Reload();
  ASSERT_TRUE(restart.ok());
  EXPECT_EQ(*restart, std::vector<std::string>{"retention"});
  EXPECT_EQ(level_, "debug");
  const ConfigInfo info = live_.Info();
  EXPECT_NE(info.yaml.find("log_level: debug\n"), std::string::npos);
  EXPECT_NE(info.yaml.find("retention: 30d\n"), std::string::npos);
  EXPECT_TRUE(info.last_reload_ok);
  EXPECT_EQ(info.loaded, 9'000);
  EXPECT_EQ(Metric("firn_config_restart_pending_settings"), 1);
  EXPECT_EQ(Metric("firn_config_last_reload_success_timestamp_seconds"), 9);
}

TEST_F(LiveConfigTest, ShowsNumbersAsMetrics) {
  file_ = "slow_query_threshold: 1m30s\nconnections_max: 7\n";
  const auto value = [&](std::string_view setting) {
    for (const MetricFamily& family : metrics_.Collect()) {
      if (family.name != "firn_setting_value") continue;
      for (const MetricPoint& point : family.points) {
        if (point.labels.front().second == setting) return point.value;
      }
    }
    return -1.0;
  };
  EXPECT_EQ(value("slow_query_threshold"), 10);
  ASSERT_TRUE(live_.Reload().ok());
  EXPECT_EQ(value("slow_query_threshold"), 90);
  EXPECT_EQ(value("connections_max"), 512);  // The new one waits for a restart.
  EXPECT_EQ(value("write_bytes_max"), 32 << 20);
  EXPECT_EQ(value("listen"), -1);
}

TEST_F(LiveConfigTest, AMistakeLeavesEverythingAsItWas) {
  clock_.Set(9'000);
  for (const char* text : {"log_level: debug\nno_such: 1\n", "log_level: error\n"}) {
    file_ = text;
    EXPECT_FALSE(live_.Reload().ok()) << text;
    EXPECT_EQ(level_, "");
    EXPECT_FALSE(live_.Info().last_reload_ok);
    EXPECT_EQ(live_.Info().loaded, 5'000);
    EXPECT_NE(live_.Info().yaml.find("log_level: info\n"), std::string::npos);
    EXPECT_EQ(Metric("firn_config_last_reload_successful"), 0);
  }
  file_ = "";
  EXPECT_TRUE(live_.Reload().ok());
  EXPECT_EQ(Metric("firn_config_last_reload_successful"), 1);
}

TEST_F(LiveConfigTest, WithoutASourceNothingCanBeReloaded) {
  LiveConfig fixed(ServerConfig(), {}, &clock_, &metrics_);
  EXPECT_EQ(fixed.Reload().status().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace firn::server
