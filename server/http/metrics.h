// Figures that the server keeps about itself, and their exposition as text.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace firn::server {

enum class MetricType : uint8_t { kCounter, kGauge, kHistogram };

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

// All thread-safe and lock-free.
class Counter {
 public:
  void Add(uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

class Gauge {
 public:
  void Set(int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void Add(int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

class HistogramMetric {
 public:
  // `bounds` are upper bounds, ascending, without +Inf.
  explicit HistogramMetric(std::vector<double> bounds);
  void Observe(double value);

  const std::vector<double>& bounds() const { return bounds_; }
  uint64_t bucket(size_t i) const { return buckets_[i].load(std::memory_order_relaxed); }
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  std::vector<double> bounds_;
  std::deque<std::atomic<uint64_t>> buckets_;  // One more than bounds; not cumulative.
  std::atomic<double> sum_{0};
};

struct MetricPoint {
  std::string suffix;  // "_bucket", "_sum", "_count" of histograms, else "".
  MetricLabels labels;
  double value = 0;
};

struct MetricFamily {
  std::string name;
  std::string help;
  MetricType type = MetricType::kGauge;
  std::vector<MetricPoint> points;
};

// Owns the metrics; pointers given out live as long as it. Thread-safe.
class MetricsRegistry {
 public:
  // The same name and labels give the same metric; the same name must have the same type.
  Counter* AddCounter(std::string_view name, std::string_view help, MetricLabels labels = {});
  Gauge* AddGauge(std::string_view name, std::string_view help, MetricLabels labels = {});
  HistogramMetric* AddHistogram(std::string_view name, std::string_view help,
                                std::vector<double> bounds, MetricLabels labels = {});
  // Called at each Collect() to add families; must not call the registry.
  void AddCollector(std::function<void(std::vector<MetricFamily>*)> collector);

  // All families in order of registration, then those of the collectors.
  std::vector<MetricFamily> Collect() const;

 private:
  struct Metric {
    MetricLabels labels;
    Counter counter;
    Gauge gauge;
    std::unique_ptr<HistogramMetric> histogram;
  };
  struct Family {
    std::string name;
    std::string help;
    MetricType type;
    std::deque<Metric> metrics;
  };
  Metric* Add(std::string_view name, std::string_view help, MetricType type, MetricLabels labels,
              std::vector<double> bounds);

  mutable Mutex mutex_;
  std::deque<Family> families_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::function<void(std::vector<MetricFamily>*)>> collectors_ ABSL_GUARDED_BY(mutex_);
};

// Upper bounds in seconds for durations of requests and queries.
std::vector<double> DurationBounds();

// Text format 0.0.4.
std::string WriteExposition(const std::vector<MetricFamily>& families);

}  // namespace firn::server
