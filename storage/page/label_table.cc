#include "storage/page/label_table.h"

#include <algorithm>
#include <numeric>

#include <absl/container/flat_hash_map.h>

#include "base/bytes.h"
#include "base/check.h"
#include "storage/encoding/column_codec.h"
#include "storage/page/series_directory.h"

namespace firn::storage {
namespace {

size_t SharedPrefix(std::string_view a, std::string_view b) {
  const auto [left, right] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<size_t>(left - a.begin());
}

// Values sorted, each as what it shares with the one before and the rest.
void AppendDictionary(const std::vector<std::string_view>& sorted, std::string* out) {
  AppendVarint(sorted.size(), out);
  std::string_view before;
  for (const std::string_view value : sorted) {
    const size_t shared = SharedPrefix(before, value);
    AppendVarint(shared, out);
    AppendLengthPrefixed(value.substr(shared), out);
    before = value;
  }
}

void AppendColumn(std::span<const std::string_view> values, std::string* out) {
  std::vector<std::string_view> sorted;
  absl::flat_hash_map<std::string_view, int64_t> cell_of;
  for (const std::string_view value : values) {
    if (!value.empty() && cell_of.try_emplace(value, 0).second) sorted.push_back(value);
  }
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size(); ++i) cell_of[sorted[i]] = static_cast<int64_t>(i) + 1;
  AppendDictionary(sorted, out);
  std::vector<int64_t> cells;
  cells.reserve(values.size());
  for (const std::string_view value : values) cells.push_back(value.empty() ? 0 : cell_of[value]);
  EncodeInts(cells, out);
}

}  // namespace

std::string EncodeLabelTable(std::span<const Labels> rows) {
  FIRN_CHECK(rows.size() <= kSegmentRowsMax);
  absl::flat_hash_map<std::string_view, size_t> column_of;
  std::vector<std::string_view> names;
  for (const Labels& labels : rows) {
    for (const LabelView label : labels) {
      if (label.name != kMetricName && column_of.try_emplace(label.name, 0).second) {
        names.push_back(label.name);
      }
    }
  }
  std::sort(names.begin(), names.end());
  for (size_t i = 0; i < names.size(); ++i) column_of[names[i]] = i;
  FIRN_CHECK(names.size() * rows.size() <= kTableCellsMax);

  std::vector<std::string_view> values(names.size() * rows.size());  // Column by column.
  for (size_t row = 0; row < rows.size(); ++row) {
    for (const LabelView label : rows[row]) {
      if (label.name != kMetricName)
        values[column_of[label.name] * rows.size() + row] = label.value;
    }
  }
  std::string out;
  AppendVarint(rows.size(), &out);
  AppendVarint(names.size(), &out);
  for (size_t i = 0; i < names.size(); ++i) {
    AppendLengthPrefixed(names[i], &out);
    AppendColumn(std::span(values).subspan(i * rows.size(), rows.size()), &out);
  }
  return out;
}

std::string_view LabelTable::Column::Value(uint32_t cell) const {
  if (cell == 0) return "";
  const uint32_t begin = cell == 1 ? 0 : ends[cell - 2];
  return std::string_view(text).substr(begin, ends[cell - 1] - begin);
}

