// What became of a series under one set of rules, remembered by the labels as they were sent.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <span>
#include <string>
#include <string_view>

#include <absl/container/flat_hash_set.h>

#include "base/labels.h"
#include "base/mutex.h"
#include "base/relabel/relabel.h"

namespace firn::server {

// Thread-safe. Entries live as long as the memo; whoever wants its memory back starts a new one.
class RelabelMemo {
 public:
  enum class Outcome : uint8_t { kUnchanged, kChanged, kDropped };

  class Entry {
   public:
    Outcome outcome() const { return outcome_; }
    // After the rules. REQUIRES: outcome() is kChanged.
    const Labels& labels() const { return labels_; }

   private:
    friend class RelabelMemo;
    std::string raw_;  // Names and values as they were sent, each packed.
    uint64_t hash_ = 0;
    Outcome outcome_ = Outcome::kUnchanged;
    Labels labels_;
    // The series that came after this one when it was last seen.
    mutable std::atomic<const Entry*> next_{nullptr};
  };

  explicit RelabelMemo(RelabelRules rules) : rules_(std::move(rules)) {}
  RelabelMemo(const RelabelMemo&) = delete;
  RelabelMemo& operator=(const RelabelMemo&) = delete;

  // What the rules make of the series; `previous` is the entry of the series before it in the
  // request, or null. Senders repeat their order, so that costs a comparison for series seen
  // before. `scratch` is memory that the caller lends. Null for names and values that are too long
  // to be remembered, and to be stored.
  const Entry* Find(std::span<const LabelView> raw, const Entry* previous, std::string* scratch);

  uint64_t entries() const { return entries_.load(std::memory_order_relaxed); }
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kShards = 16;

  struct Key {
    std::string_view raw;
    uint64_t hash;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(const Entry* entry) const { return entry->hash_; }
    size_t operator()(const Key& key) const { return key.hash; }
  };
  struct Same {
    using is_transparent = void;
    static std::string_view Raw(const Entry* entry) { return entry->raw_; }
    static std::string_view Raw(const Key& key) { return key.raw; }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return Raw(a) == Raw(b);
    }
  };
  struct Shard {
    SharedMutex mutex;
    absl::flat_hash_set<const Entry*, Hash, Same> set ABSL_GUARDED_BY(mutex);
    std::deque<Entry> entries ABSL_GUARDED_BY(mutex);
  };

  void Fill(std::span<const LabelView> raw, Entry* entry) const;

  const RelabelRules rules_;
  std::array<Shard, kShards> shards_;
  std::atomic<uint64_t> entries_{0};
  std::atomic<uint64_t> bytes_{0};
};

}  // namespace firn::server
