#include "tools/capacity/storage/storage_text.h"

#include <cmath>

#include <fmt/format.h>

#include "base/duration.h"
#include "server/codec/json.h"
#include "tools/cli/human.h"
#include "tools/cli/table.h"
#include "tools/inspect/cost_tables.h"

namespace firn::tools {

namespace {

constexpr DurationMs kShortRetention = 7 * kDayMs;

std::string Kept(DurationMs retention) {
  return retention == 0 ? "for ever" : FormatDuration(retention);
}

std::string Signed(double bytes) { return (bytes < 0 ? "-" : "+") + HumanBytes(std::fabs(bytes)); }

std::string Json(std::string_view text) {
  std::string out;
  server::AppendJsonString(text, server::JsonText::kPlain, &out);
  return out;
}

std::string SignedPercent(double part) { return fmt::format("{:+.1f} %", 100 * part); }

std::string PlanTable(const StoragePlan& plan, const TextLook& look) {
  Table table({{"tier", Align::kLeft},
               {"kept", Align::kLeft},
               {"samples/day", Align::kRight},
               {"B/sample", Align::kRight},
               {"per day", Align::kRight},
               {"now", Align::kRight},
               {"when full", Align::kRight},
               {"in 1 year", Align::kRight}});
  double per_day = 0;
  double now = 0;
  for (const TierPlan& tier : plan.tiers) {
    per_day += tier.bytes_per_day;
    now += static_cast<double>(tier.now_bytes);
    table.AddRow({TierName(tier.resolution), Kept(tier.retention),
                  HumanNumber(tier.samples_per_day), fmt::format("{:.2f}", tier.bytes_per_sample),
                  HumanBytes(tier.bytes_per_day), HumanBytes(static_cast<double>(tier.now_bytes)),
                  HumanBytes(tier.full_bytes), HumanBytes(tier.year_bytes)});
  }
  table.AddRow({"all",
                "",
                "",
                "",
                HumanBytes(per_day),
                HumanBytes(now),
                {HumanBytes(plan.full_bytes), Style::kBold},
                HumanBytes(plan.year_bytes)});
  return table.Text(look);
}

std::string Summary(const StorageAnswer& answer) {
  const StoragePlan& plan = answer.present;
  std::string out =
      fmt::format("{} series, {} of them active; {} on a day, {} new each day",
                  HumanCount(answer.report.series), HumanCount(answer.report.active_series),
                  HumanNumber(plan.series_per_day), HumanNumber(plan.new_series_per_day));
  if (plan.interval > 0) {
    // Milliseconds say nothing here: it is a mean.
    const DurationMs rounded =
        std::max<DurationMs>(kSecondMs, (plan.interval + kSecondMs / 2) / kSecondMs * kSecondMs);
    out += fmt::format("; a sample every {}", FormatDuration(rounded));
  }
  if (plan.growth_per_week != 0) {
    out += fmt::format("; a day takes {} per week", SignedPercent(plan.growth_per_week));
  }
  return out + ".\n";
}

// A regular expression that matches one name, for YAML's single quotes.
std::string NameRegex(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == ':' || static_cast<unsigned char>(c) >= 0x80;
    if (!plain) out.push_back('\\');
    out.push_back(c);
    if (c == '\'') out.push_back('\'');
  }
  return out;
}

std::string ForYaml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out.push_back(c);
    if (c == '\'') out.push_back('\'');
  }
  return out;
}

std::string RetentionRule(std::string_view metric) {
  return fmt::format("{{__name__={}}} {}", QuoteGo(metric), FormatDuration(kShortRetention));
}

std::string TopCosts(const StorageAnswer& answer, const TextLook& look) {
  Table table({{"metric", Align::kLeft, true},
               {"active", Align::kRight},
               {"when full", Align::kRight},
               {"share", Align::kRight},
               {"dropped saves", Align::kRight},
               {"kept 1w saves", Align::kRight}});
  for (const engine::CostLine& metric : answer.report.metrics) {
    const MetricPlan plan = PlanMetric(answer.report, answer.present, metric, kShortRetention);
    const double all = answer.present.full_bytes;
    table.AddRow({metric.name, HumanCount(metric.active_series), HumanBytes(plan.full_bytes),
                  HumanPercent(all > 0 ? plan.full_bytes / all : 0), HumanBytes(plan.full_bytes),
                  HumanBytes(plan.full_bytes - plan.shortened_bytes)});
  }
  std::string out = table.Text(look);
  if (answer.report.metrics.empty()) return out;
  const std::string& first = answer.report.metrics[0].name;
  out += fmt::format(
      "\nRules for firn.yml that cut the first of them, either\n\n"
      "write_relabel_configs:\n"
      "  - source_labels: [__name__]\n"
      "    regex: '{}'\n"
      "    action: drop\n\n"
      "or, for samples older than a week,\n\n"
      "retention_rules: '{}'\n",
      NameRegex(first), ForYaml(RetentionRule(first)));
  return out;
}

