#include "engine/tier/codec/bucket_columns.h"

#include <algorithm>

#include "base/bytes.h"
#include "engine/tier/codec/bucket_growth.h"
#include "engine/tier/codec/coded_layout.h"

namespace firn::engine {
namespace {

bool AreCounts(std::span<const int64_t> counts, int64_t least) {
  return std::all_of(counts.begin(), counts.end(),
                     [&](int64_t n) { return n >= least && n <= UINT32_MAX; });
}

Status ReadValues(ColumnsIn* in, uint8_t flags, size_t times, BucketColumns* out) {
  size_t values = 0;
  for (const int64_t count : out->counts) values += count > 1 ? 2 : 1;
  if (values != times) return MalformedBuckets();
  if ((flags & kGrowth) == 0) {
    in->Floats(values, &out->values);
    return in->status();
  }
  return in->With(
      [&](std::string_view* bytes) { return ReadGrowth(bytes, out->counts, &out->values); });
}

Status ReadResets(ColumnsIn* in, BucketColumns* out) {
  in->Ints(out->counts.size(), &out->resets);
  if (!AreCounts(out->resets, 0)) return MalformedBuckets();
  const auto with = std::count_if(out->resets.begin(), out->resets.end(),
                                  [](int64_t resets) { return resets > 0; });
  in->Floats(static_cast<size_t>(with), &out->corrections);
  return in->status();
}

// Extremes as differences from the first and last values.
Status ReadDecimalExtremes(ColumnsIn* in, BucketColumns* out) {
  const uint8_t exponent = in->Byte();
  if (exponent > kExponentMax) return MalformedBuckets();
  const size_t n = out->counts.size();
  const std::vector<int64_t> below = in->Ints(n);
  const std::vector<int64_t> above = in->Ints(n);
  FIRN_RETURN_IF_ERROR(in->status());
  const auto value = [&](uint64_t d) {
    return static_cast<double>(static_cast<int64_t>(d)) / kPowers[exponent];
  };
  const double* next = out->values.data();
  for (size_t i = 0; i < n; ++i) {
    const auto first = ToInteger(next[0], exponent);
    const auto last = ToInteger(next[out->counts[i] > 1 ? 1 : 0], exponent);
    next += out->counts[i] > 1 ? 2 : 1;
    if (!first || !last) return MalformedBuckets();
    // Unsigned: damaged bytes may lead anywhere.
    out->minima.push_back(
        value(static_cast<uint64_t>(std::min(*first, *last)) - static_cast<uint64_t>(below[i])));
    out->maxima.push_back(
        value(static_cast<uint64_t>(std::max(*first, *last)) + static_cast<uint64_t>(above[i])));
  }
  return OkStatus();
}

Status ReadExtremes(ColumnsIn* in, uint8_t flags, BucketColumns* out) {
  if (flags & kDecimals) return ReadDecimalExtremes(in, out);
  in->Floats(out->counts.size(), &out->minima);
  in->Floats(out->counts.size(), &out->maxima);
  return in->status();
}

}  // namespace

Result<bool> DecodeBucketColumns(std::span<const TimestampMs> times, std::string_view bytes,
                                 const ColumnsWanted& wanted, BucketColumns* out) {
  ByteReader reader(bytes);
  const auto flags = reader.Fixed<uint8_t>();
  if (flags == kSamples || flags == kParts || (flags & kHasStale) != 0) return false;
  const uint64_t size = reader.Varint();
  // Each bucket has a time, so damaged bytes cannot ask for more memory than times took.
  if (!reader.ok() || size == 0 || size > times.size()) return MalformedBuckets();
  out->resets.clear();
  out->corrections.clear();
  out->changes.clear();
  out->minima.clear();
  out->maxima.clear();
  ColumnsIn in(reader.rest());
  in.Ints(size, &out->counts);
  FIRN_RETURN_IF_ERROR(in.status());
  if (!AreCounts(out->counts, 1)) return MalformedBuckets();
  FIRN_RETURN_IF_ERROR(ReadValues(&in, flags, times.size(), out));
  const bool extremes = wanted.extremes && (flags & kHasExtremes) != 0;
  const bool changes = (wanted.changes || extremes) && (flags & kHasChanges) != 0;
  if ((flags & kHasResets) != 0 && (wanted.resets || changes || extremes)) {
    FIRN_RETURN_IF_ERROR(ReadResets(&in, out));
  }
  if (changes) {
    in.Ints(size, &out->changes);
    FIRN_RETURN_IF_ERROR(in.status());
    if (!AreCounts(out->changes, 0)) return MalformedBuckets();
  }
  if (extremes) FIRN_RETURN_IF_ERROR(ReadExtremes(&in, flags, out));
  return true;
}

}  // namespace firn::engine
