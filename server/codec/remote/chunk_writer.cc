#include "server/codec/remote/chunk_writer.h"

#include <bit>
#include <cmath>

#include "base/bytes.h"
#include "base/check.h"
#include "server/codec/remote/bit_writer.h"

namespace firn::server {

namespace {

// Whether `v` fits `bits` bits of the encoding: one more positive number than negative ones.
bool FitsSigned(int64_t v, int bits) {
  const int64_t half = int64_t{1} << (bits - 1);
  return v > -half && v <= half;
}

void AppendBigEndian16(uint16_t value, std::string* out) {
  out->push_back(static_cast<char>(value >> 8));
  out->push_back(static_cast<char>(value));
}

// The XOR of a value with the one before.
class XorWriter {
 public:
  explicit XorWriter(BitWriter* out) : out_(*out) {}

  void First(double v) {
    last_ = std::bit_cast<uint64_t>(v);
    out_.Bits(last_, 64);
  }

  void Next(double v) {
    const auto bits = std::bit_cast<uint64_t>(v);
    const uint64_t delta = bits ^ last_;
    last_ = bits;
    out_.Bit(delta != 0);
    if (delta == 0) return;
    // Five bits are there for the count of leading zeros.
    constexpr int kLeadingMax = 31;
    const int leading = std::min(std::countl_zero(delta), kLeadingMax);
    const int trailing = std::countr_zero(delta);
    if (leading_ >= 0 && leading >= leading_ && trailing >= trailing_) {
      out_.Bit(false);
      out_.Bits(delta >> trailing_, 64 - leading_ - trailing_);
      return;
    }
    leading_ = leading;
    trailing_ = trailing;
    const int significant = 64 - leading - trailing;
    out_.Bit(true);
    out_.Bits(static_cast<uint64_t>(leading), 5);
    // 64 is written as 0, which cannot occur.
    out_.Bits(static_cast<uint64_t>(significant) & 63, 6);
    out_.Bits(delta >> trailing, significant);
  }

