// Reads all that is stored again and again, slowly, so that damage is known before a query meets
// it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/mutex.h"
#include "engine/db/background.h"
#include "engine/db/integrity/health.h"
#include "engine/db/version.h"
#include "storage/kv/store.h"

namespace firn::engine {

struct ScrubOptions {
  DurationMs interval_ms = 0;     // From the start of one pass to that of the next; 0: never.
  uint64_t bytes_per_second = 0;  // 0: as fast as it goes.
  const Clock* clock = Clock::System();
};

struct ScrubFigures {
  uint64_t bytes = 0;
  uint64_t windows = 0;
  uint64_t errors = 0;  // Losses that were found, and tables of records that do not verify.
  uint64_t passes = 0;
  TimestampMs completed = 0;  // When the last pass ended; 0: none yet.
};

// Thread-safe. How far it came is kept in the catalog, so that restarts do not begin anew.
class Scrub {
 public:
  using DamageVisitor = std::function<void(const WindowHealth& health)>;

  // Borrows `store` and `versions`. `on_damage` is called with each window that is not whole.
  Scrub(const ScrubOptions& options, storage::Store* store, const VersionHolder* versions,
        DamageVisitor on_damage);
  ~Scrub();

  // Begins to work in a thread of its own.
  void Start();
  // Ends a running check soon.
  void Stop();

  // Checks one window, or at the end of a pass the tables that hold records; false if nothing
  // is due. Not while the thread works.
  Result<bool> Step();
  ScrubFigures figures() const;

 private:
  struct Position {
    TimestampMs started = 0;  // Of the pass at hand, or the last one.
    TimestampMs completed = 0;
    bool running = false;
    std::string last;  // Keys of windows up to here are done.
  };

  Status Load();
  Status Save();
  Status CheckRecords();
  Result<bool> CheckNextWindow();
  Status Pace(uint64_t bytes);

  const ScrubOptions options_;
  storage::Store* const store_;
  const VersionHolder* const versions_;
  const DamageVisitor on_damage_;

  Position position_;
  bool loaded_ = false;
  uint64_t debt_bytes_ = 0;

  std::atomic<uint64_t> bytes_ = 0;
  std::atomic<uint64_t> windows_ = 0;
  std::atomic<uint64_t> errors_ = 0;
  std::atomic<uint64_t> passes_ = 0;
  std::atomic<TimestampMs> completed_ = 0;

  Mutex mutex_;
  CondVar stopped_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<BackgroundLoop> loop_;
};

}  // namespace firn::engine
