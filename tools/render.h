// Query answers as text for people and programs.
#pragma once

#include <string>

#include "tools/cli/terminal.h"
#include "tools/query_answer.h"

namespace firn::tools {

// Aligned columns: labels, time, value; one line per point.
std::string RenderTable(const QueryAnswer& answer, const TextLook& look);
// RFC 4180: series,time,value.
std::string RenderCsv(const QueryAnswer& answer);
// Lines in braille dots, one plot for all series, with axes and a legend. Needs a matrix;
// anything else is rendered as a table.
std::string RenderPlot(const QueryAnswer& answer, const TextLook& look);

// `2026-01-02T03:04:05.678Z`.
std::string FormatTime(double seconds);

}  // namespace firn::tools
