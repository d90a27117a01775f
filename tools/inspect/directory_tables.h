// What a directory has, for terminals and for programs.
#pragma once

#include <string>

#include "engine/db/inspect/directory_figures.h"
#include "tools/cli/table.h"

namespace firn::tools {

Table WindowTable(const engine::DirectoryFigures& directory);
std::string WindowsJson(const engine::DirectoryFigures& directory);

Table PageTable(const std::vector<engine::PageKindFigures>& pages);
std::string PagesJson(const std::vector<engine::PageKindFigures>& pages);

Table RecordTable(const std::vector<engine::RecordFigures>& records);
std::string RecordsJson(const std::vector<engine::RecordFigures>& records);

Table SeriesTable(const std::vector<engine::DirectoryFigures::SeriesFigures>& series);
std::string SeriesJson(const std::vector<engine::DirectoryFigures::SeriesFigures>& series);

}  // namespace firn::tools
