#include "storage/encoding/int_column.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <vector>

#include "base/check.h"
#include "storage/encoding/bit_packing.h"
#include "storage/encoding/column_codec.h"
#include "storage/encoding/column_loops.h"
#include "storage/encoding/packed_vector.h"

namespace firn::storage {
namespace {

constexpr unsigned char kModeMask = 0x0f;
constexpr unsigned char kHasDivisor = 0x10;

using Block = std::array<uint64_t, kColumnBlockMax + kUnpackWriteSlack>;

int64_t Signed(uint64_t value) { return static_cast<int64_t>(value); }
uint64_t Unsigned(int64_t value) { return static_cast<uint64_t>(value); }
uint64_t Magnitude(uint64_t value) { return Signed(value) < 0 ? 0 - value : value; }

// Tests whether numbers are multiples of one, without dividing: a multiple of an odd d,
// times the inverse of d modulo 2^64, is the small quotient.
class Divisor {
 public:
  explicit Divisor(uint64_t d) : d_(d), shift_(std::countr_zero(d)), inverse_(d >> shift_) {
    const uint64_t odd = d >> shift_;
    for (int i = 0; i < 5; ++i) inverse_ *= 2 - odd * inverse_;
    quotient_max_ = ~uint64_t{0} / odd;
  }
  uint64_t value() const { return d_; }
  // REQUIRES: n is a multiple, or the sign-extended negative of one.
  uint64_t Quotient(uint64_t n) const { return Unsigned(Signed(n) >> shift_) * inverse_; }
  bool Divides(uint64_t magnitude) const {
    return (magnitude & ((uint64_t{1} << shift_) - 1)) == 0 &&
           (magnitude >> shift_) * inverse_ <= quotient_max_;
  }

 private:
  uint64_t d_;
  int shift_;
  uint64_t inverse_;
  uint64_t quotient_max_;
};

// What all modes are judged by: the column in units of its divisor.
struct Analysis {
  size_t n = 0;
  uint64_t base = 0;     // First value.
  uint64_t divisor = 1;  // Of all differences.
  Block units;           // (value - base) / divisor,
  Block steps;           // ... and the differences of those; [0] is unused.
  uint64_t units_min = 0;
  uint64_t steps_min = 0;
  uint64_t line_step = 0;
  uint64_t line_min = 0;
  bool steps_equal = true;
  uint32_t changes = 0;

