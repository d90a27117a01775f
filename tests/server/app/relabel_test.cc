#include <gtest/gtest.h>

#include "server/app/config_loader.h"
#include "server/app/relabel/relabel_config.h"
#include "server/app/relabel/relabel_memo.h"
#include "tests/server/app/fixture.h"

namespace firn::server {
namespace {

ServerConfig Config(std::string_view yaml) {
  ServerConfig config;
  const Status status = ApplyYaml(yaml, "firn.yml", &config);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return config;
}

std::string Error(std::string_view yaml) {
  ServerConfig config;
  return std::string(ApplyYaml(yaml, "firn.yml", &config).message());
}

constexpr std::string_view kRules = R"(write_relabel_configs:
  - source_labels: [__name__]
    regex: "go_.*"
    action: Drop
  - source_labels: [path]
    regex: "/users/[0-9]+(/.*)?"
    target_label: path
    replacement: "/users/:id$1"
)";

TEST(RelabelConfigTest, ReadsPrometheusRulesAndPrintsThemAsOneLineThatReadsBack) {
  const ServerConfig config = Config(kRules);
  ASSERT_EQ(config.write_relabel_configs.size(), 2u);
  EXPECT_EQ(config.write_relabel_configs[0].action, RelabelAction::kDrop);
  EXPECT_EQ(config.write_relabel_configs[1].replacement, "/users/:id$1");
  EXPECT_EQ(Config(ConfigYaml(config)).write_relabel_configs, config.write_relabel_configs);
  EXPECT_EQ(FormatRelabelConfigs(config.write_relabel_configs),
            R"([{source_labels: ["__name__"], regex: "go_.*", action: drop}, )"
            R"({source_labels: ["path"], regex: "/users/[0-9]+(/.*)?", target_label: "path", )"
            R"(replacement: "/users/:id$1", action: replace}])");
}

TEST(RelabelConfigTest, NamesTheLineOfAMistake) {
  EXPECT_EQ(Error("write_relabel_configs:\n  - source_labels: [a]\n    action: keeep\n"),
            "firn.yml:3: action: unknown relabel action");
  EXPECT_EQ(Error("write_relabel_configs:\n  - action: keep\n    regexp: x\n"),
            "firn.yml:3: unknown key \"regexp\"");
  EXPECT_EQ(Error("ack: fsync\nwrite_relabel_configs:\n  - source_labels: [a]\n"),
            "firn.yml:3: relabel configuration for replace action requires 'target_label' value");
  EXPECT_EQ(Error("write_relabel_configs: 3\n"), "firn.yml:1: expected a list");
  EXPECT_EQ(Error("write_relabel_configs:\n  - source_labels: a\n"),
            "firn.yml:2: source_labels: expected a list");
}

TEST(RelabelConfigTest, HashesAsPrometheusDoes) {
  EXPECT_EQ(Md5Tail("baz") % 1000, 976u);
  EXPECT_EQ(Md5Tail("foo\nbar") % 1000, 734u);
}

using Raw = std::vector<LabelView>;

TEST(RelabelMemoTest, FindsTheSameSeriesAgainWithAndWithoutAGuess) {
  RelabelMemo memo(*RelabelRules::Create(Config(kRules).write_relabel_configs, Md5Tail));
  std::string scratch;
  const Raw dropped = {{"__name__", "go_threads"}, {"job", "a"}};
  const Raw changed = {{"__name__", "http"}, {"path", "/users/17/cart"}};
  const Raw unchanged = {{"__name__", "http"}, {"path", "/"}};
  const auto* a = memo.Find(dropped, nullptr, &scratch);
  const auto* b = memo.Find(changed, a, &scratch);
  const auto* c = memo.Find(unchanged, b, &scratch);
  EXPECT_EQ(a->outcome(), RelabelMemo::Outcome::kDropped);
  EXPECT_EQ(b->labels().ToString(), R"(http{path="/users/:id/cart"})");
  EXPECT_EQ(c->outcome(), RelabelMemo::Outcome::kUnchanged);
  EXPECT_EQ(memo.Find(changed, a, &scratch), b);
  EXPECT_EQ(memo.Find(unchanged, a, &scratch), c);
  EXPECT_EQ(memo.Find(changed, c, &scratch), b);
  EXPECT_EQ(memo.Find(dropped, nullptr, &scratch), a);
  EXPECT_EQ(memo.entries(), 3u);
}

TEST(RelabelMemoTest, TellsApartWhatLooksAlike) {
  RelabelMemo memo(*RelabelRules::Create(Config(kRules).write_relabel_configs, Md5Tail));
  std::string scratch;
  const std::string longer(300, 'x');
  const std::string even_longer = longer + "y";
  const Raw all[] = {Raw{LabelView{"ab", "c"}},
                     Raw{LabelView{"a", "bc"}},
                     Raw{LabelView{"a", "b"}, LabelView{"c", "d"}},
                     Raw{LabelView{"a", longer}},
                     Raw{LabelView{"a", even_longer}},
                     Raw{LabelView{"a", ""}},
                     Raw{}};
  const RelabelMemo::Entry* previous = nullptr;
  std::vector<const RelabelMemo::Entry*> found;
  for (int round = 0; round < 2; ++round) {
    for (const Raw& raw : all) found.push_back(previous = memo.Find(raw, previous, &scratch));
  }
  EXPECT_EQ(memo.entries(), std::size(all));
  for (size_t i = 0; i < std::size(all); ++i) EXPECT_EQ(found[i], found[i + std::size(all)]);
}

TEST(RelabelMemoTest, LeavesWhatIsNoLabelSetToTheStore) {
  RelabelMemo memo(*RelabelRules::Create(Config(kRules).write_relabel_configs, Md5Tail));
  std::string scratch;
  const Raw twice = {{"__name__", "http"}, {"path", "/users/1"}, {"path", "/users/2"}};
  EXPECT_EQ(memo.Find(twice, nullptr, &scratch)->outcome(), RelabelMemo::Outcome::kUnchanged);
  const std::string huge(1 << 24, 'x');
  const Raw too_long = {LabelView{"a", huge}};
  EXPECT_EQ(memo.Find(too_long, nullptr, &scratch), nullptr);
}

class RelabelServerTest : public AppFixture {
 protected:
  std::string Count() { return BodyOf(Get("/api/v1/query?query=count(m)&time=61")); }
};

TEST_F(RelabelServerTest, DropsAndChangesSeriesAndTakesNewRulesOnReload) {
  config_.write_relabel_configs =
      Config("write_relabel_configs: [{source_labels: [i], regex: '[0-4]', action: drop}]")
          .write_relabel_configs;
  StartServer();
  for (int round = 0; round < 2; ++round) EXPECT_EQ(StatusOf(Write(10, 60'000, 1)), 204);
  EXPECT_NE(Count().find("\"5\""), std::string::npos) << Count();
  EXPECT_NE(BodyOf(Get("/metrics")).find("firn_relabel_dropped_samples_total 10\n"),
            std::string::npos);
  config_.write_relabel_configs =
      Config("write_relabel_configs: [{regex: i, action: labeldrop}]").write_relabel_configs;
  EXPECT_EQ(StatusOf(Post("/-/reload")), 200);
  EXPECT_EQ(StatusOf(Write(1, 60'500, 7)), 204);
  EXPECT_NE(Count().find("\"6\""), std::string::npos) << Count();
  EXPECT_NE(BodyOf(Get("/api/v1/status/config")).find("labeldrop"), std::string::npos);
}

}  // namespace
}  // namespace firn::server
