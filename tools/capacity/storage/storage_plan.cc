#include "tools/capacity/storage/storage_plan.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/duration.h"
#include "engine/db/database.h"
#include "engine/db/reading/read_cost.h"

namespace firn::tools {

namespace {

constexpr size_t kPaceDays = 7;       // What a day takes is the mean of so many.
constexpr size_t kGrowthDays = 30;    // Growth is seen over at most so many,
constexpr size_t kGrowthDaysMin = 7;  // ... and at least so many.
constexpr double kYearDays = 365;
constexpr double kDay = static_cast<double>(kDayMs);

// Days that are over: the newest is not, nor is the first whole.
std::span<const engine::DayCosts> WholeDays(const engine::CostReport& report) {
  std::span<const engine::DayCosts> days = report.days;
  if (days.size() > 1) days = days.first(days.size() - 1);
  if (days.size() > 1) days = days.subspan(1);
  return days;
}

template <typename Value>
double Mean(std::span<const engine::DayCosts> days, size_t newest, const Value& value) {
  days = days.subspan(days.size() - std::min(days.size(), newest));
  double sum = 0;
  for (const engine::DayCosts& day : days) sum += static_cast<double>(value(day));
  return days.empty() ? 0 : sum / static_cast<double>(days.size());
}

// Bytes per day that a day takes more than the one before: least squares.
double GrowthPerDay(std::span<const engine::DayCosts> days) {
  days = days.subspan(days.size() - std::min(days.size(), kGrowthDays));
  if (days.size() < kGrowthDaysMin) return 0;
  const double n = static_cast<double>(days.size());
  double sx = 0;
  double sy = 0;
  double sxx = 0;
  double sxy = 0;
  for (const engine::DayCosts& day : days) {
    const double x = static_cast<double>(day.day - days.front().day) / kDay;
    const auto y = static_cast<double>(day.disk_bytes);
    sx += x;
    sy += y;
    sxx += x * x;
    sxy += x * y;
  }
  const double spread = n * sxx - sx * sx;
  return spread == 0 ? 0 : (n * sxy - sx * sy) / spread;
}

// How many more or fewer buckets of `resolution` there are with another interval between samples.
double BucketFactor(DurationMs resolution, DurationMs before, DurationMs after) {
  const auto filled = [&](DurationMs interval) {
    return std::min(1.0, static_cast<double>(resolution) / static_cast<double>(interval));
  };
  return filled(after) / filled(before);
}

double SelectedPart(const engine::TierCosts& tier) {
  if (tier.disk_bytes == 0) return 0;
  return static_cast<double>(tier.selected_bytes) / static_cast<double>(tier.disk_bytes);
}

// Bytes of a tier that is `kept` days, when it takes `pace` a day, `growth` more each day, in
// `ahead` days.
double BytesAhead(double now, double pace, double growth, double kept, double ahead) {
  const auto written = [&](double day) {
    return std::max(0.0, pace * day + growth * day * day / 2);
  };
  if (kept == 0) return now + written(ahead);
  if (kept >= ahead) {
    // Of what is there now the part that is not too old by then.
    return std::min(now, std::max(0.0, kept - ahead) * pace) + written(ahead);
  }
  return written(ahead) - written(ahead - kept);
}

// What the days say, before tiers.
struct Pace {
  double samples = 0;  // Per day, as they were sent.
  double bytes = 0;
  double growth = 0;  // Bytes per day, each day.
};

Pace PaceOf(const engine::CostReport& report, StoragePlan* plan) {
  const std::span<const engine::DayCosts> days = WholeDays(report);
  plan->series_per_day =
      Mean(days, kPaceDays, [](const engine::DayCosts& day) { return day.series; });
  const std::span<const engine::DayCosts> later =
      std::span(report.days).subspan(std::min<size_t>(1, report.days.size()));
  plan->new_series_per_day =
      Mean(later, kGrowthDays, [](const engine::DayCosts& day) { return day.new_series; });
  Pace pace;
  pace.samples = Mean(days, kPaceDays, [](const engine::DayCosts& day) { return day.samples; });
  pace.bytes = Mean(days, kPaceDays, [](const engine::DayCosts& day) { return day.disk_bytes; });
  if (report.days.size() < 3) {
    plan->notes.emplace_back("no whole day is stored yet: what a day takes is made of less");
    const engine::TierCosts& raw = report.tiers[0];
    const double part = static_cast<double>(std::max(raw.max_time - raw.min_time, kHourMs)) / kDay;
    pace.samples = static_cast<double>(raw.samples) / part;
    pace.bytes = static_cast<double>(raw.disk_bytes) / part;
  }
  if (pace.samples > 0) {
    plan->interval = static_cast<DurationMs>(kDay * plan->series_per_day / pace.samples);
  }
  pace.growth = GrowthPerDay(days);
  if (pace.bytes > 0) plan->growth_per_week = 7 * pace.growth / pace.bytes;
  if (pace.growth == 0) {
    plan->notes.push_back(
        fmt::format("less than {} whole days of history: growth is not known", kGrowthDaysMin));
  }
  return pace;
}

TierPlan PlanTier(const engine::TierCosts& tier, const Pace& pace, DurationMs interval,
                  const StorageRules& rules) {
  TierPlan out{.resolution = tier.resolution, .now_bytes = tier.disk_bytes};
  const bool raw = tier.resolution == 0;
  const double covered =
      std::max(1.0, std::ceil(static_cast<double>(tier.max_time - tier.min_time) / kDay));
  out.bytes_per_day = raw ? pace.bytes : static_cast<double>(tier.disk_bytes) / covered;
  out.samples_per_day = raw ? pace.samples : static_cast<double>(tier.samples) / covered;
  double factor = rules.drop_selected ? 1 - SelectedPart(tier) : 1;
  if (rules.interval > 0 && interval > 0) {
    factor *= raw ? static_cast<double>(interval) / static_cast<double>(rules.interval)
                  : BucketFactor(tier.resolution, interval, rules.interval);
  }
  out.bytes_per_day *= factor;
  out.samples_per_day *= factor;
  if (out.samples_per_day > 0) out.bytes_per_sample = out.bytes_per_day / out.samples_per_day;
  return out;
}

// Whether Firn makes a tier of a day as soon as that is over, if it did not just do so.
bool IsMadeAtOnce(DurationMs interval, DurationMs resolution) {
  const auto samples = static_cast<uint64_t>(kDayMs / interval);
  return engine::TierSavesReading(engine::RawReadCost(samples, 1), 1, {0, kDayMs - 1}, resolution,
                                  kDayMs);
}

// The age at which samples become buckets of a tier; more than any retention if never.
DurationMs MadeAtAge(const engine::CostReport& report, const engine::TierCosts* tier,
                     DurationMs resolution, DurationMs interval, const StorageRules& rules) {
  if (rules.interval > 0) interval = rules.interval;
  const engine::TierCosts& raw = report.tiers[0];
  const DurationMs lead = engine::DatabaseOptions().tier_lead_ms;
  const bool recent = tier != nullptr && tier->max_time > raw.max_time - lead - kDayMs;
  if (resolution == 0 || interval == 0 || recent || IsMadeAtOnce(interval, resolution)) return 0;
  for (const engine::TierRetention& rule : rules.retention) {
    if (rule.resolution == 0 && rule.retention != 0) {
      return std::max<DurationMs>(0, rule.retention - lead);
    }
  }
  return kMaxTimestamp;
}

// Of a tier of which nothing is stored: where few samples make a bucket it takes no more than they
// do.
TierPlan GuessTier(const engine::CostReport& report, const Pace& pace, const StoragePlan& plan,
                   DurationMs resolution, const StorageRules& rules) {
  TierPlan out{.resolution = resolution};
  double factor = rules.drop_selected ? 1 - SelectedPart(report.tiers[0]) : 1;
  if (rules.interval > 0) factor *= BucketFactor(resolution, plan.interval, rules.interval);
  out.bytes_per_day = factor * pace.bytes;
  out.samples_per_day = factor * plan.series_per_day * kDay / static_cast<double>(resolution);
  if (out.samples_per_day > 0) out.bytes_per_sample = out.bytes_per_day / out.samples_per_day;
  return out;
}

std::string NoteOfAge(const TierPlan& tier, DurationMs made_at, bool stored) {
  const std::string name = FormatDuration(tier.resolution);
  if (tier.retention != 0 && tier.retention <= made_at) {
    return fmt::format("{} is never made: its samples are kept as long as it would be", name);
  }
  if (made_at == kMaxTimestamp) {
    return fmt::format("{} is never made: its samples are kept for ever", name);
  }
  return fmt::format("{} is made of samples when they are {} old, since few make a bucket{}", name,
                     FormatDuration(made_at),
                     stored ? "" : "; it is taken to be as large as they are");
}

void Project(const Pace& pace, DurationMs made_at, TierPlan* plan) {
  if (made_at == kMaxTimestamp || (plan->retention != 0 && plan->retention <= made_at)) return;
  const double kept =
      static_cast<double>(plan->retention == 0 ? 0 : plan->retention - made_at) / kDay;
  const auto now = static_cast<double>(plan->now_bytes);
  plan->full_bytes = kept == 0 ? now + plan->bytes_per_day * kYearDays : plan->bytes_per_day * kept;
  // All tiers grow with the number of series.
  const double growth = pace.bytes > 0 ? pace.growth / pace.bytes * plan->bytes_per_day : 0;
  plan->year_bytes = BytesAhead(now, plan->bytes_per_day, growth, kept, kYearDays);
}

}  // namespace

Result<StoragePlan> PlanStorage(const engine::CostReport& report, const StorageRules& rules) {
  if (report.days.empty() || report.tiers.empty()) {
    return InvalidArgument("nothing is sealed yet that a plan could be made of");
  }
  StoragePlan plan;
  const Pace pace = PaceOf(report, &plan);
  for (const engine::TierRetention& rule : rules.retention) {
    const auto found = std::find_if(report.tiers.begin(), report.tiers.end(),
                                    [&](const auto& t) { return t.resolution == rule.resolution; });
    const engine::TierCosts* const tier = found == report.tiers.end() ? nullptr : &*found;
    const DurationMs made_at = MadeAtAge(report, tier, rule.resolution, plan.interval, rules);
    TierPlan out{.resolution = rule.resolution};
    if (tier != nullptr) {
      out = PlanTier(*tier, pace, plan.interval, rules);
    } else if (made_at > 0) {
      out = GuessTier(report, pace, plan, rule.resolution, rules);
    } else {
      plan.notes.push_back(fmt::format("nothing of resolution {} is stored yet, so it is left out",
                                       FormatDuration(rule.resolution)));
    }
    out.retention = rule.retention;
    Project(pace, made_at, &out);
    if (made_at > 0) plan.notes.push_back(NoteOfAge(out, made_at, tier != nullptr));
    plan.full_bytes += out.full_bytes;
    plan.year_bytes += out.year_bytes;
    plan.tiers.push_back(out);
  }
  return plan;
}

MetricPlan PlanMetric(const engine::CostReport& report, const StoragePlan& plan,
                      const engine::CostLine& metric, DurationMs kept) {
  MetricPlan out;
  for (const TierPlan& tier : plan.tiers) {
    const auto of_tier = [&](const auto& costs) { return costs.resolution == tier.resolution; };
    const bool stored = std::any_of(report.tiers.begin(), report.tiers.end(), of_tier);
    for (size_t i = 0; i < report.tiers.size() && i < metric.bytes.size(); ++i) {
      // What is not there yet is shared like raw samples.
      const DurationMs like = stored ? tier.resolution : 0;
      if (report.tiers[i].resolution != like || report.tiers[i].disk_bytes == 0) continue;
      const double part =
          static_cast<double>(metric.bytes[i]) / static_cast<double>(report.tiers[i].disk_bytes);
      const double full = part * tier.full_bytes;
      const bool shorter = tier.retention == 0 || tier.retention > kept;
      out.full_bytes += full;
      out.shortened_bytes +=
          shorter ? std::min(full, part * tier.bytes_per_day * static_cast<double>(kept) / kDay)
                  : full;
    }
  }
  return out;
}

Result<std::vector<engine::TierRetention>> ReadRetention(
    std::string_view text, std::vector<engine::TierRetention> in_force) {
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    const size_t sign = part.find('=');
    if (sign == std::string_view::npos) {
      return InvalidArgument("--retention: {}: not TIER=DURATION, such as raw=30d or 1m=1y", part);
    }
    const std::string_view name = part.substr(0, sign);
    engine::TierRetention rule;
    if (name != "raw") {
      auto resolution = ParseDuration(name);
      if (!resolution.ok()) return resolution.status().WithContext("--retention");
      rule.resolution = *resolution;
    }
    auto retention = ParseDuration(part.substr(sign + 1));
    if (!retention.ok()) return retention.status().WithContext("--retention");
    rule.retention = *retention;
    const auto known = std::find_if(in_force.begin(), in_force.end(),
                                    [&](const auto& r) { return r.resolution == rule.resolution; });
    if (known == in_force.end()) {
      in_force.push_back(rule);
    } else {
      *known = rule;
    }
  }
  return in_force;
}

}  // namespace firn::tools
