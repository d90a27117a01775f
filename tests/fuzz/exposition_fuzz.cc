// Any bytes as exposition text: no crash, and every sample that is read has a metric name.
#include <cstdint>
#include <cstdlib>

#include "server/codec/text/exposition_parser.h"

namespace {

struct Sink : firn::server::WriteVisitor {
  firn::Status OnSeries(const firn::server::WriteSeries& series) override {
    if (series.samples.size() != 1 || series.labels.empty() ||
        series.labels[0].name != firn::kMetricName) {
      std::abort();
    }
    for (const firn::LabelView& label : series.labels)
      bytes += label.name.size() + label.value.size();
    for (const auto& exemplar : series.exemplars) bytes += exemplar.labels.size();
    return firn::OkStatus();
  }
  firn::Status OnMetadata(const firn::server::WriteMetadata& metadata) override {
    bytes += metadata.metric.size() + metadata.help.size();
    return firn::OkStatus();
  }
  size_t bytes = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using firn::server::TextFormat;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const TextFormat format : {TextFormat::kPrometheus, TextFormat::kOpenMetrics}) {
    firn::server::ExpositionOptions options;
    options.format = format;
    Sink sink;
    (void)firn::server::ParseExposition(text, options, &sink).ok();
    // Texts are at most as long as what stands for them; names count once more for each line.
    if (sink.bytes > 10 * size) std::abort();
  }
  return 0;
}
