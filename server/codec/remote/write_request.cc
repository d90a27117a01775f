#include "server/codec/remote/write_request.h"

#include <snappy.h>

#include <algorithm>
#include <protozero/pbf_writer.hpp>
#include <vector>

#include "server/codec/histogram_proto.h"

namespace firn::server {

namespace {

enum WrittenRequest : protozero::pbf_tag_type { kTimeSeries = 1, kMetadata = 3 };
enum Series : protozero::pbf_tag_type {
  kLabels = 1,
  kSamples = 2,
  kExemplars = 3,
  kHistograms = 4,
};

void AddLabel(protozero::pbf_tag_type field, LabelView label, protozero::pbf_writer* out) {
  protozero::pbf_writer pair(*out, field);
  pair.add_string(1, label.name.data(), label.name.size());
  pair.add_string(2, label.value.data(), label.value.size());
}

bool ByName(const LabelView& a, const LabelView& b) { return a.name < b.name; }

}  // namespace

void WriteRequestWriter::AddSeries(std::span<const LabelView> labels,
                                   std::span<const Sample> samples,
                                   std::span<const TimedHistogram> histograms,
                                   std::span<const WriteExemplar> exemplars) {
  series_.clear();
  protozero::pbf_writer series(series_);
  std::vector<LabelView> sorted;
  if (!std::is_sorted(labels.begin(), labels.end(), ByName)) {
    sorted.assign(labels.begin(), labels.end());
    std::stable_sort(sorted.begin(), sorted.end(), ByName);
    labels = sorted;
  }
  for (const LabelView& label : labels) AddLabel(kLabels, label, &series);
  for (const Sample& sample : samples) {
    protozero::pbf_writer fields(series, kSamples);
    fields.add_double(1, sample.v);
    fields.add_int64(2, sample.t);
  }
  for (const WriteExemplar& exemplar : exemplars) {
    protozero::pbf_writer fields(series, kExemplars);
    for (const LabelView& label : exemplar.labels) AddLabel(1, label, &fields);
    fields.add_double(2, exemplar.v);
    fields.add_int64(3, exemplar.t);
  }
  for (const TimedHistogram& h : histograms) {
    series.add_message(kHistograms, EncodeHistogram(h.t, *h.histogram));
  }
  protozero::pbf_writer(message_).add_message(kTimeSeries, series_);
}

void WriteRequestWriter::AddMetadata(const WriteMetadata& metadata) {
  std::string bytes;
  protozero::pbf_writer fields(bytes);
  fields.add_enum(1, MetricTypeNumber(metadata.type));
  fields.add_string(2, metadata.metric.data(), metadata.metric.size());
  fields.add_string(4, metadata.help.data(), metadata.help.size());
  fields.add_string(5, metadata.unit.data(), metadata.unit.size());
  protozero::pbf_writer(message_).add_message(kMetadata, bytes);
}

std::string WriteRequestWriter::Finish() {
  std::string block;
  snappy::Compress(message_.data(), message_.size(), &block);
  message_.clear();
  return block;
}

}  // namespace firn::server
