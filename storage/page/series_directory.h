// Where the columns of a segment's series lie: the payload of a series page.
// Layout: docs/format/page.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace firn::storage {

// Series of a metric are cut into segments of at most this many; each has a series page and
// a label page of its own.
inline constexpr size_t kSegmentRowsMax = 8192;

// Where the samples of one kind, or the buckets, of one series lie.
struct ColumnPlace {
  uint32_t count = 0;        // Samples or times; 0 means that the series has none of this kind.
  uint32_t clock = 0;        // Number of the time column,
  uint32_t clock_first = 0;  // ... and where in it the series begins.
  uint32_t page = 0;         // Number of the data page within the metric,
  uint32_t offset = 0;       // ... and bytes into its payload.
  uint32_t length = 0;       // In bytes.
  friend bool operator==(const ColumnPlace&, const ColumnPlace&) = default;
};

struct SeriesPlaces {
  ColumnPlace floats;
  ColumnPlace histograms;
  ColumnPlace buckets;
  friend bool operator==(const SeriesPlaces&, const SeriesPlaces&) = default;
};

// REQUIRES: columns follow each other without gaps, those of one row in the order above,
// each page beginning at offset 0 but for the first.
std::string EncodeSeriesPage(std::span<const SeriesPlaces> rows);
Result<std::vector<SeriesPlaces>> DecodeSeriesPage(std::string_view payload);

}  // namespace firn::storage
