#include "storage/encoding/column_codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/bytes.h"
#include "storage/encoding/bit_packing.h"
#include "storage/encoding/float_mapping.h"
#include "storage/encoding/int_column.h"

namespace firn::storage {
namespace {

// Head byte of a float block: three bits of mapping, then flags, or for a constant block
// five bits that are the value itself or say how it is stored.
constexpr unsigned char kMappingMask = 0x07;
constexpr unsigned char kConstantBlock = 0x07;
constexpr unsigned char kHasExceptions = 0x08;
constexpr unsigned char kMonotone = 0x10;
constexpr int kConstantShift = 3;
constexpr unsigned kInlineMax = 27;  // Integers 0..27 are in the head byte itself.
constexpr unsigned kAsInteger = 28;
constexpr unsigned kAsQuotient = 29;
constexpr unsigned kAsBits = 30;

using Block = std::array<uint64_t, kColumnBlockMax + kUnpackWriteSlack>;

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
  if (mapped.exceptions == 0 && mapped.mapping == Mapping::kInteger) {
    if (integer <= kInlineMax) return AppendConstantHead(static_cast<unsigned>(integer), out);
    AppendConstantHead(kAsInteger, out);
    return AppendSignedVarint(static_cast<int64_t>(integer), out);
  }
  if (mapped.exceptions == 0 && mapped.mapping == Mapping::kQuotient && integer < (1 << 28)) {
    AppendConstantHead(kAsQuotient, out);
    out->push_back(static_cast<char>(mapped.exponent));
    return AppendSignedVarint(static_cast<int64_t>(integer), out);
  }
  AppendConstantHead(kAsBits, out);
  AppendFixed(value, out);
}

bool ReadConstant(unsigned how, ByteReader* in, double* value) {
  Mapping mapping = Mapping::kInteger;
  int exponent = 0;
  uint64_t integer = how;
  if (how == kAsBits) {
    *value = in->Fixed<double>();
    return in->ok();
  }
  if (how > kAsQuotient) return false;
  if (how == kAsQuotient) {
    mapping = Mapping::kQuotient;
    exponent = in->Fixed<unsigned char>();
    if (exponent > kExponentMax) return false;
  }
  if (how > kInlineMax) integer = static_cast<uint64_t>(in->SignedVarint());
  UnmapFloats(mapping, exponent, &integer, nullptr, 1, value);
  return in->ok();
}

void AppendMapped(const MappedBlock& mapped, size_t n, bool monotone, std::string* out) {
  unsigned char head = static_cast<unsigned char>(mapped.mapping);
  if (mapped.exceptions > 0) head |= kHasExceptions;
  if (monotone) head |= kMonotone;
  out->push_back(static_cast<char>(head));
  const bool has_exponent = mapped.mapping != Mapping::kInteger && mapped.mapping != Mapping::kBits;
  if (has_exponent) out->push_back(static_cast<char>(mapped.exponent));
  AppendIntBlock({mapped.integers.data(), n}, out);
  if (mapped.mapping == Mapping::kQuotientUlp) AppendIntBlock({mapped.ulps.data(), n}, out);
  if (mapped.exceptions > 0) {
    AppendVarint(mapped.exceptions, out);
    AppendIntBlock({mapped.exception_positions.data(), mapped.exceptions}, out);
    AppendIntBlock({mapped.exception_bits.data(), mapped.exceptions}, out);
  }
}

void EncodeFloatBlock(std::span<const double> values, std::string* out) {
  if (IsConstant(values)) return AppendConstant(values[0], out);
  MappedBlock mapped;
  MapFloats(values, &mapped);
  const bool monotone = IsMonotone(values);
  const size_t start = out->size();
  AppendMapped(mapped, values.size(), monotone, out);
  // Sampling may have been wrong about a mapping with a second column or many exceptions.
  if (mapped.mapping != Mapping::kQuotientUlp && mapped.exceptions == 0) return;
  std::string plain;
  MapBits(values, &mapped);
  AppendMapped(mapped, values.size(), monotone, &plain);
  if (plain.size() < out->size() - start) out->replace(start, std::string::npos, plain);
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

bool DecodeFloatBlock(ByteReader* in, size_t n, double* out) {
  const auto head = in->Fixed<unsigned char>();
  if (!in->ok()) return false;
  const int mapping_number = head & kMappingMask;
  if (mapping_number == kConstantBlock) {
    double value = 0;
    if (!ReadConstant(head >> kConstantShift, in, &value)) return false;
    std::fill(out, out + n, value);
    return true;
  }
  if (mapping_number >= kMappings || (head & ~(kMappingMask | kHasExceptions | kMonotone)) != 0) {
    return false;
  }
  const auto mapping = static_cast<Mapping>(mapping_number);
  const bool has_exponent = mapping != Mapping::kInteger && mapping != Mapping::kBits;
  const int exponent = has_exponent ? in->Fixed<unsigned char>() : 0;
  Block integers;
  if (exponent > kExponentMax || !ReadIntBlock(in, n, integers.data())) return false;
  if (mapping == Mapping::kQuotientUlp) {
    Block ulps;
    if (!ReadIntBlock(in, n, ulps.data())) return false;
    UnmapFloats(mapping, exponent, integers.data(), ulps.data(), n, out);
  } else {
    UnmapFloats(mapping, exponent, integers.data(), nullptr, n, out);
  }
  return (head & kHasExceptions) == 0 || ReadExceptions(in, n, out);
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
  if ((head & kMappingMask) != kConstantBlock) {
    info->monotone = (head & kMonotone) != 0;
    return OkStatus();
  }
  if (!ReadConstant(head >> kConstantShift, &reader, &info->value)) return Malformed();
  info->constant = true;
  info->monotone = !std::isnan(info->value);
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
