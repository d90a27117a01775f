#include "engine/tier/codec/bucket_codec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

#include "base/bytes.h"
#include "base/check.h"
#include "engine/tier/codec/bucket_growth.h"
#include "engine/tier/codec/coded_layout.h"

namespace firn::engine {
namespace {

// More samples per bucket than this take more bytes than what is kept of a bucket.
constexpr size_t kSamplesPerBucketMax = 8;
constexpr size_t kSmallBytes = 48;  // Nothing to win below that.

uint64_t Bits(double v) { return std::bit_cast<uint64_t>(v); }
bool Same(double a, double b) { return Bits(a) == Bits(b); }

// The smallest exponent at which all values are integers, or -1.
int FindExponent(std::span<const Bucket> buckets) {
  const auto fits = [](const Bucket& b, int exponent) {
    return b.count == 0 || (ToInteger(b.first_v, exponent) && ToInteger(b.last_v, exponent) &&
                            ToInteger(b.min, exponent) && ToInteger(b.max, exponent));
  };
  int exponent = 0;
  for (const Bucket& b : buckets) {
    while (!fits(b, exponent)) {
      if (++exponent > kExponentMax) return -1;
    }
  }
  // What is an integer at a lower exponent mostly is one at a higher one too; make sure.
  const auto still_fits = [&](const Bucket& b) { return fits(b, exponent); };
  return std::all_of(buckets.begin(), buckets.end(), still_fits) ? exponent : -1;
}

// Extremes of a bucket whose first and last value are its extremes.
void EndsToExtremes(Bucket* b) {
  b->min = b->max = b->first_v;
  if (b->last_v < b->min || std::isnan(b->min)) b->min = b->last_v;
  if (b->last_v > b->max || std::isnan(b->max)) b->max = b->last_v;
}

double FlatSum(const Bucket& b) { return static_cast<double>(b.count) * b.first_v; }

// What a sum would be if values lay on a line.
int64_t LineSum(const Bucket& b, int64_t first, int64_t last) {
  return static_cast<int64_t>(static_cast<double>(b.count) * 0.5 *
                              static_cast<double>(first + last));
}

void AppendInts(const std::vector<int64_t>& values, std::string* out) {
  if (!values.empty()) storage::EncodeInts(values, out);
}

void AppendFloats(const std::vector<double>& values, std::string* out) {
  if (!values.empty()) storage::EncodeFloats(values, out);
}

template <typename T, typename Of>
std::vector<T> Column(std::span<const Bucket> buckets, const Of& of) {
  std::vector<T> out;
  out.reserve(buckets.size());
  for (const Bucket& b : buckets) out.push_back(of(b));
  return out;
}

uint8_t Describe(std::span<const Bucket> buckets, bool with_sums) {
  uint8_t flags = kFlatSums;
  for (const Bucket& b : buckets) {
    if (b.is_stale()) flags |= kHasStale;
    if (b.resets > 0) flags |= kHasResets;
    if (b.changes > 0) flags |= kHasChanges;
    Bucket plain = b;
    EndsToExtremes(&plain);
    if (!Same(plain.min, b.min) || !Same(plain.max, b.max)) flags |= kHasExtremes;
    if (!Same(FlatSum(b), b.sum)) flags &= static_cast<uint8_t>(~kFlatSums);
  }
  if (with_sums && (flags & kFlatSums) == 0) flags |= kHasSums;
  return flags;
}

void AppendDecimals(std::span<const Bucket> buckets, int exponent, uint8_t flags,
                    std::string* out) {
  const auto integer = [&](double v) { return ToInteger(v, exponent).value(); };
  std::vector<int64_t> below;
  std::vector<int64_t> above;
  std::vector<int64_t> sums;
  std::vector<int64_t> ulps;
  for (const Bucket& b : buckets) {
    if (b.count == 0) continue;
    const int64_t first = integer(b.first_v);
    const int64_t last = integer(b.last_v);
    below.push_back(std::min(first, last) - integer(b.min));
    above.push_back(integer(b.max) - std::max(first, last));
    const int64_t sum = std::llround(b.sum * kPowers[exponent]);
    sums.push_back(sum - LineSum(b, first, last));
    ulps.push_back(
        static_cast<int64_t>(Bits(b.sum) - Bits(static_cast<double>(sum) / kPowers[exponent])));
  }
  out->push_back(static_cast<char>(exponent));
  if (flags & kHasExtremes) {
    AppendInts(below, out);
    AppendInts(above, out);
  }
  if (flags & kHasSums) {
    AppendInts(sums, out);
    AppendInts(ulps, out);
  }
}

void AppendPlain(std::span<const Bucket> buckets, uint8_t flags, std::string* out) {
  if (flags & kHasExtremes) {
    AppendFloats(Column<double>(buckets, [](const Bucket& b) { return b.min; }), out);
    AppendFloats(Column<double>(buckets, [](const Bucket& b) { return b.max; }), out);
  }
  if (flags & kHasSums) {
    AppendFloats(Column<double>(buckets, [](const Bucket& b) { return b.sum; }), out);
  }
}

// Counts and times, and with them which values there are.
Status ReadTimes(std::span<const TimestampMs> times, const std::vector<int64_t>& counts,
                 const std::vector<int64_t>& stale, DurationMs resolution, std::vector<Bucket>* out,
                 size_t* values) {
  size_t at = 0;
  TimestampMs end = kMaxTimestamp;
  for (size_t i = 0; i < counts.size(); ++i) {
    const bool is_stale = !stale.empty() && stale[i] != 0;
    if (counts[i] < 0 || counts[i] > UINT32_MAX || (counts[i] == 0 && !is_stale)) {
      return MalformedBuckets();
    }
    const size_t samples = static_cast<size_t>(std::min<int64_t>(counts[i], 2));
    if (times.size() - at < samples + (is_stale ? 1 : 0)) return MalformedBuckets();
    // As a rule it is the next one, which takes no division.
    const bool is_next =
        end < times[at] && end <= kMaxTimestamp - resolution && times[at] <= end + resolution;
    end = is_next ? end + resolution : BucketEnd(times[at], resolution);
    Bucket& b = out->emplace_back();
    b.end = end;
    b.count = static_cast<uint32_t>(counts[i]);
    if (samples > 0) {
      b.first_t = times[at];
      b.last_t = times[at + samples - 1];
    }
    at += samples;
    if (is_stale) b.stale_t = times[at++];
    *values += samples;
  }
  return at == times.size() ? OkStatus() : MalformedBuckets();
}

void SetValues(const std::vector<double>& values, std::vector<Bucket>* buckets) {
  size_t at = 0;
  for (Bucket& b : *buckets) {
    if (b.count == 0) continue;
    b.first_v = values[at++];
    b.last_v = b.count > 1 ? values[at++] : b.first_v;
    EndsToExtremes(&b);
  }
}

Status ReadGrownBuckets(ColumnsIn* in, std::vector<Bucket>* buckets) {
  const bool all_have =
      std::all_of(buckets->begin(), buckets->end(), [](const Bucket& b) { return b.count > 0; });
  if (!all_have) return Corruption("buckets: growth without samples");
  std::vector<int64_t> counts;
  counts.reserve(buckets->size());
  for (const Bucket& b : *buckets) counts.push_back(b.count);
  std::vector<double> values;
  FIRN_RETURN_IF_ERROR(
      in->With([&](std::string_view* bytes) { return ReadGrowth(bytes, counts, &values); }));
  SetValues(values, buckets);
  return OkStatus();
}

Status ReadResets(ColumnsIn* in, std::vector<Bucket>* buckets) {
  const std::vector<int64_t> resets = in->Ints(buckets->size());
  size_t with = 0;
  for (size_t i = 0; i < resets.size(); ++i) {
    if (resets[i] < 0 || resets[i] > UINT32_MAX) return MalformedBuckets();
    (*buckets)[i].resets = static_cast<uint32_t>(resets[i]);
    if (resets[i] > 0) ++with;
  }
  const std::vector<double> corrections = in->Floats(with);
  size_t at = 0;
  for (Bucket& b : *buckets) {
    if (b.resets > 0) b.correction = corrections[at++];
  }
  return in->status();
}

Status ReadChanges(ColumnsIn* in, std::vector<Bucket>* buckets) {
  const std::vector<int64_t> changes = in->Ints(buckets->size());
  for (size_t i = 0; i < changes.size(); ++i) {
    if (changes[i] < 0 || changes[i] > UINT32_MAX) return MalformedBuckets();
    (*buckets)[i].changes = static_cast<uint32_t>(changes[i]);
  }
  return in->status();
}

Status ReadDecimals(ColumnsIn* in, uint8_t flags, std::vector<Bucket>* buckets) {
  const uint8_t exponent = in->Byte();
  if (exponent > kExponentMax) return MalformedBuckets();
  const auto with = static_cast<size_t>(
      std::count_if(buckets->begin(), buckets->end(), [](const Bucket& b) { return b.count > 0; }));
  const bool extremes = (flags & kHasExtremes) != 0;
  const bool sums = (flags & kHasSums) != 0;
  const std::vector<int64_t> below = in->Ints(extremes ? with : 0);
  const std::vector<int64_t> above = in->Ints(extremes ? with : 0);
  const std::vector<int64_t> rest = in->Ints(sums ? with : 0);
  const std::vector<int64_t> ulps = in->Ints(sums ? with : 0);
  FIRN_RETURN_IF_ERROR(in->status());
  // Unsigned: damaged bytes may lead anywhere.
  const auto value = [&](uint64_t d) {
    return static_cast<double>(static_cast<int64_t>(d)) / kPowers[exponent];
  };
  size_t at = 0;
  for (Bucket& b : *buckets) {
    if (b.count == 0) continue;
    const auto first = ToInteger(b.first_v, exponent);
    const auto last = ToInteger(b.last_v, exponent);
    if (!first || !last) return MalformedBuckets();
    if (extremes) {
      b.min =
          value(static_cast<uint64_t>(std::min(*first, *last)) - static_cast<uint64_t>(below[at]));
      b.max =
          value(static_cast<uint64_t>(std::max(*first, *last)) + static_cast<uint64_t>(above[at]));
    }
    if (sums) {
      const double sum =
          value(static_cast<uint64_t>(LineSum(b, *first, *last)) + static_cast<uint64_t>(rest[at]));
      b.sum = std::bit_cast<double>(Bits(sum) + static_cast<uint64_t>(ulps[at]));
    }
    ++at;
  }
  return OkStatus();
}

Status ReadPlain(ColumnsIn* in, uint8_t flags, std::vector<Bucket>* buckets) {
  const size_t n = buckets->size();
  if (flags & kHasExtremes) {
    const std::vector<double> min = in->Floats(n);
    const std::vector<double> max = in->Floats(n);
    for (size_t i = 0; i < n; ++i) {
      (*buckets)[i].min = min[i];
      (*buckets)[i].max = max[i];
    }
  }
  if (flags & kHasSums) {
    const std::vector<double> sums = in->Floats(n);
    for (size_t i = 0; i < n; ++i) (*buckets)[i].sum = sums[i];
  }
  return in->status();
}

bool DecimalsFit(std::span<const Bucket> buckets, int exponent) {
  for (const Bucket& b : buckets) {
    if (!(std::fabs(b.sum * kPowers[exponent]) < 0x1p52)) return false;
    if (!(static_cast<double>(b.count) < 0x1p20)) return false;
  }
  return true;
}

// First and last values in the form that takes fewer bytes.
std::string EncodeValues(std::span<const Bucket> buckets, uint8_t flags, bool* is_growth) {
  std::vector<double> values;
  bool all_have = true;
  for (const Bucket& b : buckets) {
    if (b.count > 0) values.push_back(b.first_v);
    if (b.count > 1) values.push_back(b.last_v);
    all_have &= b.count > 0;
  }
  std::string in_turn;
  AppendFloats(values, &in_turn);
  *is_growth = false;
  // Its flag must not be the only one.
  const bool possible = all_have && (flags & kHasChanges) != 0;
  if (!possible || in_turn.size() < kSmallBytes) return in_turn;
  std::string growth;
  if (!AppendGrowth(buckets, &growth) || growth.size() >= in_turn.size()) return in_turn;
  *is_growth = true;
  return growth;
}

Status DecodeSamples(std::span<const TimestampMs> times, std::string_view bytes,
                     DurationMs resolution, DecodedBuckets* out) {
  if (times.empty()) return MalformedBuckets();
  std::vector<double> values(times.size());
  FIRN_RETURN_IF_ERROR(storage::DecodeFloats(&bytes, values.size(), values.data()));
  if (!bytes.empty()) return Corruption("buckets: bytes left over");
  out->buckets = BuildBuckets(times, values, resolution);
  return OkStatus();
}

}  // namespace

CodedBuckets EncodeBuckets(std::span<const Bucket> buckets, bool with_sums) {
  FIRN_CHECK(!buckets.empty());
  uint8_t flags = Describe(buckets, with_sums);
  int exponent = -1;
  if (flags & (kHasExtremes | kHasSums)) {
    exponent = FindExponent(buckets);
    if (exponent >= 0 && !DecimalsFit(buckets, exponent)) exponent = -1;
    if (exponent >= 0) flags |= kDecimals;
  }
  CodedBuckets out;
  for (const Bucket& b : buckets) {
    if (b.count > 0) out.times.push_back(b.first_t);
    if (b.count > 1) out.times.push_back(b.last_t);
    if (b.is_stale()) out.times.push_back(b.stale_t);
  }
  bool is_growth = false;
  const std::string values = EncodeValues(buckets, flags, &is_growth);
  if (is_growth) flags |= kGrowth;
  std::string* bytes = &out.bytes;
  bytes->push_back(static_cast<char>(flags));
  AppendVarint(buckets.size(), bytes);
  AppendInts(Column<int64_t>(buckets, [](const Bucket& b) { return b.count; }), bytes);
  if (flags & kHasStale) {
    AppendInts(Column<int64_t>(buckets, [](const Bucket& b) { return b.is_stale() ? 1 : 0; }),
               bytes);
  }
  bytes->append(values);
  if (flags & kHasResets) {
    AppendInts(Column<int64_t>(buckets, [](const Bucket& b) { return b.resets; }), bytes);
    std::vector<double> corrections;
    for (const Bucket& b : buckets) {
      if (b.resets > 0) corrections.push_back(b.correction);
    }
    AppendFloats(corrections, bytes);
  }
  if (flags & kHasChanges) {
    AppendInts(Column<int64_t>(buckets, [](const Bucket& b) { return b.changes; }), bytes);
  }
  if (exponent >= 0) {
    AppendDecimals(buckets, exponent, flags, bytes);
  } else {
    AppendPlain(buckets, flags, bytes);
  }
  return out;
}

CodedBuckets EncodeSeries(const BucketInput& in) {
  CodedBuckets coded = EncodeBuckets(in.buckets, in.with_sums);
  const bool few = in.t.size() <= kSamplesPerBucketMax * in.buckets.size();
  if (!few || coded.bytes.size() < kSmallBytes) return coded;
  CodedBuckets samples;
  samples.bytes.push_back(static_cast<char>(kSamples));
  storage::EncodeFloats(in.v, &samples.bytes);
  // Buckets are there already when they are read: they may take a little more.
  if (samples.bytes.size() + samples.bytes.size() / 16 >= coded.bytes.size()) return coded;
  samples.times.assign(in.t.begin(), in.t.end());
  return samples;
}

namespace {

// All but parts.
Status DecodeWhole(std::span<const TimestampMs> times, std::string_view bytes,
                   DurationMs resolution, DecodedBuckets* out) {
  ByteReader reader(bytes);
  const auto flags = reader.Fixed<uint8_t>();
  if (flags == kSamples) return DecodeSamples(times, reader.rest(), resolution, out);
  if (flags == kParts) return MalformedBuckets();
  const uint64_t size = reader.Varint();
  // Each bucket has a time, so damaged bytes cannot ask for more memory than times took.
  if (!reader.ok() || size == 0 || size > times.size()) return MalformedBuckets();
  out->buckets.reserve(size);
  ColumnsIn in(reader.rest());
  const std::vector<int64_t> counts = in.Ints(size);
  const std::vector<int64_t> stale = in.Ints(flags & kHasStale ? size : 0);
  FIRN_RETURN_IF_ERROR(in.status());
  size_t values = 0;
  FIRN_RETURN_IF_ERROR(ReadTimes(times, counts, stale, resolution, &out->buckets, &values));
  if (flags & kGrowth) {
    FIRN_RETURN_IF_ERROR(ReadGrownBuckets(&in, &out->buckets));
  } else {
    SetValues(in.Floats(values), &out->buckets);
  }
  if (flags & kHasResets) FIRN_RETURN_IF_ERROR(ReadResets(&in, &out->buckets));
  if (flags & kHasChanges) FIRN_RETURN_IF_ERROR(ReadChanges(&in, &out->buckets));
  FIRN_RETURN_IF_ERROR(flags & kDecimals ? ReadDecimals(&in, flags, &out->buckets)
                                         : ReadPlain(&in, flags, &out->buckets));
  if (flags & kFlatSums) {
    for (Bucket& b : out->buckets) b.sum = FlatSum(b);
  }
  if ((flags & (kFlatSums | kHasSums)) == 0) {
    out->without_sums = {out->buckets.front().times().min, out->buckets.back().times().max};
  }
  return in.Finish();
}

Status DecodeParts(std::span<const TimestampMs> times, std::string_view bytes,
                   DurationMs resolution, DecodedBuckets* out) {
  ByteReader reader(bytes);
  for (uint64_t parts = reader.Varint(); parts > 0; --parts) {
    const uint64_t count = reader.Varint();
    const std::string_view part = reader.LengthPrefixed();
    if (!reader.ok() || count > times.size()) return MalformedBuckets();
    DecodedBuckets decoded;
    FIRN_RETURN_IF_ERROR(DecodeWhole(times.first(count), part, resolution, &decoded));
    times = times.subspan(count);
    out->buckets.insert(out->buckets.end(), decoded.buckets.begin(), decoded.buckets.end());
    out->without_sums = {std::min(out->without_sums.min, decoded.without_sums.min),
                         std::max(out->without_sums.max, decoded.without_sums.max)};
  }
  return reader.ok() && reader.AtEnd() && times.empty() ? OkStatus() : MalformedBuckets();
}

}  // namespace

CodedBuckets EncodeBucketParts(std::span<const BucketPart> parts) {
  FIRN_CHECK(!parts.empty());
  if (parts.size() == 1) return EncodeBuckets(parts[0].buckets, parts[0].with_sums);
  CodedBuckets out;
  out.bytes.push_back(static_cast<char>(kParts));
  AppendVarint(parts.size(), &out.bytes);
  for (const BucketPart& part : parts) {
    const auto [times, bytes] = EncodeBuckets(part.buckets, part.with_sums);
    AppendVarint(times.size(), &out.bytes);
    AppendLengthPrefixed(bytes, &out.bytes);
    out.times.insert(out.times.end(), times.begin(), times.end());
  }
  return out;
}

Status DecodeBuckets(std::span<const TimestampMs> times, std::string_view bytes,
                     DurationMs resolution, DecodedBuckets* out) {
  out->buckets.clear();
  out->without_sums = DecodedBuckets().without_sums;
  const bool in_parts = !bytes.empty() && static_cast<uint8_t>(bytes.front()) == kParts;
  return in_parts ? DecodeParts(times, bytes.substr(1), resolution, out)
                  : DecodeWhole(times, bytes, resolution, out);
}

}  // namespace firn::engine
