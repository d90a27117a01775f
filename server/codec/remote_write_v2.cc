#include <exception>
#include <optional>
#include <protozero/pbf_message.hpp>
#include <vector>

#include <fmt/format.h>

#include "server/codec/exemplar_list.h"
#include "server/codec/histogram_proto.h"
#include "server/codec/proto_fields.h"
#include "server/codec/remote_write.h"

namespace firn::server {

namespace {

enum class Request : protozero::pbf_tag_type { kSymbols = 4, kTimeSeries = 5 };
enum class TimeSeries : protozero::pbf_tag_type {
  kLabelRefs = 1,
  kSamples = 2,
  kHistograms = 3,
  kExemplars = 4,
  kMetadata = 5
};

// Strings of a request, as offsets: a table of empty strings must not take many times the
// memory of the body.
class SymbolTable {
 public:
  explicit SymbolTable(std::string_view message) : message_(message) {}
  void Add(protozero::data_view text) {
    const auto offset =
        text.data() == nullptr ? 0 : static_cast<size_t>(text.data() - message_.data());
    symbols_.push_back({static_cast<uint32_t>(offset), static_cast<uint32_t>(text.size())});
  }
  std::optional<std::string_view> Get(uint32_t ref) const {
    if (ref >= symbols_.size()) return std::nullopt;
    return message_.substr(symbols_[ref].offset, symbols_[ref].size);
  }
  size_t size() const { return symbols_.size(); }

 private:
  struct Place {
    uint32_t offset;
    uint32_t size;
  };
  std::string_view message_;
  std::vector<Place> symbols_;
};

using Refs = std::vector<uint32_t>;

template <typename Message>
void ReadRefs(Message& message, Refs* refs) {
  if (message.has_wire_type(protozero::pbf_wire_type::length_delimited)) {
    for (const uint32_t ref : message.get_packed_uint32()) refs->push_back(ref);
  } else {
    refs->push_back(message.get_uint32());
  }
}

// Calls `add` with each pair of name and value.
template <typename Add>
Status ResolveLabels(const SymbolTable& symbols, const Refs& refs, const Add& add) {
  if (refs.size() % 2 != 0) {
    return InvalidArgument("invalid labelRefs length {}", refs.size());
  }
  for (size_t i = 0; i < refs.size(); i += 2) {
    const auto name = symbols.Get(refs[i]);
    const auto value = symbols.Get(refs[i + 1]);
    if (!name || !value) {
      return InvalidArgument(
          "labelRefs {} (name) = {}, {} (value) outside of symbols table (size {})", i, refs[i],
          refs[i + 1], symbols.size());
    }
    add(LabelView{*name, *value});
  }
  return OkStatus();
}

// Keeps its buffers from series to series.
class SeriesReader {
 public:
  explicit SeriesReader(const SymbolTable* symbols) : symbols_(*symbols) {}

  Status Read(protozero::pbf_reader reader, WriteVisitor* visitor) {
    Clear();
    protozero::pbf_message<TimeSeries> message(reader);
    while (message.next()) {
      switch (message.tag_and_type()) {
        case Varint(TimeSeries::kLabelRefs):
        case Bytes(TimeSeries::kLabelRefs):
          ReadRefs(message, &label_refs_);
          break;
        case Bytes(TimeSeries::kSamples):
          ReadSample(message.get_message());
          break;
        case Bytes(TimeSeries::kHistograms):
          ReadHistogram(message.get_view());
          break;
        case Bytes(TimeSeries::kExemplars):
          ReadExemplar(message.get_message());
          break;
        case Bytes(TimeSeries::kMetadata):
          ReadMetadata(message.get_message());
          break;
        default:
          message.skip();
      }
    }
    return Visit(visitor);
  }

 private:
  void Clear() {
    label_refs_.clear();
    labels_.clear();
    samples_.clear();
    starts_.clear();
    has_starts_ = false;
    histograms_.clear();
    exemplars_.clear();
    problems_.clear();
    metadata_.reset();
  }

