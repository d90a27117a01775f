#include "engine/db/inspect/cost_collector.h"

#include <algorithm>

#include "base/hash.h"

namespace firn::engine {

namespace {

uint64_t Rounded(double v) { return static_cast<uint64_t>(v + 0.5); }

void AddBytes(double bytes, size_t tier, std::vector<double>* out) {
  if (out->size() <= tier) out->resize(tier + 1);
  (*out)[tier] += bytes;
}

}  // namespace

size_t CostCollector::TierOf(DurationMs resolution) {
  for (size_t i = 0; i < tiers_.size(); ++i) {
    if (tiers_[i].resolution == resolution) return i;
  }
  tiers_.push_back({.resolution = resolution});
  return tiers_.size() - 1;
}

CostCollector::Series* CostCollector::Find(const Labels& labels) {
  const auto [place, added] = series_.try_emplace(Xxh3(labels.packed()));
  if (!added) return place->second.get();
  place->second = std::make_unique<Series>();
  Series& series = *place->second;
  const auto number = [](auto* numbers, std::string key, size_t next) {
    return numbers->try_emplace(std::move(key), static_cast<uint32_t>(next)).first->second;
  };
  series.metric = number(&metric_numbers_, std::string(labels.metric_name()), metrics_.size());
  if (series.metric == metrics_.size()) {
    metrics_.emplace_back(std::string(labels.metric_name()), Line());
  }
  ++metrics_[series.metric].second.series;
  for (const LabelView label : labels) {
    if (label.name == kMetricName) continue;
    std::string key(label.name);
    key.push_back('\0');
    key.append(label.value);
    const uint32_t pair = number(&pair_numbers_, std::move(key), pairs_.size());
    if (pair == pairs_.size()) {
      pairs_.push_back({std::string(label.name), std::string(label.value), Line()});
    }
    ++pairs_[pair].line.series;
    series.pairs.push_back(pair);
  }
  series.selected = std::any_of(query_.select.begin(), query_.select.end(),
                                [&](const Matchers& m) { return MatchesAll(m, labels); });
  return &series;
}

void CostCollector::EndMetric(uint64_t page_bytes, double scale, size_t tier, DayCosts* day) {
  if (pending_.empty()) return;
  uint64_t columns = 0;
  for (const Pending& p : pending_) columns += p.column_bytes;
  const double shared = static_cast<double>(page_bytes - std::min(columns, page_bytes)) /
                        static_cast<double>(pending_.size());
  TierCosts& costs = tiers_[tier];
  double selected = 0;
  for (const Pending& p : pending_) {
    const double bytes = (static_cast<double>(p.column_bytes) + shared) * scale;
    const uint64_t samples = day == nullptr ? 0 : p.samples;
    Line& metric = metrics_[p.series->metric].second;
    metric.samples += samples;
    AddBytes(bytes, tier, &metric.bytes);
    for (const uint32_t number : p.series->pairs) {
      Line& pair = pairs_[number].line;
      pair.samples += samples;
      AddBytes(bytes, tier, &pair.bytes);
    }
    costs.samples += p.samples;
    if (!p.series->selected) continue;
    costs.selected_samples += p.samples;
    selected += bytes;
  }
  costs.selected_bytes += Rounded(selected);
  if (day != nullptr) day->selected_bytes += Rounded(selected);
  pending_.clear();
}

Status CostCollector::Add(const CostWindow& window, const storage::WindowReader& reader) {
  const storage::WindowSummary& summary = reader.summary();
  if (summary.bytes == 0) return OkStatus();
  if (window.disk_bytes > 0) {
    packing_ = static_cast<double>(window.disk_bytes) / static_cast<double>(summary.bytes);
  }
  const size_t tier = TierOf(window.resolution);
  const double disk_bytes = static_cast<double>(summary.bytes) * packing_;
  ++tiers_[tier].windows;
  tiers_[tier].disk_bytes += Rounded(disk_bytes);
  tiers_[tier].min_time = std::min(tiers_[tier].min_time, summary.min_t);
  tiers_[tier].max_time = std::max(tiers_[tier].max_time, summary.max_t);
  const TimestampMs start = FloorTo(reader.window().start, kDayMs);
  DayCosts* const day = window.resolution == 0 ? &days_[start] : nullptr;
  if (day != nullptr) {
    day->day = start;
    day->samples += summary.float_samples + summary.histogram_samples;
    day->disk_bytes += Rounded(disk_bytes);
  }
  // Times that series share, and directories, are spread like everything else.
  FIRN_ASSIGN_OR_RETURN(const auto metrics, reader.Metrics());
  uint64_t metric_bytes = 0;
  for (const auto& metric : metrics) metric_bytes += metric.bytes;
  const double scale = disk_bytes / static_cast<double>(std::max<uint64_t>(metric_bytes, 1));
  auto cursor = reader.Scan();
  uint32_t metric = 0;
  while (true) {
    FIRN_ASSIGN_OR_RETURN(const bool found, cursor.Next());
    if (!found || cursor.series().metric != metric) {
      if (metric < metrics.size()) EndMetric(metrics[metric].bytes, scale, tier, day);
      if (!found) return OkStatus();
      metric = cursor.series().metric;
    }
    const storage::SeriesPlaces& places = cursor.series().places;
    Series* const series = Find(cursor.series().labels);
    pending_.push_back(
        {series, uint64_t{places.floats.count} + places.histograms.count + places.buckets.count,
         uint64_t{places.floats.length} + places.histograms.length + places.buckets.length});
    if (day == nullptr || series->last_day == start) continue;
    day->series += 1;
    day->new_series += series->last_day == kMinTimestamp ? 1 : 0;
    series->last_day = start;
  }
}

CostLine CostCollector::Make(const Line& line) const {
  CostLine out;
  out.series = line.series;
  out.active_series = line.active;
  out.samples = line.samples;
  for (size_t i = 0; i < tiers_.size(); ++i) {
    out.bytes.push_back(i < line.bytes.size() ? Rounded(line.bytes[i]) : 0);
  }
  return out;
}

void CostCollector::Cut(std::vector<CostLine>* lines) const {
  std::sort(lines->begin(), lines->end(), [](const CostLine& a, const CostLine& b) {
    return std::tuple(b.total_bytes(), b.series, std::string_view(a.name), a.value) <
           std::tuple(a.total_bytes(), a.series, std::string_view(b.name), b.value);
  });
  if (query_.limit > 0 && lines->size() > query_.limit) lines->resize(query_.limit);
}

// Each series has a name once, so lines of pairs add up to those of names.
std::vector<CostLine> CostCollector::LabelLines() const {
  std::map<std::string_view, CostLine> lines;
  for (const Pair& pair : pairs_) {
    const CostLine made = Make(pair.line);
    CostLine& line = lines[pair.name];
    line.name = pair.name;
    ++line.values;
    line.series += made.series;
    line.active_series += made.active_series;
    line.samples += made.samples;
    line.bytes.resize(tiers_.size());
    for (size_t i = 0; i < made.bytes.size(); ++i) line.bytes[i] += made.bytes[i];
  }
  std::vector<CostLine> out;
  for (auto& [name, line] : lines) out.push_back(std::move(line));
  return out;
}

CostReport CostCollector::Finish() && {
  CostReport report;
  const TimestampMs newest = days_.empty() ? kMaxTimestamp : days_.rbegin()->first;
  for (auto& [hash, series] : series_) {
    report.selected_series += series->selected ? 1 : 0;
    if (series->last_day != newest) continue;
    ++report.active_series;
    ++metrics_[series->metric].second.active;
    for (const uint32_t pair : series->pairs) ++pairs_[pair].line.active;
  }
  report.series = series_.size();
  for (const auto& [day, costs] : days_) report.days.push_back(costs);
  for (const auto& [name, line] : metrics_) {
    report.metrics.push_back(Make(line));
    report.metrics.back().name = name;
  }
  for (const Pair& pair : pairs_) {
    report.pairs.push_back(Make(pair.line));
    report.pairs.back().name = pair.name;
    report.pairs.back().value = pair.value;
  }
  report.labels = LabelLines();
  for (auto* lines : {&report.metrics, &report.labels, &report.pairs}) Cut(lines);
  report.tiers = tiers_;
  return report;
}

}  // namespace firn::engine
