// An export request of OpenTelemetry metrics as far as it becomes series. Texts are views into
// the request or into what decoded it, valid while one resource is being visited.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace firn::server {

struct OtlpAttribute {
  std::string name;
  std::string value;  // Numbers and structures as text.
};
using OtlpAttributes = std::vector<OtlpAttribute>;

struct OtlpExemplar {
  OtlpAttributes attributes;
  uint64_t time_ns = 0;
  double value = 0;
  std::string trace_id;  // Hexadecimal.
  std::string span_id;
};

// Counts of neighbouring exponential buckets, from index `offset` on.
struct OtlpBuckets {
  int32_t offset = 0;
  std::vector<uint64_t> counts;
};

// A point of any kind; each kind has its own fields.
struct OtlpPoint {
  OtlpAttributes attributes;
  uint64_t start_ns = 0;
  uint64_t time_ns = 0;
  bool no_value = false;  // The series has ended.
  std::vector<OtlpExemplar> exemplars;

  double value = 0;  // Gauge, sum.

  uint64_t count = 0;  // The three below.
  bool has_sum = false;
  double sum = 0;

  std::vector<double> bounds;  // Histogram.
  std::vector<uint64_t> bucket_counts;

  int32_t scale = 0;  // Exponential histogram.
  uint64_t zero_count = 0;
  double zero_threshold = 0;
  OtlpBuckets positive;
  OtlpBuckets negative;

  std::vector<std::pair<double, double>> quantiles;  // Summary: quantile and value.
};

enum class OtlpKind : uint8_t { kNone, kGauge, kSum, kHistogram, kExponentialHistogram, kSummary };

enum class OtlpTemporality : uint8_t { kUnspecified = 0, kDelta = 1, kCumulative = 2 };

struct OtlpMetric {
  std::string_view name;
  std::string_view description;
  std::string_view unit;
  OtlpKind kind = OtlpKind::kNone;
  OtlpTemporality temporality = OtlpTemporality::kUnspecified;
  bool monotonic = false;
  std::vector<OtlpPoint> points;
};

struct OtlpScope {
  std::string_view name;
  std::string_view version;
  std::string_view schema_url;
  OtlpAttributes attributes;
  std::vector<OtlpMetric> metrics;
};

struct OtlpResource {
  OtlpAttributes attributes;
  std::vector<OtlpScope> scopes;
};

}  // namespace firn::server
