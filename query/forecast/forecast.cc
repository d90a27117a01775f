#include "query/forecast/forecast.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/core.h>

#include "query/forecast/backtest.h"
#include "query/forecast/forecast_words.h"
#include "query/forecast/model_grid.h"
#include "query/forecast/robust.h"
#include "query/forecast/series_model.h"
#include "query/forecast/simulate.h"

namespace firn::query {

namespace {

constexpr size_t kPointsMin = 12;
// An interval this many times as wide as all that was seen says nothing.
constexpr double kWidthMax = 4;

Status Check(const ForecastInput& input, const ForecastOptions& options) {
  if (input.step <= 0) return InvalidArgument("the step must be positive");
  if (options.horizon < input.step) return InvalidArgument("the horizon must hold a step");
  if (!(options.confidence > 0 && options.confidence < 1)) {
    return InvalidArgument("the confidence must lie between 0 and 1");
  }
  if (options.runs < 16 || options.runs > 100'000) {
    return InvalidArgument("the runs must lie between 16 and 100000");
  }
  if (options.points_max < 100) return InvalidArgument("points_max must be at least 100");
  if (!options.limit) return OkStatus();
  const ForecastLimit& limit = *options.limit;
  if (limit.values.empty() && !std::isfinite(limit.value)) {
    return InvalidArgument("the limit must be a finite number");
  }
  if (!limit.values.empty() && limit.values.size() != input.values.size()) {
    return InvalidArgument("the limit has {} values, the series {}", limit.values.size(),
                           input.values.size());
  }
  return OkStatus();
}

double LowerBound(const ForecastInput& input, const ForecastOptions& options) {
  if (options.lower_bound) return *options.lower_bound;
  const bool negative = std::any_of(input.values.begin(), input.values.end(),
                                    [](double v) { return std::isfinite(v) && v < 0; });
  return negative ? -std::numeric_limits<double>::infinity() : 0;
}

// Lowest and highest value of the grid.
struct Extent {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
};

Extent ExtentOf(std::span<const double> values) {
  Extent extent;
  for (const double v : values) {
    if (!std::isfinite(v)) continue;
    extent.low = std::min(extent.low, v);
    extent.high = std::max(extent.high, v);
  }
  return extent;
}

ForecastCrossing CrossingOf(std::vector<size_t> first, double confidence,
                            const Forecast& forecast) {
  std::sort(first.begin(), first.end());
  const size_t steps = forecast.median.size();
  const size_t runs = first.size();
  ForecastCrossing crossing;
  const auto reached = std::lower_bound(first.begin(), first.end(), steps) - first.begin();
  crossing.probability = static_cast<double>(reached) / static_cast<double>(runs);
  const auto at = [&](size_t rank) -> std::optional<TimestampMs> {
    if (first[rank] >= steps) return std::nullopt;
    return forecast.forecast_start + static_cast<DurationMs>(first[rank]) * forecast.step;
  };
  const size_t tail = static_cast<size_t>((1 - confidence) / 2 * static_cast<double>(runs));
  crossing.lower = at(tail);
  crossing.median = at(runs / 2);
  crossing.upper = at(runs - 1 - tail);
  return crossing;
}

// The newest value against the limit as it was then.
std::optional<TimestampMs> ReachedAt(const ForecastInput& input, const ForecastLimit& limit) {
  size_t i = input.values.size();
  while (i > 0 && !std::isfinite(input.values[i - 1])) --i;
  if (i == 0) return std::nullopt;
  double bound = limit.value;
  for (size_t k = i; k > 0 && !limit.values.empty(); --k) {
    bound = limit.values[k - 1];
    if (std::isfinite(bound)) break;
  }
  const double v = input.values[i - 1];
  const bool reached = limit.direction == LimitDirection::kRising ? v >= bound : v <= bound;
  if (!reached) return std::nullopt;
  return input.start + static_cast<DurationMs>(i - 1) * input.step;
}

void TellNothing(std::string why, Forecast* out) {
  out->verdict = ForecastVerdict::kTooShort;
  out->notes.push_back(std::move(why));
}

void FillConstant(double value, const ForecastInput& input, const ForecastOptions& options,
                  Forecast* out) {
  out->verdict = ForecastVerdict::kConstant;
  out->notes.push_back("Every value of the history is the same.");
  out->level = value;
  out->fitted.assign(out->observed.size(), value);
  std::vector<size_t> first(1, out->median.size());
  for (size_t i = 0; i < out->median.size(); ++i) {
    const TimestampMs t = out->forecast_start + static_cast<DurationMs>(i) * out->step;
    const double v = ApplyChanges(value, t, options.load_changes);
    out->median[i] = out->lower[i] = out->upper[i] = v;
    if (!options.limit || first[0] < i) continue;
    const bool rising = options.limit->direction == LimitDirection::kRising;
    if (rising ? v >= out->limit[i] : v <= out->limit[i]) first[0] = i;
  }
  if (!options.limit) return;
  out->crossing = CrossingOf(std::move(first), options.confidence, *out);
  if (const auto t = ReachedAt(input, *options.limit)) {
    out->crossing = ForecastCrossing{
        .reached_already = true, .probability = 1, .median = t, .lower = t, .upper = t};
  }
}

void DescribeModel(const ModelGrid& grid, const SeriesModel& model, const Simulation& futures,
                   double confidence, Forecast* out) {
  out->fitted.resize(grid.size());
  for (size_t i = 0; i < grid.size(); ++i) {
    const TimestampMs t = grid.start + static_cast<DurationMs>(i) * grid.step;
    out->fitted[i] = model.level[i] + model.season.Gain(model.level[i]) * model.season.At(t);
  }
  const TrendState state = MeanState(model.trend);
  out->level = state.level + state.wander + state.slope / 2;  // Bins are known by their middles.
  const double weeks_per_bin =
      static_cast<double>(grid.step) * static_cast<double>(model.bins.steps) / (7.0 * kDayMs);
  std::vector<double> slopes = futures.slopes;
  std::sort(slopes.begin(), slopes.end());
  out->trend_per_week = state.slope / weeks_per_bin;
  out->trend_lower = SortedQuantile(slopes, (1 - confidence) / 2) / weeks_per_bin;
  out->trend_upper = SortedQuantile(slopes, (1 + confidence) / 2) / weeks_per_bin;
  out->multiplicative = model.season.multiplicative();
  out->seasons = model.season.seasons();
  for (ForecastSeason& season : out->seasons) season.amplitude *= model.season.Gain(out->level);
  for (size_t i = 0; i < model.trend.shifts.size(); ++i) {
    const size_t step = model.bins.first + model.trend.shifts[i] * model.bins.steps;
    out->shifts.push_back(
        {grid.start + static_cast<DurationMs>(step) * grid.step, model.trend.shift_sizes[i]});
  }
}

void JudgeTrust(const ModelGrid& grid, const ForecastOptions& options, Forecast* out) {
  const DurationMs span = grid.end() - grid.start;
  if (options.horizon > span) {
    out->notes.push_back(fmt::format("The history of {} is shorter than the horizon of {}.",
                                     RoughDuration(span), RoughDuration(options.horizon)));
  }
  if (out->gap_share > 0.3) {
    out->notes.push_back(fmt::format("{:.0f} % of the history are gaps.", out->gap_share * 100));
  }
  size_t missing = 0;
  while (missing < grid.size() && !std::isfinite(grid.value[grid.size() - 1 - missing])) ++missing;
  if (missing > std::max<size_t>(3, grid.size() / 50)) {
    out->notes.push_back(fmt::format("There are no values in the last {}.",
                                     RoughDuration(static_cast<DurationMs>(missing) * grid.step)));
  }
  const Extent seen = ExtentOf(out->observed);
  const double width = out->upper.back() - out->lower.back();
  if (options.load_changes.empty() && width > kWidthMax * (seen.high - seen.low)) {
    out->verdict = ForecastVerdict::kUnpredictable;
    out->notes.push_back(
        fmt::format("At the end of the horizon the interval is {:.0f} times as wide as all that "
                    "was seen.",
                    width / (seen.high - seen.low)));
  }
  if (!out->backtest) return;
  const ForecastBacktest& test = *out->backtest;
  if (test.coverage < 0.5 && test.relative_error > 1) {
    out->verdict = ForecastVerdict::kUnpredictable;
    out->notes.push_back(fmt::format(
        "The last part of the history could not have been forecast from what came before: {:.0f} % "
        "of it lay within the interval.",
        test.coverage * 100));
  }
}

void DropLeadingGaps(ForecastInput* input, ForecastOptions* options) {
  size_t gaps = 0;
  while (gaps < input->values.size() && !std::isfinite(input->values[gaps])) ++gaps;
  if (gaps == input->values.size()) return;
  input->start += static_cast<DurationMs>(gaps) * input->step;
  input->values = input->values.subspan(gaps);
  if (options->limit && !options->limit->values.empty()) {
    options->limit->values = options->limit->values.subspan(gaps);
  }
}

// An empty forecast with the grids of past and future.
Forecast Frame(const ForecastInput& input, const ForecastOptions& options, const ModelGrid& grid) {
  Forecast out;
  out.step = grid.step;
  out.start = grid.start;
  out.observed = grid.value;
  out.forecast_start = grid.end();
  out.points = grid.points;
  const double all = static_cast<double>(input.values.size());
  out.gap_share = all == 0 ? 0 : 1 - static_cast<double>(grid.points) / all;
  const size_t steps = static_cast<size_t>((options.horizon + grid.step - 1) / grid.step);
  if (options.limit) out.limit = FutureLimit(options, out.forecast_start, grid.step, steps);
  for (auto* v : {&out.median, &out.lower, &out.upper}) v->resize(steps);
  return out;
}

void DropFuture(Forecast* out) {
  for (auto* v : {&out->median, &out->lower, &out->upper, &out->limit}) v->clear();
}

}  // namespace

Result<Forecast> MakeForecast(const ForecastInput& given, const ForecastOptions& given_options) {
  FIRN_RETURN_IF_ERROR(Check(given, given_options));
  ForecastInput input = given;
  ForecastOptions options = given_options;
  DropLeadingGaps(&input, &options);
  const LimitDirection direction =
      options.limit ? options.limit->direction : LimitDirection::kRising;
  ModelGrid grid = MakeModelGrid(input, GridFactor(input, options), direction);
  if (!options.limit) grid.excess.clear();
  Forecast out = Frame(input, options, grid);
  const Extent extent = ExtentOf(input.values);
  if (grid.points >= kPointsMin && extent.high == extent.low) {
    FillConstant(extent.low, input, options, &out);
    return out;
  }
  const std::optional<SeriesModel> model =
      grid.points < kPointsMin ? std::nullopt : FitSeries(grid);
  if (!model) {
    DropFuture(&out);
    TellNothing(fmt::format("The history is too short: {} values over {}.", grid.points,
                            RoughDuration(grid.end() - grid.start)),
                &out);
    return out;
  }
  const SimulationOptions simulation = {
      .steps = out.median.size(),
      .runs = options.runs,
      .confidence = options.confidence,
      .seed = options.seed,
      .lower_bound = LowerBound(input, options),
      .upper_bound = options.upper_bound.value_or(std::numeric_limits<double>::infinity()),
      .load_changes = options.load_changes,
      .limit = out.limit,
      .direction = direction};
  Simulation futures = Simulate(*model, grid, simulation);
  DescribeModel(grid, *model, futures, options.confidence, &out);
  out.median = std::move(futures.median);
  out.lower = std::move(futures.lower);
  out.upper = std::move(futures.upper);
  if (options.limit) {
    out.crossing = CrossingOf(std::move(futures.first_passage), options.confidence, out);
    if (const auto t = ReachedAt(input, *options.limit)) {
      out.crossing = ForecastCrossing{
          .reached_already = true, .probability = 1, .median = t, .lower = t, .upper = t};
    }
  }
  if (options.backtest) out.backtest = RunBacktest(grid, *model, simulation);
  JudgeTrust(grid, options, &out);
  return out;
}

std::vector<double> UnwrapCounter(std::span<const double> values) {
  std::vector<double> out(values.begin(), values.end());
  double lost = 0;
  double before = -std::numeric_limits<double>::infinity();
  for (double& v : out) {
    if (!std::isfinite(v)) continue;
    if (v < before) lost += before;
    before = v;
    v += lost;
  }
  return out;
}

}  // namespace firn::query
