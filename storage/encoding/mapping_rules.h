// How a mapping makes an integer of a double and a double of an integer again, one rule per
// mapping, and what the encoder asks of any of them. Internal to the column codec.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace firn::storage {

inline constexpr int kExponentMax = 18;
// Integers below this convert to double and back by adding and subtracting a constant.
inline constexpr double kMappedMax = 0x1p51;

double PowerOfTen(int exponent);          // 10^e
double NegativePowerOfTen(int exponent);  // The double nearest to 10^-e.

// Added to a double of small magnitude it leaves the nearest integer in the low bits.
inline constexpr double kMagic = 0x1.8p52;
inline constexpr uint64_t kMagicBits = 0x4338000000000000;

inline uint64_t PatternOf(double v) { return std::bit_cast<uint64_t>(v); }
inline double RoundToInteger(double v) { return (v + kMagic) - kMagic; }
inline uint64_t ToInteger(double whole) { return PatternOf(whole + kMagic) - kMagicBits; }
inline double ToDouble(uint64_t integer) {
  return std::bit_cast<double>(integer + kMagicBits) - kMagic;
}

// How many values of a block may be stored apart.
constexpr size_t ExceptionsMax(size_t n) { return n / 24 + (n >= 8 ? 1 : 0); }
// Corrections in units of the last place beyond this are stored apart; as zigzag numbers.
inline constexpr uint64_t kUlpMax = 1 << 16;

// Each rule: the integer for `v` as a double, and what that integer gives back.
struct IntegerRule {
  double Forward(double v) const { return RoundToInteger(v); }
  double Backward(double d) const { return d; }
};
struct QuotientRule {
  explicit QuotientRule(int e) : power(PowerOfTen(e)) {}
  double Forward(double v) const { return RoundToInteger(v * power); }
  double Backward(double d) const { return d / power; }
  double power;
};
struct ProductRule {
  explicit ProductRule(int e) : power(PowerOfTen(e)), inverse(NegativePowerOfTen(e)) {}
  double Forward(double v) const { return RoundToInteger(v * power); }
  double Backward(double d) const { return d * inverse; }
  double power;
  double inverse;
};
struct ScaleRule {
  double Forward(double v) const { return RoundToInteger(v / scale); }
  double Backward(double d) const { return d * scale; }
  double scale;
};

template <typename Rule>
bool Fits(const Rule& rule, double v) {
  const double d = rule.Forward(v);
  return (std::fabs(d) < kMappedMax) & (PatternOf(rule.Backward(d)) == PatternOf(v));
}

template <typename Rule>
size_t CountMisfits(const Rule& rule, std::span<const double> values) {
  size_t misfits = 0;
  for (const double v : values) misfits += Fits(rule, v) ? 0 : 1;
  return misfits;
}

// `*ulps` is the distance, in the order of patterns, from what the integer gives to `v`.
template <typename Rule>
bool FitsWithUlps(const Rule& rule, double v, double* d, uint64_t* ulps) {
  *d = rule.Forward(v);
  *ulps = PatternOf(v) - PatternOf(rule.Backward(*d));
  return std::fabs(*d) < kMappedMax && ZigZag(static_cast<int64_t>(*ulps)) < kUlpMax;
}

// Bits that a sample of neighbours would cost as differences and corrections, roughly.
template <typename Rule>
int UlpCost(const Rule& rule, std::span<const double> sample) {
  int cost = 0;
  double before = 0;
  for (size_t i = 0; i < sample.size(); ++i) {
    double d;
    uint64_t ulps;
    if (!FitsWithUlps(rule, sample[i], &d, &ulps)) {
      cost += 64;
      continue;
    }
    const auto step = static_cast<int64_t>(i == 0 ? 0 : d - before);
    cost += std::bit_width(ZigZag(step)) + std::bit_width(ZigZag(static_cast<int64_t>(ulps)));
    before = d;
  }
  return cost;
}

}  // namespace firn::storage
