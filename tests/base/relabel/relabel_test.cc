#include "base/relabel/relabel.h"

#include <gtest/gtest.h>

namespace firn {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Stands in for MD5: what matters here is that its number is used.
uint64_t FakeHash(std::string_view text) { return 1000 + text.size(); }

// The labels after the rules, "dropped", or the error.
std::string Apply(const Pairs& labels, const std::vector<RelabelConfig>& configs) {
  const auto rules = RelabelRules::Create(configs, FakeHash);
  if (!rules.ok()) return std::string(rules.status().message());
  LabelsBuilder builder(Labels::FromPairs(labels));
  return rules->Apply(&builder) ? builder.Build().ToString() : "dropped";
}

RelabelConfig Rule(RelabelAction action, std::vector<std::string> source,
                   std::string regex = "(.*)", std::string target = "",
                   std::string replacement = "$1") {
  RelabelConfig config;
  config.action = action;
  config.source_labels = std::move(source);
  config.regex = std::move(regex);
  config.target_label = std::move(target);
  config.replacement = std::move(replacement);
  return config;
}

const Pairs kLabels = {{"__name__", "up"}, {"host", "web-1.eu:80"}, {"job", "Web"}};
constexpr auto kReplace = RelabelAction::kReplace;

TEST(RelabelTest, ReplacesWhereTheWholeTextMatches) {
  EXPECT_EQ(Apply(kLabels, {Rule(kReplace, {"host"}, "(.+)-(\\d+)\\.(.+):.*", "zone", "${3}_$1")}),
            R"(up{host="web-1.eu:80", job="Web", zone="eu_web"})");
  EXPECT_EQ(Apply(kLabels, {Rule(kReplace, {"host"}, "web", "zone", "x")}),
            R"(up{host="web-1.eu:80", job="Web"})");
  EXPECT_EQ(Apply(kLabels, {Rule(kReplace, {"job", "__name__", "none"}, "Web;up;", "a", "b")}),
            R"(up{a="b", host="web-1.eu:80", job="Web"})");
  EXPECT_EQ(Apply(kLabels, {Rule(kReplace, {"host"}, ".*", "host", "")}), R"(up{job="Web"})");
  EXPECT_EQ(Apply(kLabels, {Rule(kReplace, {"host"}, "(?<first>[a-z]+).*", "l_$first", "v")}),
            R"(up{host="web-1.eu:80", job="Web", l_web="v"})");
  // A target that is no name does nothing.
  EXPECT_EQ(Apply(kLabels, {Rule(kReplace, {"host"}, "(x)?.*", "$1", "v")}),
            R"(up{host="web-1.eu:80", job="Web"})");
  // A missing source is "", which the default expression matches.
  EXPECT_EQ(Apply(kLabels, {Rule(kReplace, {}, "(.*)", "env", "prod")}),
            R"(up{env="prod", host="web-1.eu:80", job="Web"})");
  EXPECT_EQ(Apply({{"a", "x\ny"}}, {Rule(kReplace, {"a"}, "x.y", "b", "dot")}),
            "{a=\"x\\ny\", b=\"dot\"}");
}

TEST(RelabelTest, RulesSeeWhatEarlierRulesDid) {
  EXPECT_EQ(Apply(kLabels, {Rule(kReplace, {"job"}, "(.*)", "__tmp"),
                            Rule(RelabelAction::kKeep, {"__tmp"}, "Web"),
                            Rule(RelabelAction::kLabelDrop, {}, "__tmp|host")}),
            R"(up{job="Web"})");
  EXPECT_EQ(Apply(kLabels, {Rule(RelabelAction::kDrop, {"__name__"}, "up"),
                            Rule(kReplace, {"job"}, "(.*)", "a")}),
            "dropped");
}

TEST(RelabelTest, KeepsAndDrops) {
  const std::string same = R"(up{host="web-1.eu:80", job="Web"})";
  EXPECT_EQ(Apply(kLabels, {Rule(RelabelAction::kKeep, {"job"}, "W.*")}), same);
  EXPECT_EQ(Apply(kLabels, {Rule(RelabelAction::kKeep, {"job"}, "W")}), "dropped");
  EXPECT_EQ(Apply(kLabels, {Rule(RelabelAction::kDrop, {"job"}, "W")}), same);
  EXPECT_EQ(Apply(kLabels, {Rule(RelabelAction::kDrop, {"none"}, "")}), "dropped");
  const Pairs ports = {{"a", "1"}, {"b", "1"}, {"c", "2"}};
  const auto equal = [&](RelabelAction action, const char* target) {
    return Apply(ports, {Rule(action, {"a"}, "(.*)", target)}) == "dropped";
  };
  EXPECT_FALSE(equal(RelabelAction::kKeepEqual, "b"));
  EXPECT_TRUE(equal(RelabelAction::kKeepEqual, "c"));
  EXPECT_TRUE(equal(RelabelAction::kDropEqual, "b"));
  EXPECT_FALSE(equal(RelabelAction::kDropEqual, "c"));
}

TEST(RelabelTest, WorksOnNamesOfLabels) {
  EXPECT_EQ(Apply(kLabels, {Rule(RelabelAction::kLabelMap, {}, "(h)(.*)", "", "my_$2")}),
            R"(up{host="web-1.eu:80", job="Web", my_ost="web-1.eu:80"})");
  EXPECT_EQ(Apply(kLabels, {Rule(RelabelAction::kLabelDrop, {}, "h.*")}), R"(up{job="Web"})");
  EXPECT_EQ(Apply(kLabels, {Rule(RelabelAction::kLabelKeep, {}, "__name__|job")}),
            R"(up{job="Web"})");
}

TEST(RelabelTest, HashesAndChangesCase) {
  RelabelConfig shard = Rule(RelabelAction::kHashMod, {"job", "__name__"}, "(.*)", "shard");
  shard.modulus = 100;
  EXPECT_EQ(Apply(kLabels, {shard}), R"(up{host="web-1.eu:80", job="Web", shard="6"})");
  EXPECT_EQ(Apply(kLabels, {Rule(RelabelAction::kUppercase, {"job"}, "(.*)", "job")}),
            R"(up{host="web-1.eu:80", job="WEB"})");
  EXPECT_EQ(Apply(kLabels, {Rule(RelabelAction::kLowercase, {"job"}, "(.*)", "job")}),
            R"(up{host="web-1.eu:80", job="web"})");
}

TEST(RelabelTest, RefusesWhatAnActionDoesNotDo) {
  const auto error = [](const RelabelConfig& config) { return Apply({}, {config}); };
  EXPECT_EQ(error(Rule(RelabelAction::kHashMod, {"a"}, "(.*)", "b")),
            "relabel configuration for hashmod requires non-zero modulus");
  EXPECT_EQ(error(Rule(kReplace, {"a"})),
            "relabel configuration for replace action requires 'target_label' value");
  EXPECT_EQ(error(Rule(RelabelAction::kLowercase, {"a"}, "(.*)", "\xff")),
            "\"\\xff\" is invalid 'target_label' for lowercase action");
  EXPECT_EQ(error(Rule(RelabelAction::kUppercase, {"a"}, "(.*)", "b", "x")),
            "'replacement' can not be set for uppercase action");
  EXPECT_EQ(error(Rule(RelabelAction::kKeepEqual, {"a"}, "x", "b")),
            "keepequal action requires only 'source_labels' and 'target_label', and no other "
            "fields");
  EXPECT_EQ(error(Rule(RelabelAction::kLabelDrop, {"a"}, "x")),
            "labeldrop action requires only 'regex', and no other fields");
  EXPECT_EQ(error(Rule(RelabelAction::kLabelMap, {}, "x", "", "")),
            "\"\" is invalid 'replacement' for labelmap action");
  EXPECT_TRUE(error(Rule(kReplace, {"a"}, "(", "b")).starts_with("error parsing regexp: "));
  EXPECT_NE(error(Rule(kReplace, {"a"}, std::string(70'000, 'x'), "b")), "{}");
}

TEST(RelabelTest, NamesOfActionsReadBackInAnyCase) {
  for (const char* name : {"replace", "keep", "drop", "keepequal", "dropequal", "hashmod",
                           "labelmap", "labeldrop", "labelkeep", "lowercase", "uppercase"}) {
    ASSERT_TRUE(ParseRelabelAction(name).has_value()) << name;
    EXPECT_EQ(RelabelActionName(*ParseRelabelAction(name)), name);
  }
  EXPECT_EQ(ParseRelabelAction("LabelMap"), RelabelAction::kLabelMap);
  EXPECT_FALSE(ParseRelabelAction("").has_value());
  EXPECT_FALSE(ParseRelabelAction("map").has_value());
}

}  // namespace
}  // namespace firn