  Status Visit(WriteVisitor* visitor) {
    const Status resolved =
        ResolveLabels(symbols_, label_refs_, [this](LabelView label) { labels_.push_back(label); });
    if (!resolved.ok()) {
      return visitor->OnUnreadableSeries(
          InvalidArgument("parsing labels for series [{}]: {}", fmt::join(label_refs_, " "),
                          resolved.message()),
          samples_.size() + histograms_.size());
    }
    WriteSeries series;
    series.labels = labels_;
    series.samples = samples_;
    series.histograms = histograms_;
    series.exemplars = exemplars_.Finish();
    if (has_starts_) series.starts = starts_;
    series.problems = problems_;
    if (metadata_) series.metadata = &*metadata_;
    return visitor->OnSeries(series);
  }

  void ReadSample(protozero::pbf_reader message) {
    Sample sample;
    TimestampMs start = 0;
    while (message.next()) {
      switch (message.tag_and_type()) {
        case Fixed64(1):
          sample.v = message.get_double();
          break;
        case Varint(2):
          sample.t = message.get_int64();
          break;
        case Varint(3):
          start = message.get_int64();
          break;
        default:
          message.skip();
      }
    }
    samples_.push_back(sample);
    starts_.push_back(start);
    has_starts_ |= start != 0;
  }

  void ReadHistogram(protozero::data_view bytes) {
    auto histogram = DecodeHistogram({bytes.data(), bytes.size()});
    if (histogram.ok()) {
      histograms_.push_back(*std::move(histogram));
    } else {
      problems_.push_back(histogram.status());
    }
  }

  void ReadExemplar(protozero::pbf_reader message) {
    WriteExemplar& exemplar = exemplars_.Begin();
    exemplar_refs_.clear();
    while (message.next()) {
      switch (message.tag_and_type()) {
        case Varint(1):
        case Bytes(1):
          ReadRefs(message, &exemplar_refs_);
          break;
        case Fixed64(2):
          exemplar.v = message.get_double();
          break;
        case Varint(3):
          exemplar.t = message.get_int64();
          break;
        default:
          message.skip();
      }
    }
    const Status resolved = ResolveLabels(symbols_, exemplar_refs_,
                                          [this](LabelView label) { exemplars_.AddLabel(label); });
    if (resolved.ok()) return;
    exemplars_.Drop();
    problems_.push_back(resolved.WithContext("parsing exemplar"));
  }

  void ReadMetadata(protozero::pbf_reader message) {
    WriteMetadata metadata;
    metadata.type = MetricTypeName(0);
    while (message.next()) {
      switch (message.tag_and_type()) {
        case Varint(1):
          metadata.type = MetricTypeName(message.get_enum());
          break;
        case Varint(3):
          metadata.help = symbols_.Get(message.get_uint32()).value_or("");
          break;
        case Varint(4):
          metadata.unit = symbols_.Get(message.get_uint32()).value_or("");
          break;
        default:
          message.skip();
      }
    }
    metadata_ = metadata;
  }

  const SymbolTable& symbols_;
  Refs label_refs_;
  Refs exemplar_refs_;
  std::vector<LabelView> labels_;
  std::vector<Sample> samples_;
  std::vector<TimestampMs> starts_;
  bool has_starts_ = false;
  std::vector<TimedHistogram> histograms_;
  ExemplarList exemplars_;
  std::vector<Status> problems_;
  std::optional<WriteMetadata> metadata_;
};

// Symbols usually stand before the series that use them, but need not.
Status Decode(std::string_view bytes, WriteVisitor* visitor) {
  SymbolTable symbols(bytes);
  protozero::pbf_message<Request> first_pass(bytes.data(), bytes.size());
  while (first_pass.next()) {
    if (first_pass.tag_and_type() == Bytes(Request::kSymbols)) {
      symbols.Add(first_pass.get_view());
    } else {
      first_pass.skip();
    }
  }
  SeriesReader series(&symbols);
  protozero::pbf_message<Request> message(bytes.data(), bytes.size());
  while (message.next()) {
    if (message.tag_and_type() == Bytes(Request::kTimeSeries)) {
      FIRN_RETURN_IF_ERROR(series.Read(message.get_message(), visitor));
    } else {
      message.skip();
    }
  }
  return OkStatus();
}

}  // namespace

Status DecodeWriteRequestV2(std::string_view message, WriteVisitor* visitor) {
  try {
    return Decode(message, visitor);
  } catch (const protozero::exception& e) {
    return InvalidArgument("protobuf: {}", e.what());
  }
}

}  // namespace firn::server
