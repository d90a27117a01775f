#include "server/http/metrics.h"

#include <algorithm>

#include "base/check.h"
#include "base/number.h"

namespace firn::server {

namespace {

std::string_view TypeName(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kHistogram:
      return "histogram";
    case MetricType::kGauge:
      break;
  }
  return "gauge";
}

void AppendEscaped(std::string_view text, bool quotes, std::string* out) {
  for (const char c : text) {
    if (c == '\\') {
      out->append("\\\\");
    } else if (c == '\n') {
      out->append("\\n");
    } else if (c == '"' && quotes) {
      out->append("\\\"");
    } else {
      out->push_back(c);
    }
  }
}

void AppendPoint(const MetricFamily& family, const MetricPoint& point, std::string* out) {
  out->append(family.name).append(point.suffix);
  char separator = '{';
  for (const auto& [name, value] : point.labels) {
    out->push_back(separator);
    out->append(name).append("=\"");
    AppendEscaped(value, true, out);
    out->push_back('"');
    separator = ',';
  }
  if (!point.labels.empty()) out->push_back('}');
  out->push_back(' ');
  AppendSampleValue(point.value, out);
  out->push_back('\n');
}

void CollectHistogram(const HistogramMetric& histogram, const MetricLabels& labels,
                      std::vector<MetricPoint>* points) {
  uint64_t count = 0;
  const auto& bounds = histogram.bounds();
  for (size_t i = 0; i <= bounds.size(); ++i) {
    count += histogram.bucket(i);
    MetricPoint& point = points->emplace_back();
    point.suffix = "_bucket";
    point.labels = labels;
    point.labels.emplace_back("le", i == bounds.size() ? "+Inf" : FormatFloatG(bounds[i]));
    point.value = static_cast<double>(count);
  }
  points->push_back({"_sum", labels, histogram.sum()});
  points->push_back({"_count", labels, static_cast<double>(count)});
}

}  // namespace

HistogramMetric::HistogramMetric(std::vector<double> bounds) : bounds_(std::move(bounds)) {
  FIRN_CHECK(std::is_sorted(bounds_.begin(), bounds_.end()));
  for (size_t i = 0; i <= bounds_.size(); ++i) buckets_.emplace_back(0);
}

void HistogramMetric::Observe(double value) {
  const size_t i = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  buckets_[i].fetch_add(1, std::memory_order_relaxed);
  double sum = sum_.load(std::memory_order_relaxed);
  while (!sum_.compare_exchange_weak(sum, sum + value, std::memory_order_relaxed)) {
  }
}

MetricsRegistry::Metric* MetricsRegistry::Add(std::string_view name, std::string_view help,
                                              MetricType type, MetricLabels labels,
                                              std::vector<double> bounds) {
  MutexLock lock(&mutex_);
  auto family = std::find_if(families_.begin(), families_.end(),
                             [&](const Family& f) { return f.name == name; });
  if (family == families_.end()) {
    families_.push_back({std::string(name), std::string(help), type, {}});
    family = families_.end() - 1;
  }
  FIRN_CHECK(family->type == type);
  for (Metric& metric : family->metrics) {
    if (metric.labels == labels) return &metric;
  }
  Metric& metric = family->metrics.emplace_back();
  metric.labels = std::move(labels);
  if (type == MetricType::kHistogram) {
    metric.histogram = std::make_unique<HistogramMetric>(std::move(bounds));
  }
  return &metric;
}

Counter* MetricsRegistry::AddCounter(std::string_view name, std::string_view help,
                                     MetricLabels labels) {
  return &Add(name, help, MetricType::kCounter, std::move(labels), {})->counter;
}

Gauge* MetricsRegistry::AddGauge(std::string_view name, std::string_view help,
                                 MetricLabels labels) {
  return &Add(name, help, MetricType::kGauge, std::move(labels), {})->gauge;
}

HistogramMetric* MetricsRegistry::AddHistogram(std::string_view name, std::string_view help,
                                               std::vector<double> bounds, MetricLabels labels) {
  return Add(name, help, MetricType::kHistogram, std::move(labels), std::move(bounds))
      ->histogram.get();
}

void MetricsRegistry::AddCollector(std::function<void(std::vector<MetricFamily>*)> collector) {
  MutexLock lock(&mutex_);
  collectors_.push_back(std::move(collector));
}

std::vector<MetricFamily> MetricsRegistry::Collect() const {
  std::vector<MetricFamily> families;
  MutexLock lock(&mutex_);
  for (const Family& family : families_) {
    MetricFamily& out = families.emplace_back();
    out.name = family.name;
    out.help = family.help;
    out.type = family.type;
    for (const Metric& metric : family.metrics) {
      if (family.type == MetricType::kHistogram) {
        CollectHistogram(*metric.histogram, metric.labels, &out.points);
      } else if (family.type == MetricType::kCounter) {
        out.points.push_back({"", metric.labels, static_cast<double>(metric.counter.value())});
      } else {
        out.points.push_back({"", metric.labels, static_cast<double>(metric.gauge.value())});
      }
    }
  }
  for (const auto& collector : collectors_) collector(&families);
  return families;
}

std::vector<double> DurationBounds() {
  return {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
}

std::string WriteExposition(const std::vector<MetricFamily>& families) {
  std::string out;
  for (const MetricFamily& family : families) {
    if (family.points.empty()) continue;
    out.append("# HELP ").append(family.name).push_back(' ');
    AppendEscaped(family.help, false, &out);
    out.append("\n# TYPE ").append(family.name).push_back(' ');
    out.append(TypeName(family.type)).push_back('\n');
    for (const MetricPoint& point : family.points) AppendPoint(family, point, &out);
  }
  return out;
}

}  // namespace firn::server
