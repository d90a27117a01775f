// A database of random series as scrapes make them, and queries over it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/db/database.h"
#include "query/exec/query_engine.h"

namespace firn::engine {

struct MadeSeries {
  std::vector<LabelView> labels;
  std::vector<Sample> samples;
  std::vector<TimestampMs> ht;
  std::vector<HistogramPtr> h;
};

// All times lie in [start, end): counters with resets, gauges of decimals and of noise, NaN,
// stale markers, gaps, series that begin and end anywhere, jitter, classic and native histograms.
std::vector<MadeSeries> MakeSeries(uint32_t seed, TimestampMs start, TimestampMs end,
                                   DurationMs interval);

class TierFixture : public testing::Test {
 protected:
  TierFixture();
  ~TierFixture() override;

  void Open();
  void Write(const std::vector<MadeSeries>& series);
  void Seal() { ASSERT_TRUE(db_->Seal().ok()); }
  double Metric(const std::string& name) const;
  // Polls until no raw window is left that `wanted` says should go.
  void AwaitStoredWindows(double at_most);

  struct Query {
    std::string text;
    TimestampMs start = 0;
    TimestampMs end = 0;
    DurationMs step = 0;
    std::optional<DurationMs> resolution_max = std::nullopt;
  };
  query::QueryResult Run(const Query& query) const;

  static constexpr TimestampMs kStart = 1'700'006'400'000;  // A midnight.

  std::filesystem::path dir_;
  DatabaseOptions options_;
  std::unique_ptr<Database> db_;
  query::QueryEngine engine_;
};

// How far two results are apart: the largest relative difference of values, infinite if
// series, times or kinds differ. Bits decide unless `relative`.
struct Difference {
  double relative = 0;
  size_t points = 0;
  size_t unequal = 0;
  std::string where;
};
Difference Compare(const query::QueryResult& a, const query::QueryResult& b);

}  // namespace firn::engine
