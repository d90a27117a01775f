// Threads change nothing: one and several yield the same bits, notes and counts.
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/sample.h"
#include "query/exec/query_engine.h"
#include "tests/support/memory_store.h"

namespace firn::query {
namespace {

using firn::testing::MemoryStore;
using firn::testing::StoredSeries;

constexpr DurationMs kInterval = 15 * kSecondMs;

double Odd(std::mt19937_64* rng, double otherwise) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  switch ((*rng)() % 120) {
    case 0:
      return StaleNan();
    case 1:
      return std::nan("");
    case 2:
      return (*rng)() % 2 == 0 ? kInf : -kInf;
    case 3:
      return -0.0;
    case 4:
      return 1e308;
    default:
      return otherwise;
  }
}

// Series that begin and end at times of their own, with gaps, resets and odd values; names
// m_total (counters), g (gauges of any sign) and b_bucket.
MemoryStore MakeStore() {
  std::mt19937_64 rng(11);
  std::vector<StoredSeries> all;
  for (size_t i = 0; i < 300; ++i) {
    for (const char* name : {"m_total", "g", "b_bucket"}) {
      std::vector<std::pair<std::string, std::string>> labels = {
          {"__name__", name}, {"job", std::to_string(i % 7)}, {"x", std::to_string(i)}};
      if (name[0] == 'b') labels.push_back({"le", i % 5 == 4 ? "+Inf" : std::to_string(i % 5)});
      StoredSeries one;
      one.labels = Labels::FromPairs(labels);
      double value = static_cast<double>(rng() % 100);
      auto t = static_cast<TimestampMs>(i % 3 == 0 ? 0 : rng() % kHourMs);
      while (t <= kHourMs) {
        one.samples.t.push_back(t);
        if (name[0] == 'g') value = static_cast<double>(rng() % 2001) / 7 - 100;
        one.samples.v.push_back(name[0] == 'g' ? Odd(&rng, value) : value);
        value = rng() % 50 == 0 ? 0.5 : value + static_cast<double>(rng() % 1000) / 3;
        t += rng() % 40 == 0 ? kInterval * static_cast<DurationMs>(rng() % 40 + 1) : kInterval;
      }
      all.push_back(std::move(one));
    }
  }
  MemoryStore store;
  store.Add(all);
  return store;
}

std::vector<std::string> Queries() {
  std::vector<std::string> out;
  for (const std::string by : {"", "by (job)", "without (x)"}) {
    for (const std::string op : {"sum", "avg", "count", "min", "max", "stddev", "group"}) {
      for (const std::string of : {"rate(m_total[5m])", "g", "last_over_time(g[1m])"}) {
        out.push_back(op + " " + by + " (" + of + ")");
      }
    }
    out.push_back("topk " + by + " (3, g)");
    out.push_back("quantile " + by + " (0.7, g)");
    out.push_back("limit_ratio " + by + " (0.4, g)");
  }
  for (const std::string function : {"rate", "delta", "avg_over_time", "quantile_over_time",
                                     "stddev_over_time", "max_over_time", "deriv"}) {
    const std::string phi = function == "quantile_over_time" ? "0.9, " : "";
    out.push_back(function + "(" + phi + "g[7m])");
  }
  for (const char* text :
       {"histogram_quantile(0.9, sum by (le) (rate(b_bucket[5m])))",
        "histogram_quantile(0.9, b_bucket)", "g / on (x) m_total", "g and on (job) m_total > 100",
        "{__name__=~\"g|m_total\"}", "max_over_time(sum(rate(m_total[5m]))[20m:1m])",
        "count_values(\"v\", round(g))", "label_replace(g, \"x\", \"y\", \"job\", \"(.)\")"}) {
    out.push_back(text);
  }
  return out;
}

void ExpectSameValue(double a, double b, const std::string& what) {
  if (std::isnan(a) && std::isnan(b)) return;
  ASSERT_EQ(std::bit_cast<uint64_t>(a), std::bit_cast<uint64_t>(b)) << what;
}

void ExpectSame(const QueryResult& a, const QueryResult& b, const std::string& what) {
  ASSERT_EQ(a.matrix.size(), b.matrix.size()) << what;
  for (size_t i = 0; i < a.matrix.size(); ++i) {
    ASSERT_EQ(a.matrix[i].labels, b.matrix[i].labels) << what;
    ASSERT_EQ(a.matrix[i].t, b.matrix[i].t) << what;
    for (size_t k = 0; k < a.matrix[i].v.size(); ++k) {
      ExpectSameValue(a.matrix[i].v[k], b.matrix[i].v[k], what);
    }
  }
  ASSERT_EQ(a.vector.size(), b.vector.size()) << what;
  for (size_t i = 0; i < a.vector.size(); ++i) {
    ASSERT_EQ(a.vector[i].labels, b.vector[i].labels) << what;
    ExpectSameValue(a.vector[i].v, b.vector[i].v, what);
  }
  EXPECT_EQ(a.warnings, b.warnings) << what;
  EXPECT_EQ(a.infos, b.infos) << what;
  EXPECT_EQ(a.stats.total_queryable_samples, b.stats.total_queryable_samples) << what;
  EXPECT_EQ(a.stats.samples_per_step, b.stats.samples_per_step) << what;
}

class DeterminismTest : public ::testing::TestWithParam<bool> {};

TEST_P(DeterminismTest, ThreadsChangeNothing) {
  const MemoryStore store = MakeStore();
  EngineOptions options;
  options.parser.experimental_functions = true;
  options.delayed_name_removal = GetParam();
  ThreadPool pool(3, "test");
  const QueryEngine alone(options);
  const QueryEngine together(options, &pool);
  const auto querier = store.NewQuerier();
  for (const std::string& text : Queries()) {
    for (const DurationMs step : {DurationMs{0}, kInterval, 61 * kSecondMs}) {
      QueryRequest request;
      request.text = text;
      request.start = step == 0 ? kHourMs / 2 : kMinuteMs;
      request.end = step == 0 ? request.start : kHourMs;
      request.step = step;
      request.per_step_stats = step == kInterval;
      const auto a = alone.Run(request, **querier, nullptr);
      const auto b = together.Run(request, **querier, nullptr);
      ASSERT_EQ(a.ok(), b.ok()) << text;
      if (a.ok()) {
        ExpectSame(*a, *b, text);
      } else {
        EXPECT_EQ(a.status().message(), b.status().message()) << text;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Names, DeterminismTest, ::testing::Bool(), [](const auto& param) {
  return param.param ? "DroppedLate" : "DroppedAtOnce";
});

}  // namespace
}  // namespace firn::query
