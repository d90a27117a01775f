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

// A varint of at most 8 bytes that fills `bytes`.
bool ReadShortVarint(std::string_view bytes, uint64_t* value) {
  constexpr uint64_t kMore = 0x8080808080808080;  // High bits: another byte follows.
  if (bytes.empty() || bytes.size() > 8) return false;
  uint64_t word = 0;
  if (constexpr size_t kTimeBytes = 6; bytes.size() == kTimeBytes) {  // Until the year 2109.
    std::memcpy(&word, bytes.data(), kTimeBytes);
  } else {
    std::memcpy(&word, bytes.data(), bytes.size());
  }
  const size_t unused = 64 - 8 * bytes.size();
  // All bytes but the last have the high bit.
  if ((word & kMore) != (kMore << unused << 8 >> unused >> 8)) return false;
  // Joins groups of 7 bits to 14, 28 and 56.
  word &= ~kMore;
  word = (word & 0x007f007f007f007f) | (word & 0x7f007f007f007f00) >> 1;
  word = (word & 0x00003fff00003fff) | (word & 0x3fff00003fff0000) >> 2;
  *value = (word & 0x0fffffff) | (word & 0x0fffffff00000000) >> 4;
  return true;
}

// A value of zero is not sent.
bool ReadShortSample(std::string_view bytes, Sample* sample) {
  sample->v = 0;
  if (bytes.size() > 1 + sizeof(double) && bytes[0] == kField1Fixed64) {
    std::memcpy(&sample->v, bytes.data() + 1, sizeof(double));
    bytes.remove_prefix(1 + sizeof(double));
  }
  uint64_t t = 0;
  if (bytes.empty() || bytes[0] != kField2Varint || !ReadShortVarint(bytes.substr(1), &t)) {
    return false;
  }
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
  sample = {};
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

// Takes a field of this tag and its bytes off the front of a message if its length has one or
// two bytes; false for anything else, with `message` as it was.
inline bool TakeShortField(char tag, std::string_view* message, std::string_view* field) {
  if (message->size() < 2 || (*message)[0] != tag) return false;
  size_t size = static_cast<unsigned char>((*message)[1]);
  size_t head = 2;
  if (size >= 0x80) {
    if (message->size() < 3 || (*message)[2] < 0) return false;
    size = (size & 0x7f) | static_cast<size_t>((*message)[2]) << 7;
    head = 3;
  }
  if (message->size() - head < size) return false;
  *field = message->substr(head, size);
  message->remove_prefix(head + size);
  return true;
}

// Keeps its buffers from series to series.
class SeriesReader {
 public:
  // `bytes` are a TimeSeries message.
  Status Read(std::string_view bytes, WriteVisitor* visitor) {
    if (ReadRecognised(bytes, visitor)) return OkStatus();
    return ReadWhole(bytes, visitor);
  }

 private:
  // Nearly all series of a steady sender: labels as before, then samples alone.
  bool ReadRecognised(std::string_view bytes, WriteVisitor* visitor) {
    const size_t label_bytes = visitor->Recognise(bytes);
    if (label_bytes == 0) return false;
    bytes.remove_prefix(label_bytes);
    samples_.clear();
    std::string_view field;
    Sample sample;
    while (!bytes.empty()) {
      if (!TakeShortField(kField2Bytes, &bytes, &field) || !ReadShortSample(field, &sample)) {
        return false;
      }
      samples_.push_back(sample);
    }
    return !samples_.empty() && visitor->OnRecognised(samples_);
  }

  Status ReadWhole(std::string_view bytes, WriteVisitor* visitor) {
    // Where the labels end, as long as nothing came before one of them.
    size_t labels_end = 0;
    bool only_labels = true;
    labels_.clear();
    samples_.clear();
    histograms_.clear();
    exemplars_.clear();
    problems_.clear();
    protozero::pbf_message<TimeSeries> message(bytes.data(), bytes.size());
    while (message.next()) {
      switch (message.tag_and_type()) {
        case Bytes(TimeSeries::kLabels):
          labels_.push_back(ReadLabel(View(message.get_view())));
          labels_end = only_labels ? bytes.size() - message.length() : 0;
          continue;
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
      only_labels = false;
    }
    WriteSeries series;
    series.labels = labels_;
    series.wire = bytes.substr(0, labels_end);
    series.samples = samples_;
    series.histograms = histograms_;
    series.exemplars = exemplars_.Finish();
    series.problems = problems_;
    return visitor->OnSeries(series);
  }

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
  while (!bytes.empty()) {
    std::string_view field;
    if (TakeShortField(kField1Bytes, &bytes, &field)) {
      FIRN_RETURN_IF_ERROR(series.Read(field, visitor));
      continue;
    }
    protozero::pbf_message<Request> message(bytes.data(), bytes.size());
    message.next();
    switch (message.tag_and_type()) {
      case Bytes(Request::kTimeSeries):
        FIRN_RETURN_IF_ERROR(series.Read(View(message.get_view()), visitor));
        break;
      case Bytes(Request::kMetadata):
        FIRN_RETURN_IF_ERROR(visitor->OnMetadata(ReadMetadata(message.get_message())));
        break;
      default:
        message.skip();
    }
    bytes = View(message.data());
  }
  return OkStatus();
}

}  // namespace

Result<DecodedBody> DecodeSnappy(std::string_view block, size_t bytes_max) {
  size_t size = 0;
  if (!snappy::GetUncompressedLength(block.data(), block.size(), &size)) {
    return InvalidArgument("snappy: corrupt input");
  }
  if (size > bytes_max) {
    return InvalidArgument("snappy: decoded size {} exceeds the limit of {} bytes", size,
                           bytes_max);
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
