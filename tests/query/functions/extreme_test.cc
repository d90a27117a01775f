// min_over_time and max_over_time against the definition, one window after the other.
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "query/functions/range_function.h"
#include "query/functions/window_plan.h"

namespace firn::query {
namespace {

class NoNotes : public NoteSink {
  void Warn(std::string) override {}
  void Info(std::string) override {}
};

// The first of equal values; NaN only if there is nothing else.
double Definition(std::span<const double> v, bool max) {
  double best = v[0];
  for (const double x : v) {
    if ((max ? x > best : x < best) || std::isnan(best)) best = x;
  }
  return best;
}

// Values of which signs of zero, NaN and infinities are many.
double AnyValue(std::mt19937_64& random) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  constexpr double kSpecial[] = {0.0, -0.0, kInf, -kInf, 1, -1};
  const uint64_t choice = random() % 10;
  if (choice < std::size(kSpecial)) return kSpecial[choice];
  if (choice == 6) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(random() % 1000) - 500;
}

TEST(ExtremeTest, IsThatOfTheDefinitionBitForBit) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 300; ++round) {
    std::vector<TimestampMs> t;
    std::vector<double> v;
    const bool mostly_nan = random() % 4 == 0;
    for (int i = 0; i < 200; ++i) {
      t.push_back((t.empty() ? 0 : t.back()) + 1 + static_cast<TimestampMs>(random() % 20));
      v.push_back(mostly_nan && random() % 8 != 0 ? std::nan("") : AnyValue(random));
    }
    RangeCall call;
    call.grid = {.start = static_cast<TimestampMs>(random() % 500),
                 .step = 1 + static_cast<DurationMs>(random() % 100),
                 .count = 1 + random() % 30};
    call.range = 1 + static_cast<DurationMs>(random() % (random() % 2 == 0 ? 1000 : 60));
    WindowPlan plan;
    plan.Prepare(call, t);
    RangeSamples samples;
    samples.t = t;
    samples.v = v;
    samples.plan = round % 2 == 0 ? &plan : nullptr;
    for (const bool max : {false, true}) {
      Row out;
      out.Reset(call.grid.count);
      NoNotes notes;
      const RangeKernel kernel = FindRangeKernel(max ? "max_over_time" : "min_over_time");
      ASSERT_TRUE(kernel(call, samples, "m", &notes, &out).ok());
      for (size_t step = 0; step < call.grid.count; ++step) {
        const TimestampMs end = call.grid.At(step);
        std::vector<double> window;
        for (size_t i = 0; i < t.size(); ++i) {
          if (t[i] > end - call.range && t[i] <= end) window.push_back(v[i]);
        }
        ASSERT_EQ(out.kind[step] == PointKind::kFloat, !window.empty());
        if (window.empty()) continue;
        const double want = Definition(window, max);
        if (std::isnan(want)) {
          EXPECT_TRUE(std::isnan(out.v[step]));
        } else {
          EXPECT_EQ(std::bit_cast<uint64_t>(out.v[step]), std::bit_cast<uint64_t>(want));
        }
      }
    }
  }
}

}  // namespace
}  // namespace firn::query
