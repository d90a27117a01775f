#include <map>

#include "engine/db/impl.h"

namespace firn::engine {
namespace {

double Seconds(TimestampMs t) { return static_cast<double>(t) / kSecondMs; }

template <typename Gauge, typename Counter>
void AddStoreMetrics(const storage::StoreFigures& store, const Gauge& gauge,
                     const Counter& counter) {
  const auto n = [](uint64_t v) { return static_cast<double>(v); };
  for (const storage::FamilyFigures& family : store.families) {
    const std::string label = fmt::format("family=\"{}\"", family.name);
    gauge("store_table_bytes", "Bytes of table files by column family.", n(family.table_bytes),
          label);
    gauge("store_memtable_bytes", "Memory of write buffers by column family.",
          n(family.memtable_bytes), label);
  }
  gauge("store_wal_bytes", "Bytes of the store's write-ahead log.", n(store.wal_bytes), "");
  gauge("store_disk_free_bytes", "Free bytes of the disk.", n(store.disk_free_bytes), "");
  gauge("store_block_cache_bytes", "Memory of the block cache.", n(store.block_cache_bytes_used),
        "");
  counter("journal_appends_total", "Batches written to the journal.", n(store.journal_appends));
  counter("store_syncs_total", "Syncs of the write-ahead log; one serves a group of batches.",
          n(store.wal_syncs));
  counter("store_background_errors_total", "Errors of the store's background work.",
          n(store.background_errors));
  counter("store_damaged_compactions_total",
          "Compactions that were given up since a table did not verify.",
          n(store.damaged_compactions));
  counter("store_resumes_total", "Recoveries from such an error.", n(store.resumes));
}

template <typename Gauge, typename Counter>
void AddIntegrityMetrics(const Version& version, uint64_t damaged, const ScrubFigures& scrub,
                         const Gauge& gauge, const Counter& counter) {
  const auto n = [](uint64_t v) { return static_cast<double>(v); };
  uint64_t unreadable_samples = 0;
  for (const UnreadableWindow& window : version.unreadable) unreadable_samples += window.samples;
  gauge("unreadable_windows", "Stored windows that could not be opened at the start.",
        n(version.unreadable.size()), "");
  gauge("unreadable_samples", "Samples in such windows, as far as known.", n(unreadable_samples),
        "");
  gauge("damaged_windows", "Open windows of which a part is known to be damaged.", n(damaged), "");
  counter("scrub_bytes_total", "Stored bytes that the scrub has read.", n(scrub.bytes));
  counter("scrub_windows_total", "Windows that the scrub has checked.", n(scrub.windows));
  counter("scrub_errors_total", "Damage that the scrub has met.", n(scrub.errors));
  counter("scrub_passes_total", "Passes of the scrub over all that is stored.", n(scrub.passes));
  gauge("scrub_last_completed_timestamp_seconds", "When the last pass ended; 0 if none has.",
        Seconds(scrub.completed), "");
}

template <typename Gauge, typename Counter>
void AddMemoryMetrics(const MemoryBudget& all, const MemoryParts& memory, const Gauge& gauge,
                      const Counter& counter) {
  const auto n = [](uint64_t v) { return static_cast<double>(v); };
  const std::pair<const MemoryBudget*, std::string_view> parts[] = {
      {&all, "all"},
      {&memory.head, "head"},
      {&memory.block_cache, "block_cache"},
      {&memory.tables, "label_tables"},
      {&memory.store, "store"},
      {&memory.upkeep, "upkeep"}};
  for (const auto& [budget, part] : parts) {
    const std::string label = fmt::format("part=\"{}\"", part);
    gauge("memory_used_bytes", "Memory in use, by part; head and store as last measured.",
          n(budget->used()), label);
    gauge("memory_peak_bytes", "The most that this part has used.", n(budget->peak()), label);
    gauge("memory_limit_bytes", "What it may use; 0 where constants bound it.", n(budget->limit()),
          label);
    counter("memory_refused_total", "Work that was refused or had to wait for memory of this part.",
            n(budget->refused()), label);
  }
}

template <typename Gauge, typename Counter>
void AddHeadMetrics(Head* head, const Gauge& gauge, const Counter& counter) {
  const HeadFigures figures = head->Measure();
  const auto n = [](uint64_t v) { return static_cast<double>(v); };
  gauge("head_series", "Active series.", n(figures.series), "");
  gauge("head_chunks", "Open chunks of the active series.", n(figures.chunks), "");
  gauge("head_bytes", "Memory of the active series and their chunks.", n(figures.allocated_bytes),
        "");
  gauge("head_windows", "Windows that hold samples not yet sealed.",
        n(head->windows().open_count()));
  counter("head_samples_appended_total", "Samples stored.", n(figures.samples_appended));
  counter("head_late_samples_total", "Samples stored out of time order.", n(figures.late_samples));
  counter("head_duplicate_samples_total", "Samples that were known already.",
          n(figures.duplicate_samples));
  const auto refused = head->limiter().refused();
  for (size_t i = 0; i < refused.size(); ++i) {
    const std::string_view limit = SeriesLimitName(static_cast<SeriesLimitKind>(i));
    counter("head_series_refused_total", "New series refused, by the limit that was reached.",
            n(refused[i]), fmt::format("limit=\"{}\"", limit));
  }
  if (head->max_time() != kMinTimestamp) {
    gauge("newest_sample_timestamp_seconds", "Time of the newest sample.",
          Seconds(head->max_time()));
  }
}

}  // namespace

std::vector<MetricFigure> Database::Impl::Metrics() const {
  std::vector<MetricFigure> out;
  const auto gauge = [&](std::string name, std::string help, double value,
                         std::string labels = "") {
    out.push_back({std::move(name), std::move(help), false, std::move(labels), value});
  };
  const auto counter = [&](std::string name, std::string help, double value,
                           std::string labels = "") {
    out.push_back({std::move(name), std::move(help), true, std::move(labels), value});
  };
  const auto n = [](uint64_t v) { return static_cast<double>(v); };
  AddHeadMetrics(&head_, gauge, counter);
  const ExemplarFigures exemplars = exemplars_->figures();
  gauge("exemplars", "Exemplars kept.", n(exemplars.exemplars));
  gauge("exemplar_series", "Series with exemplars.", n(exemplars.series));
  counter("exemplars_appended_total", "Exemplars stored.", n(exemplars.appended));
  counter("exemplars_out_of_order_total", "Exemplars refused since their series has a newer one.",
          n(exemplars.out_of_order));
  const VersionPtr version = versions_.Current();
  uint64_t samples = 0;
  uint64_t bytes = 0;
  uint64_t disk_bytes = 0;
  std::map<DurationMs, uint64_t> tier_bytes;
  for (const StoredWindow& window : version->windows) {
    samples += window.record.summary.float_samples + window.record.summary.histogram_samples;
    bytes += window.record.summary.bytes;
    disk_bytes += window.record.disk_bytes;
  }
  gauge("stored_windows", "Sealed windows.", n(version->windows.size()));
  gauge("stored_samples", "Samples in sealed windows.", n(samples));
  gauge("stored_page_bytes", "Bytes of the pages of sealed windows, before compression.", n(bytes));
  gauge("stored_disk_bytes", "Bytes that the pages of sealed windows took on disk when written.",
        n(disk_bytes));
  for (const StoredTier& tier : version->tiers)
    tier_bytes[tier.record.resolution] += tier.record.summary.bytes;
  for (const auto& [resolution, tier_page_bytes] : tier_bytes) {
    gauge("tier_page_bytes", "Bytes of the pages of a tier, before compression.",
          n(tier_page_bytes), fmt::format("resolution=\"{}s\"", resolution / kSecondMs));
  }
  counter("tier_builds_total", "Windows of which tiers were made.", n(tier_builds_));
  counter("tier_joins_total", "Windows of tiers that were made of several.", n(tier_joins_));
  counter("tier_failures_total", "Windows of which making or joining tiers failed.",
          n(tier_failures_));
  counter("seals_total", "Windows sealed since the start.", n(seals_));
  counter("seal_failures_total", "Windows whose sealing failed.", n(seal_failures_));
  counter("merges_total", "Merged windows written since the start.", n(merges_));
  counter("merge_failures_total", "Merges that failed.", n(merge_failures_));
  counter("merged_samples_total", "Samples of the windows that were merged.", n(merged_samples_));
  gauge("tombstones", "Deletions whose samples are still on disk.", n(version->tombstones.size()));
  gauge("retention_held", "1 while retention waits for a jump of time to be confirmed.",
        retention_held_ ? 1 : 0);
  counter("windows_dropped_total", "Windows dropped by retention.", n(windows_dropped_));
  gauge("orphan_samples", "Journal samples without a series, found at the start.",
        n(orphan_samples_));
  gauge("baseless_samples", "Journal samples whose base is missing, found at the start.",
        n(baseless_samples_));
  AddMemoryMetrics(*memory_.head.parent(), memory_, gauge, counter);
  const storage::DecodedCacheFigures decoded = decoded_->figures();
  counter("label_table_hits_total",
          "Label tables, directories, selections, times and pages of windows found in memory.",
          n(decoded.hits));
  counter("label_table_misses_total", "Those looked for that were not.", n(decoded.misses));
  counter("upkeep_waits_total", "Merges and tiers that were put off since memory was short.",
          n(upkeep_waits_));
  std::string why;
  gauge("accepts_writes", "1 while writes are taken.", AcceptsWrites(&why) ? 1 : 0);
  AddIntegrityMetrics(*version, CountDamaged(*version), scrub_->figures(), gauge, counter);
  AddStoreMetrics(store_->Figures(), gauge, counter);
  return out;
}

}  // namespace firn::engine
