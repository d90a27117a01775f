// The label sets of a segment's series as a table: one row per series, one column per label
// name, cells are numbers of sorted distinct values. The payload of a label page.
// Layout: docs/format/page.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/matcher.h"
#include "base/status.h"

namespace firn::storage {

// Limits of one table, so that reading one takes bounded memory.
inline constexpr size_t kTableLabelBytesTarget = 1 << 20;
inline constexpr size_t kTableCellsMax = 1 << 22;

// Labels are stored without the metric name. REQUIRES: at most kSegmentRowsMax rows, all of
// one metric, within kTableCellsMax.
std::string EncodeLabelTable(std::span<const Labels> rows);

// Immutable after Decode.
class LabelTable {
 public:
  static Result<LabelTable> Decode(std::string_view payload);

  size_t rows() const { return rows_; }
  size_t memory_bytes() const;

  // Rows that satisfy all matchers but those on the metric name, ascending.
  std::vector<uint32_t> Select(const Matchers& matchers) const;
  // REQUIRES: row < rows(). `metric` may be empty.
  Labels RowLabels(std::string_view metric, uint32_t row) const;
  // The same as RowLabels(metric, row) == labels, without making them.
  bool RowIs(std::string_view metric, uint32_t row, const Labels& labels) const;

  // Names that occur in `rows`.
  void CollectNames(std::span<const uint32_t> rows, std::vector<std::string>* out) const;
  // Calls visit(value) for the distinct values of `name` in `rows`, in order. Views live as long
  // as the table.
  template <typename Visit>
  void VisitValues(std::string_view name, std::span<const uint32_t> rows,
                   const Visit& visit) const {
    const Column* column = Find(name);
    if (column == nullptr) return;
    std::vector<char> used(column->ends.size() + 1, 0);
    for (const uint32_t row : rows) used[column->cells[row]] = 1;
    for (uint32_t cell = 1; cell < used.size(); ++cell) {
      if (used[cell] != 0) visit(column->Value(cell));
    }
  }

 private:
  struct Column {
    std::string name;
    std::string text;             // The values one after the other; value i ends
    std::vector<uint32_t> ends;   // ... at ends[i].
    std::vector<uint32_t> cells;  // Value number plus 1, or 0 if the label is absent.

    std::string_view Value(uint32_t cell) const;
    // None if no row has the value.
    std::optional<uint32_t> CellOf(std::string_view value) const;
  };
  void FindPasses(const Column& column, const Matcher& matcher, std::vector<char>* passes) const;
  Status DecodeColumn(std::string_view* in, Column* column) const;
  const Column* Find(std::string_view name) const;

  size_t rows_ = 0;
  std::vector<Column> columns_;  // By name.
};

}  // namespace firn::storage
