#include "query/functions/window_plan.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace firn::query {
namespace {

constexpr DurationMs kInterval = 15 * kSecondMs;

class NotesOf : public NoteSink {
 public:
  void Warn(std::string text) override { texts.push_back(std::move(text)); }
  void Info(std::string text) override { texts.push_back(std::move(text)); }
  std::vector<std::string> texts;
};

struct TestSeries {
  std::vector<TimestampMs> t;
  std::vector<double> v;
};

// Gaps, jitter, resets, NaN and infinities; every third series is sampled like the one before.
std::vector<TestSeries> MakeSeries(size_t count) {
  std::mt19937_64 rng(3);
  std::vector<TestSeries> out(count);
  for (size_t i = 0; i < count; ++i) {
    TestSeries& one = out[i];
    if (i % 3 == 2) {
      one.t = out[i - 1].t;
    } else {
      auto t = static_cast<TimestampMs>(rng() % kInterval);
      while (t < kHourMs) {
        one.t.push_back(t);
        t += rng() % 20 == 0 ? kInterval * static_cast<DurationMs>(rng() % 30 + 1) : kInterval;
        if (i % 2 == 0) t += static_cast<DurationMs>(rng() % 5);
      }
    }
    double value = static_cast<double>(rng() % 20);
    for (size_t k = 0; k < one.t.size(); ++k) {
      const uint64_t dice = rng() % 100;
      const bool odd = i % 5 == 0;
      one.v.push_back(dice == 0 && odd           ? std::nan("")
                      : dice == 1 && odd         ? -std::numeric_limits<double>::infinity()
                      : dice < 4 && i % 7 == 0   ? -0.0
                      : dice < 30 && i % 11 == 0 ? 1.7e308
                                                 : value);
      value = dice < 4 ? 0.25 : value + static_cast<double>(rng() % 1000) / 7;
    }
  }
  return out;
}

struct Outcome {
  Row row;
  std::vector<std::string> notes;
};

Outcome CallRange(const char* function, const RangeCall& call, const TestSeries& series,
                  WindowPlan* plan) {
  RangeSamples samples;
  samples.t = series.t;
  samples.v = series.v;
  samples.plan = plan;
  if (plan) plan->Prepare(call, series.t);
  NotesOf notes;
  Outcome out;
  out.row.Reset(call.grid.count);
  EXPECT_TRUE(FindRangeKernel(function)(call, samples, "m", &notes, &out.row).ok());
  out.notes = std::move(notes.texts);
  return out;
}

void ExpectSame(const Row& a, const Row& b, const std::string& what) {
  ASSERT_EQ(a.kind, b.kind) << what;
  for (size_t s = 0; s < a.steps(); ++s) {
    if (a.kind[s] == PointKind::kAbsent) continue;
    if (std::isnan(a.v[s]) && std::isnan(b.v[s])) continue;
    ASSERT_EQ(std::bit_cast<uint64_t>(a.v[s]), std::bit_cast<uint64_t>(b.v[s])) << what << ' ' << s;
  }
}

TEST(WindowPlanTest, KeptFromSeriesToSeriesItChangesNothing) {
  const std::vector<TestSeries> all = MakeSeries(60);
  const std::vector<double> phi(240, 0.9);
  const std::vector<std::span<const double>> params = {phi};
  for (const DurationMs step : {kInterval, kMinuteMs}) {
    for (const DurationMs range : {kInterval, 47 * kSecondMs, 5 * kMinuteMs, kHourMs}) {
      RangeCall call;
      call.grid = {.start = 2 * kMinuteMs,
                   .step = step,
                   .count = static_cast<size_t>(50 * kMinuteMs / step)};
      call.range = range;
      call.offset = kSecondMs;
      call.params = params;
      for (const char* function :
           {"rate", "increase", "delta", "irate", "resets", "changes", "sum_over_time",
            "avg_over_time", "min_over_time", "quantile_over_time", "stddev_over_time",
            "stdvar_over_time", "last_over_time", "count_over_time", "deriv"}) {
        WindowPlan plan;
        for (const TestSeries& series : all) {
          const Outcome kept = CallRange(function, call, series, &plan);
          const Outcome alone = CallRange(function, call, series, nullptr);
          ExpectSame(kept.row, alone.row, function);
        }
      }
    }
  }
}

TEST(WindowPlanTest, SaysOfANameOnceWhatIsToBeSaid) {
  const std::vector<TestSeries> all = MakeSeries(2);
  RangeCall call;
  call.grid = {.start = kHourMs, .step = 1, .count = 1};
  call.range = kHourMs;
  WindowPlan plan;
  EXPECT_EQ(CallRange("rate", call, all[0], &plan).notes.size(), 1u);
  EXPECT_EQ(CallRange("rate", call, all[1], &plan).notes.size(), 0u);
  EXPECT_EQ(CallRange("rate", call, all[1], nullptr).notes.size(), 1u);
}

TEST(WindowPlanTest, CountsASampleInEveryWindowThatSeesIt) {
  RangeCall call;
  call.grid = {.start = 0, .step = 10, .count = 4};
  call.range = 20;
  const std::vector<TimestampMs> t = {0, 5, 10, 30};
  WindowPlan plan;
  plan.Prepare(call, t);
  // (-20,0] (-10,10] (0,20] (10,30]
  EXPECT_EQ(plan.first(), (std::vector<uint32_t>{0, 0, 1, 3}));
  EXPECT_EQ(plan.last(), (std::vector<uint32_t>{1, 3, 3, 4}));
  EXPECT_EQ(plan.seen(), 7u);
}

}  // namespace
}  // namespace firn::query
