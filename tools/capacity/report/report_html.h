// Reports as one HTML file.
#pragma once

#include <string>

#include "tools/capacity/report/report.h"

namespace firn::tools {

// A page without scripts and without anything to load, in light and dark, with a layout for paper:
// what wants attention, a table of all rows, a chart and the plans of the most urgent ones. Text
// from labels and files is escaped.
std::string ReportHtml(const Report& report);

// The page's style sheet.
std::string_view ReportCss();

}  // namespace firn::tools
