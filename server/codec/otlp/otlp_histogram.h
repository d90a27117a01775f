// Native histograms out of OpenTelemetry's points. Internal to server/codec/otlp.
#pragma once

#include "base/histogram.h"
#include "base/status.h"
#include "server/codec/otlp/otlp_model.h"

namespace firn::server {

// InvalidArgument for a scale that is too coarse and for counts that contradict each other.
Result<HistogramPtr> ExponentialHistogram(const OtlpPoint& point, OtlpTemporality temporality);
// A classic histogram as one with custom buckets.
Result<HistogramPtr> CustomBucketHistogram(const OtlpPoint& point, OtlpTemporality temporality);

}  // namespace firn::server
