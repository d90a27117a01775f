// What a forecast says. All values have the unit of the input; all times are Unix milliseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace firn::query {

enum class ForecastVerdict : uint8_t {
  kOk,
  kTooShort,       // Not enough points: there is no forecast, `median` and its kin are empty.
  kConstant,       // Every value is the same; so is the forecast, without any width.
  kUnpredictable,  // There is a forecast, but the past says that little can be said.
};
// "ok", "too_short", "constant", "unpredictable".
const char* VerdictName(ForecastVerdict verdict);

struct ForecastSeason {
  DurationMs period = 0;  // A day or a week.
  // 0: none, 1: nothing but season. Share of the variance around the trend that the season takes
  // (Wang, Smith, Hyndman 2006, "Characteristic-based clustering for time series data").
  double strength = 0;
  double amplitude = 0;  // From trough to peak, at the present level.
};

struct ForecastShift {
  TimestampMs time = 0;  // Of the first value at the new level.
  double size = 0;
};

// When the limit is reached first, over all simulated futures, within the horizon. A quantile
// that lies beyond the horizon is absent.
struct ForecastCrossing {
  bool reached_already = false;  // The newest value is at the limit; the times are then its time.
  double probability = 0;        // That it is reached within the horizon.
  std::optional<TimestampMs> median = {};
  std::optional<TimestampMs> lower =
      {};  // (1 - confidence) / 2 of the futures have reached it by then,
  std::optional<TimestampMs> upper = {};  // ... and all but (1 - confidence) / 2.
};

// How the method did on the last part of the history, each window forecast from what came before.
struct ForecastBacktest {
  size_t windows = 0;
  DurationMs window = 0;  // Length of each; at most the horizon.
  // Mean absolute error over that of the seasonal naive forecast one period ahead within the
  // history (Hyndman, Koehler 2006, "Another look at measures of forecast accuracy").
  double mase = 0;
  // ... and over that of the seasonal naive forecast of the same windows. Below 1 is better than
  // repeating the last period.
  double relative_error = 0;
  double coverage = 0;  // Share of the values that lay between the bounds.
};

struct Forecast {
  ForecastVerdict verdict = ForecastVerdict::kOk;
  // Sentences for people on the verdict and on what limits trust; empty if all is well.
  std::vector<std::string> notes;

  // Grid of all series below: a multiple of the input's step.
  DurationMs step = 0;

  // The past, by time: start + i * step. `observed` is NaN in gaps. A step longer than the
  // input's holds averages over [time, time + step).
  TimestampMs start = 0;
  std::vector<double> observed;
  std::vector<double> fitted;  // Trend and season; NaN where there was nothing to fit.

  // The future, by time: forecast_start + i * step; includes planned changes.
  TimestampMs forecast_start = 0;
  std::vector<double> median;
  std::vector<double> lower;
  std::vector<double> upper;
  std::vector<double> limit;  // On the same grid; empty without a limit.

  double level = 0;  // Where the trend stands at the end of the input, without season.
  // Growth of the trend at the end of the input, and its interval at the stated confidence.
  double trend_per_week = 0;
  double trend_lower = 0;
  double trend_upper = 0;
  std::vector<ForecastSeason> seasons;
  std::vector<ForecastShift> shifts;
  // The season and the noise grow with the level, as they do where load drives them.
  bool multiplicative = false;

  std::optional<ForecastCrossing> crossing;  // With a limit and a forecast.
  std::optional<ForecastBacktest> backtest;  // If asked for and the history is long enough.

  size_t points = 0;     // Values that are no gaps, on the input's grid,
  double gap_share = 0;  // ... and the share that are.
};

}  // namespace firn::query
