// Changes of plan as people write them: "1.3@2027-01", "500GiB@30d".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "tools/capacity/question.h"

namespace firn::tools {

// Each is an amount, and from when on it holds behind an @.
struct PlanTexts {
  std::vector<std::string> scale_load = {};
  std::vector<std::string> add_load = {};
  std::vector<std::string> scale_capacity = {};
  std::vector<std::string> add_capacity = {};
  std::vector<std::string> remove_capacity = {};
  std::vector<std::string> new_limit = {};
  std::string from = {};  // For those without a time; "": now.

  bool empty() const {
    return scale_load.empty() && add_load.empty() && scale_capacity.empty() &&
           add_capacity.empty() && remove_capacity.empty() && new_limit.empty();
  }
};

// One scenario for each change, named after it. Changes of capacity change the limit; where limits
// are reached from above, as by free space, added capacity adds to the series. InvalidArgument for
// an amount or a time that is none, and for changes that mean nothing in that direction.
Result<std::vector<Scenario>> MakeScenarios(const PlanTexts& texts, const CapacityInputs& inputs);
// All changes at once.
Scenario Together(const std::vector<Scenario>& scenarios, std::string name);

}  // namespace firn::tools
