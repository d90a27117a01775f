#include "tools/capacity/report/report_config.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/app/yaml_fields.h"

namespace firn::tools {
namespace {

using testing::ElementsAre;

TEST(ReportConfigTest, ReadsResourcesWithDefaultsAndPlans) {
  const auto config = ParseReportConfig(R"(title: Mine
defaults: {horizon: 30d, confidence: 0.8}
resources:
  - name: Disk
    group: Storage
    advice: Grow it.
    expression: used_bytes
    limit: size_bytes
    by: [instance, mount]
    aggregate: max
    direction: falling
    history: 1y
    what_if:
      - name: more
        scale_load: 1.3@2027-01
        add_capacity: [1GiB, 2GiB@30d]
        from: 2027-02
  - {name: CPU, expression: cpu, limit: "8", horizon: 7d}
)",
                                        "r.yml");
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->title, "Mine");
  ASSERT_EQ(config->resources.size(), 2u);
  const ReportResource& disk = config->resources[0];
  EXPECT_EQ(disk.name, "Disk");
  EXPECT_EQ(disk.group, "Storage");
  EXPECT_EQ(disk.question.horizon, 30 * kDayMs);
  EXPECT_EQ(disk.question.history, 365 * kDayMs);
  EXPECT_EQ(disk.question.confidence, 0.8);
  EXPECT_EQ(disk.question.unit, Unit::kBytes);
  EXPECT_EQ(disk.question.direction, Direction::kFalling);
  EXPECT_THAT(disk.question.by, ElementsAre("instance", "mount"));
  ASSERT_EQ(disk.plans.size(), 1u);
  EXPECT_THAT(disk.plans[0].texts.add_capacity, ElementsAre("1GiB", "2GiB@30d"));
  EXPECT_EQ(config->resources[1].question.horizon, 7 * kDayMs);
  EXPECT_EQ(config->resources[1].question.history, 180 * kDayMs);
}

TEST(ReportConfigTest, NamesTheLineOfEachMistake) {
  const std::string head = "resources:\n  - name: a\n    expression: x\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"resources: []\n", "r.yml: there are no resources"},
      {"titel: x\n", "r.yml:1: unknown key \"titel\""},
      {"defaults: {horizon: soon}\n", "r.yml:1: horizon: "},
      {"defaults:\n  confidence: 1.5\n", "r.yml:2: confidence: a number between 0 and 1 is needed"},
      {"resources:\n  - {expression: x, limit: 1}\n", "r.yml:2: a resource needs a name"},
      {"resources:\n  - {name: a, limit: 1}\n", "r.yml:2: resource \"a\" needs an expression"},
      {head, "r.yml:2: resource \"a\" needs a limit"},
      {head + "    limit: 1\n    unit: parsec\n",
       "r.yml:5: unit: \"parsec\" is none of auto, none, bytes, ratio"},
      {head + "    limit: 1\n    by: [a b]\n", "r.yml:2: by: \"a b\" is no label"},
      {head + "    limit: 1\n    history: 0\n", "r.yml:5: history: must be longer than nothing"},
      {head + "    limit: 1\n    what_if:\n      - scale_load: 2\n",
       "r.yml:6: a plan needs a name"},
      {head + "    limit: 1\n    what_if:\n      - name: b\n",
       "r.yml:6: plan \"b\" changes nothing"},
      {head + "    limit: 1\n    what_if:\n      - name: b\n        new_limit: lots\n",
       "r.yml:7: new_limit: \"lots\" is no amount: write 1.3, 500GiB or 20%"},
      {head + "    limit: 1\n    what_if:\n      - {name: b, new_limit: 2, from: later}\n",
       "r.yml:6: from: \"later\" is no time"},
      {head + "    limit: 1\n  - {name: a, expression: y, limit: 2}\n",
       "r.yml:5: there is another resource \"a\""},
      {"resources: {\n", "r.yml:2: "},
  };
  for (const auto& [text, message] : cases) {
    const auto config = ParseReportConfig(text, "r.yml");
    EXPECT_EQ(config.status().code(), StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(config.status().message()), testing::StartsWith(message)) << text;
  }
}

TEST(ReportConfigTest, ReadsTheExampleOfTheDocumentation) {
  const std::string path = FIRN_SOURCE_DIR "/docs/examples/capacity-platform.yml";
  const auto text = server::ReadTextFile(path);
  ASSERT_TRUE(text.ok());
  const auto config = ParseReportConfig(*text, path);
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_GE(config->resources.size(), 7u);
}

}  // namespace
}  // namespace firn::tools