std::optional<uint32_t> LabelTable::Column::CellOf(std::string_view value) const {
  if (value.empty()) return 0;
  uint32_t low = 1;
  for (uint32_t high = static_cast<uint32_t>(ends.size()) + 1; low < high;) {
    const uint32_t middle = low + (high - low) / 2;
    if (Value(middle) < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low > ends.size() || Value(low) != value) return std::nullopt;
  return low;
}

Status LabelTable::DecodeColumn(std::string_view* in, Column* column) const {
  ByteReader reader(*in);
  column->name = reader.LengthPrefixed();
  const uint64_t size = reader.Varint();
  if (!reader.ok() || size > rows_) return Corruption("label table: malformed dictionary");
  std::string value;
  for (uint64_t i = 0; i < size; ++i) {
    const uint64_t shared = reader.Varint();
    const std::string_view rest = reader.LengthPrefixed();
    // The text of a table is bounded, whatever the prefixes claim.
    if (!reader.ok() || shared > value.size() ||
        column->text.size() + shared + rest.size() > 64 * kTableLabelBytesTarget) {
      return Corruption("label table: malformed value");
    }
    if (i > 0 && std::string_view(value).substr(shared) >= rest) {
      return Corruption("label table: values out of order");
    }
    value.resize(shared);
    value.append(rest);
    column->text.append(value);
    column->ends.push_back(static_cast<uint32_t>(column->text.size()));
  }
  *in = reader.rest();
  std::vector<int64_t> cells(rows_);
  FIRN_RETURN_IF_ERROR(DecodeInts(in, rows_, cells.data()));
  column->cells.resize(rows_);
  for (size_t row = 0; row < rows_; ++row) {
    if (cells[row] < 0 || cells[row] > static_cast<int64_t>(size)) {
      return Corruption("label table: cell out of range");
    }
    column->cells[row] = static_cast<uint32_t>(cells[row]);
  }
  return OkStatus();
}

Result<LabelTable> LabelTable::Decode(std::string_view payload) {
  ByteReader reader(payload);
  LabelTable table;
  table.rows_ = reader.Varint();
  const uint64_t columns = reader.Varint();
  if (!reader.ok() || table.rows_ > kSegmentRowsMax || columns > kTableCellsMax ||
      table.rows_ * columns > kTableCellsMax || columns > reader.remaining()) {
    return Corruption("label table: malformed head");
  }
  std::string_view in = reader.rest();
  for (uint64_t i = 0; i < columns; ++i) {
    Column column;
    FIRN_RETURN_IF_ERROR(table.DecodeColumn(&in, &column));
    if (i > 0 && column.name <= table.columns_.back().name) {
      return Corruption("label table: names out of order");
    }
    table.columns_.push_back(std::move(column));
  }
  if (!in.empty()) return Corruption("label table: bytes left over");
  return table;
}

size_t LabelTable::memory_bytes() const {
  size_t bytes = sizeof(*this);
  for (const Column& column : columns_) {
    bytes += sizeof(column) + column.name.capacity() + column.text.capacity() +
             (column.ends.capacity() + column.cells.capacity()) * sizeof(uint32_t);
  }
  return bytes;
}

const LabelTable::Column* LabelTable::Find(std::string_view name) const {
  const auto it = std::lower_bound(
      columns_.begin(), columns_.end(), name,
      [](const Column& column, std::string_view wanted) { return column.name < wanted; });
  return it != columns_.end() && it->name == name ? &*it : nullptr;
}

// Which cells of a column satisfy a matcher: evaluated once per distinct value, or not even that.
void LabelTable::FindPasses(const Column& column, const Matcher& matcher,
                            std::vector<char>* passes) const {
  passes->assign(column.ends.size() + 1, 0);
  const auto pass = [&](std::string_view value) {
    if (const std::optional<uint32_t> cell = column.CellOf(value)) (*passes)[*cell] = 1;
  };
  if (matcher.type() == MatchType::kEqual) {
    pass(matcher.value());
  } else if (!matcher.set_matches().empty()) {
    for (const std::string& value : matcher.set_matches()) pass(value);
  } else {
    for (uint32_t cell = 0; cell < passes->size(); ++cell) {
      (*passes)[cell] = matcher.Matches(column.Value(cell)) ? 1 : 0;
    }
  }
}

std::vector<uint32_t> LabelTable::Select(const Matchers& matchers) const {
  std::vector<uint32_t> selected;
  bool is_all = true;
  std::vector<char> passes;
  for (const Matcher& matcher : matchers) {
    if (matcher.name() == kMetricName) continue;
    const Column* column = Find(matcher.name());
    if (column == nullptr) {
      if (!matcher.MatchesEmpty()) return {};
      continue;
    }
    FindPasses(*column, matcher, &passes);
    const std::vector<uint32_t>& cells = column->cells;
    if (!is_all) {
      std::erase_if(selected, [&](uint32_t row) { return passes[cells[row]] == 0; });
      continue;
    }
    is_all = false;
    for (uint32_t row = 0; row < rows_; ++row) {
      if (passes[cells[row]] != 0) selected.push_back(row);
    }
  }
  if (!is_all) return selected;
  selected.resize(rows_);
  std::iota(selected.begin(), selected.end(), 0);
  return selected;
}

Labels LabelTable::RowLabels(std::string_view metric, uint32_t row) const {
  FIRN_DCHECK(row < rows_);
  std::vector<LabelView> views;
  views.reserve(columns_.size() + 1);
  bool named = metric.empty();
  for (const Column& column : columns_) {
    const uint32_t cell = column.cells[row];
    if (cell == 0) continue;
    if (!named && kMetricName < column.name) {
      views.push_back({kMetricName, metric});
      named = true;
    }
    views.push_back({column.name, column.Value(cell)});
  }
  if (!named) views.push_back({kMetricName, metric});
  return Labels::FromSortedViews(views);
}

bool LabelTable::RowIs(std::string_view metric, uint32_t row, const Labels& labels) const {
  FIRN_DCHECK(row < rows_);
  Labels::Iterator next = labels.begin();
  const Labels::Iterator end = labels.end();
  const auto follows = [&](std::string_view name, std::string_view value) {
    if (next == end || *next != LabelView{name, value}) return false;
    ++next;
    return true;
  };
  bool named = metric.empty();
  for (const Column& column : columns_) {
    const uint32_t cell = column.cells[row];
    if (cell == 0) continue;
    if (!named && kMetricName < column.name) {
      if (!follows(kMetricName, metric)) return false;
      named = true;
    }
    if (!follows(column.name, column.Value(cell))) return false;
  }
  return (named || follows(kMetricName, metric)) && next == end;
}

void LabelTable::CollectNames(std::span<const uint32_t> rows, std::vector<std::string>* out) const {
  for (const Column& column : columns_) {
    const bool used =
        std::any_of(rows.begin(), rows.end(), [&](uint32_t row) { return column.cells[row] != 0; });
    if (used) out->push_back(column.name);
  }
}

}  // namespace firn::storage
