#include "server/app/config_loader.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "server/app/promql/engine_setup.h"
#include "server/app/retention_rules.h"
#include "server/app/settings.h"

namespace firn::server {
namespace {

std::string Error(std::string_view yaml) {
  ServerConfig config;
  return std::string(ApplyYaml(yaml, "firn.yml", &config).message());
}

TEST(ServerConfigTest, ReadsEveryKindOfValue) {
  ServerConfig config;
  ASSERT_TRUE(ApplyYaml("listen: 127.0.0.1:1234\nack: write\nmemory_limit: 512MiB\n"
                        "retention: 1y\nbackfill: true\nseries_max: 10\n",
                        "firn.yml", &config)
                  .ok());
  EXPECT_EQ(config.listen, "127.0.0.1:1234");
  EXPECT_EQ(config.ack, "write");
  EXPECT_EQ(config.memory_limit, uint64_t{512} << 20);
  EXPECT_EQ(config.retention, 365 * kDayMs);
  EXPECT_TRUE(config.backfill);
  EXPECT_EQ(config.series_max, 10u);
  EXPECT_TRUE(ApplyYaml("", "firn.yml", &config).ok());
}

TEST(ServerConfigTest, ReadsTiers) {
  ServerConfig config;
  ASSERT_TRUE(
      ApplyYaml("tiers: 5m:30d, 1h:0\nquery_max_source_resolution: 5m\n", "f", &config).ok());
  ASSERT_EQ(config.tiers.size(), 2u);
  EXPECT_EQ(config.tiers[0].resolution, 5 * kMinuteMs);
  EXPECT_EQ(config.tiers[0].retention, 30 * kDayMs);
  EXPECT_EQ(config.tiers[1].resolution, kHourMs);
  EXPECT_EQ(config.tiers[1].retention, 0);
  EXPECT_EQ(config.query_max_source_resolution, 5 * kMinuteMs);
  ASSERT_TRUE(ApplyYaml("tiers: ''\nquery_max_source_resolution: auto\n", "f", &config).ok());
  EXPECT_TRUE(config.tiers.empty());
  EXPECT_FALSE(config.query_max_source_resolution.has_value());
  EXPECT_EQ(Error("tiers: 7m:1d\n"), "firn.yml:1: tiers: a day is not made of whole buckets of 7m");
  EXPECT_EQ(Error("tiers: 1h:1y,1m:1d\n"), "firn.yml:1: tiers: 1m is no multiple of 1h before it");
  EXPECT_EQ(Error("tiers: 2m:1d,3m:1d\n"), "firn.yml:1: tiers: 3m is no multiple of 2m before it");
  EXPECT_EQ(Error("tiers: 1h\n"),
            "firn.yml:1: tiers: \"1h\" is not a resolution and a retention, as in 1m:90d");
  EXPECT_EQ(Error("tiers: 1ms:1d\n"),
            "firn.yml:1: tiers: a day is not made of whole buckets of 1ms");
}

TEST(ServerConfigTest, ReadsRulesOfRetention) {
  const auto rules = ParseRetentionRules(
      " {__name__=~\"debug_.*\", a=\"x; y\"} 2d;\nslo_errors  5y\n{job='it\\'s'} 0 ;");
  ASSERT_TRUE(rules.ok()) << rules.status().ToString();
  ASSERT_EQ(rules->size(), 3u);
  EXPECT_EQ((*rules)[0].keep_ms, 2 * kDayMs);
  ASSERT_EQ((*rules)[0].matchers.size(), 2u);
  EXPECT_EQ((*rules)[0].matchers[1].value(), "x; y");
  EXPECT_EQ((*rules)[1].keep_ms, 5 * 365 * kDayMs);
  EXPECT_EQ((*rules)[2].matchers[0].value(), "it's");
  EXPECT_EQ((*rules)[2].keep_ms, 0);
  EXPECT_TRUE(ParseRetentionRules("")->empty());
  EXPECT_NE(Error("retention_rules: up\n").find("rule \"up\""), std::string::npos);
  EXPECT_NE(Error("retention_rules: 'up{ 2d'\n").find("rule \"up{ 2d\""), std::string::npos);
  EXPECT_NE(Error("retention_rules: up 2\n").find("rule \"up 2\""), std::string::npos);
}

TEST(ServerConfigTest, NamesLineAndKeyOfMistakes) {
  EXPECT_EQ(Error("listen: 127.0.0.1:1\nretension: 3d\n"), "firn.yml:2: unknown key \"retension\"");
  EXPECT_EQ(Error("ack: fsync\n\nack: write\n"), "firn.yml:3: key \"ack\" is given twice");
  EXPECT_EQ(Error("ack: maybe\n"), "firn.yml:1: ack: \"maybe\" is not one of fsync, write");
  EXPECT_EQ(Error("backfill: yes\n"), "firn.yml:1: backfill: \"yes\" is neither true nor false");
  EXPECT_EQ(Error("series_max_per_label: instance=5,job\n"),
            "firn.yml:1: series_max_per_label: \"job\" is not LABEL=SERIES");
  EXPECT_EQ(
      Error("series_max_per_label: instance=0\n"),
      "firn.yml:1: series_max_per_label: \"instance=0\": the limit is not a whole number of at "
      "least 1");
  EXPECT_EQ(Error("series_max: -1\n"), "firn.yml:1: series_max: \"-1\" is not a whole number");
  EXPECT_EQ(Error("labels_max: 0\n"), "firn.yml:1: labels_max: 0 is below the minimum 1");
  EXPECT_EQ(Error("retention: [1, 2]\n"), "firn.yml:1: retention: a single value is needed");
  EXPECT_EQ(Error("- a\n"), "firn.yml:1: expected keys and values");
  EXPECT_TRUE(Error("ack: fsync\nlisten: {a: b\n").starts_with("firn.yml:"))
      << Error("ack: fsync\nlisten: {a: b\n");
  EXPECT_NE(Error("memory_limit: 99999999999GiB\n"), "");
}

TEST(ServerConfigTest, FlagsWinOverEnvironmentOverFile) {
  const auto file = std::filesystem::temp_directory_path() / "firn_config_test.yml";
  std::ofstream(file) << "retention: 1d\nquery_timeout: 1m\nack: write\n";
  ConfigSources sources;
  sources.config_file = file;
  sources.flags = {{"retention", "3d"}};
  sources.get_environment = [](const char* name) -> const char* {
    if (std::string_view(name) == "FIRN_RETENTION") return "2d";
    if (std::string_view(name) == "FIRN_QUERY_TIMEOUT") return "2m";
    return nullptr;
  };
  const auto config = LoadConfig(sources);
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->retention, 3 * kDayMs);
  EXPECT_EQ(config->query_timeout, 2 * kMinuteMs);
  EXPECT_EQ(config->ack, "write");
  sources.flags = {{"retention", "x"}};
  EXPECT_TRUE(LoadConfig(sources).status().message().starts_with("--retention: "));
  std::ofstream(file, std::ios::trunc).close();
  sources.flags.clear();
  ASSERT_TRUE(LoadConfig(sources).ok());  // A file that says nothing is valid.
  EXPECT_EQ(LoadConfig(sources)->retention, 2 * kDayMs);
  sources.config_file = "/nonexistent/firn.yml";
  EXPECT_EQ(LoadConfig(sources).status().code(), StatusCode::kNotFound);
  std::filesystem::remove(file);
}

TEST(ServerConfigTest, NamesVariablesThatAreNoSettings) {
  const char* const environment[] = {"FIRN_RETENTION=1d",
                                     "FIRN_RETENSION=1d",
                                     "PATH=/bin",
                                     "FIRN_CLIENT_SERVER=x",
                                     "FIRN_X",
                                     nullptr};
  EXPECT_EQ(UnknownVariables(environment), (std::vector<std::string>{"FIRN_RETENSION", "FIRN_X"}));
}

TEST(ServerConfigTest, ShownConfigurationReadsBackAsItself) {
  ServerConfig config;
  ASSERT_TRUE(
      ApplyYaml("memory_limit: 3GiB\ncors_origin: \"\"\nretention: 36h\n", "", &config).ok());
  ServerConfig again;
  ASSERT_TRUE(ApplyYaml(ConfigYaml(config), "", &again).ok()) << ConfigYaml(config);
  EXPECT_EQ(ConfigYaml(again), ConfigYaml(config));
  for (const Setting& setting : Settings()) EXPECT_EQ(setting.get(again), setting.get(config));
}

TEST(ServerConfigTest, DocumentationHoldsTheTablesOfSettings) {
  std::ifstream file(FIRN_OPERATIONS_DOC);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find(SettingsMarkdown()), std::string::npos)
      << "replace the tables by what `firn config table` prints";
}

