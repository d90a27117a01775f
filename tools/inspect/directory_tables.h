// What a directory has, for terminals and for programs.
#pragma once

#include <vector>

#include "engine/db/inspect/directory_figures.h"
#include "tools/cli/record_list.h"
#include "tools/cli/table.h"

namespace firn::tools {

Table WindowTable(const std::vector<engine::WindowFigures>& windows);
RecordList WindowRecords(const std::vector<engine::WindowFigures>& windows);

Table PageTable(const std::vector<engine::PageKindFigures>& pages);
RecordList PageRecords(const std::vector<engine::PageKindFigures>& pages);

Table RecordTable(const std::vector<engine::RecordFigures>& records);
RecordList OtherRecords(const std::vector<engine::RecordFigures>& records);

Table SeriesTable(const std::vector<engine::DirectoryFigures::SeriesFigures>& series);
RecordList SeriesRecords(const std::vector<engine::DirectoryFigures::SeriesFigures>& series);

}  // namespace firn::tools
