#include "query/forecast/season.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "query/forecast/robust.h"

namespace firn::query {

namespace {

constexpr size_t kDaysMax = 26 * 7;  // Older patterns may be over.
constexpr size_t kRecentDays = 21;
constexpr size_t kPhasesPerDayMax = 288;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
// A pattern must predict this much better than a simpler one.
constexpr double kGainMin = 0.02;
constexpr double kTrough = 0.02, kPeak = 0.98;  // Quantiles of a pattern.

size_t PhaseOf(TimestampMs t, DurationMs period, size_t phases) {
  const TimestampMs within = t - FloorTo(t, period);
  return static_cast<size_t>(within * static_cast<TimestampMs>(phases) / period);
}

// Mean absolute value; NaN if empty.
double MeanAbs(const std::vector<double>& v) {
  double sum = 0;
  size_t count = 0;
  for (const double x : v) {
    if (!std::isfinite(x)) continue;
    sum += std::abs(x);
    ++count;
  }
  return sum / static_cast<double>(count);
}

double Variance(const std::vector<double>& v) {
  double sum = 0, sum2 = 0, count = 0;
  for (const double x : v) {
    if (!std::isfinite(x)) continue;
    sum += x;
    sum2 += x * x;
    ++count;
  }
  return count > 0 ? sum2 / count - (sum / count) * (sum / count) : 0;
}

void Centre(std::vector<double>* pattern) {
  double sum = 0;
  for (const double v : *pattern) sum += v;
  for (double& v : *pattern) v -= sum / static_cast<double>(pattern->size());
}

}  // namespace

// Works on the newest days of one grid, which it borrows; lives for one search.
class SeasonFinder {
 public:
  explicit SeasonFinder(const ModelGrid& grid) : grid_(grid) {}

  SeasonModel Find();

 private:
  // Values of the window that are no gaps, with their day (0: oldest) and time.
  void CollectPoints();
  // Without the daily pattern, if given one.
  void ComputeDayLevels(const std::vector<double>* daily);
  // The slope around a day per day, over seven days where possible, so that the weekly pattern
  // does not count as slope.
  double SlopeAt(size_t day) const;
  // What remains of each point without level, and in proportion to it if multiplicative.
  std::vector<double> Remainder(bool weekly_level) const;
  double WeeklyLevel(size_t day) const;
  void DecideMultiplicative();

  enum class Half : uint8_t { kAll, kEven, kOdd };
  // Medians of the phases over one half of the periods. A phase without values gets 0.
  std::vector<double> Pattern(const std::vector<double>& remainder, DurationMs period,
                              size_t phases, Half half) const;
  bool InHalf(size_t point, DurationMs period, Half half) const;
  // Mean absolute error of predicting each half by the pattern of the other.
  double CrossError(const std::vector<double>& remainder, DurationMs period, size_t phases) const;
  void Subtract(const std::vector<double>& pattern, DurationMs period,
                std::vector<double>* remainder) const;
  // Follows a change of the pattern's size.
  void Rescale(SeasonModel* model) const;
  void TryDaily(SeasonModel* model);
  void TryWeekly(SeasonModel* model);
  void Note(DurationMs period, const std::vector<double>& before, const std::vector<double>& after,
            std::vector<double> pattern, SeasonModel* model) const;

  struct Point {
    double value;
    TimestampMs t;
    size_t day;
  };

