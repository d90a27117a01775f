#include "tools/capacity/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::tools {
namespace {

using testing::HasSubstr;

constexpr TimestampMs kNow = 1'790'812'800'000;  // 2026-10-01T00:00:00Z

CapacityInputs Inputs(query::LimitDirection direction) {
  CapacityInputs inputs{.question = {.expression = "x", .unit = Unit::kBytes}, .now = kNow};
  inputs.series.push_back({.labels = {}, .values = {1}, .direction = direction});
  return inputs;
}
const CapacityInputs kRising = Inputs(query::LimitDirection::kRising);
const CapacityInputs kFalling = Inputs(query::LimitDirection::kFalling);

TEST(PlanTest, NamesEachChangeAndPutsItWhereItBelongs) {
  const auto made = MakeScenarios({.scale_load = {"1.3@2026-11"},
                                   .add_capacity = {"1GiB"},
                                   .remove_capacity = {"512 MiB@30d"},
                                   .new_limit = {"2GiB"}},
                                  kRising);
  ASSERT_TRUE(made.ok()) << made.status().message();
  ASSERT_EQ(made->size(), 4u);
  EXPECT_EQ(made->at(0).name, "load x 1.3 from 2026-11-01");
  EXPECT_EQ(made->at(0).load_changes.at(0).factor, 1.3);
  EXPECT_EQ(made->at(0).load_changes.at(0).from, kNow + 31 * kDayMs);
  EXPECT_EQ(made->at(1).name, "capacity +1 GiB");
  EXPECT_EQ(made->at(1).limit_changes.at(0).add, 1 << 30);
  EXPECT_EQ(made->at(1).limit_changes.at(0).from, kNow);
  EXPECT_EQ(made->at(2).name, "capacity -512 MiB from 2026-10-31");
  EXPECT_EQ(made->at(2).limit_changes.at(0).add, -(512 << 20));
  EXPECT_EQ(made->at(3).name, "limit 2 GiB");
  EXPECT_EQ(made->at(3).limit_changes.at(0).factor, 0);

  const Scenario all = Together(*made, "all");
  EXPECT_EQ(all.load_changes.size(), 1u);
  ASSERT_EQ(all.limit_changes.size(), 3u);
  EXPECT_EQ(all.limit_changes.back().from, kNow + 30 * kDayMs);
}

TEST(PlanTest, AddsCapacityToWhatIsLeft) {
  const auto made = MakeScenarios({.add_load = {"1GiB"}, .add_capacity = {"1GiB"}}, kFalling);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->at(0).load_changes.at(0).add, -(1 << 30));
  EXPECT_EQ(made->at(1).load_changes.at(0).add, 1 << 30);
  EXPECT_TRUE(made->at(1).limit_changes.empty());
}

TEST(PlanTest, TakesOneTimeForAllThatHaveNone) {
  const auto made = MakeScenarios({.scale_load = {"2", "3@now"}, .from = "2026-12"}, kRising);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->at(0).load_changes.at(0).from, kNow + 61 * kDayMs);
  EXPECT_EQ(made->at(1).load_changes.at(0).from, kNow);
}

TEST(PlanTest, RefusesWhatMeansNothing) {
  const auto error = [](const PlanTexts& texts, const CapacityInputs& inputs) {
    const auto made = MakeScenarios(texts, inputs);
    EXPECT_EQ(made.status().code(), StatusCode::kInvalidArgument);
    return std::string(made.status().message());
  };
  EXPECT_THAT(error({.scale_load = {"lots"}}, kRising), HasSubstr("\"lots\" is no amount"));
  EXPECT_THAT(error({.scale_load = {"1.3@soon"}}, kRising), HasSubstr("\"soon\" is no time"));
  EXPECT_THAT(error({.scale_load = {"-1"}}, kRising), HasSubstr("below nothing"));
  EXPECT_THAT(error({.scale_load = {"1.3"}}, kFalling), HasSubstr("what is left cannot be scaled"));
  EXPECT_THAT(error({.scale_capacity = {"2"}}, kFalling), HasSubstr("--add-capacity"));
  CapacityInputs both = kRising;
  both.series.push_back(kFalling.series[0]);
  EXPECT_THAT(error({.add_capacity = {"1"}}, both), HasSubstr("--rising or --falling"));
}

}  // namespace
}  // namespace firn::tools