  WidthCounts frame, delta, delta_frame, delta_delta, line;
};

// Fills steps with plain differences; returns their greatest common divisor, 0 if all are 0.
uint64_t Differences(std::span<const uint64_t> values, Analysis* a) {
  uint64_t common = 0;
  std::optional<Divisor> divisor;
  for (size_t i = 1; i < values.size(); ++i) {
    const uint64_t step = values[i] - values[i - 1];
    a->steps[i] = step;
    a->changes += step != 0;
    a->steps_equal &= step == a->steps[1];
    const uint64_t magnitude = Magnitude(step);
    if (common == 1 || step == 0 || (divisor && divisor->Divides(magnitude))) continue;
    common = std::gcd(common, magnitude);
    divisor.emplace(common);
  }
  return common;
}

void Analyse(std::span<const uint64_t> values, Analysis* a) {
  a->n = values.size();
  a->base = values[0];
  a->steps[0] = 0;
  const uint64_t common = Differences(values, a);
  if (a->steps_equal) return;  // A constant or constant delta: nothing else is cheaper.
  // The first units of 2^63 have no positive twin: leave them undivided.
  if (common > 1 && common < (uint64_t{1} << 62)) {
    const Divisor divisor(common);
    a->divisor = common;
    for (size_t i = 1; i < a->n; ++i) a->steps[i] = divisor.Quotient(a->steps[i]);
  }
  uint64_t unit = 0;
  int64_t units_min = 0;
  int64_t steps_min = Signed(a->steps[1]);
  uint64_t before = a->steps[1];
  a->units[0] = 0;
  for (size_t i = 1; i < a->n; ++i) {
    const uint64_t step = a->steps[i];
    unit += step;
    a->units[i] = unit;
    units_min = std::min(units_min, Signed(unit));
    steps_min = std::min(steps_min, Signed(step));
    a->delta.Add(ZigZag(Signed(step)));
    a->delta_delta.Add(ZigZag(Signed(step - before)));
    before = step;
  }
  a->delta_delta.Remove(0, 1);  // The first is no difference of two.
  a->units_min = Unsigned(units_min);
  a->steps_min = Unsigned(steps_min);
  a->line_step = Unsigned(Signed(unit) / Signed(a->n - 1));
  int64_t line_min = 0;
  for (size_t i = 1; i < a->n; ++i) {
    line_min = std::min(line_min, Signed(a->units[i] - a->line_step * i));
  }
  a->line_min = Unsigned(line_min);
  for (size_t i = 0; i < a->n; ++i) {
    a->frame.Add(a->units[i] - a->units_min);
    a->line.Add(a->units[i] - a->line_step * i - a->line_min);
    if (i > 0) a->delta_frame.Add(a->steps[i] - a->steps_min);
  }
}

size_t SignedVarintBytes(uint64_t value) {
  return (static_cast<size_t>(std::bit_width(ZigZag(Signed(value)) | 1)) + 6) / 7;
}

// The gaps between changes, as a packed vector or as a bitmap.
struct SparsePlan {
  PackPlan gaps;
  PackPlan steps;
  bool bitmap = false;
  size_t bytes = 0;
};

SparsePlan PlanSparse(const Analysis& a) {
  SparsePlan plan;
  WidthCounts gaps;
  uint64_t gap = 0;
  for (size_t i = 1; i < a.n; ++i) {
    if (a.steps[i] != 0) {
      gaps.Add(gap);
      gap = 0;
    } else {
      ++gap;
    }
  }
  WidthCounts steps = a.delta;
  steps.Remove(0, steps[0]);
  plan.gaps = PlanPacking(gaps, a.changes);
  plan.steps = PlanPacking(steps, a.changes);
  const size_t bitmap_bytes = 1 + PackedBytes(a.n - 1, 1);
  plan.bitmap = bitmap_bytes < plan.gaps.bytes;
  plan.bytes =
      (a.changes < 128 ? 1 : 2) + std::min(bitmap_bytes, plan.gaps.bytes) + plan.steps.bytes;
  return plan;
}

void AppendSparse(const Analysis& a, const SparsePlan& plan, std::string* out) {
  AppendVarint(a.changes, out);
  Block steps;
  Block positions;
  size_t k = 0;
  uint64_t gap = 0;
  for (size_t i = 1; i < a.n; ++i) {
    const bool changes = a.steps[i] != 0;
    if (plan.bitmap) positions[i - 1] = changes ? 1 : 0;
    if (changes) {
      if (!plan.bitmap) positions[k] = gap;
      steps[k++] = ZigZag(Signed(a.steps[i]));
      gap = 0;
    } else {
      ++gap;
    }
  }
  if (plan.bitmap) {
    out->push_back(static_cast<char>(kNoPackedVector));
    Pack({positions.data(), a.n - 1}, 1, out);
  } else {
    AppendPackedVector({positions.data(), k}, plan.gaps, out);
  }
  AppendPackedVector({steps.data(), k}, plan.steps, out);
}

struct Choice {
  IntMode mode = IntMode::kConstant;
  PackPlan pack;
  size_t bytes = 0;
};

Choice Choose(const Analysis& a, const SparsePlan& sparse) {
  Choice best;
  const auto offer = [&](IntMode mode, const PackPlan& pack, size_t bytes) {
    if (best.bytes == 0 || bytes < best.bytes) best = {.mode = mode, .pack = pack, .bytes = bytes};
  };
  const auto packed = [&](IntMode mode, const WidthCounts& counts, size_t n, size_t extra) {
    const PackPlan pack = PlanPacking(counts, n);
    offer(mode, pack, pack.bytes + extra);
  };
  // Ties go to what decodes fastest.
  packed(IntMode::kFrame, a.frame, a.n, 0);
  packed(IntMode::kDelta, a.delta, a.n - 1, 0);
  packed(IntMode::kDeltaFrame, a.delta_frame, a.n - 1, SignedVarintBytes(a.steps_min));
  packed(IntMode::kLine, a.line, a.n, SignedVarintBytes(a.line_step));
  packed(IntMode::kDeltaDelta, a.delta_delta, a.n - 2, SignedVarintBytes(a.steps[1]));
  offer(IntMode::kSparse, {}, sparse.bytes);
  return best;
}

void AppendChoice(const Analysis& a, const Choice& choice, const SparsePlan& sparse,
                  std::string* out) {
  const bool has_divisor = a.divisor != 1;
  out->push_back(
      static_cast<char>(static_cast<unsigned char>(choice.mode) | (has_divisor ? kHasDivisor : 0)));
  uint64_t base = a.base;
  if (choice.mode == IntMode::kFrame) base += a.units_min * a.divisor;
  if (choice.mode == IntMode::kLine) base += a.line_min * a.divisor;
  AppendSignedVarint(Signed(base), out);
  if (has_divisor) AppendVarint(a.divisor, out);

  Block rest;
  size_t k = 0;
  switch (choice.mode) {
    case IntMode::kFrame:
      for (size_t i = 0; i < a.n; ++i) rest[k++] = a.units[i] - a.units_min;
      break;
    case IntMode::kDelta:
      for (size_t i = 1; i < a.n; ++i) rest[k++] = ZigZag(Signed(a.steps[i]));
      break;
    case IntMode::kDeltaFrame:
      AppendSignedVarint(Signed(a.steps_min), out);
      for (size_t i = 1; i < a.n; ++i) rest[k++] = a.steps[i] - a.steps_min;
      break;
    case IntMode::kDeltaDelta:
      AppendSignedVarint(Signed(a.steps[1]), out);
      for (size_t i = 2; i < a.n; ++i) rest[k++] = ZigZag(Signed(a.steps[i] - a.steps[i - 1]));
      break;
    case IntMode::kLine:
      AppendSignedVarint(Signed(a.line_step), out);
      for (size_t i = 0; i < a.n; ++i) rest[k++] = a.units[i] - a.line_step * i - a.line_min;
      break;
    case IntMode::kSparse:
      return AppendSparse(a, sparse, out);
    default:
      FIRN_CHECK(false);
  }
  AppendPackedVector({rest.data(), k}, choice.pack, out);
}

// Distinct values sorted, and for each value its index; false if they are too many to pay.
bool BuildDictionary(std::span<const uint64_t> values, std::vector<uint64_t>* distinct,
                     std::vector<uint64_t>* indexes) {
  distinct->assign(values.begin(), values.end());
  std::sort(distinct->begin(), distinct->end());
  distinct->erase(std::unique(distinct->begin(), distinct->end()), distinct->end());
  if (distinct->size() > values.size() / 2) return false;
  indexes->clear();
  for (const uint64_t value : values) {
    const auto it = std::lower_bound(distinct->begin(), distinct->end(), value);
    indexes->push_back(static_cast<uint64_t>(it - distinct->begin()));
  }
  return true;
}

void AppendBlock(std::span<const uint64_t> values, bool may_nest, std::string* out);

// Replaces what was appended from `start` on if a dictionary is shorter.
void TryDictionary(std::span<const uint64_t> values, size_t start, std::string* out) {
  std::vector<uint64_t> distinct;
  std::vector<uint64_t> indexes;
  if (!BuildDictionary(values, &distinct, &indexes)) return;
  std::string other;
  AppendDictionaryBlock(distinct, indexes, &other);
  if (other.size() < out->size() - start) out->replace(start, std::string::npos, other);
}

void AppendBlock(std::span<const uint64_t> values, bool may_nest, std::string* out) {
  FIRN_CHECK(!values.empty() && values.size() <= kColumnBlockMax);
  Analysis a;
  Analyse(values, &a);
  if (a.steps_equal) {
    const bool constant = a.changes == 0;
    out->push_back(static_cast<char>(constant ? IntMode::kConstant : IntMode::kConstantDelta));
    AppendSignedVarint(Signed(a.base), out);
    if (!constant) AppendSignedVarint(Signed(a.steps[1]), out);
    return;
  }
  const size_t start = out->size();
  const SparsePlan sparse = PlanSparse(a);
  const Choice choice = Choose(a, sparse);
  AppendChoice(a, choice, sparse, out);
  // A dictionary costs an index per value: hopeless below that.
  if (may_nest && choice.bytes > values.size() / 2 + 16) TryDictionary(values, start, out);
}

bool ReadBlock(ByteReader* in, size_t n, bool may_nest, uint64_t* out);

// The places of the changes among the n - 1 steps of a sparse column, as a bitmap or as gaps.
bool ReadPlaces(ByteReader* in, size_t n, size_t changes, uint16_t* places) {
  if (in->remaining() == 0) return false;
  if (static_cast<unsigned char>(in->rest().front()) != kNoPackedVector) {
    Block gaps;
    if (!ReadPackedVector(in, changes, gaps.data())) return false;
    uint64_t place = 0;
    for (size_t k = 0; k < changes; ++k, ++place) {
      if (gaps[k] >= n - 1 - place) return false;
      place += gaps[k];
      places[k] = static_cast<uint16_t>(place);
    }
    return true;
  }
  in->Bytes(1);
  const std::string_view bitmap = in->Bytes(PackedBytes(n - 1, 1));
  if (!in->ok()) return false;
  size_t found = 0;
  for (size_t first = 0; first < n - 1; first += 64) {
    uint64_t bits = 0;
    bitmap.substr(first / 8, sizeof(bits)).copy(reinterpret_cast<char*>(&bits), sizeof(bits));
    if (n - 1 - first < 64) bits &= (uint64_t{1} << (n - 1 - first)) - 1;
    const auto set = static_cast<size_t>(std::popcount(bits));
    if (set > changes - found) return false;
    for (; bits != 0; bits &= bits - 1) {
      places[found++] = static_cast<uint16_t>(first + static_cast<size_t>(std::countr_zero(bits)));
    }
  }
  return found == changes;
}

bool ReadSparse(ByteReader* in, size_t n, uint64_t base, uint64_t divisor, uint64_t* out) {
  const uint64_t changes = in->Varint();
  if (!in->ok() || changes >= n) return false;
  std::array<uint16_t, kColumnBlockMax> places;
  Block steps;
  if (!ReadPlaces(in, n, changes, places.data()) || !ReadPackedVector(in, changes, steps.data())) {
    return false;
  }
  Block spread;
  std::fill_n(spread.data(), n - 1, 0);
  for (size_t k = 0; k < changes; ++k) spread[places[k]] = steps[k];
  BestColumnLoops().zigzag_sums(spread.data(), n - 1, base, divisor, out);
  return true;
}

bool ReadDictionary(ByteReader* in, size_t n, uint64_t* out) {
  const uint64_t size = in->Varint();
  Block distinct;
  if (!in->ok() || size == 0 || size > n || !ReadBlock(in, size, false, distinct.data()) ||
      !ReadBlock(in, n, false, out)) {
    return false;
  }
  uint64_t signs = 0;  // The highest bit is set if an index is none.
  for (size_t i = 0; i < n; ++i) signs |= (size - 1 - out[i]) | out[i];
  if (Signed(signs) < 0) return false;
  for (size_t i = 0; i < n; ++i) out[i] = distinct[out[i]];
  return true;
}

// Modes that are one packed vector.
bool ReadPacked(ByteReader* in, IntMode mode, size_t n, uint64_t base, uint64_t divisor,
                uint64_t* out) {
  const bool has_extra =
      mode == IntMode::kDeltaFrame || mode == IntMode::kLine || mode == IntMode::kDeltaDelta;
  const uint64_t extra = has_extra ? divisor * Unsigned(in->SignedVarint()) : 0;
  const size_t skipped = mode == IntMode::kDeltaDelta                              ? 2
                         : mode == IntMode::kDelta || mode == IntMode::kDeltaFrame ? 1
                                                                                   : 0;
  if (n <= skipped) return false;
  const size_t packed = n - skipped;
  Block rest;
  if (!ReadPackedVector(in, packed, rest.data())) return false;
  const ColumnLoops& loops = BestColumnLoops();
  switch (mode) {
    case IntMode::kFrame:
    case IntMode::kLine:
      loops.line(rest.data(), packed, base, extra, divisor, out);
      return true;
    case IntMode::kDelta:
      loops.zigzag_sums(rest.data(), packed, base, divisor, out);
      return true;
    case IntMode::kDeltaFrame:
      loops.sums(rest.data(), packed, base, extra, divisor, out);
      return true;
    default:
      loops.zigzag_sums_of_sums(rest.data(), packed, base, extra, divisor, out);
      return true;
  }
}

bool ReadBlock(ByteReader* in, size_t n, bool may_nest, uint64_t* out) {
  const auto head = in->Fixed<unsigned char>();
  const int mode_number = head & kModeMask;
  if (!in->ok() || (head & ~(kModeMask | kHasDivisor)) != 0 || mode_number >= kIntModes) {
    return false;
  }
  const auto mode = static_cast<IntMode>(mode_number);
  if (mode == IntMode::kDictionary) return may_nest && ReadDictionary(in, n, out);
  const uint64_t base = Unsigned(in->SignedVarint());
  const uint64_t divisor = (head & kHasDivisor) != 0 ? in->Varint() : 1;
  if (mode == IntMode::kConstant) {
    std::fill(out, out + n, base);
    return in->ok();
  }
  if (mode == IntMode::kConstantDelta) {
    const uint64_t step = divisor * Unsigned(in->SignedVarint());
    for (size_t i = 0; i < n; ++i) out[i] = base + step * i;
    return in->ok();
  }
  if (mode == IntMode::kSparse) return ReadSparse(in, n, base, divisor, out);
  return ReadPacked(in, mode, n, base, divisor, out);
}

}  // namespace

void AppendIntBlock(std::span<const uint64_t> values, std::string* out) {
  AppendBlock(values, true, out);
}

void AppendDictionaryBlock(std::span<const uint64_t> distinct, std::span<const uint64_t> indexes,
                           std::string* out) {
  out->push_back(static_cast<char>(IntMode::kDictionary));
  AppendVarint(distinct.size(), out);
  AppendBlock(distinct, false, out);
  AppendBlock(indexes, false, out);
}

bool ReadIntBlock(ByteReader* in, size_t n, uint64_t* out) { return ReadBlock(in, n, true, out); }

bool PeekFirstInt(ByteReader* in, uint64_t* first) {
  const auto head = in->Fixed<unsigned char>();
  if (!in->ok()) return false;
  const auto mode = static_cast<IntMode>(head & kModeMask);
  switch (mode) {
    case IntMode::kConstant:
    case IntMode::kConstantDelta:
    case IntMode::kDelta:
    case IntMode::kDeltaFrame:
    case IntMode::kDeltaDelta:
    case IntMode::kSparse:
      *first = Unsigned(in->SignedVarint());
      return in->ok();
    default:
      return false;
  }
}

IntMode IntBlockMode(std::string_view block) {
  FIRN_CHECK(!block.empty());
  return static_cast<IntMode>(static_cast<unsigned char>(block.front()) & kModeMask);
}

}  // namespace firn::storage
