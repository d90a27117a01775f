// What disk stored series need, for terminals and for programs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/api/costs.h"
#include "tools/capacity/storage/storage_plan.h"
#include "tools/cli/terminal.h"

namespace firn::tools {

struct StorageAnswer {
  engine::CostReport report;
  StoragePlan present;
  std::optional<StoragePlan> changed;  // With the changes that were asked for.
  std::vector<std::string> notes;      // What could not be read.
};

std::string StorageText(const StorageAnswer& answer, const TextLook& look);
// A line for each tier of the plan as it is ("present") and as it would be ("changed"), then one
// for each of the most expensive metrics ("metric"): what it takes, and what two rules would save.
std::string StorageCsv(const StorageAnswer& answer);
std::string StorageJson(const StorageAnswer& answer);

}  // namespace firn::tools
