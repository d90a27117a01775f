// A workload over every part of the store that remembers what was acknowledged, and a check
// that a reopened store holds it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "storage/kv/store.h"

namespace firn::storage {

// A directory in memory if there is one (a sync is free there), removed at the end.
class ScratchDir {
 public:
  ScratchDir();
  ~ScratchDir();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// What was acknowledged, and what was tried without an answer. One thread at a time.
class StoreModel {
 public:
  // Runs one round: journal entries with series, metadata, a window published and an older
  // one dropped, sometimes a truncation. Failed calls are remembered as tried; goes on after
  // errors unless the store takes no writes. Returns the number of acknowledged calls.
  int RunRound(Store* store, uint64_t round);

  // Empty if the store holds all that was acknowledged and nothing that was never written;
  // else what is wrong. Then adopts what it found: an unacknowledged write that turned up
  // once must stay.
  std::string Verify(Store* store);

  uint64_t acknowledged() const { return acknowledged_; }

 private:
  void PublishWindow(Store* store, uint64_t window, int* done);
  std::string VerifyJournal(Store* store);
  std::string VerifyWindows(Store* store);

  uint64_t acknowledged_ = 0;
  uint64_t next_entry_ = 0;
  std::map<uint64_t, uint64_t> entries_;  // Journal number to entry, acknowledged.
  std::set<uint64_t> tried_entries_;
  uint64_t floor_ = 0;  // Entries below may be gone (a truncation was tried).
  std::set<uint64_t> series_;
  std::set<uint64_t> tried_series_;
  std::set<uint64_t> windows_;
  // Windows for which a publication or a drop was tried without an answer.
  std::set<uint64_t> unsure_windows_;
};

}  // namespace firn::storage
