#include "query/functions/range_function.h"

#include "query/functions/mixed_windows.h"
#include "query/functions/range_windows.h"
#include "query/functions/run_windows.h"

namespace firn::query {
namespace {

// Most series are floats under a plain selector: only others take the slow way.
template <RangeKernel kFast, RangeKernel kSlow>
Status Choose(const RangeCall& call, const RangeSamples& x, std::string_view metric,
              NoteSink* notes, Row* out) {
  const bool plain = x.ht.empty() && call.extension == RangeExtension::kNone &&
                     !(call.use_start_timestamps && !x.st.empty());
  return (plain ? kFast : kSlow)(call, x, metric, notes, out);
}

// ... and those for which it matters how many samples an entry stands for.
template <RangeKernel kFast, RangeKernel kSlow, RangeKernel kRuns>
Status ChooseRuns(const RangeCall& call, const RangeSamples& x, std::string_view metric,
                  NoteSink* notes, Row* out) {
  if (!x.runs.empty() && x.ht.empty()) return kRuns(call, x, metric, notes, out);
  return Choose<kFast, kSlow>(call, x, metric, notes, out);
}

// Functions that only know floats.
template <RangeKernel kFast>
Status FloatsOnly(const RangeCall& call, const RangeSamples& x, std::string_view metric,
                  NoteSink* notes, Row* out) {
  if (!x.ht.empty()) NoteIgnoredHistograms(call, x, metric, notes);
  return kFast(call, x, metric, notes, out);
}

constexpr struct {
  std::string_view name;
  RangeKernel kernel;
} kKernels[] = {{"avg_over_time", ChooseRuns<AvgKernel, MixedAvg, RunAvgKernel>},
                {"changes", ChooseRuns<ChangesKernel, MixedChanges, RunChangesKernel>},
                {"count_over_time", ChooseRuns<CountKernel, MixedCount, RunCountKernel>},
                {"delta", ChooseRuns<DeltaKernel, MixedDelta, RunDeltaKernel>},
                {"deriv", FloatsOnly<DerivKernel>},
                {"double_exponential_smoothing", FloatsOnly<SmoothingKernel>},
                {"firn_forecast", FloatsOnly<ForecastKernel>},
                {"firn_forecast_lower", FloatsOnly<ForecastLowerKernel>},
                {"firn_forecast_upper", FloatsOnly<ForecastUpperKernel>},
                {"firn_time_to_fall", FloatsOnly<TimeToFallKernel>},
                {"firn_time_to_rise", FloatsOnly<TimeToRiseKernel>},
                {"first_over_time", Choose<FirstKernel, MixedFirst>},
                {"idelta", Choose<IdeltaKernel, MixedIdelta>},
                {"increase", ChooseRuns<IncreaseKernel, MixedIncrease, RunIncreaseKernel>},
                {"irate", Choose<IrateKernel, MixedIrate>},
                {"last_over_time", Choose<LastKernel, MixedLast>},
                {"mad_over_time", FloatsOnly<MadKernel>},
                {"max_over_time", FloatsOnly<MaxKernel>},
                {"min_over_time", FloatsOnly<MinKernel>},
                {"predict_linear", FloatsOnly<PredictLinearKernel>},
                {"present_over_time", Choose<PresentKernel, MixedPresent>},
                {"quantile_over_time", FloatsOnly<QuantileKernel>},
                {"rate", ChooseRuns<RateKernel, MixedRate, RunRateKernel>},
                {"resets", ChooseRuns<ResetsKernel, MixedResets, RunResetsKernel>},
                {"stddev_over_time", FloatsOnly<StddevKernel>},
                {"stdvar_over_time", FloatsOnly<StdvarKernel>},
                {"sum_over_time", Choose<SumKernel, MixedSum>},
                {"ts_of_first_over_time", Choose<TsOfFirstKernel, MixedTsOfFirst>},
                {"ts_of_last_over_time", Choose<TsOfLastKernel, MixedTsOfLast>},
                {"ts_of_max_over_time", FloatsOnly<TsOfMaxKernel>},
                {"ts_of_min_over_time", FloatsOnly<TsOfMinKernel>}};

}  // namespace

RangeKernel FindRangeKernel(std::string_view function) {
  for (const auto& kernel : kKernels) {
    if (kernel.name == function) return kernel.kernel;
  }
  return nullptr;
}

}  // namespace firn::query
