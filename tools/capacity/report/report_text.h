// Reports as text, Markdown and JSON.
#pragma once

#include <string>

#include "tools/capacity/report/report.h"
#include "tools/cli/terminal.h"

namespace firn::tools {

// A row per series, the most urgent first, then what could not be forecast.
std::string ReportText(const Report& report, const TextLook& look);
std::string ReportCsv(const Report& report);
// With plans and advice below the table.
std::string ReportMarkdown(const Report& report);
// {"title":...,"now":...,"resources":[{"name":...,"answer":{...}} or {"name":...,"error":"..."}]};
// the answers are those of AnswerJson(). `order` lists rows, the most urgent first.
std::string ReportJson(const Report& report);

}  // namespace firn::tools
