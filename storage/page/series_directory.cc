#include "storage/page/series_directory.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/bytes.h"
#include "base/check.h"
#include "storage/encoding/column_codec.h"

namespace firn::storage {
namespace {

using Member = ColumnPlace SeriesPlaces::*;
using Field = uint32_t ColumnPlace::*;

constexpr Field kStoredFields[] = {&ColumnPlace::clock, &ColumnPlace::clock_first,
                                   &ColumnPlace::page, &ColumnPlace::length};
constexpr Member kMembers[] = {&SeriesPlaces::floats, &SeriesPlaces::histograms,
                               &SeriesPlaces::buckets};

// Stored columns have no holes: a row without samples repeats the row before.
void AppendField(std::span<const SeriesPlaces> rows, Member member, Field field, std::string* out) {
  std::vector<int64_t> column;
  column.reserve(rows.size());
  for (const SeriesPlaces& row : rows) {
    const ColumnPlace& place = row.*member;
    const bool is_count = field == &ColumnPlace::count;
    const int64_t before = column.empty() ? 0 : column.back();
    column.push_back(place.count == 0 && !is_count ? before : place.*field);
  }
  EncodeInts(column, out);
}

Status ReadField(std::string_view* in, Member member, Field field,
                 std::vector<SeriesPlaces>* rows) {
  std::vector<int64_t> column(rows->size());
  FIRN_RETURN_IF_ERROR(DecodeInts(in, column.size(), column.data()));
  for (size_t i = 0; i < column.size(); ++i) {
    if (column[i] < 0 || column[i] > std::numeric_limits<uint32_t>::max()) {
      return Corruption("series page: number out of range");
    }
    ColumnPlace& place = (*rows)[i].*member;
    if (field == &ColumnPlace::count || place.count != 0) {
      place.*field = static_cast<uint32_t>(column[i]);
    }
  }
  return OkStatus();
}

bool HasAny(std::span<const SeriesPlaces> rows, Member member) {
  for (const SeriesPlaces& row : rows) {
    if ((row.*member).count != 0) return true;
  }
  return false;
}

// Calls visit(place) for each column in the order of their bytes.
template <typename Rows, typename Visit>
void ForEachColumn(Rows& rows, const Visit& visit) {
  for (auto& row : rows) {
    for (const Member member : kMembers) {
      if ((row.*member).count != 0) visit(row.*member);
    }
  }
}

}  // namespace

std::string EncodeSeriesPage(std::span<const SeriesPlaces> rows) {
  FIRN_CHECK(rows.size() <= kSegmentRowsMax);
  std::string out;
  AppendVarint(rows.size(), &out);
  std::optional<uint32_t> first_offset;
  ForEachColumn(rows, [&](const ColumnPlace& place) {
    if (!first_offset) first_offset = place.offset;
  });
  AppendVarint(first_offset.value_or(0), &out);
  for (const Member member : kMembers) {
    const bool used = HasAny(rows, member);
    // Windows of raw samples end before it.
    if (!used && member == &SeriesPlaces::buckets) break;
    out.push_back(used ? 1 : 0);
    if (!used) continue;
    AppendField(rows, member, &ColumnPlace::count, &out);
    for (const Field field : kStoredFields) AppendField(rows, member, field, &out);
  }
  return out;
}

Result<std::vector<SeriesPlaces>> DecodeSeriesPage(std::string_view payload) {
  ByteReader reader(payload);
  const uint64_t size = reader.Varint();
  uint64_t offset = reader.Varint();
  if (!reader.ok() || size > kSegmentRowsMax) return Corruption("series page: malformed head");
  std::vector<SeriesPlaces> rows(size);
  std::string_view in = reader.rest();
  for (const Member member : kMembers) {
    if (in.empty() && member == &SeriesPlaces::buckets) break;
    if (in.empty()) return Corruption("series page: cut short");
    const bool used = in.front() != 0;
    in.remove_prefix(1);
    if (!used) continue;
    FIRN_RETURN_IF_ERROR(ReadField(&in, member, &ColumnPlace::count, &rows));
    for (const Field field : kStoredFields) {
      FIRN_RETURN_IF_ERROR(ReadField(&in, member, field, &rows));
    }
  }
  if (!in.empty()) return Corruption("series page: bytes left over");
  const ColumnPlace* before = nullptr;
  ForEachColumn(rows, [&](ColumnPlace& place) {
    if (before != nullptr) {
      offset = place.page == before->page ? uint64_t{before->offset} + before->length : 0;
    }
    // An offset beyond 32 bits is beyond the page too, which the read will notice.
    place.offset =
        static_cast<uint32_t>(std::min<uint64_t>(offset, std::numeric_limits<uint32_t>::max()));
    before = &place;
  });
  return rows;
}

}  // namespace firn::storage