TEST(ServerConfigTest, TakesFeaturesByTheNamesOfPrometheus) {
  ServerConfig config;
  ASSERT_TRUE(ApplyYaml("promql_binop_fill_modifiers: true\nquery_memory_max: 2MiB\n"
                        "enable_feature: promql-experimental-functions,promql-per-step-stats,"
                        "promql-delayed-name-removal,type-and-unit-labels\n",
                        "firn.yml", &config)
                  .ok());
  MemoryBudget memory("all queries", 0);
  const query::EngineOptions options = MakeEngineOptions(config, &memory);
  EXPECT_TRUE(options.parser.experimental_functions);
  EXPECT_FALSE(options.parser.extended_range_selectors);
  EXPECT_TRUE(options.parser.binop_fill_modifiers);
  EXPECT_TRUE(options.delayed_name_removal);
  EXPECT_TRUE(options.type_and_unit_labels);
  EXPECT_EQ(options.memory_max, uint64_t{2} << 20);
  EXPECT_EQ(options.memory, &memory);
  EXPECT_TRUE(ApplyYaml("enable_feature: promql-extended-range-selectors", "", &config).ok());
  EXPECT_TRUE(MakeEngineOptions(config, nullptr).parser.extended_range_selectors);
  EXPECT_EQ(Error("enable_feature: promql-experimental-functions,agent").substr(0, 63),
            "firn.yml:1: enable_feature: \"agent\" is no feature of this serve");
}

TEST(ServerConfigTest, SplitsListenAddresses) {
  EXPECT_EQ(ParseListenAddress("127.0.0.1:9797")->address, "127.0.0.1");
  EXPECT_EQ(ParseListenAddress("[::1]:80")->address, "::1");
  EXPECT_EQ(ParseListenAddress("[::1]:80")->port, 80);
  for (const char* text : {"127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", ":-1"}) {
    EXPECT_FALSE(ParseListenAddress(text).ok()) << text;
  }
}

}  // namespace
}  // namespace firn::server
