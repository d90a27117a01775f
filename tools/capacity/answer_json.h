// Forecasts for programs. The same objects stand in the JSON of reports.
#pragma once

#include <string>
#include <vector>

#include "tools/capacity/answer_text.h"
#include "tools/capacity/question.h"

namespace firn::tools {

// {"expression":...,"series":[{"labels":{...},"verdict":"ok",...}]} without a line feed. Times are
// RFC 3339; `points` adds the observed, fitted and forecast values, as numbers or null.
std::string AnswerJson(const CapacityInputs& inputs, const Forecasts& forecasts,
                       const std::vector<ScenarioForecasts>& scenarios, bool points);

}  // namespace firn::tools
