#include <cmath>
#include <map>

#include "base/number.h"
#include "tests/promql/script.h"

namespace firn::testing {
namespace {

// One classic histogram at one time.
struct Classic {
  std::map<double, double> buckets;  // Cumulative counts by upper bound.
  bool has_count = false;
  double count = 0;
  double sum = 0;
};

Result<FloatHistogram> Convert(Classic classic) {
  const auto last = classic.buckets.rbegin();
  if (!classic.has_count && last != classic.buckets.rend()) {
    classic.count = last->second;
  }
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const auto [top, fresh] = classic.buckets.try_emplace(kInf, classic.count);
  if (!fresh && top->second != classic.count) {
    return InvalidArgument("count {} but {} in the +Inf bucket", classic.count, top->second);
  }
  FloatHistogram out;
  out.schema = kCustomBucketsSchema;
  out.count = classic.count;
  out.sum = classic.sum;
  double previous = 0;
  for (const auto& [bound, cumulative] : classic.buckets) {
    if (cumulative < previous) return InvalidArgument("counts are not cumulative");
    if (bound != kInf) out.custom_values.push_back(bound);
    out.positive_buckets.push_back(cumulative - previous);
    previous = cumulative;
  }
  out.positive_spans = {
      {.offset = 0, .length = static_cast<uint32_t>(out.positive_buckets.size())}};
  return out;
}

}  // namespace

Result<std::vector<StoredSeries>> MakeNhcb(const std::vector<StoredSeries>& classic) {
  std::map<Labels, std::map<TimestampMs, Classic>> all;
  for (const StoredSeries& series : classic) {
    const std::string_view name = series.labels.metric_name();
    const size_t suffix = name.rfind('_');
    if (suffix == std::string_view::npos) continue;
    const std::string_view part = name.substr(suffix);
    const bool is_bucket = part == "_bucket";
    if (!is_bucket && part != "_count" && part != "_sum") continue;
    std::optional<double> bound;
    if (is_bucket) {
      bound = ParseFloat(series.labels.Get(kBucketLabel));
      if (!bound || std::isnan(*bound)) continue;
    }
    LabelsBuilder builder(series.labels);
    builder.Set(kMetricName, name.substr(0, suffix)).Del(kBucketLabel);
    std::map<TimestampMs, Classic>& times = all[builder.Build()];
    for (size_t i = 0; i < series.samples.t.size(); ++i) {
      const double v = series.samples.v[i];
      if (IsStaleNan(v)) continue;
      Classic& at = times[series.samples.t[i]];
      if (is_bucket) {
        at.buckets.try_emplace(*bound, v);
      } else if (part == "_count") {
        at.has_count = true;
        at.count = v;
      } else {
        at.sum = v;
      }
    }
  }
  std::vector<StoredSeries> out;
  for (const auto& [labels, times] : all) {
    StoredSeries series{.labels = labels, .samples = {}};
    for (const auto& [t, at] : times) {
      FIRN_ASSIGN_OR_RETURN(FloatHistogram histogram, Convert(at));
      series.samples.ht.push_back(t);
      series.samples.h.push_back(std::make_shared<const FloatHistogram>(std::move(histogram)));
    }
    out.push_back(std::move(series));
  }
  return out;
}

}  // namespace firn::testing
