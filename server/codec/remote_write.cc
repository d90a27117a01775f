#include "server/codec/remote_write.h"

#include <snappy.h>

#include <cstring>
#include <exception>
#include <protozero/pbf_message.hpp>

#include "server/codec/exemplar_list.h"
#include "server/codec/histogram_proto.h"
#include "server/codec/proto_fields.h"

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

// Field number and wire type in one byte, as every sender writes them.
constexpr char kField1Bytes = 0x0a;
constexpr char kField2Bytes = 0x12;
constexpr char kField1Fixed64 = 0x09;
constexpr char kField2Varint = 0x10;

// Labels and samples are nearly all of a request and nearly always have their two fields in
// order and short. Those are read directly; false for any other form.
bool ReadShortLabel(std::string_view bytes, LabelView* label) {
  if (bytes.size() < 4 || bytes[0] != kField1Bytes || bytes[1] < 0) return false;
  const size_t name_bytes = static_cast<unsigned char>(bytes[1]);
  if (bytes.size() < name_bytes + 4 || bytes[name_bytes + 2] != kField2Bytes) return false;
  // One byte of length, so the value is what is left and its length is below 128.
  const char value_bytes = bytes[name_bytes + 3];
  if (value_bytes < 0 || static_cast<size_t>(value_bytes) != bytes.size() - name_bytes - 4) {
    return false;
  }
  label->name = bytes.substr(2, name_bytes);
  label->value = bytes.substr(name_bytes + 4);
  return true;
}

bool ReadShortSample(std::string_view bytes, Sample* sample) {
  constexpr size_t kTimeAt = 10;
  if (bytes.size() <= kTimeAt || bytes.size() > kTimeAt + 9 || bytes[0] != kField1Fixed64 ||
      bytes[9] != kField2Varint) {
    return false;
  }
  uint64_t t = 0;
  for (size_t i = kTimeAt; i < bytes.size(); ++i) {
    // The last byte, and only it, has the high bit clear.
    if ((bytes[i] < 0) != (i + 1 < bytes.size())) return false;
    t |= static_cast<uint64_t>(bytes[i] & 0x7f) << (7 * (i - kTimeAt));
  }
  std::memcpy(&sample->v, bytes.data() + 1, sizeof(double));
  sample->t = static_cast<TimestampMs>(t);
  return true;
}

LabelView ReadLabel(std::string_view bytes) {
  LabelView label;
  if (ReadShortLabel(bytes, &label)) return label;
  protozero::pbf_reader message(bytes.data(), bytes.size());
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

Sample ReadSample(std::string_view bytes) {
  Sample sample;
  if (ReadShortSample(bytes, &sample)) return sample;
  protozero::pbf_reader message(bytes.data(), bytes.size());
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

WriteMetadata ReadMetadata(protozero::pbf_reader message) {
  WriteMetadata metadata;
  metadata.type = MetricTypeName(0);
  while (message.next()) {
    switch (message.tag_and_type()) {
      case Varint(1):
        metadata.type = MetricTypeName(message.get_enum());
        break;
      case Bytes(2):
        metadata.metric = View(message.get_view());
        break;
      case Bytes(4):
        metadata.help = View(message.get_view());
        break;
      case Bytes(5):
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
    exemplars_.clear();
    problems_.clear();
    protozero::pbf_message<TimeSeries> message(reader);
    while (message.next()) {
      switch (message.tag_and_type()) {
        case Bytes(TimeSeries::kLabels):
          labels_.push_back(ReadLabel(View(message.get_view())));
          break;
        case Bytes(TimeSeries::kSamples):
          samples_.push_back(ReadSample(View(message.get_view())));
          break;
        case Bytes(TimeSeries::kHistograms): {
          auto histogram = DecodeHistogram(View(message.get_view()));
          if (histogram.ok()) {
            histograms_.push_back(*std::move(histogram));
          } else {
            problems_.push_back(histogram.status());
          }
          break;
        }
        case Bytes(TimeSeries::kExemplars):
          ReadExemplar(message.get_message());
          break;
        default:
          message.skip();
      }
    }
    WriteSeries series;
    series.labels = labels_;
    series.samples = samples_;
    series.histograms = histograms_;
    series.exemplars = exemplars_.Finish();
    series.problems = problems_;
    return visitor->OnSeries(series);
  }

 private:
  void ReadExemplar(protozero::pbf_reader message) {
    WriteExemplar& exemplar = exemplars_.Begin();
    while (message.next()) {
      switch (message.tag_and_type()) {
        case Bytes(1):
          exemplars_.AddLabel(ReadLabel(View(message.get_view())));
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
  }

  std::vector<LabelView> labels_;
  std::vector<Sample> samples_;
  std::vector<TimedHistogram> histograms_;
  ExemplarList exemplars_;
  std::vector<Status> problems_;
};

Status Decode(std::string_view bytes, WriteVisitor* visitor) {
  SeriesReader series;
  protozero::pbf_message<Request> message(bytes.data(), bytes.size());
  while (message.next()) {
    switch (message.tag_and_type()) {
      case Bytes(Request::kTimeSeries):
        FIRN_RETURN_IF_ERROR(series.Read(message.get_message(), visitor));
        break;
      case Bytes(Request::kMetadata):
        FIRN_RETURN_IF_ERROR(visitor->OnMetadata(ReadMetadata(message.get_message())));
        break;
      default:
        message.skip();
    }
  }
  return OkStatus();
}

}  // namespace

Result<DecodedBody> DecodeSnappy(std::string_view block) {
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
  DecodedBody message(size);
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
