#include "server/codec/remote_write.h"

#include <snappy.h>

#include <exception>
#include <protozero/pbf_message.hpp>

#include "server/codec/histogram_proto.h"

namespace firn::server {

namespace {

enum class Request : protozero::pbf_tag_type { kTimeSeries = 1, kMetadata = 3 };
enum class TimeSeries : protozero::pbf_tag_type {
  kLabels = 1,
  kSamples = 2,
  kExemplars = 3,
  kHistograms = 4
};

std::string_view View(protozero::data_view view) { return {view.data(), view.size()}; }

LabelView ReadLabel(protozero::pbf_reader message) {
  LabelView label;
  while (message.next()) {
    if (message.tag() == 1 && message.has_wire_type(protozero::pbf_wire_type::length_delimited)) {
      label.name = View(message.get_view());
    } else if (message.tag() == 2 &&
               message.has_wire_type(protozero::pbf_wire_type::length_delimited)) {
      label.value = View(message.get_view());
    } else {
      message.skip();
    }
  }
  return label;
}

Sample ReadSample(protozero::pbf_reader message) {
  Sample sample;
  while (message.next()) {
    if (message.tag() == 1 && message.has_wire_type(protozero::pbf_wire_type::fixed64)) {
      sample.v = message.get_double();
    } else if (message.tag() == 2 && message.has_wire_type(protozero::pbf_wire_type::varint)) {
      sample.t = message.get_int64();
    } else {
      message.skip();
    }
  }
  return sample;
}

std::string_view MetadataTypeName(int32_t type) {
  static constexpr std::string_view kNames[] = {"unknown",        "counter", "gauge", "histogram",
                                                "gaugehistogram", "summary", "info",  "stateset"};
  if (type < 0 || type >= static_cast<int32_t>(std::size(kNames))) return kNames[0];
  return kNames[type];
}

WriteMetadata ReadMetadata(protozero::pbf_reader message) {
  WriteMetadata metadata;
  metadata.type = MetadataTypeName(0);
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        metadata.type = MetadataTypeName(message.get_enum());
        break;
      case 2:
        metadata.metric = View(message.get_view());
        break;
      case 4:
        metadata.help = View(message.get_view());
        break;
      case 5:
        metadata.unit = View(message.get_view());
        break;
      default:
        message.skip();
    }
  }
  return metadata;
}

// Keeps its buffers from series to series.
class SeriesReader {
 public:
  Status Read(protozero::pbf_reader reader, WriteVisitor* visitor) {
    labels_.clear();
    samples_.clear();
    histograms_.clear();
    size_t exemplars = 0;
    protozero::pbf_message<TimeSeries> message(reader);
    while (message.next()) {
      switch (message.tag()) {
        case TimeSeries::kLabels:
          labels_.push_back(ReadLabel(message.get_message()));
          break;
        case TimeSeries::kSamples:
          samples_.push_back(ReadSample(message.get_message()));
          break;
        case TimeSeries::kHistograms: {
          FIRN_ASSIGN_OR_RETURN(TimedHistogram histogram,
                                DecodeHistogram(View(message.get_view())));
          histograms_.push_back(std::move(histogram));
          break;
        }
        case TimeSeries::kExemplars:
          ++exemplars;
          message.skip();
          break;
        default:
          message.skip();
      }
    }
    return visitor->OnSeries({labels_, samples_, histograms_, exemplars});
  }

 private:
  std::vector<LabelView> labels_;
  std::vector<Sample> samples_;
  std::vector<TimedHistogram> histograms_;
};

Status Decode(std::string_view bytes, WriteVisitor* visitor) {
  SeriesReader series;
  protozero::pbf_message<Request> message(bytes.data(), bytes.size());
  while (message.next()) {
    switch (message.tag()) {
      case Request::kTimeSeries:
        FIRN_RETURN_IF_ERROR(series.Read(message.get_message(), visitor));
        break;
      case Request::kMetadata:
        FIRN_RETURN_IF_ERROR(visitor->OnMetadata(ReadMetadata(message.get_message())));
        break;
      default:
        message.skip();
    }
  }
  return OkStatus();
}

}  // namespace

Result<std::string> DecodeSnappy(std::string_view block) {
  size_t size = 0;
  if (!snappy::GetUncompressedLength(block.data(), block.size(), &size)) {
    return InvalidArgument("snappy: corrupt input");
  }
  if (size > kDecodedBytesMax) {
    return InvalidArgument("snappy: decoded size {} exceeds the limit of {} bytes", size,
                           kDecodedBytesMax);
  }
  // No element of the format yields more than 64 bytes for 3, so a larger claim is false.
  if (size > block.size() * 64) return InvalidArgument("snappy: corrupt input");
  std::string message(size, '\0');
  if (!snappy::RawUncompress(block.data(), block.size(), message.data())) {
    return InvalidArgument("snappy: corrupt input");
  }
  return message;
}

Status DecodeWriteRequest(std::string_view message, WriteVisitor* visitor) {
  try {
    return Decode(message, visitor);
  } catch (const protozero::exception& e) {
    return InvalidArgument("protobuf: {}", e.what());
  }
}

}  // namespace firn::server
