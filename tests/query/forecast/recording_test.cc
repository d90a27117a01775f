// Forecasts of what a real exporter said, seven minutes ahead from half an hour on.
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "query/forecast/forecast.h"

namespace firn::query {
namespace {

constexpr DurationMs kStep = 15 * kSecondMs;
constexpr size_t kAhead = 28;

struct Recording {
  std::string name;
  std::vector<double> values;
};

std::vector<Recording> ReadRecordings() {
  std::ifstream file(FIRN_FORECAST_RECORDING);
  std::vector<Recording> recordings;
  for (std::string line; std::getline(file, line);) {
    Recording recording;
    recording.name = line.substr(0, line.find('\t'));
    std::istringstream text(line.substr(recording.name.size()));
    for (double v = 0; text >> v;) recording.values.push_back(v);
    recordings.push_back(std::move(recording));
  }
  return recordings;
}

TEST(ForecastRecordingTest, IntervalsCoverWhatCame) {
  const std::vector<Recording> recordings = ReadRecordings();
  ASSERT_GE(recordings.size(), 60u);
  size_t inside = 0, points = 0;
  for (const Recording& recording : recordings) {
    const std::span<const double> values = recording.values;
    size_t covered = 0, seen = 0;
    for (size_t known = values.size() / 2; known + kAhead <= values.size(); known += kAhead / 2) {
      const auto forecast = MakeForecast({.step = kStep, .values = values.first(known)},
                                         {.horizon = kAhead * kStep, .backtest = false});
      ASSERT_TRUE(forecast.ok());
      ASSERT_EQ(forecast->median.size(), kAhead) << recording.name;
      for (size_t i = 0; i < kAhead; ++i) {
        const double v = values[known + i];
        const double slack = 1e-9 * std::abs(v);
        covered += v >= forecast->lower[i] - slack && v <= forecast->upper[i] + slack;
        ++seen;
      }
    }
    if (std::getenv("FIRN_FORECAST_SEEDS") != nullptr) {
      fmt::print("{:60} coverage {:5.1f} %\n", recording.name,
                 100.0 * static_cast<double>(covered) / static_cast<double>(seen));
    }
    inside += covered;
    points += seen;
  }
  const double coverage = static_cast<double>(inside) / static_cast<double>(points);
  fmt::print("{:.1f} % of the values within their intervals\n", 100 * coverage);
  EXPECT_GE(coverage, 0.80);
  EXPECT_LE(coverage, 0.97);
}

}  // namespace
}  // namespace firn::query
