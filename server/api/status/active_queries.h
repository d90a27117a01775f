// The queries that are being evaluated now: what they are, and how to end one.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/time.h"

namespace firn::server {

struct ActiveQuery {
  uint64_t id = 0;
  std::string text;
  std::string remote_address;
  TimestampMs start = 0;
  TimestampMs end = 0;
  DurationMs step = 0;  // 0: an instant query.
  std::chrono::steady_clock::time_point since;
};

// Thread-safe.
class ActiveQueries {
 public:
  // Lists a query while it exists.
  class Entry {
   public:
    Entry(ActiveQueries* queries, uint64_t id) : queries_(queries), id_(id) {}
    ~Entry() { queries_->Remove(id_); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    ActiveQueries* const queries_;
    const uint64_t id_;
  };

  // `query` gets its id here. Borrows `cancelled` for the life of the entry.
  Entry Add(ActiveQuery query, std::atomic<bool>* cancelled);
  // By age, the oldest first.
  std::vector<ActiveQuery> List() const;
  // Asks a query to end; false if there is none of this id.
  bool Cancel(uint64_t id);

 private:
  struct Running {
    ActiveQuery query;
    std::atomic<bool>* cancelled;
  };
  void Remove(uint64_t id);

  mutable Mutex mutex_;
  uint64_t last_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, Running> running_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace firn::server
