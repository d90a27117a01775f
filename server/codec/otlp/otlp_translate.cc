#include "server/codec/otlp/otlp_translate.h"

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include "base/number.h"
#include "server/codec/otlp/otlp_histogram.h"
#include "server/codec/otlp/otlp_labels.h"

namespace firn::server {

namespace {

constexpr size_t kExemplarRunesMax = 128;
// A request that claims to span ages must not become as many samples.
constexpr int64_t kInfoSamplesMax = 10'000;

TimestampMs Milliseconds(uint64_t ns) { return static_cast<TimestampMs>(ns / 1'000'000); }

size_t Runes(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string_view TypeName(const OtlpMetric& metric) {
  switch (metric.kind) {
    case OtlpKind::kSum:
      return metric.monotonic ? "counter" : "gauge";
    case OtlpKind::kHistogram:
    case OtlpKind::kExponentialHistogram:
      return "histogram";
    case OtlpKind::kSummary:
      return "summary";
    default:
      return "gauge";
  }
}

class Translator {
 public:
  Translator(const OtlpOptions& options, const OtlpResource& resource, WriteVisitor* visitor)
      : options_(options), resource_(resource), labels_(options, resource), visitor_(*visitor) {}

  Status Run() {
    for (const OtlpScope& scope : resource_.scopes) {
      for (const OtlpMetric& metric : scope.metrics) {
        if (metric.points.empty()) continue;
        FIRN_RETURN_IF_ERROR(Translate(scope, metric));
      }
    }
    return AddTargetInfo();
  }

 private:
  using LabelMap = std::map<std::string, std::string>;

  Status Translate(const OtlpScope& scope, const OtlpMetric& metric) {
    FIRN_RETURN_IF_ERROR(CheckTemporality(metric));
    const std::string name = OtlpMetricName(options_.naming, metric);
    if (name.empty()) {
      return InvalidArgument("metric {}: nothing of the name is left", QuoteGo(metric.name));
    }
    for (const OtlpPoint& point : metric.points) {
      earliest_ = std::min(earliest_, Milliseconds(point.time_ns));
      latest_ = std::max(latest_, Milliseconds(point.time_ns));
      const Status status = TranslatePoint(name, scope, metric, point);
      if (!status.ok()) {
        return status.WithContext(fmt::format("metric {}", QuoteGo(metric.name)));
      }
    }
    const std::string unit = OtlpUnitName(metric.unit);
    return visitor_.OnMetadata({name, TypeName(metric), metric.description, unit});
  }

  Status CheckTemporality(const OtlpMetric& metric) const {
    if (metric.kind == OtlpKind::kGauge || metric.kind == OtlpKind::kSummary) return OkStatus();
    if (metric.temporality == OtlpTemporality::kCumulative) return OkStatus();
    if (metric.temporality == OtlpTemporality::kDelta && options_.allow_delta) return OkStatus();
    return InvalidArgument("invalid temporality and type combination for metric {}",
                           QuoteGo(metric.name));
  }

  Status TranslatePoint(const std::string& name, const OtlpScope& scope, const OtlpMetric& metric,
                        const OtlpPoint& point) {
    point_labels_ = labels_.ForPoint(scope, point.attributes);
    ReadExemplars(point);
    switch (metric.kind) {
      case OtlpKind::kGauge:
      case OtlpKind::kSum:
        return Add(name, "", "", "", point, point.value, AllExemplars());
      case OtlpKind::kHistogram:
        if (!options_.custom_buckets) return AddClassic(name, point);
        return AddNative(name, point, CustomBucketHistogram(point, metric.temporality));
      case OtlpKind::kExponentialHistogram:
        return AddNative(name, point, ExponentialHistogram(point, metric.temporality));
      case OtlpKind::kSummary:
        return AddSummary(name, point);
      case OtlpKind::kNone:
        break;
    }
    return OkStatus();
  }

  Status AddClassic(const std::string& name, const OtlpPoint& point) {
    if (point.has_sum) FIRN_RETURN_IF_ERROR(Add(name, "_sum", "", "", point, point.sum, {}));
    const auto count = static_cast<double>(point.count);
    FIRN_RETURN_IF_ERROR(Add(name, "_count", "", "", point, count, {}));
    uint64_t total = 0;
    const size_t bounds = std::min(point.bounds.size(), point.bucket_counts.size());
    double lower = -INFINITY;
    for (size_t i = 0; i < bounds; ++i) {
      total += point.bucket_counts[i];
      const double upper = point.bounds[i];
      FIRN_RETURN_IF_ERROR(Add(name, "_bucket", kBucketLabel, FormatFloatF(upper), point,
                               static_cast<double>(total), ExemplarsIn(lower, upper)));
      lower = upper;
    }
    return Add(name, "_bucket", kBucketLabel, "+Inf", point, count, ExemplarsIn(lower, INFINITY));
  }

  Status AddSummary(const std::string& name, const OtlpPoint& point) {
    FIRN_RETURN_IF_ERROR(Add(name, "_sum", "", "", point, point.sum, {}));
    FIRN_RETURN_IF_ERROR(Add(name, "_count", "", "", point, static_cast<double>(point.count), {}));
    for (const auto& [quantile, value] : point.quantiles) {
      FIRN_RETURN_IF_ERROR(Add(name, "", "quantile", FormatFloatF(quantile), point, value, {}));
    }
    return OkStatus();
  }

  Status AddNative(const std::string& name, const OtlpPoint& point,
                   const Result<HistogramPtr>& histogram) {
    if (!histogram.ok()) return histogram.status();
    const TimedHistogram timed{Milliseconds(point.time_ns), *histogram,
                               Milliseconds(point.start_ns)};
    WriteSeries series;
    FillLabels(name, "", "");
    series.labels = views_;
    series.histograms = {&timed, 1};
    series.exemplars = AllExemplars();
    return visitor_.OnSeries(series);
  }

  // One sample of `name` and `suffix`, with one more label if its name is not empty.
  Status Add(const std::string& name, std::string_view suffix, std::string_view more_name,
             const std::string& more_value, const OtlpPoint& point, double v,
             std::span<const WriteExemplar> exemplars) {
    full_name_.assign(name).append(suffix);
    FillLabels(full_name_, more_name, more_value);
    const Sample sample{Milliseconds(point.time_ns), point.no_value ? StaleNan() : v};
    const TimestampMs start = Milliseconds(point.start_ns);
    WriteSeries series;
    series.labels = views_;
    series.samples = {&sample, 1};
    if (start != 0) series.starts = {&start, 1};
    series.exemplars = exemplars;
    return visitor_.OnSeries(series);
  }

  // Attributes with empty values are as good as absent.
  void FillLabels(std::string_view name, std::string_view more_name, std::string_view more_value) {
    views_.clear();
    views_.push_back({kMetricName, name});
    for (const auto& [key, value] : point_labels_) {
      if (key == kMetricName || key == more_name || value.empty()) continue;
      views_.push_back({key, value});
    }
    if (!more_name.empty()) views_.push_back({more_name, more_value});
  }

  void ReadExemplars(const OtlpPoint& point) {
    exemplars_.assign(point.exemplars.size(), {});
    exemplar_labels_.assign(point.exemplars.size(), {});
    for (size_t i = 0; i < point.exemplars.size(); ++i) {
      const OtlpExemplar& in = point.exemplars[i];
      std::vector<LabelView>& labels = exemplar_labels_[i];
      if (!in.trace_id.empty()) labels.push_back({"trace_id", in.trace_id});
      if (!in.span_id.empty()) labels.push_back({"span_id", in.span_id});
      size_t runes = 0;
      for (const LabelView& label : labels) runes += Runes(label.name) + Runes(label.value);
      for (const auto& a : in.attributes) runes += Runes(a.name) + Runes(a.value);
      if (runes <= kExemplarRunesMax) {
        for (const auto& a : in.attributes) labels.push_back({a.name, a.value});
      }
      exemplars_[i] = {labels, in.value, Milliseconds(in.time_ns)};
    }
    // A series takes them in the order of their times only.
    std::stable_sort(exemplars_.begin(), exemplars_.end(),
                     [](const WriteExemplar& a, const WriteExemplar& b) { return a.t < b.t; });
  }

  std::span<const WriteExemplar> AllExemplars() const { return exemplars_; }

  std::span<const WriteExemplar> ExemplarsIn(double lower, double upper) {
    bucket_exemplars_.clear();
    for (const WriteExemplar& exemplar : exemplars_) {
      if (exemplar.v > lower && exemplar.v <= upper) bucket_exemplars_.push_back(exemplar);
    }
    return bucket_exemplars_;
  }

  Status AddTargetInfo() {
    if (latest_ == kMinTimestamp) return OkStatus();
    point_labels_ = labels_.ForTargetInfo();
    if (point_labels_.empty()) return OkStatus();
    const DurationMs step = options_.info_interval_ms;
    std::vector<Sample> samples;
    const TimestampMs first = std::max(earliest_, latest_ - step * kInfoSamplesMax);
    for (TimestampMs t = first; t < latest_; t += step) samples.push_back({t, 1});
    samples.push_back({latest_, 1});
    FillLabels("target_info", "", "");
    WriteSeries series;
    series.labels = views_;
    series.samples = samples;
    FIRN_RETURN_IF_ERROR(visitor_.OnSeries(series));
    return visitor_.OnMetadata({"target_info", "gauge", "Target metadata", ""});
  }

  const OtlpOptions& options_;
  const OtlpResource& resource_;
  const OtlpLabels labels_;
  WriteVisitor& visitor_;
  TimestampMs earliest_ = kMaxTimestamp;
  TimestampMs latest_ = kMinTimestamp;
  LabelMap point_labels_;
  std::string full_name_;
  std::vector<LabelView> views_;
  std::vector<WriteExemplar> exemplars_;
  std::vector<WriteExemplar> bucket_exemplars_;
  std::vector<std::vector<LabelView>> exemplar_labels_;
};

}  // namespace

Status TranslateOtlp(const OtlpOptions& options, const OtlpResource& resource,
                     WriteVisitor* visitor) {
  return Translator(options, resource, visitor).Run();
}

}  // namespace firn::server
