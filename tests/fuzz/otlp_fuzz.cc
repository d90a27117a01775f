// Any bytes as an export request of OpenTelemetry, in either encoding: no crash, and every series
// that comes out has a name and a value.
#include <cstdint>
#include <cstdlib>

#include "server/codec/otlp/otlp_decode.h"
#include "server/codec/otlp/otlp_translate.h"

namespace {

struct Sink : firn::server::WriteVisitor {
  firn::Status OnSeries(const firn::server::WriteSeries& series) override {
    if (series.labels.empty() || series.labels[0].name != firn::kMetricName) std::abort();
    if (series.samples.empty() == series.histograms.empty()) std::abort();
    if (!series.starts.empty() && series.starts.size() != series.samples.size()) std::abort();
    return firn::OkStatus();
  }
  firn::Status OnMetadata(const firn::server::WriteMetadata&) override { return firn::OkStatus(); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  // The first byte chooses options and encoding.
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  firn::server::OtlpOptions options;
  options.naming.strategy = static_cast<firn::server::OtlpStrategy>(data[0] & 3);
  options.custom_buckets = (data[0] & 4) != 0;
  options.allow_delta = (data[0] & 8) != 0;
  options.promote_all = (data[0] & 16) != 0;
  options.promote_scope = (data[0] & 32) != 0;
  Sink sink;
  const auto translate = [&](const firn::server::OtlpResource& resource) {
    return firn::server::TranslateOtlp(options, resource, &sink);
  };
  if ((data[0] & 64) != 0) {
    (void)firn::server::DecodeOtlpJson(bytes, translate).ok();
  } else {
    (void)firn::server::DecodeOtlpProto(bytes, translate).ok();
  }
  return 0;
}
