#include <algorithm>

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include "engine/db/db_appender.h"
#include "engine/db/impl.h"
#include "engine/db/inspect/cost_collector.h"
#include "engine/db/reading/db_querier.h"

namespace firn::engine {
namespace {

std::vector<NamedCount> Largest(std::vector<NamedCount> counts, size_t limit) {
  const auto larger = [](const NamedCount& a, const NamedCount& b) {
    return std::pair(b.value, std::string_view(a.name)) <
           std::pair(a.value, std::string_view(b.name));
  };
  std::sort(counts.begin(), counts.end(), larger);
  if (counts.size() > limit) counts.resize(limit);
  return counts;
}

template <typename Map>
std::vector<NamedCount> ToCounts(const Map& map) {
  std::vector<NamedCount> out;
  out.reserve(map.size());
  for (const auto& [name, value] : map) out.push_back({std::string(name), value});
  return out;
}

Status AddStored(const Version& version, size_t limit, DatabaseStatus* status) {
  absl::flat_hash_map<std::string, uint64_t> samples;
  absl::flat_hash_map<std::string, uint64_t> bytes;
  for (const StoredWindow& window : version.windows) {
    FIRN_ASSIGN_OR_RETURN(const auto metrics, window.reader->Metrics());
    for (const auto& metric : metrics) {
      samples[metric.name] += metric.float_samples + metric.histogram_samples;
      bytes[metric.name] += metric.bytes;
    }
  }
  for (const StoredTier& tier : version.tiers) {
    FIRN_ASSIGN_OR_RETURN(const auto metrics, tier.reader->Metrics());
    for (const auto& metric : metrics) bytes[metric.name] += metric.bytes;
  }
  status->stored_samples_by_metric = Largest(ToCounts(samples), limit);
  status->stored_bytes_by_metric = Largest(ToCounts(bytes), limit);
  return OkStatus();
}

StoredBlock MakeBlock(const storage::WindowId& id, const storage::WindowSummary& summary,
                      DurationMs resolution) {
  StoredBlock block;
  block.name = fmt::format("{}-{}-{}", id.tier, id.start, id.generation);
  block.start = id.start;
  block.end = id.end;
  block.resolution = resolution;
  block.min_time = summary.min_t;
  block.max_time = summary.max_t;
  block.series = summary.series;
  block.samples = summary.float_samples + summary.histogram_samples;
  block.bytes = summary.bytes;
  return block;
}

}  // namespace

std::vector<StoredBlock> Database::Impl::Blocks() const {
  const auto version = versions_.Current();
  std::vector<StoredBlock> blocks;
  for (const StoredWindow& window : version->windows) {
    blocks.push_back(MakeBlock(window.record.id, window.record.summary, 0));
  }
  for (const StoredTier& tier : version->tiers) {
    blocks.push_back(MakeBlock(tier.record.id, tier.record.summary, tier.record.resolution));
  }
  return blocks;
}

bool Database::Impl::AcceptsWrites(std::string* why) const {
  if (!store_->AcceptsWrites(why)) return false;
  const uint64_t bytes = memory_.head.used();
  if (bytes <= memory_.head.limit()) return true;
  *why = fmt::format(
      "the head holds {} bytes, its part of the memory limit is {}; raise the limit or send fewer "
      "series",
      bytes, memory_.head.limit());
  return false;
}

Result<std::unique_ptr<Appender>> Database::Impl::NewAppender() {
  std::string why;
  if (!AcceptsWrites(&why)) return Unavailable("{}", why);
  return std::make_unique<DbAppender>(&head_, store_.get());
}

Result<std::unique_ptr<Querier>> Database::Impl::NewQuerier() const {
  TimeRanges unsealed = head_.windows().Unsealed();
  return std::make_unique<DbQuerier>(&head_, std::move(unsealed), versions_.Current());
}

Result<DatabaseStatus> Database::Impl::GetStatus(size_t limit) const {
  DatabaseStatus status;
  const HeadFigures figures = head_.Measure();
  status.series = figures.series;
  status.chunks = figures.chunks;
  status.max_time = head_.max_time();
  status.min_time = status.max_time;
  for (const TimeRange& range : head_.windows().Unsealed()) {
    status.min_time = std::min(status.min_time, range.min);
  }
  const auto version = versions_.Current();
  for (const StoredWindow& window : version->windows) {
    status.min_time = std::min(status.min_time, window.record.summary.min_t);
  }
  FIRN_RETURN_IF_ERROR(AddStored(*version, limit, &status));
  // Views into the labels of `all`, which keeps them alive.
  const std::vector<SeriesPtr> all = head_.table().Select({});
  absl::flat_hash_map<std::string_view, uint64_t> by_metric;
  absl::flat_hash_map<std::string_view, absl::flat_hash_set<std::string_view>> values;
  absl::flat_hash_map<std::string, uint64_t> by_pair;
  for (const SeriesPtr& series : all) {
    ++by_metric[series->labels().metric_name()];
    for (const LabelView label : series->labels()) {
      values[label.name].insert(label.value);
      ++by_pair[fmt::format("{}={}", label.name, label.value)];
    }
  }
  std::vector<NamedCount> value_counts;
  std::vector<NamedCount> value_bytes;
  for (const auto& [name, set] : values) {
    uint64_t bytes = 0;
    for (const std::string_view value : set) bytes += value.size();
    value_counts.push_back({std::string(name), set.size()});
    value_bytes.push_back({std::string(name), bytes});
  }
  status.label_pairs = by_pair.size();
  status.series_by_metric = Largest(ToCounts(by_metric), limit);
  status.values_by_label = Largest(std::move(value_counts), limit);
  status.bytes_by_label = Largest(std::move(value_bytes), limit);
  status.series_by_label_pair = Largest(ToCounts(by_pair), limit);
  return status;
}

Result<CostReport> Database::Impl::GetCosts(const CostQuery& query) const {
  const VersionPtr version = versions_.Current();
  std::vector<const StoredWindow*> windows;
  for (const StoredWindow& window : version->windows) windows.push_back(&window);
  std::sort(windows.begin(), windows.end(), [](const StoredWindow* a, const StoredWindow* b) {
    return a->record.id.start < b->record.id.start;
  });
  CostCollector collector(query);
  for (const StoredWindow* window : windows) {
    FIRN_RETURN_IF_ERROR(
        collector.Add({.resolution = 0, .disk_bytes = window->record.disk_bytes}, *window->reader));
  }
  for (const StoredTier& tier : version->tiers) {
    FIRN_RETURN_IF_ERROR(collector.Add({.resolution = tier.record.resolution}, *tier.reader));
  }
  CostReport report = std::move(collector).Finish();
  report.retention.push_back({0, options_.retention_ms});
  for (const TierOptions& tier : options_.tiers) {
    report.retention.push_back({tier.resolution_ms, tier.retention_ms});
  }
  return report;
}

}  // namespace firn::engine