std::string PlanJson(const StoragePlan& plan) {
  std::string tiers;
  for (const TierPlan& tier : plan.tiers) {
    if (!tiers.empty()) tiers.push_back(',');
    tiers += fmt::format(
        R"({{"resolution_ms":{},"retention_ms":{},"now_bytes":{},"bytes_per_day":{:.0f},)"
        R"("samples_per_day":{:.0f},"bytes_per_sample":{:.4f},"full_bytes":{:.0f},)"
        R"("year_bytes":{:.0f}}})",
        tier.resolution, tier.retention, tier.now_bytes, tier.bytes_per_day, tier.samples_per_day,
        tier.bytes_per_sample, tier.full_bytes, tier.year_bytes);
  }
  std::string notes;
  for (const std::string& note : plan.notes) {
    if (!notes.empty()) notes.push_back(',');
    notes += Json(note);
  }
  return fmt::format(
      R"({{"tiers":[{}],"full_bytes":{:.0f},"year_bytes":{:.0f},"interval_ms":{},)"
      R"("growth_per_week":{:.6f},"series_per_day":{:.1f},"new_series_per_day":{:.1f},)"
      R"("notes":[{}]}})",
      tiers, plan.full_bytes, plan.year_bytes, plan.interval, plan.growth_per_week,
      plan.series_per_day, plan.new_series_per_day, notes);
}

}  // namespace

std::string StorageText(const StorageAnswer& answer, const TextLook& look) {
  std::string out = Summary(answer) + "\n" + PlanTable(answer.present, look);
  if (answer.changed) {
    out += "\nWith the change:\n\n" + PlanTable(*answer.changed, look);
    const double difference = answer.changed->full_bytes - answer.present.full_bytes;
    out += fmt::format(
        "\n{} when full ({}), {} in a year.\n", Signed(difference),
        SignedPercent(answer.present.full_bytes > 0 ? difference / answer.present.full_bytes : 0),
        Signed(answer.changed->year_bytes - answer.present.year_bytes));
    if (answer.report.selected_series > 0) {
      out += fmt::format("{} series match --drop.\n", HumanCount(answer.report.selected_series));
    }
  }
  out += "\n" + TopCosts(answer, look);
  for (const std::string& note : answer.present.notes) out += "\nNote: " + note + ".\n";
  return out;
}

std::string StorageCsv(const StorageAnswer& answer) {
  Table table({{"Row"},
               {"Name"},
               {"Retention seconds"},
               {"Samples per day"},
               {"Bytes per sample"},
               {"Bytes per day"},
               {"Now bytes"},
               {"Full bytes"},
               {"Year bytes"},
               {"Saved if dropped"},
               {"Saved if kept 1w"}});
  const auto whole = [](double v) { return fmt::format("{:.0f}", v); };
  const auto add_plan = [&](const char* row, const StoragePlan& plan) {
    for (const TierPlan& tier : plan.tiers) {
      table.AddRow({row, TierName(tier.resolution), std::to_string(tier.retention / kSecondMs),
                    whole(tier.samples_per_day), fmt::format("{:.4f}", tier.bytes_per_sample),
                    whole(tier.bytes_per_day), std::to_string(tier.now_bytes),
                    whole(tier.full_bytes), whole(tier.year_bytes), "", ""});
    }
  };
  add_plan("present", answer.present);
  if (answer.changed) add_plan("changed", *answer.changed);
  for (const engine::CostLine& metric : answer.report.metrics) {
    const MetricPlan plan = PlanMetric(answer.report, answer.present, metric, kShortRetention);
    table.AddRow({"metric", metric.name, "", "", "", "", std::to_string(metric.total_bytes()),
                  whole(plan.full_bytes), "", whole(plan.full_bytes),
                  whole(plan.full_bytes - plan.shortened_bytes)});
  }
  return table.Csv();
}

std::string StorageJson(const StorageAnswer& answer) {
  std::string metrics;
  for (const engine::CostLine& metric : answer.report.metrics) {
    const MetricPlan plan = PlanMetric(answer.report, answer.present, metric, kShortRetention);
    if (!metrics.empty()) metrics.push_back(',');
    metrics += fmt::format(R"({{"metric":{},"series":{},"active_series":{},"full_bytes":{:.0f},)"
                           R"("saved_if_dropped":{:.0f},"saved_if_kept_1w":{:.0f},"drop_regex":{},)"
                           R"("retention_rule":{}}})",
                           Json(metric.name), metric.series, metric.active_series, plan.full_bytes,
                           plan.full_bytes, plan.full_bytes - plan.shortened_bytes,
                           Json(NameRegex(metric.name)), Json(RetentionRule(metric.name)));
  }
  return fmt::format(
      R"({{"series":{},"active_series":{},"selected_series":{},"present":{},"changed":{},)"
      R"("metrics":[{}]}})",
      answer.report.series, answer.report.active_series, answer.report.selected_series,
      PlanJson(answer.present), answer.changed ? PlanJson(*answer.changed) : "null", metrics);
}

}  // namespace firn::tools
