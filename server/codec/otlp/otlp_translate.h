// Series out of OpenTelemetry's metrics, as Prometheus makes them.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "server/codec/otlp/otlp_model.h"
#include "server/codec/otlp/otlp_names.h"
#include "server/codec/write_visitor.h"

namespace firn::server {

struct OtlpOptions {
  OtlpNaming naming;
  // Resource attributes that become labels of each series: those listed, or all but those.
  std::vector<std::string> promoted;
  bool promote_all = false;
  // Also put service.name, service.namespace and service.instance.id into target_info.
  bool keep_identifying = false;
  bool promote_scope = false;
  bool custom_buckets = false;  // Histograms become native ones.
  bool allow_delta = false;     // Stored as they are sent.
  // Between samples of target_info.
  DurationMs info_interval_ms = 150 * kSecondMs;
};

// Calls the visitor for each series with one sample, then for the metadata of each metric.
// InvalidArgument names the metric: a temporality that is not allowed, a histogram that no
// query could answer from.
Status TranslateOtlp(const OtlpOptions& options, const OtlpResource& resource,
                     WriteVisitor* visitor);

}  // namespace firn::server