  const ModelGrid& grid_;
  std::vector<Point> points_;
  std::vector<double> day_level_;  // NaN where a day is mostly a gap.
  TimestampMs first_day_ = 0;      // Its beginning. Days end where the grid ends.
  size_t days_ = 0;
  size_t day_phases_ = 0;
  double reference_ = 0;  // > 0: multiplicative.
};

void SeasonFinder::CollectPoints() {
  days_ = std::min<size_t>(static_cast<size_t>((grid_.end() - grid_.start) / kDayMs), kDaysMax);
  first_day_ = grid_.end() - static_cast<DurationMs>(days_) * kDayMs;
  points_.reserve(grid_.size());
  for (size_t i = 0; i < grid_.size(); ++i) {
    const TimestampMs t = grid_.start + static_cast<DurationMs>(i) * grid_.step;
    if (t < first_day_ || !std::isfinite(grid_.value[i])) continue;
    points_.push_back({grid_.value[i], t, static_cast<size_t>((t - first_day_) / kDayMs)});
  }
}

void SeasonFinder::ComputeDayLevels(const std::vector<double>* daily) {
  const std::vector<double> before = day_level_;
  day_level_.assign(days_, kNone);
  const size_t full = static_cast<size_t>(kDayMs / grid_.step);
  std::vector<double> of_day;
  for (size_t i = 0; i < points_.size();) {
    const size_t day = points_[i].day;
    of_day.clear();
    double gain = 1;
    if (reference_ > 0 && daily != nullptr && std::isfinite(before[day])) {
      gain = std::max(before[day] / reference_, 0.05);
    }
    for (; i < points_.size() && points_[i].day == day; ++i) {
      double v = points_[i].value;
      if (daily != nullptr) v -= gain * (*daily)[PhaseOf(points_[i].t, kDayMs, daily->size())];
      of_day.push_back(v);
    }
    if (of_day.size() * 2 > full) day_level_[day] = MidmeanInPlace(of_day);
  }
}

double SeasonFinder::SlopeAt(size_t day) const {
  const size_t span = std::min<size_t>(7, days_ - 1);
  if (span == 0) return 0;
  size_t first = day < span / 2 ? 0 : day - span / 2;
  first = std::min(first, days_ - 1 - span);
  const double slope = (day_level_[first + span] - day_level_[first]) / static_cast<double>(span);
  return std::isfinite(slope) ? slope : 0;
}

double SeasonFinder::WeeklyLevel(size_t day) const {
  // Any seven days in a row hold each weekday once.
  const size_t first = std::min(day < 3 ? 0 : day - 3, days_ - 7);
  double sum = 0;
  size_t count = 0;
  for (size_t d = first; d < first + 7; ++d) {
    if (!std::isfinite(day_level_[d])) continue;
    sum += day_level_[d];
    ++count;
  }
  // With days missing the mean would lean to one side of the week.
  return count == 7 ? sum / 7 : kNone;
}

std::vector<double> SeasonFinder::Remainder(bool weekly_level) const {
  std::vector<double> remainder(points_.size());
  std::vector<double> level(days_), slope(days_);
  for (size_t day = 0; day < days_; ++day) {
    level[day] = weekly_level ? WeeklyLevel(day) : day_level_[day];
    slope[day] = SlopeAt(day);
  }
  for (size_t i = 0; i < points_.size(); ++i) {
    const Point& point = points_[i];
    const TimestampMs day_start = first_day_ + static_cast<DurationMs>(point.day) * kDayMs;
    double middle = static_cast<double>(point.t - day_start) / kDayMs - 0.5;
    if (weekly_level) {
      // At the ends the seven days are not centred on the day.
      const size_t first = std::min(point.day < 3 ? 0 : point.day - 3, days_ - 7);
      middle += static_cast<double>(point.day) - static_cast<double>(first + 3);
    }
    double v = point.value - level[point.day] - slope[point.day] * middle;
    if (reference_ > 0) v *= reference_ / std::max(level[point.day], 0.05 * reference_);
    remainder[i] = v;
  }
  return remainder;
}

void SeasonFinder::DecideMultiplicative() {
  // Do swings within days grow with their level? Log against log, over days with a level.
  const std::vector<double> remainder = Remainder(false);
  std::vector<double> sum(days_), count(days_);
  for (size_t i = 0; i < points_.size(); ++i) {
    if (!std::isfinite(remainder[i])) continue;
    sum[points_[i].day] += std::abs(remainder[i]);
    ++count[points_[i].day];
  }
  std::vector<std::pair<double, double>> pairs;
  for (size_t day = 0; day < days_; ++day) {
    if (!std::isfinite(day_level_[day])) continue;
    if (!(day_level_[day] > 0)) return;
    if (sum[day] > 0) {
      pairs.push_back({std::log(day_level_[day]), std::log(sum[day] / count[day])});
    }
  }
  if (pairs.size() < 10) return;
  std::sort(pairs.begin(), pairs.end());
  const size_t edge = pairs.size() / 20;
  if (pairs[pairs.size() - 1 - edge].first - pairs[edge].first < std::log(1.25)) return;
  // Medians of levels of equal size make the slope cheap and steady.
  const size_t groups = std::min<size_t>(pairs.size() / 4, 24);
  std::vector<double> x, y;
  for (size_t g = 0; g < groups; ++g) {
    std::vector<double> gx, gy;
    for (size_t i = g * pairs.size() / groups; i < (g + 1) * pairs.size() / groups; ++i) {
      gx.push_back(pairs[i].first);
      gy.push_back(pairs[i].second);
    }
    const double at = MedianInPlace(gx);
    if (!x.empty() && at <= x.back()) continue;
    x.push_back(at);
    y.push_back(MedianInPlace(gy));
  }
  const double power = TheilSenSlope(x, y);
  if (power < 0.5 || power > 2) return;
  std::vector<double> levels;
  for (const double level : day_level_) {
    if (std::isfinite(level)) levels.push_back(level);
  }
  reference_ = MedianInPlace(levels);
}

bool SeasonFinder::InHalf(size_t point, DurationMs period, Half half) const {
  if (half == Half::kAll) return true;
  const int64_t number = FloorTo(points_[point].t, period) / period;
  return (number % 2 == 0) == (half == Half::kEven);
}

std::vector<double> SeasonFinder::Pattern(const std::vector<double>& remainder, DurationMs period,
                                          size_t phases, Half half) const {
  // Values by phase, side by side: counted first, then placed.
  std::vector<size_t> after(phases + 1);
  std::vector<uint32_t> phase(remainder.size());
  for (size_t i = 0; i < remainder.size(); ++i) {
    const bool used = std::isfinite(remainder[i]) && InHalf(i, period, half);
    phase[i] = used ? static_cast<uint32_t>(PhaseOf(points_[i].t, period, phases)) : ~uint32_t{0};
    if (used) ++after[phase[i] + 1];
  }
  for (size_t p = 0; p < phases; ++p) after[p + 1] += after[p];
  std::vector<double> sorted(after[phases]);
  std::vector<size_t> next(after.begin(), after.end() - 1);
  for (size_t i = 0; i < remainder.size(); ++i) {
    if (phase[i] != ~uint32_t{0}) sorted[next[phase[i]]++] = remainder[i];
  }
  std::vector<double> pattern(phases);
  for (size_t p = 0; p < phases; ++p) {
    const double middle =
        MidmeanInPlace(std::span(sorted).subspan(after[p], after[p + 1] - after[p]));
    pattern[p] = std::isfinite(middle) ? middle : 0;
  }
  Centre(&pattern);
  return pattern;
}

double SeasonFinder::CrossError(const std::vector<double>& remainder, DurationMs period,
                                size_t phases) const {
  const std::vector<double> even = Pattern(remainder, period, phases, Half::kEven);
  const std::vector<double> odd = Pattern(remainder, period, phases, Half::kOdd);
  double sum = 0;
  size_t count = 0;
  for (size_t i = 0; i < remainder.size(); ++i) {
    if (!std::isfinite(remainder[i])) continue;
    const auto& other = InHalf(i, period, Half::kEven) ? odd : even;
    sum += std::abs(remainder[i] - other[PhaseOf(points_[i].t, period, phases)]);
    ++count;
  }
  return sum / static_cast<double>(count);
}

void SeasonFinder::Subtract(const std::vector<double>& pattern, DurationMs period,
                            std::vector<double>* remainder) const {
  for (size_t i = 0; i < remainder->size(); ++i) {
    (*remainder)[i] -= pattern[PhaseOf(points_[i].t, period, pattern.size())];
  }
}

void SeasonFinder::Note(DurationMs period, const std::vector<double>& before,
                        const std::vector<double>& after, std::vector<double> pattern,
                        SeasonModel* model) const {
  const double total = Variance(before);
  const double strength = total > 0 ? std::clamp(1 - Variance(after) / total, 0.0, 1.0) : 0;
  std::sort(pattern.begin(), pattern.end());
  const double amplitude = SortedQuantile(pattern, kPeak) - SortedQuantile(pattern, kTrough);
  model->seasons_.push_back({period, strength, amplitude});
}

void SeasonFinder::TryDaily(SeasonModel* model) {
  const std::vector<double> remainder = Remainder(false);
  const double plain = MeanAbs(remainder);
  if (!(CrossError(remainder, kDayMs, day_phases_) < (1 - kGainMin) * plain)) return;
  model->period_ = kDayMs;
  model->pattern_ = Pattern(remainder, kDayMs, day_phases_, Half::kAll);
  std::vector<double> rest = remainder;
  Subtract(model->pattern_, kDayMs, &rest);
  Note(kDayMs, remainder, rest, model->pattern_, model);
}

void SeasonFinder::TryWeekly(SeasonModel* model) {
  const std::vector<double> remainder = Remainder(true);
  const size_t week_phases = 7 * day_phases_;
  const std::vector<double> daily = model->pattern_;
  std::vector<double> rest = remainder;
  if (!daily.empty()) Subtract(daily, kDayMs, &rest);
  // Weekdays that differ in level only, or each with a course of its own.
  const double plain = MeanAbs(rest);
  const double by_day = CrossError(rest, 7 * kDayMs, 7);
  const double by_hour = day_phases_ > 1 ? CrossError(rest, 7 * kDayMs, week_phases) : by_day;
  const bool hours_pay = by_hour < (1 - kGainMin) * by_day;
  if (!(std::min(by_day, by_hour) < (1 - kGainMin) * plain)) return;
  const std::vector<double> weekly =
      Pattern(rest, 7 * kDayMs, hours_pay ? week_phases : 7, Half::kAll);
  std::vector<double> after = rest;
  Subtract(weekly, 7 * kDayMs, &after);
  Note(7 * kDayMs, rest, after, weekly, model);
  model->period_ = 7 * kDayMs;
  model->pattern_.assign(week_phases, 0);
  for (size_t p = 0; p < week_phases; ++p) {
    model->pattern_[p] = weekly[p * weekly.size() / week_phases];
    if (!daily.empty()) model->pattern_[p] += daily[p % day_phases_];
  }
}

void SeasonFinder::Rescale(SeasonModel* model) const {
  // How large the pattern was each day: least squares against it.
  const std::vector<double> remainder = Remainder(model->period_ > kDayMs);
  std::vector<double> product(days_), square(days_);
  for (size_t i = 0; i < points_.size(); ++i) {
    if (!std::isfinite(remainder[i])) continue;
    const double p = model->At(points_[i].t);
    product[points_[i].day] += p * remainder[i];
    square[points_[i].day] += p * p;
  }
  std::vector<double> recent;
  for (size_t day = days_ - std::min(days_, kRecentDays); day < days_; ++day) {
    if (square[day] > 0) recent.push_back(product[day] / square[day]);
  }
  if (recent.size() < kRecentDays / 2) return;
  const double size = MedianInPlace(recent);
  const double error = 1.25 * MadInPlace(recent) / std::sqrt(static_cast<double>(recent.size()));
  if (std::abs(size - 1) < std::max(3 * error, 0.05) || size <= 0) return;
  for (double& v : model->pattern_) v *= size;
  for (ForecastSeason& season : model->seasons_) season.amplitude *= size;
  model->rescaled_ = true;
}

SeasonModel SeasonFinder::Find() {
  SeasonModel model;
  CollectPoints();
  if (days_ < 3 || grid_.step > kDayMs || points_.empty()) return model;
  day_phases_ = std::clamp<size_t>(static_cast<size_t>(kDayMs / grid_.step), 1, kPhasesPerDayMax);
  ComputeDayLevels(nullptr);
  if (day_phases_ >= 3) {
    DecideMultiplicative();
    TryDaily(&model);
    if (!model.pattern_.empty()) ComputeDayLevels(&model.pattern_);
  }
  if (days_ >= 21) TryWeekly(&model);
  if (!model.pattern_.empty()) Rescale(&model);
  model.reference_ = reference_;
  return model;
}

SeasonModel SeasonModel::Find(const ModelGrid& grid) { return SeasonFinder(grid).Find(); }

double SeasonModel::At(TimestampMs t) const {
  return period_ == 0 ? 0 : pattern_[PhaseOf(t, period_, pattern_.size())];
}

double SeasonModel::Gain(double level) const {
  return reference_ > 0 ? std::max(level / reference_, 0.05) : 1;
}

}  // namespace firn::query
