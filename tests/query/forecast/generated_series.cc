#include "tests/query/forecast/generated_series.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <string_view>

namespace firn::query {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// One series while it is put together. Times are in days since the beginning.
class Maker {
 public:
  Maker(DurationMs step, double history_days, double future_days, uint64_t seed)
      : step_days_(static_cast<double>(step) / kDayMs),
        history_(static_cast<size_t>(std::lround(history_days / step_days_))),
        rng_(seed),
        mean_(history_ + static_cast<size_t>(std::lround(future_days / step_days_))),
        extra_(mean_.size()) {}

  size_t size() const { return mean_.size(); }
  size_t history() const { return history_; }
  double Day(size_t i) const { return static_cast<double>(i) * step_days_; }
  double Days() const { return Day(history_); }
  double Uniform(double a, double b) { return std::uniform_real_distribution<double>(a, b)(rng_); }
  double Normal() { return normal_(rng_); }
  bool Chance(double p) { return Uniform(0, 1) < p; }

  template <typename F>
  Maker& Add(F f) {  // A function of days to the truth that the limit is chosen by.
    for (size_t i = 0; i < size(); ++i) mean_[i] += f(Day(i));
    return *this;
  }
  template <typename F>
  Maker& Scale(F f) {
    for (size_t i = 0; i < size(); ++i) mean_[i] *= f(Day(i));
    return *this;
  }
  Maker& Level(double v) {
    return Add([v](double) { return v; });
  }
  Maker& Slope(double per_day) {
    return Add([per_day](double d) { return per_day * d; });
  }
  Maker& Daily(double amplitude) {
    return Add([amplitude](double d) { return amplitude * DayShape(d); });
  }
  Maker& Weekly(double weekend) {
    return Add([weekend](double d) { return std::fmod(d, 7) >= 5 ? weekend : 0; });
  }
  Maker& White(double sd) {
    for (double& v : extra_) v += sd * Normal();
    return *this;
  }
  // Swings of this standard deviation that are forgotten within `days`.
  Maker& Wander(double sd, double days) {
    const double keep = std::exp(-step_days_ / days);
    double at = sd * Normal();
    for (double& v : extra_) {
      v += at;
      at = keep * at + sd * std::sqrt(1 - keep * keep) * Normal();
    }
    return *this;
  }
  Maker& Walk(double sd_per_day) {
    double at = 0;
    for (double& v : extra_) {
      v += at;
      at += sd_per_day * std::sqrt(step_days_) * Normal();
    }
    return *this;
  }
  Maker& Jump(double day, double size) {
    return Add([=](double d) { return d >= day ? size : 0; });
  }
  Maker& Bursts(double per_day, double size) {
    for (double& v : extra_) {
      if (Chance(per_day * step_days_)) v += size * -std::log(Uniform(1e-9, 1));
    }
    return *this;
  }
  Maker& Gap(double from, double to) {
    for (size_t i = 0; i < size(); ++i) {
      if (Day(i) >= from && Day(i) < to) gaps_.push_back(i);
    }
    return *this;
  }
  Maker& RandomGaps(double share) {
    for (size_t i = 0; i < size(); ++i) {
      if (Chance(share)) gaps_.push_back(i);
    }
    return *this;
  }
  template <typename F>
  Maker& Each(F f) {  // Any change of the finished values; gets mean and value.
    finish_ = f;
    return *this;
  }

  static double DayShape(double d) {
    const double hour = 24 * (d - std::floor(d));
    return std::exp(-(hour - 14) * (hour - 14) / 18) +
           0.4 * std::exp(-(hour - 20) * (hour - 20) / 5);
  }

  void Finish(GeneratedSeries* out) {
    std::vector<double> value(size());
    for (size_t i = 0; i < size(); ++i) value[i] = mean_[i] + extra_[i];
    if (finish_) {
      for (size_t i = 0; i < size(); ++i) value[i] = finish_(mean_[i], value[i]);
    }
    Finish(std::move(value), out);
  }

  void Finish(std::vector<double> value, GeneratedSeries* out) {
    const auto middle = value.begin() + static_cast<std::ptrdiff_t>(history_);
    out->history.assign(value.begin(), middle);
    out->future.assign(middle, value.end());
    for (const size_t i : gaps_) {
      if (i < history_) out->history[i] = kNone;
    }
    out->first_passage = out->future.size();
    PlaceLimit(out);
  }

