// Native histograms of one series as a column: layouts (schema, spans, bounds) are stored
// when they change, counts and sums as differences. Bit-exact. Pure functions of bytes.
// Layout: docs/format/page.md.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/histogram.h"
#include "base/status.h"

namespace firn::storage {

// A histogram with more buckets than this is refused.
inline constexpr size_t kHistogramBucketsMax = 1 << 16;

// True if there are as many bucket counts as the spans say, and not too many.
bool IsWellFormed(const FloatHistogram& histogram);

// Appends the coded column; its length is not stored.
// REQUIRES: no null pointers; all IsWellFormed().
void EncodeHistograms(std::span<const HistogramPtr> histograms, std::string* out);
// Appends `n` histograms to `out`, decoded from the front of `in`, and advances `in`.
// Corruption if the bytes are malformed. Equal neighbours share one object.
Status DecodeHistograms(std::string_view* in, size_t n, std::vector<HistogramPtr>* out);

}  // namespace firn::storage
