#include "query/parser/function_table.h"

#include <algorithm>
#include <iterator>

namespace firn::query {
namespace {

constexpr ValueType kV = ValueType::kVector;
constexpr ValueType kM = ValueType::kMatrix;
constexpr ValueType kS = ValueType::kScalar;
constexpr ValueType kT = ValueType::kString;

// Rows are name, argument types, variadic, result, experimental, own.
std::vector<Function> FunctionsUntilL() {
  return {
      {"abs", {kV}},
      {"absent", {kV}},
      {"absent_over_time", {kM}},
      {"acos", {kV}},
      {"acosh", {kV}},
      {"asin", {kV}},
      {"asinh", {kV}},
      {"atan", {kV}},
      {"atanh", {kV}},
      {"avg_over_time", {kM}},
      {"ceil", {kV}},
      {"changes", {kM}},
      {"clamp", {kV, kS, kS}},
      {"clamp_max", {kV, kS}},
      {"clamp_min", {kV, kS}},
      {"cos", {kV}},
      {"cosh", {kV}},
      {"count_over_time", {kM}},
      {"day_of_month", {kV}, 1},
      {"day_of_week", {kV}, 1},
      {"day_of_year", {kV}, 1},
      {"days_in_month", {kV}, 1},
      {"deg", {kV}},
      {"delta", {kM}},
      {"deriv", {kM}},
      {"double_exponential_smoothing", {kM, kS, kS}, 0, kV, true},
      {"end", {}, 0, kS, true},
      {"exp", {kV}},
      {"first_over_time", {kM}},
      {"floor", {kV}},
      {"histogram_avg", {kV}},
      {"histogram_count", {kV}},
      {"histogram_fraction", {kS, kS, kV}},
      {"histogram_quantile", {kS, kV}},
      {"histogram_quantiles", {kV, kT, kS, kS}, 9, kV, true},
      {"histogram_stddev", {kV}},
      {"histogram_stdvar", {kV}},
      {"histogram_sum", {kV}},
      {"hour", {kV}, 1},
      {"idelta", {kM}},
      {"increase", {kM}},
      {"info", {kV, kV}, 1, kV, true},
      {"irate", {kM}},
      {"label_join", {kV, kT, kT, kT}, -1},
      {"label_replace", {kV, kT, kT, kT, kT}},
      {"last_over_time", {kM}},
      {"ln", {kV}},
      {"log10", {kV}},
      {"log2", {kV}},
  };
}

std::vector<Function> FunctionsFromM() {
  return {
      {"mad_over_time", {kM}, 0, kV, true},
      {"max_of", {kS, kS}, 0, kS, true},
      {"max_over_time", {kM}},
      {"min_of", {kS, kS}, 0, kS, true},
      {"min_over_time", {kM}},
      {"minute", {kV}, 1},
      {"month", {kV}, 1},
      {"pi", {}, 0, kS},
      {"predict_linear", {kM, kS}},
      {"present_over_time", {kM}},
      {"quantile_over_time", {kS, kM}},
      {"rad", {kV}},
      {"range", {}, 0, kS, true},
      {"rate", {kM}},
      {"resets", {kM}},
      {"round", {kV, kS}, 1},
      {"scalar", {kV}, 0, kS},
      {"sgn", {kV}},
      {"sin", {kV}},
      {"sinh", {kV}},
      {"sort", {kV}},
      {"sort_by_label", {kV, kT}, -1, kV, true},
      {"sort_by_label_desc", {kV, kT}, -1, kV, true},
      {"sort_desc", {kV}},
      {"sqrt", {kV}},
      {"start", {}, 0, kS, true},
      {"start_timestamp", {kV}, 0, kV, true},
      {"stddev_over_time", {kM}},
      {"stdvar_over_time", {kM}},
      {"step", {}, 0, kS, true},
      {"sum_over_time", {kM}},
      {"tan", {kV}},
      {"tanh", {kV}},
      {"time", {}, 0, kS},
      {"timestamp", {kV}},
      {"ts_of_first_over_time", {kM}, 0, kV, true},
      {"ts_of_last_over_time", {kM}, 0, kV, true},
      {"ts_of_max_over_time", {kM}, 0, kV, true},
      {"ts_of_min_over_time", {kM}, 0, kV, true},
      {"vector", {kS}},
      {"year", {kV}, 1},
  };
}

// What Prometheus does not have.
std::vector<Function> OwnFunctions() {
  return {
      {"firn_forecast", {kM, kS}, 0, kV, false, true},
      {"firn_forecast_lower", {kM, kS, kS}, 1, kV, false, true},
      {"firn_forecast_upper", {kM, kS, kS}, 1, kV, false, true},
      {"firn_time_to_fall", {kM, kS, kS}, 1, kV, false, true},
      {"firn_time_to_rise", {kM, kS, kS}, 1, kV, false, true},
  };
}

std::vector<Function> SortedTable() {
  std::vector<Function> table = FunctionsUntilL();
  for (auto more : {FunctionsFromM(), OwnFunctions()}) {
    std::move(more.begin(), more.end(), std::back_inserter(table));
  }
  std::sort(table.begin(), table.end(),
            [](const Function& a, const Function& b) { return a.name < b.name; });
  return table;
}

// Sorted by name.
const std::vector<Function>& Table() {
  static const auto& table = *new std::vector<Function>(SortedTable());
  return table;
}

}  // namespace

const Function* FindFunction(std::string_view name) {
  const std::vector<Function>& table = Table();
  const auto it = std::lower_bound(
      table.begin(), table.end(), name,
      [](const Function& function, std::string_view wanted) { return function.name < wanted; });
  return it != table.end() && it->name == name ? &*it : nullptr;
}

std::span<const Function> AllFunctions() { return Table(); }

}  // namespace firn::query
