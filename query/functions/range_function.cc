#include "query/functions/range_function.h"

#include "query/functions/range_windows.h"

namespace firn::query {
namespace {

constexpr struct {
  std::string_view name;
  RangeKernel fast;
} kKernels[] = {{"avg_over_time", AvgKernel},
                {"changes", ChangesKernel},
                {"count_over_time", CountKernel},
                {"delta", DeltaKernel},
                {"deriv", DerivKernel},
                {"double_exponential_smoothing", SmoothingKernel},
                {"first_over_time", FirstKernel},
                {"idelta", IdeltaKernel},
                {"increase", IncreaseKernel},
                {"irate", IrateKernel},
                {"last_over_time", LastKernel},
                {"mad_over_time", MadKernel},
                {"max_over_time", MaxKernel},
                {"min_over_time", MinKernel},
                {"predict_linear", PredictLinearKernel},
                {"present_over_time", PresentKernel},
                {"quantile_over_time", QuantileKernel},
                {"rate", RateKernel},
                {"resets", ResetsKernel},
                {"stddev_over_time", StddevKernel},
                {"stdvar_over_time", StdvarKernel},
                {"sum_over_time", SumKernel},
                {"ts_of_first_over_time", TsOfFirstKernel},
                {"ts_of_last_over_time", TsOfLastKernel},
                {"ts_of_max_over_time", TsOfMaxKernel},
                {"ts_of_min_over_time", TsOfMinKernel}};

}  // namespace

RangeKernel FindRangeKernel(std::string_view function) {
  for (const auto& kernel : kKernels) {
    if (kernel.name == function) return kernel.fast;
  }
  return nullptr;
}

}  // namespace firn::query
