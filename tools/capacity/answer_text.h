// Forecasts for a terminal.
#pragma once

#include <string>
#include <vector>

#include "tools/capacity/question.h"
#include "tools/cli/table.h"
#include "tools/cli/terminal.h"

namespace firn::tools {

// What was asked, a table with a row per series, and a sentence for each of the first few.
std::string AnswerText(const CapacityInputs& inputs, const Forecasts& forecasts,
                       const TextLook& look);
// A column for each figure, times in RFC 3339, numbers in full.
std::string AnswerCsv(const CapacityInputs& inputs, const Forecasts& forecasts);
// One plot per series: the past, the forecast with its band, the limit; at most `plots_max`.
std::string AnswerPlots(const CapacityInputs& inputs, const Forecasts& forecasts,
                        const TextLook& look, size_t plots_max);

struct ScenarioForecasts {
  Scenario scenario;
  Forecasts forecasts;
};
// For each series what is expected anyway and what each scenario makes of it.
std::string ScenarioText(const CapacityInputs& inputs, const Forecasts& expected,
                         const std::vector<ScenarioForecasts>& scenarios, const TextLook& look);
std::string ScenarioCsv(const CapacityInputs& inputs, const Forecasts& expected,
                        const std::vector<ScenarioForecasts>& scenarios);

}  // namespace firn::tools
