#include "engine/tier/merge/merge_planner.h"

#include <ostream>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace firn::engine {
namespace {

// Windows of 10 in ranges of 40 and 160.
struct Case {
  const char* name;
  std::vector<PlanWindow> windows;
  TimestampMs horizon;
  bool unfinished = false;
  bool settle = false;
  std::vector<std::vector<size_t>> jobs;
};

PlanWindow W(TimestampMs start, TimestampMs end, uint64_t order, uint64_t bytes = 100) {
  return {.start = start, .end = end, .order = order, .bytes = bytes, .rewrite = false};
}
PlanWindow Rewritten(PlanWindow window) {
  window.rewrite = true;
  return window;
}

class MergePlannerTest : public testing::TestWithParam<Case> {};

TEST_P(MergePlannerTest, Plans) {
  const Case& c = GetParam();
  const std::vector<MergeJob> jobs = PlanMerges(c.windows, {.widths = {40, 160},
                                                            .horizon = c.horizon,
                                                            .unfinished = c.unfinished,
                                                            .settle = c.settle,
                                                            .inputs_max = 5});
  std::vector<std::vector<size_t>> got;
  for (const MergeJob& job : jobs) got.push_back(job.inputs);
  EXPECT_EQ(got, c.jobs);
}

const Case kCases[] = {
    {.name = "Nothing", .windows = {}, .horizon = 1000, .jobs = {}},
    {.name = "OneWindowIsMergedAlready", .windows = {W(0, 10, 0)}, .horizon = 1000, .jobs = {}},
    {.name = "AFinishedRange",
     .windows = {W(0, 10, 0), W(10, 20, 1), W(20, 30, 2), W(30, 40, 3)},
     .horizon = 40,
     .jobs = {{0, 1, 2, 3}}},
    {.name = "NotBeforeItIsFinished",
     .windows = {W(0, 10, 0), W(10, 20, 1), W(20, 30, 2)},
     .horizon = 39,
     .jobs = {}},
    {.name = "UnlessAskedTo",
     .windows = {W(0, 10, 0), W(10, 20, 1), W(170, 180, 2)},
     .horizon = 0,
     .unfinished = true,
     .jobs = {{0, 1}}},
    {.name = "SmallRangesWhileTheLargeOneIsOpen",
     .windows = {W(0, 10, 0), W(10, 20, 1), W(40, 50, 2), W(50, 60, 3), W(80, 90, 4)},
     .horizon = 90,
     .jobs = {{0, 1}, {2, 3}}},
    {.name = "TheLargeRangeOnceItIsFinished",
     .windows = {W(0, 40, 3), W(40, 80, 7), W(80, 120, 11), W(120, 130, 12)},
     .horizon = 160,
     .jobs = {{0, 1, 2, 3}}},
    {.name = "NegativeTimes",
     .windows = {W(-40, -30, 0), W(-10, 0, 1), W(0, 10, 2)},
     .horizon = 0,
     .jobs = {{0, 1}}},
    {.name = "OlderOnesFirstAndOfTooManyTheOldest",
     .windows = {W(0, 10, 5), W(10, 20, 4), W(20, 30, 3), W(0, 10, 2), W(10, 20, 1), W(20, 30, 0)},
     .horizon = 160,
     .jobs = {{5, 4, 3, 2, 1}}},
    {.name = "GenerationsOfOneWindow",
     .windows = {W(0, 10, 0), W(0, 10, 1)},
     .horizon = 160,
     .jobs = {{0, 1}}},
    {.name = "AFewLateSamplesWait",
     .windows = {W(0, 160, 0, 1000), W(10, 20, 1, 20), W(0, 10, 2, 20)},
     .horizon = 200,
     .jobs = {}},
    {.name = "UntilTheySettle",
     .windows = {W(0, 160, 0, 1000), W(10, 20, 1, 20), W(0, 10, 2, 20)},
     .horizon = 200,
     .settle = true,
     .jobs = {{0, 1, 2}}},
    {.name = "OrAreMuch",
     .windows = {W(0, 160, 0, 1000), W(10, 20, 1, 250)},
     .horizon = 200,
     .jobs = {{0, 1}}},
    {.name = "OrMany",
     .windows = {W(0, 160, 0, 1000), W(10, 20, 1, 1), W(10, 20, 2, 1), W(10, 20, 3, 1),
                 W(10, 20, 4, 1)},
     .horizon = 200,
     .jobs = {{0, 1, 2, 3, 4}}},
    {.name = "WindowsAcrossRangesStay",
     .windows = {W(35, 45, 0), W(30, 40, 1), W(155, 165, 2)},
     .horizon = 1000,
     .jobs = {{0, 1}}},
    {.name = "RewritesAlone",
     .windows = {Rewritten(W(0, 160, 0, 1000)), W(10, 20, 1, 1)},
     .horizon = 0,
     .jobs = {{0}}},
    {.name = "RewritesWithTheirRange",
     .windows = {Rewritten(W(0, 10, 0)), W(10, 20, 1)},
     .horizon = 160,
     .jobs = {{0, 1}}},
};

INSTANTIATE_TEST_SUITE_P(Table, MergePlannerTest, testing::ValuesIn(kCases),
                         [](const auto& param) { return std::string(param.param.name); });

// Merging as planned until nothing is left: ends with one window per range, and at all times
// the order of overlapping windows tells which of them was there first.
TEST(MergePlannerTest, EndsWithOneWindowPerRange) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 50; ++round) {
    struct Stored {
      PlanWindow plan;
      std::vector<uint64_t> members;  // Orders of the windows it was made of.
    };
    std::vector<Stored> stored;
    for (uint64_t order = 0; order < 60; ++order) {
      const auto start = static_cast<TimestampMs>(random() % 64) * 10;
      stored.push_back({W(start, start + 10, order, random() % 100), {order}});
    }
    for (int steps = 0;; ++steps) {
      ASSERT_LT(steps, 200);
      std::vector<PlanWindow> windows;
      for (const Stored& s : stored) windows.push_back(s.plan);
      const auto jobs = PlanMerges(
          windows, {.widths = {40, 160}, .horizon = 640, .settle = true, .inputs_max = 5});
      if (jobs.empty()) break;
      const std::vector<size_t>& inputs = jobs[random() % jobs.size()].inputs;
      ASSERT_LE(inputs.size(), 5u);
      Stored merged{stored[inputs[0]].plan, {}};
      for (const size_t i : inputs) {
        merged.plan.start = std::min(merged.plan.start, stored[i].plan.start);
        merged.plan.end = std::max(merged.plan.end, stored[i].plan.end);
        merged.plan.order = std::max(merged.plan.order, stored[i].plan.order);
        merged.members.insert(merged.members.end(), stored[i].members.begin(),
                              stored[i].members.end());
      }
      for (const Stored& other : stored) {
        const bool is_input = std::any_of(inputs.begin(), inputs.end(), [&](size_t i) {
          return stored[i].plan.order == other.plan.order;
        });
        const bool overlaps =
            other.plan.start < merged.plan.end && merged.plan.start < other.plan.end;
        if (is_input || !overlaps) continue;
        for (const uint64_t member : merged.members) {
          EXPECT_EQ(member < other.plan.order, merged.plan.order < other.plan.order);
        }
      }
      std::vector<Stored> next{merged};
      for (size_t i = 0; i < stored.size(); ++i) {
        if (std::find(inputs.begin(), inputs.end(), i) == inputs.end()) next.push_back(stored[i]);
      }
      stored = std::move(next);
    }
    EXPECT_LE(stored.size(), 4u);
  }
}

}  // namespace
}  // namespace firn::engine
