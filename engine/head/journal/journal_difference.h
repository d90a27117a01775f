// What a journal entry may hold of a sample in place of its value.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>

#include "engine/head/journal/journal_base.h"

namespace firn::engine {

// The largest size of an integer that an entry holds as such: beyond, a varint is no shorter than
// the bits of the double.
inline constexpr double kJournalIntegerMax = static_cast<double>(int64_t{1} << 48);
// Whether `v` is an integer of at most that size. -0 is none.
inline bool IsJournalInteger(double v) {
  // NaN fails the comparison. Only -0 has another pattern than what its integer gives back.
  return v >= -kJournalIntegerMax && v <= kJournalIntegerMax &&
         std::bit_cast<uint64_t>(static_cast<double>(static_cast<int64_t>(v))) ==
             std::bit_cast<uint64_t>(v);
}

// How far a value is from that of a base.
struct JournalDifference {
  // Its unit: steps between the patterns of doubles, or what decimals are multiples of.
  enum class Of : uint8_t { kPatterns, kIntegers, kThousandths, kMillionths, kBillionths };

  uint64_t base_entry = 0;
  Of of = Of::kPatterns;
  uint64_t amount = 0;  // Modulo 2^64.

  // In the unit that makes the amount small; none if the value as it is would be as short.
  static std::optional<JournalDifference> Between(const JournalBase& base, double v) {
    if (std::bit_cast<uint64_t>(v) == std::bit_cast<uint64_t>(base.value)) return {{base.entry}};
    if (!IsJournalInteger(v) || !IsJournalInteger(base.value)) return BetweenNumbers(base, v);
    const int64_t amount = static_cast<int64_t>(v) - static_cast<int64_t>(base.value);
    return JournalDifference{base.entry, Of::kIntegers, static_cast<uint64_t>(amount)};
  }
  // The value; none if `base` is not what the difference was taken to.
  std::optional<double> To(double base) const;

  bool is_unchanged() const { return of == Of::kPatterns && amount == 0; }

 private:
  static std::optional<JournalDifference> BetweenNumbers(const JournalBase& base, double v);
};

}  // namespace firn::engine