  // A limit that the truth without noise meets at some time in the horizon, or just does not.
  void PlaceLimit(GeneratedSeries* out) {
    out->limit = kNone;
    if (!wants_limit) return;
    const double sign = out->falling ? -1 : 1;
    const size_t at = history_ + static_cast<size_t>(Uniform(0.2, 1.0) *
                                                     static_cast<double>(size() - history_ - 1));
    double limit = -std::numeric_limits<double>::infinity();
    for (size_t i = history_; i <= at; ++i) limit = std::max(limit, sign * mean_[i]);
    // A limit met before is not one to plan for.
    double seen = -std::numeric_limits<double>::infinity();
    for (const double v : out->history) {
      if (std::isfinite(v)) seen = std::max(seen, sign * v);
    }
    if (limit <= seen) return;
    out->limit = sign * limit;
    for (size_t i = out->future.size(); i > 0; --i) {
      if (sign * out->future[i - 1] >= limit) out->first_passage = i - 1;
    }
  }

  bool wants_limit = false;

 private:
  double step_days_;
  size_t history_;
  std::mt19937_64 rng_;
  std::normal_distribution<double> normal_;
  std::vector<double> mean_, extra_;
  std::vector<size_t> gaps_;
  std::function<double(double, double)> finish_;
};

struct Kind {
  const char* name;
  DurationMs step;
  double history_days;
  double future_days;
  bool seasonal;
  bool has_date;  // It goes somewhere, so that a limit can be set.
  void (*make)(Maker& m);
};

constexpr DurationMs kQuarter = 15 * kMinuteMs;

double Positive(double, double v) { return std::max(v, 0.0); }

const Kind kKinds[] = {
    {"flat", kHourMs, 120, 60, false, false, [](Maker& m) { m.Level(50).White(3); }},
    {"flat_wander_hours", kHourMs, 120, 60, false, false,
     [](Maker& m) { m.Level(50).Wander(4, 0.4).White(1); }},
    {"flat_wander_days", kHourMs, 180, 60, false, false,
     [](Maker& m) { m.Level(80).Wander(6, 4).White(2); }},
    {"linear", kHourMs, 120, 60, false, true,
     [](Maker& m) { m.Level(20).Slope(m.Uniform(0.2, 1)).White(3); }},
    {"linear_smooth", kHourMs, 90, 45, false, true,
     [](Maker& m) { m.Level(1e11).Slope(m.Uniform(1e9, 3e9)).White(1e8); }},
    {"linear_slow", kHourMs, 180, 90, false, true,
     [](Maker& m) { m.Level(60).Slope(m.Uniform(0.03, 0.1)).White(4); }},
    {"linear_wander", kHourMs, 180, 60, false, true,
     [](Maker& m) { m.Level(30).Slope(m.Uniform(0.1, 0.4)).Wander(3, 2).White(1); }},
    {"linear_falling", kHourMs, 120, 60, false, true,
     [](Maker& m) { m.Level(400).Slope(m.Uniform(-2, -1)).Wander(4, 1).White(2); }},
    {"daily", kHourMs, 60, 30, true, false, [](Maker& m) { m.Level(20).Daily(30).White(3); }},
    {"daily_weekly", kHourMs, 120, 60, true, false,
     [](Maker& m) { m.Level(40).Daily(30).Weekly(-15).White(3).Wander(2, 0.5); }},
    {"daily_trend", kHourMs, 120, 60, true, true,
     [](Maker& m) { m.Level(20).Slope(m.Uniform(0.2, 0.6)).Daily(25).White(3); }},
    {"daily_weekly_trend", kHourMs, 180, 60, true, true,
     [](Maker& m) {
       m.Level(40).Slope(m.Uniform(0.15, 0.4)).Daily(30).Weekly(-12).White(2).Wander(3, 1);
     }},
    {"office_hours", kHourMs, 90, 30, true, false,
     [](Maker& m) {
       m.Add([](double d) { return std::fmod(d, 7) < 5 ? 60 * Maker::DayShape(d) : 3.0; })
           .Level(5)
           .White(2)
           .Each(Positive);
     }},
    {"load_grows", kHourMs, 180, 60, true, true,
     [](Maker& m) {
       const double growth = m.Uniform(0.003, 0.006);
       m.Level(100).Daily(80).Weekly(-25).Scale([=](double d) { return 1 + growth * d; });
       std::vector<double> factor(m.size());
       size_t i = 0;
       for (double& f : factor) f = 1 + 0.06 * m.Normal();
       m.Each([factor, i](double mean, double) mutable { return mean * factor[i++]; });
     }},
    {"shift_up", kHourMs, 120, 40, false, false,
     [](Maker& m) { m.Level(30).Jump(m.Uniform(0.3, 0.8) * m.Days(), 25).White(3); }},
    {"shift_down_trend", kHourMs, 150, 50, false, true,
     [](Maker& m) {
       m.Level(100)
           .Slope(m.Uniform(0.3, 0.8))
           .Jump(m.Uniform(0.3, 0.7) * m.Days(), -40)
           .White(3)
           .Wander(2, 0.5);
     }},
    {"two_shifts_daily", kHourMs, 150, 50, true, true,
     [](Maker& m) { m.Level(40).Slope(0.25).Daily(20).Jump(40, 30).Jump(100, -20).White(3); }},
    {"scale_change", kHourMs, 120, 40, true, false,
     [](Maker& m) {
       m.Level(30).Daily(40).Scale([](double d) { return d > 70 ? 1.5 : 1.0; }).White(3);
     }},
    {"saturating", kHourMs, 180, 90, false, false,
     [](Maker& m) {
       const double tau = m.Uniform(30, 60);
       m.Add([=](double d) { return 100 * (1 - std::exp(-d / tau)); }).White(2).Wander(1, 1);
     }},
    {"logistic", kHourMs, 200, 60, false, false,
     [](Maker& m) {
       m.Add([](double d) { return 100 / (1 + std::exp(-(d - 90) / 28)); }).White(2);
     }},
    {"exponential", kHourMs, 180, 45, false, true,
     [](Maker& m) {
       const double tau = m.Uniform(70, 120);
       m.Add([=](double d) { return 20 * std::exp(d / tau); }).White(2);
     }},
    {"bursty", kQuarter, 40, 14, false, false,
     [](Maker& m) { m.Level(10).White(1).Bursts(3, 25).Each(Positive); }},
    {"bursty_trend", kQuarter, 45, 20, false, true,
     [](Maker& m) { m.Level(20).Slope(m.Uniform(0.5, 1.5)).White(2).Bursts(2, 8); }},
    {"heavy_noise", kHourMs, 120, 40, false, false,
     [](Maker& m) {
       m.Level(0).White(0.5).Each([](double, double v) { return 40 * std::exp(v); });
     }},
    {"counter_rate", kQuarter, 45, 20, true, false,
     [](Maker& m) {
       // Events of a counter that restarts now and then; the rate across a restart is low.
       m.Level(6).Daily(10);
       std::vector<double> draws(m.size());
       for (double& z : draws) z = m.Chance(0.003) ? -9 : m.Normal();
       size_t i = 0;
       m.Each([draws, i](double mean, double) mutable {
         const double z = draws[i++];
         if (z < -8) return 0.1 * mean;
         return std::max(std::round(900 * mean + 30 * std::sqrt(mean) * z), 0.0) / 900;
       });
     }},
    {"counter_total", kHourMs, 90, 45, false, true,
     [](Maker& m) {
       const double rate = m.Uniform(3, 9);
       double total = 1e4;
       std::vector<double> values;
       for (size_t i = 0; i < m.size(); ++i) {
         total += rate * 3600 * (1 + 0.6 * Maker::DayShape(m.Day(i)) + 0.2 * m.Normal());
         values.push_back(total);
       }
       m.Level(1e4).Slope(rate * 86400 * 1.2);
       size_t i = 0;
       m.Each([values, i](double, double) mutable { return values[i++]; });
     }},
    {"gaps_trend", kHourMs, 120, 40, false, true,
     [](Maker& m) { m.Level(20).Slope(m.Uniform(0.3, 0.8)).White(3).RandomGaps(0.25); }},
    {"long_gap_daily", kHourMs, 120, 40, true, true,
     [](Maker& m) {
       m.Level(20).Slope(m.Uniform(0.2, 0.5)).Daily(20).White(2).Gap(50, 66).RandomGaps(0.05);
     }},
    {"outliers", kHourMs, 120, 40, false, true,
     [](Maker& m) {
       m.Level(50).Slope(m.Uniform(0.3, 0.6)).White(2);
       m.Each([n = size_t{0}](double, double v) mutable { return n++ % 61 == 7 ? v * 0.1 : v; });
     }},
    {"walk", kHourMs, 180, 45, false, false, [](Maker& m) { m.Level(500).Walk(5).White(1); }},
    {"walk_drift", kHourMs, 180, 45, false, true,
     [](Maker& m) { m.Level(200).Slope(1.5).Walk(3).White(1); }},
    {"slope_change", kHourMs, 180, 45, false, true,
     [](Maker& m) {
       m.Level(30).Add([](double d) { return 0.1 * d + 0.5 * std::max(d - 110, 0.0); }).White(2);
     }},
    {"log_rotation", kHourMs, 120, 40, true, false,
     [](Maker& m) { m.Level(40).Add([](double d) { return 6 * std::fmod(d, 7); }).White(1); }},
    {"leak_restarts", kHourMs, 150, 40, false, false,
     [](Maker& m) {
       double left = 8;
       std::vector<double> at;
       double v = 0;
       for (size_t i = 0; i < m.size(); ++i) {
         v += 0.15;
         left -= 1.0 / 24;
         if (left < 0) {
           v = 0;
           left = m.Uniform(5, 11);
         }
         at.push_back(v);
       }
       m.Level(100).White(1);
       m.Each([at, i = size_t{0}](double, double x) mutable { return x + at[i++]; });
     }},
    {"connections", kQuarter, 30, 10, true, false,
     [](Maker& m) {
       m.Level(6).Daily(12).White(1.2).Each(
           [](double, double v) { return std::max(std::round(v), 0.0); });
     }},
    {"queue_mostly_empty", kQuarter, 40, 14, false, false,
     [](Maker& m) { m.White(0.01).Bursts(20, 12).Each(Positive); }},
    {"cpu_percent", kHourMs, 90, 30, true, false,
     [](Maker& m) {
       m.Level(35).Daily(55).White(6).Each(
           [](double, double v) { return std::clamp(v, 0.0, 100.0); });
     }},
    {"staircase", kHourMs, 120, 40, false, true,
     [](Maker& m) { m.Level(200).Add([](double d) { return 2.5 * std::floor(d); }).White(0.3); }},
    {"two_weeks_daily", kQuarter, 14, 5, true, true,
     [](Maker& m) { m.Level(30).Slope(m.Uniform(1, 2.5)).Daily(15).White(2); }},
    {"six_hours", kMinuteMs, 0.25, 0.1, false, true,
     [](Maker& m) { m.Level(40).Slope(m.Uniform(60, 150)).White(2); }},
    {"two_years", kHourMs, 730, 90, true, true,
     [](Maker& m) {
       m.Level(200).Slope(m.Uniform(0.2, 0.5)).Daily(60).Weekly(-30).White(10).Wander(10, 3);
     }},
    {"daily_points", kDayMs, 400, 120, true, true,
     [](Maker& m) { m.Level(200).Slope(m.Uniform(0.5, 1)).Weekly(-40).White(8).Wander(6, 3); }},
    {"incident", kHourMs, 120, 40, false, true,
     [](Maker& m) {
       m.Level(50).Slope(m.Uniform(0.2, 0.5)).White(2);
       const size_t from = m.history() / 2, to = from + 60;
       m.Each([=, n = size_t{0}](double, double v) mutable {
         const bool inside = n >= from && n < to;
         ++n;
         return inside ? v + 150 : v;
       });
     }},
    {"drifting_season", kHourMs, 120, 30, true, false,
     [](Maker& m) {
       m.Level(50).Add([](double d) { return (20 + 0.1 * d) * Maker::DayShape(d); }).White(3);
     }},
};

}  // namespace

size_t GeneratedKinds() { return std::size(kKinds); }

GeneratedSeries Generate(size_t kind, uint64_t seed) {
  const Kind& k = kKinds[kind];
  Maker maker(k.step, k.history_days, k.future_days, seed * 7919 + kind * 104729 + 1);
  maker.wants_limit = k.has_date;
  GeneratedSeries out;
  out.name = k.name;
  out.step = k.step;
  out.seasonal = k.seasonal;
  out.falling = std::string_view(k.name) == "linear_falling";
  k.make(maker);
  maker.Finish(&out);
  return out;
}

}  // namespace firn::query
