#include "storage/encoding/float_mapping.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>

#include "base/check.h"
#include "storage/encoding/column_loops.h"
#include "storage/encoding/find_scale.h"
#include "storage/encoding/mapping_rules.h"

namespace firn::storage {
namespace {

constexpr std::array<double, kExponentMax + 1> kPowers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,
                                                          1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
                                                          1e14, 1e15, 1e16, 1e17, 1e18};
constexpr std::array<double, kExponentMax + 1> kNegativePowers = {
    1e-0,  1e-1,  1e-2,  1e-3,  1e-4,  1e-5,  1e-6,  1e-7,  1e-8, 1e-9,
    1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15, 1e-16, 1e-17, 1e-18};

constexpr size_t kSampleSize = 8;
constexpr size_t kUlpSampleSize = 16;

// Smallest exponent that gives `v` back; nullopt if none does.
template <typename Rule>
std::optional<int> ExponentOf(double v, int from) {
  if (!std::isfinite(v)) return std::nullopt;
  for (int e = from; e <= kExponentMax; ++e) {
    if (std::fabs(v) * PowerOfTen(e) >= kMappedMax) return std::nullopt;
    if (Fits(Rule(e), v)) return e;
  }
  return std::nullopt;
}

// The exponent of a block: the largest of a sample's, raised while single values ask for it.
template <typename Rule>
std::optional<int> FindExponent(std::span<const double> values) {
  const size_t n = values.size();
  const size_t sampled = std::min(n, kSampleSize);
  int exponent = 0;
  size_t failed = 0;
  for (size_t i = 0; i < sampled; ++i) {
    const std::optional<int> e = ExponentOf<Rule>(values[i * n / sampled], 1);
    if (e) exponent = std::max(exponent, *e);
    failed += e ? 0 : 1;
    if (failed > sampled / 4) return std::nullopt;
  }
  if (exponent == 0) return std::nullopt;
  for (int attempt = 0; attempt < 4; ++attempt) {
    if (CountMisfits(Rule(exponent), values) <= ExceptionsMax(n)) return exponent;
    int raised = exponent;
    for (const double v : values) {
      if (Fits(Rule(raised), v)) continue;
      raised = ExponentOf<Rule>(v, raised).value_or(raised);
      if (raised != exponent) break;
    }
    if (raised == exponent) return std::nullopt;
    exponent = raised;
  }
  return std::nullopt;
}

void AddException(double v, size_t position, MappedBlock* out) {
  out->exception_positions[out->exceptions] = position;
  out->exception_bits[out->exceptions++] = PatternOf(v);
}

template <typename Rule>
void Apply(const MappingHead& head, const Rule& rule, std::span<const double> values,
           MappedBlock* out) {
  out->head = head;
  out->exceptions = 0;
  std::optional<uint64_t> before;
  size_t unfilled = 0;  // Exceptions at the front take the first good value.
  for (size_t i = 0; i < values.size(); ++i) {
    if (!Fits(rule, values[i])) {
      AddException(values[i], i, out);
      if (before) {
        out->integers[i] = *before;
      } else {
        ++unfilled;
      }
      continue;
    }
    before = ToInteger(rule.Forward(values[i]));
    out->integers[i] = *before;
  }
  std::fill_n(out->integers.begin(), unfilled,
              unfilled < values.size() ? out->integers[unfilled] : 0);
}

// False if too many values are further off than the correction reaches.
template <typename Rule>
bool ApplyWithUlps(const MappingHead& head, const Rule& rule, std::span<const double> values,
                   MappedBlock* out) {
  out->head = head;
  out->exceptions = 0;
  uint64_t before = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    double d;
    uint64_t ulps;
    if (FitsWithUlps(rule, values[i], &d, &ulps)) {
      before = ToInteger(d);
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

// Of a power of ten and `scale` the cheaper one, with a second column of corrections; false
// if neither is worth that.
bool MapWithUlps(std::span<const double> values, std::optional<double> scale, MappedBlock* out) {
  const size_t size = std::min(values.size(), kUlpSampleSize);
  const auto sample = values.subspan((values.size() - size) / 2, size);
  int best_cost = static_cast<int>(size) * 36;  // Not worth a second column above that.
  std::optional<int> exponent;
  for (int e = 1; e <= 15; ++e) {
    if (const int cost = UlpCost(QuotientRule(e), sample); cost < best_cost) {
      best_cost = cost;
      exponent = e;
    }
  }
  if (scale) {
    const size_t stored_bits = 64 * size / values.size();
    if (UlpCost(ScaleRule{*scale}, sample) + static_cast<int>(stored_bits) < best_cost) {
      return ApplyWithUlps({.mapping = Mapping::kScaled, .scale = *scale, .has_ulps = true},
                           ScaleRule{*scale}, values, out);
    }
  }
  if (!exponent) return false;
  return ApplyWithUlps({.mapping = Mapping::kQuotientUlp, .exponent = *exponent, .has_ulps = true},
                       QuotientRule(*exponent), values, out);
}

void AddUlps(const uint64_t* ulps, size_t n, double* out) {
  for (size_t i = 0; i < n; ++i) out[i] = std::bit_cast<double>(PatternOf(out[i]) + ulps[i]);
}

}  // namespace

double PowerOfTen(int exponent) { return kPowers[static_cast<size_t>(exponent)]; }
double NegativePowerOfTen(int exponent) { return kNegativePowers[static_cast<size_t>(exponent)]; }

void MapBits(std::span<const double> values, MappedBlock* out) {
  out->head = {.mapping = Mapping::kBits};
  out->exceptions = 0;
  std::memcpy(out->integers.data(), values.data(), values.size_bytes());
}

void MapFloats(std::span<const double> values, MappedBlock* out) {
  FIRN_DCHECK(!values.empty() && values.size() <= kColumnBlockMax);
  const MappingHead integer = {.mapping = Mapping::kInteger};
  const size_t misfits = CountMisfits(IntegerRule(), values);
  if (misfits == 0) return Apply(integer, IntegerRule(), values, out);
  const auto quotient = FindExponent<QuotientRule>(values);
  const bool mostly_integers = misfits <= ExceptionsMax(values.size());
  if (quotient && (!mostly_integers || CountMisfits(QuotientRule(*quotient), values) < misfits)) {
    return Apply({.mapping = Mapping::kQuotient, .exponent = *quotient}, QuotientRule(*quotient),
                 values, out);
  }
  if (mostly_integers) return Apply(integer, IntegerRule(), values, out);
  if (const auto e = FindExponent<ProductRule>(values)) {
    return Apply({.mapping = Mapping::kProduct, .exponent = *e}, ProductRule(*e), values, out);
  }
  const std::optional<ScaleFound> scale = FindScale(values);
  if (scale && scale->exact) {
    return Apply({.mapping = Mapping::kScaled, .scale = scale->scale}, ScaleRule{scale->scale},
                 values, out);
  }
  const auto inexact = scale ? std::optional<double>(scale->scale) : std::nullopt;
  if (!MapWithUlps(values, inexact, out)) MapBits(values, out);
}

void UnmapFloats(const MappingHead& head, const uint64_t* integers, const uint64_t* ulps, size_t n,
                 double* out) {
  const ColumnLoops& loops = BestColumnLoops();
  switch (head.mapping) {
    case Mapping::kInteger:
      loops.doubles(integers, n, out);
      return;
    case Mapping::kQuotient:
    case Mapping::kQuotientUlp:
      loops.quotients(integers, n, PowerOfTen(head.exponent), out);
      break;
    case Mapping::kProduct:
      loops.products(integers, n, NegativePowerOfTen(head.exponent), out);
      break;
    case Mapping::kScaled:
      loops.products(integers, n, head.scale, out);
      break;
    case Mapping::kBits:
      std::memcpy(out, integers, n * sizeof(*out));
      return;
    case Mapping::kSplit:
      FIRN_CHECK(false);
  }
  if (ulps != nullptr) AddUlps(ulps, n, out);
}

}  // namespace firn::storage
