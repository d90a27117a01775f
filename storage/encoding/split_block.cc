#include "storage/encoding/split_block.h"

#include <algorithm>
#include <array>
#include <bit>

#include "storage/encoding/bit_packing.h"
#include "storage/encoding/column_codec.h"
#include "storage/encoding/int_column.h"
#include "storage/encoding/packed_vector.h"

namespace firn::storage {
namespace {

// Sign and exponent alone are in front of 52 bits.
constexpr int kRestBitsMax = 52;
constexpr int kRestBitsMin = 44;
constexpr size_t kFrontsMax = 48;
// A dictionary of so few fronts is not worth comparing with anything.
constexpr size_t kDictionarySure = 12;

using Patterns = std::array<uint64_t, kColumnBlockMax>;

struct Front {
  uint64_t bits = 0;
  uint32_t count = 0;
};

// The distinct fronts of a block, the most frequent first: then most indexes are narrow.
class Fronts {
 public:
  // False if there are too many.
  bool Count(std::span<const double> values, int rest_bits) {
    size_ = 0;
    slots_.fill(kEmpty);
    for (const double v : values) {
      const uint64_t bits = std::bit_cast<uint64_t>(v) >> rest_bits;
      unsigned char* slot = Find(bits);
      if (*slot == kEmpty) {
        if (size_ == kFrontsMax) return false;
        *slot = static_cast<unsigned char>(size_);
        fronts_[size_++] = {bits, 0};
      }
      ++fronts_[*slot].count;
    }
    return true;
  }

  void SortByCount() {
    std::sort(fronts_.begin(), fronts_.begin() + static_cast<ptrdiff_t>(size_),
              [](const Front& a, const Front& b) {
                return a.count != b.count ? a.count > b.count : a.bits < b.bits;
              });
    slots_.fill(kEmpty);
    for (size_t i = 0; i < size_; ++i) *Find(fronts_[i].bits) = static_cast<unsigned char>(i);
  }

  std::span<const Front> all() const { return {fronts_.data(), size_}; }
  size_t IndexOf(uint64_t bits) { return *Find(bits); }

 private:
  static constexpr unsigned char kEmpty = 0xff;
  static constexpr int kSlotBits = 7;

  unsigned char* Find(uint64_t bits) {
    auto at = static_cast<size_t>(bits * 0x9e3779b97f4a7c15 >> (64 - kSlotBits));
    while (slots_[at] != kEmpty && fronts_[slots_[at]].bits != bits) {
      at = (at + 1) % slots_.size();
    }
    return &slots_[at];
  }

  std::array<unsigned char, 1 << kSlotBits> slots_;
  std::array<Front, kFrontsMax> fronts_;
  size_t size_ = 0;
};

size_t BytesOf(std::span<const Front> fronts, size_t n, int rest_bits) {
  WidthCounts indexes;
  for (size_t i = 0; i < fronts.size(); ++i) indexes.Add(i, fronts[i].count);
  constexpr size_t kHeads = 8;  // Of the block, its columns and packed vectors.
  constexpr size_t kFrontBytes = 2;
  return kHeads + kFrontBytes * fronts.size() + PlanPacking(indexes, n).bytes +
         PackedBytes(n, rest_bits);
}

void AppendFronts(std::span<const double> values, int rest_bits, std::string* out) {
  Fronts fronts;
  fronts.Count(values, rest_bits);
  fronts.SortByCount();
  Patterns distinct;
  std::transform(fronts.all().begin(), fronts.all().end(), distinct.begin(),
                 [](const Front& front) { return front.bits; });
  Patterns patterns;
  Patterns indexes;
  for (size_t i = 0; i < values.size(); ++i) {
    patterns[i] = std::bit_cast<uint64_t>(values[i]) >> rest_bits;
    indexes[i] = fronts.IndexOf(patterns[i]);
  }
  const size_t start = out->size();
  AppendDictionaryBlock({distinct.data(), fronts.all().size()}, {indexes.data(), values.size()},
                        out);
  if (fronts.all().size() <= kDictionarySure) return;
  std::string other;
  AppendIntBlock({patterns.data(), values.size()}, &other);
  if (other.size() < out->size() - start) out->replace(start, std::string::npos, other);
}

}  // namespace

std::optional<SplitPlan> PlanSplit(std::span<const double> values) {
  std::optional<SplitPlan> best;
  Fronts fronts;
  for (int rest_bits = kRestBitsMax; rest_bits >= kRestBitsMin; --rest_bits) {
    if (!fronts.Count(values, rest_bits)) break;
    fronts.SortByCount();
    const size_t bytes = BytesOf(fronts.all(), values.size(), rest_bits);
    // Fronts that are clearly too long do not get better by being longer.
    if (best && bytes > best->bytes + best->bytes / 64) break;
    if (!best || bytes < best->bytes) best = {.rest_bits = rest_bits, .bytes = bytes};
  }
  return best;
}

void AppendSplit(std::span<const double> values, const SplitPlan& plan, std::string* out) {
  out->push_back(static_cast<char>(plan.rest_bits));
  AppendFronts(values, plan.rest_bits, out);
  Patterns rests;
  const uint64_t mask = (uint64_t{1} << plan.rest_bits) - 1;
  for (size_t i = 0; i < values.size(); ++i) rests[i] = std::bit_cast<uint64_t>(values[i]) & mask;
  AppendPackedVector({rests.data(), values.size()}, out);
}

bool ReadSplit(ByteReader* in, size_t n, double* out) {
  const int rest_bits = in->Fixed<unsigned char>();
  if (!in->ok() || rest_bits == 0 || rest_bits > 63) return false;
  std::array<uint64_t, kColumnBlockMax + kUnpackWriteSlack> fronts;
  std::array<uint64_t, kColumnBlockMax + kUnpackWriteSlack> rests;
  if (!ReadIntBlock(in, n, fronts.data()) || !ReadPackedVector(in, n, rests.data())) return false;
  uint64_t too_wide = 0;  // Bits of one part in the place of the other.
  for (size_t i = 0; i < n; ++i) {
    const uint64_t front = fronts[i] << rest_bits;
    too_wide |= (front >> rest_bits ^ fronts[i]) | rests[i] >> rest_bits;
    out[i] = std::bit_cast<double>(front | rests[i]);
  }
  return too_wide == 0;
}

}  // namespace firn::storage
