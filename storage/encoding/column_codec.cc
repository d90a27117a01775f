#include "storage/encoding/column_codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>

#include "base/bytes.h"
#include "storage/encoding/bit_packing.h"
#include "storage/encoding/column_loops.h"
#include "storage/encoding/float_mapping.h"
#include "storage/encoding/int_column.h"
#include "storage/encoding/mapping_rules.h"
#include "storage/encoding/split_block.h"

namespace firn::storage {
namespace {

// Head byte of a float block: three bits of mapping, then flags, or for a constant block
// five bits that are the value itself or say how it is stored.
constexpr unsigned char kMappingMask = 0x07;
constexpr unsigned char kConstantBlock = 0x07;
constexpr unsigned char kHasExceptions = 0x08;
constexpr unsigned char kMonotone = 0x10;
constexpr unsigned char kScaledUlps = 0x20;  // Only with Mapping::kScaled.
constexpr unsigned char kHasEnds = 0x40;     // Last - first integer follows. Only if monotone.
constexpr unsigned char kUnusedBits = 0x80;
constexpr int kConstantShift = 3;
constexpr unsigned kInlineMax = 27;  // Integers 0..27 are in the head byte itself.
constexpr unsigned kAsInteger = 28;
constexpr unsigned kAsQuotient = 29;
constexpr unsigned kAsBits = 30;

// Fewer are decoded as soon as looked at from outside.
constexpr size_t kEndsSamplesMin = 32;
// Blocks of fewer bytes per value hold something better than the patterns of real numbers.
constexpr size_t kSplitBytesMin = 4;

using Block = std::array<uint64_t, kColumnBlockMax + kUnpackWriteSlack>;

bool HasExponent(Mapping mapping) {
  return mapping == Mapping::kQuotient || mapping == Mapping::kProduct ||
         mapping == Mapping::kQuotientUlp;
}

// Of one column of integers, which ascend as the values do.
bool MayHaveEnds(const MappingHead& head) {
  return !head.has_ulps && head.mapping != Mapping::kBits && head.mapping != Mapping::kSplit;
}

bool IsConstant(std::span<const double> values) {
  return std::memcmp(values.data(), values.data() + 1, values.size_bytes() - sizeof(double)) == 0;
}

bool IsMonotone(std::span<const double> values) {
  bool monotone = !std::isnan(values[0]);
  for (size_t i = 1; i < values.size(); ++i) monotone &= values[i] >= values[i - 1];
  return monotone;
}

void AppendConstantHead(unsigned how, std::string* out) {
  out->push_back(static_cast<char>(kConstantBlock | how << kConstantShift));
}

void AppendConstant(double value, std::string* out) {
  MappedBlock mapped;
  MapFloats({&value, 1}, &mapped);
  const uint64_t integer = mapped.integers[0];
  if (mapped.exceptions == 0 && mapped.head.mapping == Mapping::kInteger) {
    if (integer <= kInlineMax) return AppendConstantHead(static_cast<unsigned>(integer), out);
    AppendConstantHead(kAsInteger, out);
    return AppendSignedVarint(static_cast<int64_t>(integer), out);
  }
  if (mapped.exceptions == 0 && mapped.head.mapping == Mapping::kQuotient && integer < (1 << 28)) {
    AppendConstantHead(kAsQuotient, out);
    out->push_back(static_cast<char>(mapped.head.exponent));
    return AppendSignedVarint(static_cast<int64_t>(integer), out);
  }
  AppendConstantHead(kAsBits, out);
  AppendFixed(value, out);
}

bool ReadConstant(unsigned how, ByteReader* in, double* value) {
  MappingHead head = {.mapping = Mapping::kInteger};
  uint64_t integer = how;
  if (how == kAsBits) {
    *value = in->Fixed<double>();
    return in->ok();
  }
  if (how > kAsQuotient) return false;
  if (how == kAsQuotient) {
    head = {.mapping = Mapping::kQuotient, .exponent = in->Fixed<unsigned char>()};
    if (head.exponent > kExponentMax) return false;
  }
  if (how > kInlineMax) integer = static_cast<uint64_t>(in->SignedVarint());
  UnmapFloats(head, &integer, nullptr, 1, value);
  return in->ok();
}

unsigned char FlagsOf(bool monotone) { return monotone ? kMonotone : 0; }

// Puts the difference of last and first before the column at `at` of the block at `start`, if the
// column begins with the first.
void InsertEnds(std::span<const uint64_t> integers, size_t start, size_t at, std::string* out) {
  ByteReader column(std::string_view(*out).substr(at));
  uint64_t first = 0;
  if (!PeekFirstInt(&column, &first)) return;
  std::string difference;
  AppendSignedVarint(static_cast<int64_t>(integers.back() - integers.front()), &difference);
  out->insert(at, difference);
  (*out)[start] = static_cast<char>(static_cast<unsigned char>((*out)[start]) | kHasEnds);
}

void AppendMapped(const MappedBlock& mapped, size_t n, bool monotone, std::string* out) {
  const MappingHead& head = mapped.head;
  unsigned char first = static_cast<unsigned char>(head.mapping) | FlagsOf(monotone);
  if (mapped.exceptions > 0) first |= kHasExceptions;
  if (head.mapping == Mapping::kScaled && head.has_ulps) first |= kScaledUlps;
  const size_t start = out->size();
  out->push_back(static_cast<char>(first));
  if (HasExponent(head.mapping)) out->push_back(static_cast<char>(head.exponent));
  if (head.mapping == Mapping::kScaled) AppendFixed(head.scale, out);
  const size_t at = out->size();
  AppendIntBlock({mapped.integers.data(), n}, out);
  if (monotone && n >= kEndsSamplesMin && mapped.exceptions == 0 && MayHaveEnds(head)) {
    InsertEnds({mapped.integers.data(), n}, start, at, out);
  }
  if (head.has_ulps) AppendIntBlock({mapped.ulps.data(), n}, out);
  if (mapped.exceptions > 0) {
    AppendVarint(mapped.exceptions, out);
    AppendIntBlock({mapped.exception_positions.data(), mapped.exceptions}, out);
    AppendIntBlock({mapped.exception_bits.data(), mapped.exceptions}, out);
  }
}

// Replaces what was appended from `start` on if a split is shorter by what makes up for reading
// two columns.
void TrySplit(std::span<const double> values, bool monotone, size_t start, std::string* out) {
  const size_t bytes_max = (out->size() - start) * 49 / 50;
  const std::optional<SplitPlan> plan = PlanSplit(values);
  if (!plan || plan->bytes > bytes_max) return;
  const auto head = static_cast<unsigned char>(Mapping::kSplit) | FlagsOf(monotone);
  std::string split(1, static_cast<char>(head));
  AppendSplit(values, *plan, &split);
  if (split.size() <= bytes_max) out->replace(start, std::string::npos, split);
}

void EncodeFloatBlock(std::span<const double> values, std::string* out) {
  if (IsConstant(values)) return AppendConstant(values[0], out);
  MappedBlock mapped;
  MapFloats(values, &mapped);
  const bool monotone = IsMonotone(values);
  const size_t start = out->size();
  AppendMapped(mapped, values.size(), monotone, out);
  // Sampling may have been wrong about a mapping with a second column or many exceptions.
  if (mapped.head.has_ulps || mapped.exceptions > 0) {
    std::string plain;
    MapBits(values, &mapped);
    AppendMapped(mapped, values.size(), monotone, &plain);
    if (plain.size() < out->size() - start) out->replace(start, std::string::npos, plain);
  }
  if (out->size() - start > values.size() * kSplitBytesMin) {
    TrySplit(values, monotone, start, out);
  }
}

bool ReadExceptions(ByteReader* in, size_t n, double* out) {
  const uint64_t count = in->Varint();
  if (!in->ok() || count == 0 || count > n) return false;
  Block positions;
  Block bits;
  if (!ReadIntBlock(in, count, positions.data()) || !ReadIntBlock(in, count, bits.data())) {
    return false;
  }
  for (size_t i = 0; i < count; ++i) {
    if (positions[i] >= n) return false;
    out[positions[i]] = std::bit_cast<double>(bits[i]);
  }
  return true;
}

// What a mapping stores behind the head byte, up to the first column. `gained` is set if the block
// has ends.
bool ReadMappingHead(unsigned char first, ByteReader* in, MappingHead* head, uint64_t* gained) {
  head->mapping = static_cast<Mapping>(first & kMappingMask);
  const bool scaled_ulps = (first & kScaledUlps) != 0;
  head->has_ulps = scaled_ulps || head->mapping == Mapping::kQuotientUlp;
  if (HasExponent(head->mapping)) head->exponent = in->Fixed<unsigned char>();
  if (head->mapping == Mapping::kScaled) {
    head->scale = in->Fixed<double>();
    if (!std::isfinite(head->scale) || head->scale == 0) return false;
  } else if (scaled_ulps) {
    return false;
  }
  if ((first & kHasEnds) != 0) {
    if (!MayHaveEnds(*head) || (first & kMonotone) == 0) return false;
    *gained = static_cast<uint64_t>(in->SignedVarint());
  }
  return in->ok() && head->exponent <= kExponentMax;
}

bool ReadMapped(unsigned char first, ByteReader* in, size_t n, double* out) {
  MappingHead head;
  uint64_t gained = 0;
  Block integers;
  if (!ReadMappingHead(first, in, &head, &gained) || !ReadIntBlock(in, n, integers.data())) {
    return false;
  }
  if ((first & kHasEnds) != 0 && integers[n - 1] - integers[0] != gained) return false;
  if (!head.has_ulps) {
    UnmapFloats(head, integers.data(), nullptr, n, out);
    return true;
  }
  Block ulps;
  if (!ReadIntBlock(in, n, ulps.data())) return false;
  UnmapFloats(head, integers.data(), ulps.data(), n, out);
  return true;
}

bool DecodeFloatBlock(ByteReader* in, size_t n, double* out) {
  const auto head = in->Fixed<unsigned char>();
  if (!in->ok()) return false;
  if ((head & kMappingMask) == kConstantBlock) {
    double value = 0;
    if (!ReadConstant(head >> kConstantShift, in, &value)) return false;
    BestColumnLoops().fill(value, n, out);
    return true;
  }
  if ((head & kUnusedBits) != 0) return false;
  const bool read = (head & kMappingMask) == static_cast<int>(Mapping::kSplit)
                        ? (head & (kScaledUlps | kHasEnds)) == 0 && ReadSplit(in, n, out)
                        : ReadMapped(head, in, n, out);
  return read && ((head & kHasExceptions) == 0 || ReadExceptions(in, n, out));
}

Status Malformed() { return Corruption("malformed column block"); }

}  // namespace

void EncodeFloats(std::span<const double> values, std::string* out) {
  for (size_t i = 0; i < values.size(); i += kColumnBlockMax) {
    EncodeFloatBlock(values.subspan(i, std::min(kColumnBlockMax, values.size() - i)), out);
  }
}

Status DecodeFloats(std::string_view* in, size_t n, double* out) {
  ByteReader reader(*in);
  for (size_t i = 0; i < n; i += kColumnBlockMax) {
    if (!DecodeFloatBlock(&reader, std::min(kColumnBlockMax, n - i), out + i)) return Malformed();
  }
  *in = reader.rest();
  return OkStatus();
}

Status PeekFloats(std::string_view in, size_t n, FloatBlockInfo* info) {
  *info = {};
  if (n == 0 || n > kColumnBlockMax) return OkStatus();
  ByteReader reader(in);
  const auto head = reader.Fixed<unsigned char>();
  if (!reader.ok()) return Malformed();
  if ((head & kMappingMask) == kConstantBlock) {
    if (!ReadConstant(head >> kConstantShift, &reader, &info->first)) return Malformed();
    info->last = info->first;
    info->constant = info->has_ends = true;
    info->monotone = !std::isnan(info->first);
    return OkStatus();
  }
  info->monotone = (head & kMonotone) != 0;
  if ((head & kHasEnds) == 0) return OkStatus();
  MappingHead mapping;
  uint64_t gained = 0;
  uint64_t first = 0;
  if (!ReadMappingHead(head, &reader, &mapping, &gained) || !PeekFirstInt(&reader, &first)) {
    return Malformed();
  }
  const uint64_t last = first + gained;
  UnmapFloats(mapping, &first, nullptr, 1, &info->first);
  UnmapFloats(mapping, &last, nullptr, 1, &info->last);
  info->has_ends = true;
  return OkStatus();
}

void EncodeInts(std::span<const int64_t> values, std::string* out) {
  IntBlock block;
  for (size_t i = 0; i < values.size(); i += kColumnBlockMax) {
    const auto part = values.subspan(i, std::min(kColumnBlockMax, values.size() - i));
    std::memcpy(block.data(), part.data(), part.size_bytes());
    AppendIntBlock({block.data(), part.size()}, out);
  }
}

Status DecodeInts(std::string_view* in, size_t n, int64_t* out) {
  ByteReader reader(*in);
  Block block;
  for (size_t i = 0; i < n; i += kColumnBlockMax) {
    const size_t size = std::min(kColumnBlockMax, n - i);
    if (!ReadIntBlock(&reader, size, block.data())) return Malformed();
    std::memcpy(out + i, block.data(), size * sizeof(*out));
  }
  *in = reader.rest();
  return OkStatus();
}

}  // namespace firn::storage
