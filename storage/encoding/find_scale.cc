#include "storage/encoding/find_scale.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "storage/encoding/mapping_rules.h"

namespace firn::storage {
namespace {

// Shorter columns do not earn back the eight bytes of a scale and the search.
constexpr size_t kValuesMin = 16;
constexpr size_t kDifferences = 8;
// How far values may be off, relative to themselves: rounded once or twice; sums of many
// rounded numbers; differences of large sums.
constexpr double kNoises[] = {0x1p-52, 0x1p-46, 0x1p-40};
// A remainder below this many times its error is no remainder,
constexpr double kNoRemainder = 4;
// ... and one below that cannot be told from one.
constexpr double kRemainderMin = 64;
// Integers beyond this save too little.
constexpr double kMultipleMax = 0x1p40;
// Rounded once, and with a guess that is off a little, a value is no further off than this.
constexpr double kUlpsOff = 16;
// A scale is tried as a fraction of the common unit with denominators up to this: values that
// share a divisor have a larger unit than the constant, and the last bit of a constant that is
// no double may lie in a fraction of it.
constexpr int kDenominatorMax = 4096;
// Each takes a look at all values.
constexpr int kExactTries = 8;

// A number known to within `error`.
struct Measured {
  double value = 0;
  double error = 0;
};

// The sizes of some neighbouring values and of the steps between them, ascending. Steps are
// small multiples, which are told from noise where the values themselves cannot be.
class Measurements {
 public:
  Measurements(std::span<const double> values, size_t from, double noise) {
    const size_t n = values.size();
    for (size_t k = 0; k + 1 < n && size_ < all_.size(); ++k) {
      const size_t i = 1 + (from + k) % (n - 1);
      const double before = std::fabs(values[i - 1]);
      const double now = std::fabs(values[i]);
      if (!std::isfinite(before + now)) continue;
      const double error = noise * (before + now);
      const double step = std::fabs(values[i] - values[i - 1]);
      if (step <= kRemainderMin * error) continue;
      all_[size_++] = {step, error};
      all_[size_++] = now > 0 ? Measured{now, noise * now} : Measured{before, noise * before};
    }
    std::sort(all_.begin(), all_.begin() + static_cast<ptrdiff_t>(size_),
              [](const Measured& a, const Measured& b) { return a.value < b.value; });
  }
  std::span<const Measured> all() const { return {all_.data(), size_}; }

 private:
  std::array<Measured, 2 * kDifferences> all_;
  size_t size_ = 0;
};

// Euclid's algorithm on numbers with errors: makes `unit` one that divides `number` as well,
// or sharpens it by a number that it divides. False if the two have no unit above the noise.
bool Unite(Measured number, Measured* unit) {
  while (true) {
    const double k = std::nearbyint(number.value / unit->value);
    const double error = number.error + k * unit->error;
    const double remainder = std::fabs(number.value - k * unit->value);
    if (remainder <= kNoRemainder * error) {
      if (kRemainderMin * error > unit->value) return false;  // Anything would look like that.
      if (k >= 1 && number.error < k * unit->error) {
        *unit = {number.value / k, number.error / k};
      }
      return true;
    }
    if (!(remainder >= kRemainderMin * error)) return false;  // Or no number at all.
    number = *unit;
    *unit = {remainder, error};
  }
}

std::optional<double> FindUnit(std::span<const double> values, size_t from, double noise) {
  const Measurements measurements(values, from, noise);
  const auto all = measurements.all();
  if (all.size() < 4) return std::nullopt;
  Measured unit = all[0];
  for (const Measured& number : all.subspan(1)) {
    if (!Unite(number, &unit) || unit.value * kMultipleMax < all.back().value) return std::nullopt;
  }
  return unit.value;
}

// What the values of a block say about how far the scale is from a guess.
struct Offset {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  size_t outside = 0;       // Values that leave no such room,
  double multiple_max = 0;  // ... and the largest integer.
  double mean = 0;          // Least squares; for values that are off by more than rounding.
};

Offset MeasureOffset(std::span<const double> values, double guess) {
  Offset offset;
  double products = 0;
  double squares = 0;
  for (const double v : values) {
    const double k = RoundToInteger(v / guess);
    if (!(std::fabs(k) < kMappedMax)) {
      ++offset.outside;
      continue;
    }
    if (k == 0) {
      if (PatternOf(v) != 0) ++offset.outside;
      continue;
    }
    offset.multiple_max = std::max(offset.multiple_max, std::fabs(k));
    const double rest = std::fma(-k, guess, v);
    if (std::fabs(rest) > guess / 8) {
      ++offset.outside;
      continue;
    }
    products += rest * k;
    squares += k * k;
    const double magnitude = std::fabs(v);
    const double half_ulp = (std::bit_cast<double>(PatternOf(magnitude) + 1) - magnitude) / 2;
    const double low = rest / k - half_ulp / std::fabs(k);
    const double high = rest / k + half_ulp / std::fabs(k);
    if (std::fabs(rest) > 2 * kUlpsOff * half_ulp || low > offset.high || high < offset.low) {
      ++offset.outside;
      continue;
    }
    offset.low = std::max(offset.low, low);
    offset.high = std::min(offset.high, high);
  }
  offset.mean = squares > 0 ? products / squares : 0;
  return offset;
}

// The double nearest to (guess + offset) / m that multiplies back into the room there is, for
// the smallest m that gives all values back, else that gives back the most.
std::optional<double> FindExact(std::span<const double> values, double guess,
                                const Offset& offset) {
  const double middle = (offset.low + offset.high) / 2;
  std::optional<double> best;
  size_t misfits = ExceptionsMax(values.size()) + 1;
  int tries = kExactTries;
  double tried = std::numeric_limits<double>::infinity();  // What a multiple of m misses as well.
  for (int m = 1; m <= kDenominatorMax && offset.multiple_max * m < kMappedMax; ++m) {
    const double denominator = m;
    const double rough = guess / denominator;
    const double scale = rough + (std::fma(-denominator, rough, guess) + middle) / denominator;
    const double missed = std::fma(denominator, scale, -guess);
    if (!(missed >= offset.low && missed <= offset.high) || missed == tried) continue;
    tried = missed;
    // At the very edge of the room a product lies between two doubles and may go to either.
    if (const size_t count = CountMisfits(ScaleRule{scale}, values); count < misfits) {
      best = scale;
      misfits = count;
    }
    if (misfits <= offset.outside || --tries == 0) break;
  }
  return best;
}

}  // namespace

std::optional<ScaleFound> FindScale(std::span<const double> values) {
  const size_t n = values.size();
  if (n < kValuesMin) return std::nullopt;
  std::optional<double> unit;
  for (const double noise : kNoises) {
    // A second place, in case that values which do not fit lie at the first.
    unit = FindUnit(values, n / 4, noise);
    if (!unit) unit = FindUnit(values, 3 * n / 4, noise);
    if (unit) break;
  }
  if (!unit || *unit < std::numeric_limits<double>::min()) return std::nullopt;
  const Offset offset = MeasureOffset(values, *unit);
  if (offset.outside <= ExceptionsMax(n)) {
    if (const auto scale = FindExact(values, *unit, offset)) return ScaleFound{*scale, true};
  }
  const double mean = *unit + offset.mean;
  if (!std::isfinite(mean) || mean < std::numeric_limits<double>::min()) return std::nullopt;
  return ScaleFound{mean, false};
}

}  // namespace firn::storage
