#include <algorithm>
#include <thread>

#include <spdlog/spdlog.h>

#include "base/bytes.h"
#include "engine/db/impl.h"
#include "engine/db/unreadable.h"
#include "engine/head/journal/journal_replayer.h"

namespace firn::engine {
namespace {

// More than a million samples, so that flushes cost little. Up to three exist at a time.
constexpr uint64_t kJournalMemtableBytes = uint64_t{4} << 20;
constexpr std::string_view kNextRefKey = "next_series";
// More would wait for the one that reads.
constexpr size_t kReplayThreads = 4;
constexpr uint64_t kSeriesPerReport = 4096;

HeadOptions MakeHeadOptions(const DatabaseOptions& options) {
  return {
      .window_ms = options.head_window_ms,
      .out_of_order_ms = options.out_of_order_ms,
      .future_ms = options.future_ms,
      .backfill = options.backfill,
      .labels = {.labels_max = options.labels_max,
                 .name_bytes_max = std::min(options.label_name_bytes_max, kLabelStringBytesMax),
                 .value_bytes_max = std::min(options.label_value_bytes_max, kLabelStringBytesMax)},
      .clock = options.clock};
}

}  // namespace

Database::Impl::Impl(const DatabaseOptions& options)
    : options_(options),
      own_memory_(options.memory == nullptr
                      ? std::make_unique<MemoryBudget>("everything", options.memory_limit_bytes)
                      : nullptr),
      memory_(options.memory_limit_bytes, options.memory ? options.memory : own_memory_.get()),
      decoded_(std::make_shared<storage::DecodedCache>(memory_.tables.limit(), &memory_.tables)),
      head_(MakeHeadOptions(options)) {}

Database::Impl::~Impl() = default;

Status Database::Impl::Recover() {
  storage::StoreOptions store_options;
  store_options.path = options_.path;
  store_options.ack =
      options_.ack_before_fsync ? storage::AckMode::kWrite : storage::AckMode::kFsync;
  store_options.block_cache_bytes = memory_.block_cache.limit();
  store_options.journal_memtable_bytes = kJournalMemtableBytes;
  store_options.min_free_disk_bytes = options_.min_free_disk_bytes;
  store_options.clock = options_.clock;
  FIRN_ASSIGN_OR_RETURN(store_, storage::Store::Open(store_options));
  recovery_report_ = store_->recovery().text;
  Status status = LoadWindows().WithContext("catalog");
  if (status.ok()) status = LoadSeries().WithContext("series definitions");
  exemplars_ = std::make_unique<ExemplarBuffer>(store_.get(), options_.exemplars_max);
  if (status.ok()) status = exemplars_->Restore().WithContext("exemplars");
  if (status.ok()) status = ReplayJournal().WithContext("journal");
  head_.SetSeriesLimits(options_.series_limits);
  if (status.code() != StatusCode::kCorruption) return status;
  return Corruption(
      "{}; nothing was deleted; see `firn verify`, restore a backup or run `firn repair`",
      status.message());
}

Status Database::Impl::LoadWindows() {
  MutexLock lock(&sealing_mutex_);
  Version version;
  uint64_t highest = 0;
  FIRN_RETURN_IF_ERROR(store_->ScanCatalog(
      kWindowRecordPrefix, [&](std::string_view key, std::string_view value) -> Status {
        Result<WindowRecord> record = DecodeWindowRecord(value);
        highest = std::max(highest, GenerationOf(key) + 1);
        if (!record.ok()) {
          version.unreadable.push_back(WithoutRecord(key, record.status()));
          return OkStatus();
        }
        head_.NoteMaxTime(record->summary.max_t);
        highest = std::max(highest, std::max<uint64_t>(record->order, record->id.generation) + 1);
        Result<std::shared_ptr<const storage::WindowReader>> reader = OpenPages(record->id);
        if (IsUnreadable(reader.status())) {
          version.unreadable.push_back(Unreadable(*record, reader.status()));
          return OkStatus();
        }
        if (!reader.ok()) return reader.status();
        version.windows.push_back({*std::move(record), *std::move(reader), nullptr});
        return OkStatus();
      }));
  FIRN_RETURN_IF_ERROR(LoadTiers(&version));
  FIRN_RETURN_IF_ERROR(LoadTombstones(&version));
  FIRN_RETURN_IF_ERROR(LoadRetentionTime());
  next_generation_ = static_cast<uint32_t>(highest);
  ReportUnreadable(version);
  InstallWindows(std::move(version));
  return OkStatus();
}

void Database::Impl::AddToReport(std::string_view text) {
  if (!recovery_report_.empty()) recovery_report_ += "; ";
  recovery_report_ += text;
}

void Database::Impl::ReportUnreadable(const Version& version) {
  for (const UnreadableWindow& window : version.unreadable) {
    const std::string text = DescribeUnreadable(window);
    spdlog::error("recovery: {}", text);
    AddToReport(text);
  }
}

Status Database::Impl::ReportReplay(const ReplayProgress& progress) const {
  return options_.on_replay ? options_.on_replay(progress) : OkStatus();
}

Status Database::Impl::LoadSeries() {
  FIRN_RETURN_IF_ERROR(
      store_->ScanCatalog(kNextRefKey, [&](std::string_view, std::string_view value) -> Status {
        ByteReader in(value);
        head_.table().ReserveRefs(in.Varint());
        return in.ok() ? OkStatus() : Corruption("record {} is cut short", kNextRefKey);
      }));
  uint64_t seen = 0;
  const auto restore = [&](uint64_t number, std::string_view bytes) -> Status {
    if (++seen % kSeriesPerReport == 0) FIRN_RETURN_IF_ERROR(ReportReplay({}));
    Result<Labels> labels = Labels::FromPacked(bytes);
    if (!labels.ok()) return Corruption("series {}: {}", number, labels.status().message());
    return head_.table().Restore(number, *std::move(labels));
  };
  return store_->ScanSeries(restore);
}

Status Database::Impl::ReplayJournal() {
  std::vector<JournalReplayer::SealedRange> sealed;
  const VersionPtr version = versions_.Current();
  const auto cover = [&](const std::vector<JournalCover>& covers) {
    for (const JournalCover& c : covers) sealed.push_back({c.start, c.end, c.journal_end});
  };
  for (const StoredWindow& window : version->windows) cover(window.record.journal);
  // What the journal still holds of a window that cannot be read comes back, unless that would
  // bring back what was deleted.
  for (const UnreadableWindow& window : version->unreadable) {
    if (!version->tombstones.empty()) cover(window.journal);
  }
  const size_t threads = std::clamp<size_t>(std::thread::hardware_concurrency(), 1, kReplayThreads);
  JournalReplayer::Source source = {
      .first = store_->first_journal_number(),
      .read_entry = [this](uint64_t entry) { return store_->ReadJournal(entry); }};
  JournalReplayer replayer(&head_, std::move(sealed), threads, std::move(source));
  ReplayProgress progress;
  progress.last = store_->next_journal_number() - 1;
  const auto replay = [&](uint64_t number, std::string_view entry) -> Status {
    if (progress.first == 0) progress.first = number;
    progress.current = number;
    FIRN_RETURN_IF_ERROR(ReportReplay(progress));
    return replayer.Replay(number, entry);
  };
  FIRN_RETURN_IF_ERROR(store_->ReplayJournal(replay));
  replayer.Finish();
  if (replayer.samples() > 0) {
    spdlog::info("replayed samples={} series={}", replayer.samples(), head_.table().size());
  }
  if (replayer.orphans() > 0) {
    orphan_samples_ = replayer.orphans();
    AddToReport(
        fmt::format("{} samples in the journal belong to series whose definition is missing",
                    replayer.orphans()));
  }
  if (replayer.baseless() > 0) {
    baseless_samples_ = replayer.baseless();
    AddToReport(fmt::format("{} samples in the journal are differences to values that are missing",
                            replayer.baseless()));
  }
  return OkStatus();
}

void Database::Impl::StartBackground() {
  scrub_ = std::make_unique<Scrub>(ScrubOptions{.interval_ms = options_.scrub_interval_ms,
                                                .bytes_per_second = options_.scrub_bytes_per_second,
                                                .clock = options_.clock},
                                   store_.get(), &versions_,
                                   [this](const WindowHealth& health) { NoteDamage(health); });
  if (options_.background_interval_ms == 0) return;
  scrub_->Start();
  background_ = std::make_unique<BackgroundLoop>(options_.background_interval_ms, "firn-background",
                                                 [this] { return Tick(); });
  merger_ = std::make_unique<BackgroundLoop>(options_.background_interval_ms, "firn-merge", [this] {
    MergeTick();
    return false;
  });
}

Status Database::Impl::Close() {
  stop_merging_ = true;
  scrub_.reset();
  merger_.reset();
  background_.reset();
  if (store_ == nullptr) return OkStatus();
  // Readers hold snapshots of the store.
  versions_.Install({});
  return store_->Close();
}

}  // namespace firn::engine
