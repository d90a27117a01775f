#include "storage/encoding/float_mapping.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "base/bytes.h"
#include "base/check.h"

namespace firn::storage {
namespace {

constexpr std::array<double, kExponentMax + 1> kPowers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,
                                                          1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
                                                          1e14, 1e15, 1e16, 1e17, 1e18};
constexpr std::array<double, kExponentMax + 1> kNegativePowers = {
    1e-0,  1e-1,  1e-2,  1e-3,  1e-4,  1e-5,  1e-6,  1e-7,  1e-8, 1e-9,
    1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15, 1e-16, 1e-17, 1e-18};

// Added to a double of small magnitude it leaves the nearest integer in the low bits.
constexpr double kMagic = 0x1.8p52;
constexpr uint64_t kMagicBits = 0x4338000000000000;

constexpr size_t kSampleSize = 8;
constexpr size_t kUlpSampleSize = 16;
constexpr uint64_t kUlpMax = 1 << 16;

uint64_t Bits(double v) { return std::bit_cast<uint64_t>(v); }
double ToDouble(uint64_t integer) { return std::bit_cast<double>(integer + kMagicBits) - kMagic; }

size_t ExceptionsMax(size_t n) { return n / 24 + (n >= 8 ? 1 : 0); }

// The integer that a mapping would store for `v`, as a double, and what it gives back.
template <Mapping kMapping>
double Forward(double v, int e) {
  const double scaled = kMapping == Mapping::kInteger ? v : v * kPowers[static_cast<size_t>(e)];
  return (scaled + kMagic) - kMagic;
}
template <Mapping kMapping>
double Backward(double d, int e) {
  if constexpr (kMapping == Mapping::kQuotient || kMapping == Mapping::kQuotientUlp) {
    return d / kPowers[static_cast<size_t>(e)];
  } else if constexpr (kMapping == Mapping::kProduct) {
    return d * kNegativePowers[static_cast<size_t>(e)];
  } else {
    return d;
  }
}
template <Mapping kMapping>
bool Fits(double v, int e) {
  const double d = Forward<kMapping>(v, e);
  return (std::fabs(d) < kMappedMax) & (Bits(Backward<kMapping>(d, e)) == Bits(v));
}

template <Mapping kMapping>
size_t CountMisfits(std::span<const double> values, int e) {
  size_t misfits = 0;
  for (const double v : values) misfits += Fits<kMapping>(v, e) ? 0 : 1;
  return misfits;
}

// Smallest exponent that gives `v` back; nullopt if none does.
template <Mapping kMapping>
std::optional<int> ExponentOf(double v, int from) {
  if (!std::isfinite(v)) return std::nullopt;
  for (int e = from; e <= kExponentMax; ++e) {
    if (std::fabs(v) * kPowers[static_cast<size_t>(e)] >= kMappedMax) return std::nullopt;
    if (Fits<kMapping>(v, e)) return e;
  }
  return std::nullopt;
}

// The exponent of a block: the largest of a sample's, raised while single values ask for it.
template <Mapping kMapping>
std::optional<int> FindExponent(std::span<const double> values) {
  const size_t n = values.size();
  const size_t sampled = std::min(n, kSampleSize);
  int exponent = 0;
  size_t failed = 0;
  for (size_t i = 0; i < sampled; ++i) {
    const std::optional<int> e = ExponentOf<kMapping>(values[i * n / sampled], 1);
    if (e) exponent = std::max(exponent, *e);
    failed += e ? 0 : 1;
  }
  if (failed > sampled / 4 || exponent == 0) return std::nullopt;
  for (int attempt = 0; attempt < 4; ++attempt) {
    if (CountMisfits<kMapping>(values, exponent) <= ExceptionsMax(n)) return exponent;
    int raised = exponent;
    for (const double v : values) {
      if (Fits<kMapping>(v, raised)) continue;
      raised = ExponentOf<kMapping>(v, raised).value_or(raised);
      if (raised != exponent) break;
    }
    if (raised == exponent) return std::nullopt;
    exponent = raised;
  }
  return std::nullopt;
}

void AddException(double v, size_t position, MappedBlock* out) {
  out->exception_positions[out->exceptions] = position;
  out->exception_bits[out->exceptions++] = Bits(v);
}

template <Mapping kMapping>
void Apply(std::span<const double> values, int e, MappedBlock* out) {
  out->mapping = kMapping;
  out->exponent = e;
  out->exceptions = 0;
  std::optional<uint64_t> before;
  size_t unfilled = 0;  // Exceptions at the front take the first good value.
  for (size_t i = 0; i < values.size(); ++i) {
    if (!Fits<kMapping>(values[i], e)) {
      AddException(values[i], i, out);
      if (before) {
        out->integers[i] = *before;
      } else {
        ++unfilled;
      }
      continue;
    }
    const double d = Forward<kMapping>(values[i], e);
    before = Bits(d + kMagic) - kMagicBits;
    out->integers[i] = *before;
  }
  std::fill_n(out->integers.begin(), unfilled,
              unfilled < values.size() ? out->integers[unfilled] : 0);
}

// Distance in the order of patterns between `v` and what the decimal alone gives.
uint64_t UlpsFrom(double v, double d, int e) {
  return Bits(v) - Bits(Backward<Mapping::kQuotientUlp>(d, e));
}
bool FitsUlp(double v, int e, double* d, uint64_t* ulps) {
  *d = Forward<Mapping::kQuotientUlp>(v, e);
  *ulps = UlpsFrom(v, *d, e);
  return std::fabs(*d) < kMappedMax && ZigZag(static_cast<int64_t>(*ulps)) < kUlpMax;
}

// Bits per value that a sample of neighbours would cost with exponent `e`, roughly.
int UlpCost(std::span<const double> sample, int e) {
  int cost = 0;
  double before = 0;
  for (size_t i = 0; i < sample.size(); ++i) {
    double d;
    uint64_t ulps;
    if (!FitsUlp(sample[i], e, &d, &ulps)) {
      cost += 64;
      continue;
    }
    const auto step = static_cast<int64_t>(i == 0 ? 0 : d - before);
    cost += std::bit_width(ZigZag(step)) + std::bit_width(ZigZag(static_cast<int64_t>(ulps)));
    before = d;
  }
  return cost;
}

std::optional<int> FindUlpExponent(std::span<const double> values) {
  const size_t size = std::min(values.size(), kUlpSampleSize);
  const auto sample = values.subspan((values.size() - size) / 2, size);
  int best_cost = static_cast<int>(size) * 36;  // Not worth a second column above that.
  std::optional<int> best;
  for (int e = 1; e <= 15; ++e) {
    if (const int cost = UlpCost(sample, e); cost < best_cost) {
      best_cost = cost;
      best = e;
    }
  }
  return best;
}

// False if too many values are further off than the correction reaches.
bool ApplyUlp(std::span<const double> values, int e, MappedBlock* out) {
  out->mapping = Mapping::kQuotientUlp;
  out->exponent = e;
  out->exceptions = 0;
  uint64_t before = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    double d;
    uint64_t ulps;
    if (FitsUlp(values[i], e, &d, &ulps)) {
      before = Bits(d + kMagic) - kMagicBits;
      out->ulps[i] = ulps;
    } else {
      if (out->exceptions == ExceptionsMax(values.size())) return false;
      AddException(values[i], i, out);
      out->ulps[i] = 0;
    }
    out->integers[i] = before;
  }
  return true;
}

}  // namespace

