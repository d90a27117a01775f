#include "server/app/promql/engine_setup.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/labels.h"

namespace firn::server {

namespace {

using query::EngineOptions;

struct Feature {
  std::string_view name;
  void (*enable)(EngineOptions* options);  // Null: works in any case.
};

constexpr Feature kFeatures[] = {
    {"promql-experimental-functions",
     [](EngineOptions* o) { o->parser.experimental_functions = true; }},
    {"promql-extended-range-selectors",
     [](EngineOptions* o) { o->parser.extended_range_selectors = true; }},
    {"promql-binop-fill-modifiers",
     [](EngineOptions* o) { o->parser.binop_fill_modifiers = true; }},
    {"promql-delayed-name-removal", [](EngineOptions* o) { o->delayed_name_removal = true; }},
    {"type-and-unit-labels", [](EngineOptions* o) { o->type_and_unit_labels = true; }},
    {"promql-per-step-stats", nullptr},
    {"promql-duration-expr", nullptr},
    {"promql-at-modifier", nullptr},
    {"promql-negative-offset", nullptr},
    {"native-histograms", nullptr},
    {"ooo-native-histograms", nullptr},
    {"exemplar-storage", nullptr},
};

Status EnableFeatures(std::string_view names, EngineOptions* options) {
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(','));
    names.remove_prefix(std::min(name.size() + 1, names.size()));
    const auto* const feature = std::ranges::find(kFeatures, name, &Feature::name);
    if (feature == std::end(kFeatures)) {
      std::string known;
      for (const Feature& one : kFeatures) {
        if (!known.empty()) known += ", ";
        known += one.name;
      }
      return InvalidArgument("{} is no feature of this server; known are {}", QuoteGo(name), known);
    }
    if (feature->enable != nullptr) feature->enable(options);
  }
  return OkStatus();
}

}  // namespace

Status CheckFeatures(std::string_view names) {
  EngineOptions options;
  return EnableFeatures(names, &options);
}

query::EngineOptions MakeEngineOptions(const ServerConfig& config, MemoryBudget* memory) {
  EngineOptions options;
  options.lookback = config.query_lookback;
  options.timeout = config.query_timeout;
  options.samples_max = config.query_samples_max;
  options.memory_max = config.query_memory_max;
  options.memory = memory;
  options.series_max = config.query_series_max;
  options.parser.experimental_functions = config.promql_experimental_functions;
  options.parser.extended_range_selectors = config.promql_extended_range_selectors;
  options.parser.binop_fill_modifiers = config.promql_binop_fill_modifiers;
  options.parser.forecast_functions = config.promql_forecast_functions;
  options.delayed_name_removal = config.promql_delayed_name_removal;
  FIRN_CHECK(EnableFeatures(config.enable_feature, &options).ok());
  return options;
}

}  // namespace firn::server
