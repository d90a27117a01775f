#include "engine/head/journal/journal_difference.h"

#include <array>
#include <bit>
#include <cmath>

#include "base/bytes.h"

namespace firn::engine {
namespace {

using Of = JournalDifference::Of;

struct Fraction {
  Of of;
  double per_one;
};
constexpr std::array kFractions = {Fraction{Of::kThousandths, 1e3}, Fraction{Of::kMillionths, 1e6},
                                   Fraction{Of::kBillionths, 1e9}};
// Multiples are exact below.
constexpr double kMultipleMax = static_cast<double>(int64_t{1} << 52);
// As varints of more bytes they are no shorter than the pattern.
constexpr int kAmountBitsMax = 49;

uint64_t PatternOf(double v) { return std::bit_cast<uint64_t>(v); }
int AmountBits(uint64_t amount) { return std::bit_width(ZigZag(static_cast<int64_t>(amount))); }

// The multiple of the fraction that is nearest to `v`; none if it is not to be had exactly.
std::optional<int64_t> NearestMultiple(double v, double per_one) {
  const double multiple = v * per_one;
  if (!(std::fabs(multiple) < kMultipleMax)) return std::nullopt;
  return static_cast<int64_t>(std::nearbyint(multiple));
}

double OfMultiple(int64_t multiple, double per_one) {
  return static_cast<double>(multiple) / per_one;
}

// In the coarsest fraction of which `v` is a multiple; none if there is none.
std::optional<JournalDifference> BetweenDecimals(const JournalBase& base, double v) {
  for (const auto& [of, per_one] : kFractions) {
    const auto to = NearestMultiple(v, per_one);
    if (!to) return std::nullopt;
    if (PatternOf(OfMultiple(*to, per_one)) != PatternOf(v)) continue;
    const auto from = NearestMultiple(base.value, per_one);
    if (!from) return std::nullopt;
    return JournalDifference{base.entry, of, static_cast<uint64_t>(*to - *from)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<JournalDifference> JournalDifference::BetweenNumbers(const JournalBase& base,
                                                                   double v) {
  JournalDifference found = {base.entry, Of::kPatterns, PatternOf(v) - PatternOf(base.value)};
  const auto decimal = BetweenDecimals(base, v);
  if (decimal && AmountBits(decimal->amount) < AmountBits(found.amount)) found = *decimal;
  if (AmountBits(found.amount) > kAmountBitsMax) return std::nullopt;
  return found;
}

std::optional<double> JournalDifference::To(double base) const {
  if (of == Of::kPatterns) return std::bit_cast<double>(PatternOf(base) + amount);
  const auto plus_amount = [this](int64_t from) {
    return static_cast<int64_t>(static_cast<uint64_t>(from) + amount);
  };
  if (of == Of::kIntegers) {
    if (!IsJournalInteger(base)) return std::nullopt;
    return static_cast<double>(plus_amount(static_cast<int64_t>(base)));
  }
  const size_t fraction = static_cast<size_t>(of) - static_cast<size_t>(Of::kThousandths);
  const double per_one = kFractions[fraction].per_one;
  const auto from = NearestMultiple(base, per_one);
  if (!from) return std::nullopt;
  return OfMultiple(plus_amount(*from), per_one);
}

}  // namespace firn::engine
