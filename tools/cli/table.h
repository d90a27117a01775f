// Tables for terminals, files and spreadsheets.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/cli/terminal.h"

namespace firn::tools {

enum class Align : uint8_t { kLeft, kRight };

struct TableColumn {
  std::string title;
  Align align = Align::kLeft;
  // Gives way when the table is wider than the terminal: its cells are folded onto further lines.
  bool flexible = false;
};

struct TableCell {
  TableCell(std::string text_in, Style style_in = Style::kPlain)  // NOLINT: implicit
      : text(std::move(text_in)), style(style_in) {}
  TableCell(const char* text_in) : text(text_in) {}  // NOLINT: implicit

  std::string text;
  Style style = Style::kPlain;
};

// Collects rows, then writes them in one of several forms. One thread at a time.
class Table {
 public:
  explicit Table(std::vector<TableColumn> columns);

  // REQUIRES: as many cells as columns.
  void AddRow(std::vector<TableCell> cells);

  size_t rows() const { return rows_.size(); }

  // Aligned columns two spaces apart below their titles in capitals, without spaces at the end of
  // lines. What is not printable becomes U+FFFD. Flexible columns share what the others leave of
  // look.columns, but keep 12 columns each; a table that is still too wide stays so.
  std::string Text(const TextLook& look) const;
  // RFC 4180 with the titles in the first line, in small letters and with _ for spaces.
  std::string Csv() const;
  // A table of GitHub-flavoured Markdown; text of cells is escaped.
  std::string Markdown() const;

 private:
  std::vector<size_t> Widths(const TextLook& look) const;

  std::vector<TableColumn> columns_;
  std::vector<std::vector<TableCell>> rows_;
};

// A field of RFC 4180: in quotes where it has to be.
std::string CsvField(std::string_view text);
// Text that Markdown shows as it is, also in a table.
std::string MarkdownText(std::string_view text);

}  // namespace firn::tools
