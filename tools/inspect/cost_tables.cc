#include "tools/inspect/cost_tables.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include "base/duration.h"
#include "tools/cli/human.h"

namespace firn::tools {

namespace {

std::string Utc(TimestampMs t, bool minutes) {
  if (t == kMinTimestamp || t == kMaxTimestamp) return "-";
  const std::time_t seconds = FloorTo(t, kSecondMs) / kSecondMs;
  const std::tm utc = fmt::gmtime(seconds);
  return minutes ? fmt::format("{:%Y-%m-%d %H:%M}", utc) : fmt::format("{:%Y-%m-%d}", utc);
}

std::string Bytes(uint64_t bytes) { return HumanBytes(static_cast<double>(bytes)); }

uint64_t AllBytes(const engine::CostReport& report) {
  uint64_t all = 0;
  for (const engine::TierCosts& tier : report.tiers) all += tier.disk_bytes;
  return all;
}

double Share(uint64_t part, uint64_t all) {
  return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

}  // namespace

std::string TierName(DurationMs resolution) {
  return resolution == 0 ? "raw" : FormatDuration(resolution);
}

std::string BytesPerSample(uint64_t bytes, uint64_t samples) {
  if (samples == 0) return "-";
  return fmt::format("{:.2f}", static_cast<double>(bytes) / static_cast<double>(samples));
}

std::string DayText(TimestampMs day) { return Utc(day, false); }
std::string MinuteText(TimestampMs t) { return Utc(t, true); }

Table TierTable(const engine::CostReport& report) {
  Table table({{"tier", Align::kLeft},
               {"from", Align::kLeft},
               {"to", Align::kLeft},
               {"windows", Align::kRight},
               {"samples", Align::kRight},
               {"disk", Align::kRight},
               {"B/sample", Align::kRight}});
  for (const engine::TierCosts& tier : report.tiers) {
    table.AddRow({TierName(tier.resolution), DayText(tier.min_time), DayText(tier.max_time),
                  HumanCount(tier.windows), HumanNumber(static_cast<double>(tier.samples)),
                  Bytes(tier.disk_bytes), BytesPerSample(tier.disk_bytes, tier.samples)});
  }
  return table;
}

Table DayTable(const engine::CostReport& report, size_t days_max) {
  Table table({{"day", Align::kLeft},
               {"series", Align::kRight},
               {"new", Align::kRight},
               {"samples", Align::kRight},
               {"disk", Align::kRight},
               {"B/sample", Align::kRight}});
  const size_t first = report.days.size() - std::min(days_max, report.days.size());
  for (size_t i = first; i < report.days.size(); ++i) {
    const engine::DayCosts& day = report.days[i];
    // On the first day all of them are new.
    table.AddRow({DayText(day.day), HumanCount(day.series),
                  i == 0 ? "-" : HumanCount(day.new_series),
                  HumanNumber(static_cast<double>(day.samples)), Bytes(day.disk_bytes),
                  BytesPerSample(day.disk_bytes, day.samples)});
  }
  return table;
}

Table CostTable(const engine::CostReport& report, CostKind kind) {
  const bool labels = kind == CostKind::kLabels;
  std::vector<TableColumn> columns = {{kind == CostKind::kMetrics ? "metric"
                                       : labels                   ? "label"
                                                                  : "label=value",
                                       Align::kLeft, true}};
  if (labels) columns.push_back({"values", Align::kRight});
  for (const char* title : {"series", "active", "samples", "disk", "share", "B/sample"}) {
    columns.push_back({title, Align::kRight});
  }
  Table table(std::move(columns));
  const uint64_t all = AllBytes(report);
  const auto& lines = kind == CostKind::kMetrics ? report.metrics
                      : labels                   ? report.labels
                                                 : report.pairs;
  for (const engine::CostLine& line : lines) {
    std::vector<TableCell> row = {kind == CostKind::kPairs ? line.name + "=" + line.value
                                                           : line.name};
    if (labels) row.emplace_back(HumanCount(line.values));
    row.emplace_back(HumanCount(line.series));
    row.emplace_back(HumanCount(line.active_series));
    row.emplace_back(HumanNumber(static_cast<double>(line.samples)));
    row.emplace_back(Bytes(line.total_bytes()));
    row.emplace_back(HumanPercent(Share(line.total_bytes(), all)));
    row.emplace_back(BytesPerSample(line.bytes.empty() ? 0 : line.bytes[0], line.samples));
    table.AddRow(std::move(row));
  }
  return table;
}

RecordList TierRecords(const engine::CostReport& report) {
  RecordList records({"resolution_ms", "windows", "samples", "disk_bytes", "min_time", "max_time"});
  for (const engine::TierCosts& tier : report.tiers) {
    records.Add({tier.resolution, tier.windows, tier.samples, tier.disk_bytes, tier.min_time,
                 tier.max_time});
  }
  return records;
}

RecordList CostRecords(const engine::CostReport& report, size_t days_max) {
  RecordList records({"kind", "name", "value", "values", "series", "active_series", "new_series",
                      "samples", "disk_bytes"});
  const RecordValue nothing("null", "");
  const auto add = [&](std::string_view kind, const std::vector<engine::CostLine>& lines) {
    for (const engine::CostLine& line : lines) {
      records.Add({kind, line.name, kind == "pair" ? RecordValue(line.value) : nothing,
                   kind == "label" ? RecordValue(line.values) : nothing, line.series,
                   line.active_series, nothing, line.samples, line.total_bytes()});
    }
  };
  add("metric", report.metrics);
  add("label", report.labels);
  add("pair", report.pairs);
  const size_t first = report.days.size() - std::min(days_max, report.days.size());
  for (size_t i = first; i < report.days.size(); ++i) {
    const engine::DayCosts& day = report.days[i];
    records.Add({"day", DayText(day.day), nothing, nothing, day.series, nothing, day.new_series,
                 day.samples, day.disk_bytes});
  }
  return records;
}

}  // namespace firn::tools