 private:
  BitWriter& out_;
  uint64_t last_ = 0;
  int leading_ = -1;  // None yet.
  int trailing_ = 0;
};

void WriteDeltaOfDelta(int64_t dod, BitWriter* out) {
  if (dod == 0) return out->Bit(false);
  static constexpr struct {
    uint64_t prefix;
    int prefix_bits;
    int bits;
  } kClasses[] = {{0b10, 2, 14}, {0b110, 3, 17}, {0b1110, 4, 20}};
  for (const auto& c : kClasses) {
    if (!FitsSigned(dod, c.bits)) continue;
    out->Bits(c.prefix, c.prefix_bits);
    return out->Bits(static_cast<uint64_t>(dod), c.bits);
  }
  out->Bits(0b1111, 4);
  out->Bits(static_cast<uint64_t>(dod), 64);
}

// Integers of histogram chunks: one more one-bit in front for each wider class.
constexpr int kVarbitClasses[] = {3, 6, 9, 12, 18, 25, 56, 64};

template <typename Fits>
void WriteVarbit(uint64_t value, const Fits& fits, BitWriter* out) {
  if (value == 0) return out->Bit(false);
  int ones = 1;
  for (const int bits : kVarbitClasses) {
    const bool last = bits == 64;
    if (last || fits(bits)) {
      // The widest class needs no zero behind its ones.
      const uint64_t prefix = ((uint64_t{1} << ones) - 1) << (last ? 0 : 1);
      out->Bits(prefix, last ? ones : ones + 1);
      return out->Bits(value, bits);
    }
    ++ones;
  }
}

void WriteVarbitInt(int64_t value, BitWriter* out) {
  WriteVarbit(
      static_cast<uint64_t>(value), [&](int bits) { return FitsSigned(value, bits); }, out);
}

void WriteVarbitUint(uint64_t value, BitWriter* out) {
  WriteVarbit(
      value, [&](int bits) { return value < uint64_t{1} << bits; }, out);
}

void WriteDouble(double v, BitWriter* out) { out->Bits(std::bit_cast<uint64_t>(v), 64); }

// Powers of two, the usual thresholds, take one byte.
void WriteZeroThreshold(double threshold, BitWriter* out) {
  if (threshold == 0) return out->Bits(0, 8);
  constexpr int kExponentMin = -242;
  constexpr int kExponentMax = 11;
  int exponent = 0;
  const double fraction = std::frexp(threshold, &exponent);
  if (fraction == 0.5 && exponent >= kExponentMin && exponent <= kExponentMax) {
    return out->Bits(static_cast<uint64_t>(exponent + 1 - kExponentMin), 8);
  }
  out->Bits(255, 8);
  WriteDouble(threshold, out);
}

void WriteSpans(const std::vector<HistogramSpan>& spans, BitWriter* out) {
  WriteVarbitUint(spans.size(), out);
  for (const HistogramSpan& span : spans) {
    WriteVarbitUint(span.length, out);
    WriteVarbitInt(span.offset, out);
  }
}

// Bounds of at most three decimals are whole thousandths.
void WriteBound(double bound, BitWriter* out) {
  constexpr double kThousandthsMax = 33554430;
  const double thousandths = bound * 1000;
  if (thousandths < 0 || thousandths > kThousandthsMax || std::round(thousandths) / 1000 != bound) {
    out->Bit(false);
    return WriteDouble(bound, out);
  }
  WriteVarbitUint(static_cast<uint64_t>(std::round(thousandths)) + 1, out);
}

}  // namespace

std::string EncodeXorChunk(std::span<const TimestampMs> t, std::span<const double> v) {
  FIRN_CHECK(t.size() == v.size() && !t.empty() && t.size() <= 0xffff);
  std::string chunk;
  AppendBigEndian16(static_cast<uint16_t>(t.size()), &chunk);
  // The first two times are whole bytes, so the bits begin behind them; but the first value
  // stands between them, as whole bytes too.
  AppendSignedVarint(t[0], &chunk);
  BitWriter bits(&chunk);
  XorWriter values(&bits);
  values.First(v[0]);
  uint64_t last_delta = 0;
  for (size_t i = 1; i < t.size(); ++i) {
    const uint64_t delta = static_cast<uint64_t>(t[i]) - static_cast<uint64_t>(t[i - 1]);
    if (i == 1) {
      AppendVarint(delta, &chunk);
    } else {
      WriteDeltaOfDelta(static_cast<int64_t>(delta - last_delta), &bits);
    }
    last_delta = delta;
    values.Next(v[i]);
  }
  return chunk;
}

std::string EncodeHistogramChunk(TimestampMs t, const FloatHistogram& given) {
  static constexpr unsigned char kResetFlags[] = {0x00, 0x80, 0x40, 0xc0};
  FloatHistogram marker;
  marker.sum = given.sum;
  const FloatHistogram& h = given.IsStale() ? marker : given;
  std::string chunk;
  AppendBigEndian16(1, &chunk);
  chunk.push_back(static_cast<char>(kResetFlags[static_cast<size_t>(h.counter_reset_hint)]));
  BitWriter bits(&chunk);
  WriteZeroThreshold(h.zero_threshold, &bits);
  WriteVarbitInt(h.schema, &bits);
  WriteSpans(h.positive_spans, &bits);
  WriteSpans(h.negative_spans, &bits);
  if (h.UsesCustomBuckets()) {
    WriteVarbitUint(h.custom_values.size(), &bits);
    for (const double bound : h.custom_values) WriteBound(bound, &bits);
  }
  WriteVarbitInt(t, &bits);
  WriteDouble(h.count, &bits);
  WriteDouble(h.zero_count, &bits);
  WriteDouble(h.sum, &bits);
  for (const double n : h.positive_buckets) WriteDouble(n, &bits);
  for (const double n : h.negative_buckets) WriteDouble(n, &bits);
  return chunk;
}

}  // namespace firn::server