double PowerOfTen(int exponent) { return kPowers[static_cast<size_t>(exponent)]; }
double NegativePowerOfTen(int exponent) { return kNegativePowers[static_cast<size_t>(exponent)]; }

void MapBits(std::span<const double> values, MappedBlock* out) {
  out->mapping = Mapping::kBits;
  out->exponent = 0;
  out->exceptions = 0;
  std::memcpy(out->integers.data(), values.data(), values.size_bytes());
}

void MapFloats(std::span<const double> values, MappedBlock* out) {
  FIRN_DCHECK(!values.empty() && values.size() <= kColumnBlockMax);
  const size_t misfits = CountMisfits<Mapping::kInteger>(values, 0);
  if (misfits == 0) return Apply<Mapping::kInteger>(values, 0, out);
  const auto quotient = FindExponent<Mapping::kQuotient>(values);
  const bool mostly_integers = misfits <= ExceptionsMax(values.size());
  if (quotient &&
      (!mostly_integers || CountMisfits<Mapping::kQuotient>(values, *quotient) < misfits)) {
    return Apply<Mapping::kQuotient>(values, *quotient, out);
  }
  if (mostly_integers) return Apply<Mapping::kInteger>(values, 0, out);
  if (const auto e = FindExponent<Mapping::kProduct>(values)) {
    return Apply<Mapping::kProduct>(values, *e, out);
  }
  if (const auto e = FindUlpExponent(values); e && ApplyUlp(values, *e, out)) return;
  MapBits(values, out);
}

void UnmapFloats(Mapping mapping, int exponent, const uint64_t* integers, const uint64_t* ulps,
                 size_t n, double* out) {
  switch (mapping) {
    case Mapping::kInteger:
      for (size_t i = 0; i < n; ++i) out[i] = ToDouble(integers[i]);
      return;
    case Mapping::kQuotient: {
      const double power = PowerOfTen(exponent);
      for (size_t i = 0; i < n; ++i) out[i] = ToDouble(integers[i]) / power;
      return;
    }
    case Mapping::kProduct: {
      const double power = NegativePowerOfTen(exponent);
      for (size_t i = 0; i < n; ++i) out[i] = ToDouble(integers[i]) * power;
      return;
    }
    case Mapping::kQuotientUlp: {
      const double power = PowerOfTen(exponent);
      for (size_t i = 0; i < n; ++i) {
        out[i] = std::bit_cast<double>(Bits(ToDouble(integers[i]) / power) + ulps[i]);
      }
      return;
    }
    case Mapping::kBits:
      std::memcpy(out, integers, n * sizeof(*out));
      return;
  }
}

}  // namespace firn::storage
