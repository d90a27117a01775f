#include "engine/db/integrity/scrub.h"

#include <spdlog/spdlog.h>

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <variant>

#include "base/bytes.h"
#include "engine/db/integrity/window_health.h"

namespace firn::engine {
namespace {

constexpr std::string_view kRecordKey = "scrub";
constexpr uint8_t kRecordVersion = 1;
constexpr DurationMs kTickMs = 1000;
// A pause is at least so long, so that there are few of them.
constexpr uint64_t kPausesPerSecond = 10;

using AnyRecord = std::variant<WindowRecord, TierRecord>;

const storage::WindowId& IdOf(const AnyRecord& record) {
  return std::visit([](const auto& r) -> const storage::WindowId& { return r.id; }, record);
}

// The first window whose keys lie behind `last`.
std::optional<AnyRecord> NextWindow(const Version& version, const std::string& last) {
  std::optional<AnyRecord> best;
  std::string best_key;
  const auto consider = [&](const auto& stored) {
    std::string key = storage::WindowKeys(stored.record.id).first;
    if (key <= last || (best && key >= best_key)) return;
    best = stored.record;
    best_key = std::move(key);
  };
  for (const StoredWindow& window : version.windows) consider(window);
  for (const StoredTier& tier : version.tiers) consider(tier);
  return best;
}

}  // namespace

Scrub::Scrub(const ScrubOptions& options, storage::Store* store, const VersionHolder* versions,
             DamageVisitor on_damage)
    : options_(options), store_(store), versions_(versions), on_damage_(std::move(on_damage)) {}

Scrub::~Scrub() { Stop(); }

void Scrub::Start() {
  if (options_.interval_ms == 0) return;
  loop_ = std::make_unique<BackgroundLoop>(kTickMs, "firn-scrub", [this] {
    while (true) {
      const Result<bool> worked = Step();
      if (!worked.ok() && worked.status().code() != StatusCode::kCancelled) {
        spdlog::warn("scrub: {}", worked.status().ToString());
      }
      if (!worked.ok() || !*worked) return false;
    }
  });
}

void Scrub::Stop() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
  }
  stopped_.NotifyAll();
  loop_.reset();
}

ScrubFigures Scrub::figures() const {
  return {.bytes = bytes_,
          .windows = windows_,
          .errors = errors_,
          .passes = passes_,
          .completed = completed_};
}

Status Scrub::Load() {
  loaded_ = true;
  return store_->ScanCatalog(kRecordKey, [&](std::string_view, std::string_view value) {
    ByteReader in(value);
    const auto version = in.Fixed<uint8_t>();
    Position position;
    position.started = in.Fixed<TimestampMs>();
    position.completed = in.Fixed<TimestampMs>();
    position.running = in.Fixed<uint8_t>() != 0;
    position.last = in.LengthPrefixed();
    // Else the pass begins anew.
    if (in.ok() && version == kRecordVersion) position_ = std::move(position);
    completed_ = position_.completed;
    return OkStatus();
  });
}

Status Scrub::Save() {
  std::string value;
  AppendFixed(kRecordVersion, &value);
  AppendFixed(position_.started, &value);
  AppendFixed(position_.completed, &value);
  AppendFixed<uint8_t>(position_.running ? 1 : 0, &value);
  AppendLengthPrefixed(position_.last, &value);
  const std::array changes = {
      storage::CatalogChange{.key = std::string(kRecordKey), .value = value}};
  const Status status = store_->PutCatalog(changes);
  // A full disk does not keep it from reading.
  return status.code() == StatusCode::kUnavailable ? OkStatus() : status;
}

Status Scrub::Pace(uint64_t bytes) {
  bytes_ += bytes;
  debt_bytes_ += bytes;
  MutexLock lock(&mutex_);
  if (options_.bytes_per_second != 0 &&
      debt_bytes_ >= options_.bytes_per_second / kPausesPerSecond) {
    const uint64_t pause_ms = 1000 * debt_bytes_ / options_.bytes_per_second;
    debt_bytes_ = 0;
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(pause_ms);
    while (!stop_) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          end - std::chrono::steady_clock::now());
      if (left.count() <= 0) break;
      stopped_.WaitFor(&mutex_, left);
    }
  }
  return stop_ ? Cancelled("the scrub was stopped") : OkStatus();
}

Result<bool> Scrub::CheckNextWindow() {
  // Merges and retention go on meanwhile: what they replace is skipped or still readable.
  const VersionPtr version = versions_->Current();
  const std::optional<AnyRecord> record = NextWindow(*version, position_.last);
  if (!record) return false;
  const storage::KeyRange keys = storage::WindowKeys(IdOf(*record));
  WindowScope scope;
  scope.scan_pages = false;
  scope.pace = [this](uint64_t bytes) { return Pace(bytes); };
  const auto source = store_->UncachedPages(keys);
  const auto* raw = std::get_if<WindowRecord>(&*record);
  FIRN_ASSIGN_OR_RETURN(const WindowHealth health,
                        raw != nullptr
                            ? CheckRawWindow(source, *raw, scope)
                            : CheckTierWindow(source, std::get<TierRecord>(*record), scope));
  ++windows_;
  if (!health.ok()) {
    errors_ += health.losses.size() + health.stray.size();
    on_damage_(health);
  }
  position_.last = keys.first;
  FIRN_RETURN_IF_ERROR(Save());
  return true;
}

Status Scrub::CheckRecords() {
  return store_->CheckRecordTables([&](const storage::TableCheck& table) {
    if (!table.status.ok()) {
      ++errors_;
      spdlog::error("scrub: table file {} ({}) is damaged: {}", table.file, table.family,
                    table.status.message());
    }
    return Pace(table.bytes);
  });
}

Result<bool> Scrub::Step() {
  if (!loaded_) FIRN_RETURN_IF_ERROR(Load());
  const TimestampMs now = options_.clock->NowMs();
  if (!position_.running) {
    // A clock that was set back must not put it off for long.
    const bool due = position_.started == 0 || now - position_.started >= options_.interval_ms ||
                     now < position_.started - options_.interval_ms;
    if (!due) return false;
    position_ = {.started = now, .completed = position_.completed, .running = true, .last = ""};
  }
  FIRN_ASSIGN_OR_RETURN(const bool worked, CheckNextWindow());
  if (worked) return true;
  FIRN_RETURN_IF_ERROR(CheckRecords());
  position_.running = false;
  position_.completed = options_.clock->NowMs();
  completed_ = position_.completed;
  ++passes_;
  FIRN_RETURN_IF_ERROR(Save());
  return true;
}

}  // namespace firn::engine
