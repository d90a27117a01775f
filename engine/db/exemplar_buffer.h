// The newest exemplars of the database, in memory and in the store.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include <absl/container/flat_hash_map.h>

#include "base/mutex.h"
#include "engine/api/exemplar.h"
#include "storage/kv/store.h"

namespace firn::engine {

struct ExemplarFigures {
  uint64_t exemplars = 0;
  uint64_t series = 0;
  uint64_t appended = 0;
  uint64_t out_of_order = 0;
};

// Thread-safe but for Restore. Each exemplar has a number, counted up; when there are too many
// the lowest goes, from the memory and in the same write from the store.
class ExemplarBuffer {
 public:
  // Borrows `store`. `exemplars_max` 0: none are kept.
  ExemplarBuffer(storage::Store* store, size_t exemplars_max)
      : store_(store), exemplars_max_(exemplars_max) {}

  // Reads what the store holds. To be called once, before anything else.
  Status Restore();

  // See ExemplarStore.
  Result<std::vector<Status>> Append(std::span<const NewExemplar> batch);
  std::vector<SeriesExemplars> Select(const TimeRange& range,
                                      const std::vector<Matchers>& selectors) const;

  ExemplarFigures figures() const;

 private:
  struct Series {
    Labels labels;
    std::deque<Exemplar> exemplars;
  };
  struct Place {
    Series* series;
    uint64_t number;
  };
  // Checks a batch against what is kept and against itself.
  class Admission;

  const Exemplar* Newest(const Labels& series) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void Insert(uint64_t number, const Labels& series, Exemplar exemplar)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns its number.
  uint64_t DropOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status Write(const std::vector<const NewExemplar*>& fresh, uint64_t number,
               std::span<const uint64_t> surplus);

  storage::Store* const store_;
  const size_t exemplars_max_;

  // Held over the write to the store, so that numbers reach memory in their order. Readers
  // need only the other one. Locked before it.
  Mutex append_mutex_;
  mutable SharedMutex mutex_;
  // Keys are the packed labels of their values.
  absl::flat_hash_map<std::string_view, std::unique_ptr<Series>> by_labels_ ABSL_GUARDED_BY(mutex_);
  // Where each exemplar is, in the order of the numbers. Within a series the order is the
  // same, so the oldest of all is the first of the first.
  std::deque<Place> order_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_number_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t appended_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t out_of_order_ ABSL_GUARDED_BY(mutex_) = 0;
};

// The value of one record of the family `exemplars`: docs/format/exemplars.md.
std::string EncodeExemplar(const NewExemplar& exemplar);
Result<NewExemplar> DecodeExemplar(std::string_view bytes);

}  // namespace firn::engine
