// The file of `firn capacity report`: resources, their limits and plans. Its format is described in
// docs/capacity-planning.md, with an example in docs/examples.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "tools/capacity/plan.h"
#include "tools/capacity/question.h"

namespace firn::tools {

struct ReportPlan {
  std::string name;
  PlanTexts texts;
};

struct ReportResource {
  std::string name;
  std::string group = {};   // Heading in the report; "" for none.
  std::string advice = {};  // What to do when it runs out.
  CapacityQuestion question = {.expression = {}};
  std::vector<ReportPlan> plans = {};
};

struct ReportConfig {
  std::string title = "Capacity report";
  std::vector<ReportResource> resources = {};
};

// InvalidArgument with file and line of the first mistake.
Result<ReportConfig> ParseReportConfig(std::string_view text, std::string_view file_name);

}  // namespace firn::tools
