#include "server/api/status/costs_json.h"

#include <fmt/format.h>

#include "server/codec/json.h"

namespace firn::server {

namespace {

template <typename... Args>
void Append(std::string* out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(*out), format, std::forward<Args>(args)...);
}

template <typename Items, typename AppendItem>
void AppendList(const char* name, const Items& items, std::string* out, const AppendItem& append) {
  Append(out, ",\"{}\":[", name);
  bool first = true;
  for (const auto& item : items) {
    if (!first) out->push_back(',');
    first = false;
    append(item);
  }
  out->push_back(']');
}

enum class LineKind : uint8_t { kMetric, kLabel, kPair };

void AppendLine(const engine::CostLine& line, LineKind kind, std::string* out) {
  out->append("{\"name\":");
  AppendJsonString(line.name, JsonText::kHtmlSafe, out);
  if (kind == LineKind::kPair) {
    out->append(",\"value\":");
    AppendJsonString(line.value, JsonText::kHtmlSafe, out);
  }
  if (kind == LineKind::kLabel) Append(out, ",\"values\":{}", line.values);
  Append(out, ",\"series\":{},\"active_series\":{},\"samples\":{},\"bytes\":[{}]}}", line.series,
         line.active_series, line.samples, fmt::join(line.bytes, ","));
}

}  // namespace

std::string CostsJson(const engine::CostReport& report) {
  std::string out;
  Append(&out, "{{\"series\":{},\"active_series\":{},\"selected_series\":{}", report.series,
         report.active_series, report.selected_series);
  AppendList("tiers", report.tiers, &out, [&](const engine::TierCosts& tier) {
    Append(&out,
           "{{\"resolution_ms\":{},\"windows\":{},\"samples\":{},\"disk_bytes\":{},"
           "\"min_time\":{},\"max_time\":{},\"selected_samples\":{},\"selected_bytes\":{}}}",
           tier.resolution, tier.windows, tier.samples, tier.disk_bytes, tier.min_time,
           tier.max_time, tier.selected_samples, tier.selected_bytes);
  });
  AppendList("days", report.days, &out, [&](const engine::DayCosts& day) {
    Append(&out,
           "{{\"day\":{},\"series\":{},\"new_series\":{},\"samples\":{},\"disk_bytes\":{},"
           "\"selected_bytes\":{}}}",
           day.day, day.series, day.new_series, day.samples, day.disk_bytes, day.selected_bytes);
  });
  const auto lines = [&](const char* name, const auto& list, LineKind kind) {
    AppendList(name, list, &out,
               [&](const engine::CostLine& line) { AppendLine(line, kind, &out); });
  };
  lines("metrics", report.metrics, LineKind::kMetric);
  lines("labels", report.labels, LineKind::kLabel);
  lines("pairs", report.pairs, LineKind::kPair);
  AppendList("retention", report.retention, &out, [&](const engine::TierRetention& kept) {
    Append(&out, "{{\"resolution_ms\":{},\"retention_ms\":{}}}", kept.resolution, kept.retention);
  });
  out.push_back('}');
  return out;
}

}  // namespace firn::server
