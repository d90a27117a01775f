// Any bytes as lines of JSON: no crash, and what is read and written again reads the same.
#include <cstdint>
#include <cstdlib>

#include "server/codec/json_lines.h"

namespace {

struct Rewriter : firn::server::WriteVisitor {
  firn::Status OnSeries(const firn::server::WriteSeries& series) override {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const firn::LabelView& label : series.labels) {
      // What no engine takes, and what would not keep its order.
      if (label.name.empty() || label.value.empty()) return firn::OkStatus();
      if (label.name.size() > 1000 || label.value.size() > 1000) return firn::OkStatus();
      pairs.emplace_back(label.name, label.value);
    }
    const firn::Labels labels = firn::Labels::FromPairs(std::move(pairs));
    std::vector<firn::TimestampMs> t;
    std::vector<double> v;
    std::vector<firn::HistogramPtr> h;
    for (const firn::Sample& sample : series.samples) {
      t.push_back(sample.t);
      v.push_back(sample.v);
    }
    if (series.histograms.empty()) {
      firn::server::AppendJsonLine(labels, t, v, &text);
    } else {
      for (const auto& one : series.histograms) {
        t.push_back(one.t);
        h.push_back(one.histogram);
      }
      firn::server::AppendJsonLine(labels, t, h, &text);
    }
    return firn::OkStatus();
  }
  firn::Status OnMetadata(const firn::server::WriteMetadata&) override { std::abort(); }
  std::string text;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Rewriter first;
  if (!firn::server::ParseJsonLines(text, {}, &first).ok()) return 0;
  Rewriter second;
  if (!firn::server::ParseJsonLines(first.text, {}, &second).ok()) std::abort();
  if (second.text != first.text) std::abort();
  return 0;
}
