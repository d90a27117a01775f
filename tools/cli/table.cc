#include "tools/cli/table.h"

#include <algorithm>
#include <cctype>

#include "base/check.h"
#include "tools/cli/text_layout.h"

namespace firn::tools {
namespace {

constexpr size_t kGap = 2;
constexpr size_t kFlexibleMin = 12;

std::string Mapped(std::string_view text, int (*map)(int)) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [map](unsigned char c) { return static_cast<char>(map(c)); });
  return out;
}

struct Line {
  std::string text;
  size_t width = 0;  // Columns, without escape sequences.

  void Add(std::string_view cell, Style style, bool colour) {
    text += Paint(cell, style, colour);
    width += DisplayWidth(cell);
  }
  void PadTo(size_t column) {
    if (width >= column) return;
    text.append(column - width, ' ');
    width = column;
  }
};

}  // namespace

std::string CsvField(std::string_view text) {
  if (text.find_first_of(",\"\n\r") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string MarkdownText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      out += ' ';
      continue;
    }
    if (std::string_view("\\`*_{}[]<>#|~&").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

Table::Table(std::vector<TableColumn> columns) : columns_(std::move(columns)) {}

void Table::AddRow(std::vector<TableCell> cells) {
  FIRN_CHECK(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

std::vector<size_t> Table::Widths(const TextLook& look) const {
  std::vector<size_t> widths;
  for (size_t i = 0; i < columns_.size(); ++i) {
    widths.push_back(DisplayWidth(columns_[i].title));
    for (const auto& row : rows_) {
      widths[i] = std::max(widths[i], DisplayWidth(Printable(row[i].text)));
    }
  }
  if (look.columns == 0 || widths.empty()) return widths;
  size_t total = kGap * (widths.size() - 1);
  for (const size_t width : widths) total += width;
  // The widest gives way first, so that short columns are not folded for the sake of long ones.
  while (total > look.columns) {
    size_t widest = widths.size();
    for (size_t i = 0; i < widths.size(); ++i) {
      if (!columns_[i].flexible || widths[i] <= kFlexibleMin) continue;
      if (widest == widths.size() || widths[i] > widths[widest]) widest = i;
    }
    if (widest == widths.size()) break;
    --widths[widest];
    --total;
  }
  return widths;
}

std::string Table::Text(const TextLook& look) const {
  const std::vector<size_t> widths = Widths(look);
  std::string out;
  const auto add = [&](const std::vector<TableCell>& cells) {
    std::vector<std::vector<std::string>> folded;
    size_t lines = 0;
    for (size_t i = 0; i < cells.size(); ++i) {
      folded.push_back(Fold(Printable(cells[i].text), widths[i]));
      lines = std::max(lines, folded.back().size());
    }
    for (size_t n = 0; n < lines; ++n) {
      Line line;
      size_t column = 0;
      for (size_t i = 0; i < cells.size(); ++i) {
        const std::string text = n < folded[i].size() ? folded[i][n] : "";
        const bool right = columns_[i].align == Align::kRight;
        const size_t indent = right ? widths[i] - std::min(widths[i], DisplayWidth(text)) : 0;
        if (!text.empty()) {
          line.PadTo(column + indent);
          line.Add(text, cells[i].style, look.colour);
        }
        column += widths[i] + kGap;
      }
      out += line.text + "\n";
    }
  };
  std::vector<TableCell> titles;
  for (const TableColumn& column : columns_) {
    titles.emplace_back(Mapped(column.title, std::toupper), Style::kBold);
  }
  add(titles);
  for (const auto& row : rows_) add(row);
  return out;
}

std::string Table::Csv() const {
  std::string out;
  for (size_t i = 0; i < columns_.size(); ++i) {
    std::string title = Mapped(columns_[i].title, std::tolower);
    std::replace(title.begin(), title.end(), ' ', '_');
    out += (i == 0 ? "" : ",") + CsvField(title);
  }
  out += '\n';
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) out += (i == 0 ? "" : ",") + CsvField(row[i].text);
    out += '\n';
  }
  return out;
}

std::string Table::Markdown() const {
  std::string out = "|";
  std::string rule = "|";
  for (const TableColumn& column : columns_) {
    out += " " + MarkdownText(column.title) + " |";
    rule += column.align == Align::kRight ? " ---: |" : " --- |";
  }
  out += "\n" + rule + "\n";
  for (const auto& row : rows_) {
    out += "|";
    for (const TableCell& cell : row) out += " " + MarkdownText(cell.text) + " |";
    out += "\n";
  }
  return out;
}

}  // namespace firn::tools
