// What samples of one series may be written as differences to: docs/format/journal.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "engine/head/series.h"

namespace firn::engine {

// A value that a journal entry holds as a whole. Journals number entries from 1 on.
struct JournalBase {
  uint64_t entry = 0;
  double value = 0;
};

// The bases of the series of one block of numbers, all of one window slot: an entry with a sample
// of a slot is kept as long as others with samples of the same slot are. The caller locks.
class BaseRow {
 public:
  static constexpr size_t kSeries = 64;
  // A base that is lost takes so many samples of its series along.
  static constexpr uint8_t kUsesMax = 15;

  // The base for one more sample in `slot`; none if there is none or it was used often enough.
  std::optional<JournalBase> Use(uint64_t series, const WindowSlot& slot) {
    const size_t i = series % kSeries;
    if (slot != slot_ || bases_[i].entry == 0 || uses_[i] == kUsesMax) return std::nullopt;
    ++uses_[i];
    return bases_[i];
  }

  // REQUIRES: the entry is durable, and this is the only sample of the series in it; it lies in
  // `slot`.
  void Set(uint64_t series, const WindowSlot& slot, const JournalBase& base) {
    if (slot < slot_) return;  // Late samples do not take the row from newer ones.
    if (slot != slot_) {
      bases_ = {};
      slot_ = slot;
    }
    const size_t i = series % kSeries;
    if (base.entry < bases_[i].entry) return;  // Of two requests that crossed the newer one.
    bases_[i] = base;
    uses_[i] = 0;
  }

 private:
  WindowSlot slot_;
  std::array<JournalBase, kSeries> bases_{};
  std::array<uint8_t, kSeries> uses_{};
};

}  // namespace firn::engine
