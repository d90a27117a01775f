// The names that Prometheus gives to OpenTelemetry's metrics and attributes.
#pragma once

#include <string>
#include <string_view>

#include "server/codec/otlp/otlp_model.h"

namespace firn::server {

enum class OtlpStrategy : uint8_t {
  kUnderscoresWithSuffixes,
  kUtf8WithSuffixes,
  kUnderscoresWithoutSuffixes,
  kNoTranslation
};

// From the name that configurations use; false if there is none of this name.
bool ParseOtlpStrategy(std::string_view name, OtlpStrategy* strategy);

struct OtlpNaming {
  OtlpStrategy strategy = OtlpStrategy::kUnderscoresWithSuffixes;
  // Labels that begin with one underscore get `key` in front of it.
  bool sanitize_underscore = true;
  bool keep_multiple_underscores = true;
};

// With unit and type as suffixes where the strategy wants them; "" if nothing of it is left.
std::string OtlpMetricName(const OtlpNaming& naming, const OtlpMetric& metric);
std::string OtlpLabelName(const OtlpNaming& naming, std::string_view name);
// "By/s" is "bytes_per_second"; "" for what is no unit.
std::string OtlpUnitName(std::string_view unit);

}  // namespace firn::server
