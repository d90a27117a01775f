// Any bytes as a remote write body, 1.0 and 2.0: no crash, no read past the end, no memory beyond
// what the limits allow.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "server/codec/json.h"
#include "server/codec/remote_write.h"

namespace {

struct Sink : firn::server::WriteVisitor {
  firn::Status OnSeries(const firn::server::WriteSeries& series) override {
    for (const firn::LabelView& label : series.labels)
      bytes += label.name.size() + label.value.size();
    for (const auto& exemplar : series.exemplars) {
      for (const firn::LabelView& label : exemplar.labels)
        bytes += label.name.size() + label.value.size();
    }
    if (!series.starts.empty() && series.starts.size() != series.samples.size()) std::abort();
    for (const auto& h : series.histograms) {
      json.clear();
      firn::server::AppendJsonHistogram(*h.histogram, &json);
      if (h.histogram->schema > firn::kExponentialSchemaMax) std::abort();
    }
    return firn::OkStatus();
  }
  firn::Status OnMetadata(const firn::server::WriteMetadata& metadata) override {
    bytes += metadata.metric.size() + metadata.help.size();
    return firn::OkStatus();
  }
  firn::Status OnUnreadableSeries(const firn::Status&, size_t) override { return firn::OkStatus(); }
  size_t bytes = 0;
  std::string json;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Sink sink;
  // Once as the message itself, which lets the fuzzer work on the structure, once in Snappy.
  if (firn::server::DecodeWriteRequest(bytes, &sink).ok() && sink.bytes > size) std::abort();
  // Symbols are named any number of times, so the sum says nothing here.
  Sink second;
  (void)firn::server::DecodeWriteRequestV2(bytes, &second).ok();
  if (const auto message = firn::server::DecodeSnappy(bytes, 32 << 20); message.ok()) {
    (void)firn::server::DecodeWriteRequest(message->view(), &sink).ok();
  }
  return 0;
}
