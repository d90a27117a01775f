#include "server/codec/histogram_proto.h"

#include <protozero/pbf_builder.hpp>
#include <protozero/pbf_message.hpp>
#include <vector>

#include "server/codec/histogram_check.h"
#include "server/codec/proto_fields.h"

namespace firn::server {

namespace {

enum class Field : protozero::pbf_tag_type {
  kCountInt = 1,
  kCountFloat = 2,
  kSum = 3,
  kSchema = 4,
  kZeroThreshold = 5,
  kZeroCountInt = 6,
  kZeroCountFloat = 7,
  kNegativeSpans = 8,
  kNegativeDeltas = 9,
  kNegativeCounts = 10,
  kPositiveSpans = 11,
  kPositiveDeltas = 12,
  kPositiveCounts = 13,
  kResetHint = 14,
  kTimestamp = 15,
  kCustomValues = 16,
  kStartTimestamp = 17
};

using Message = protozero::pbf_message<Field>;

HistogramSpan ReadSpan(protozero::pbf_reader message) {
  HistogramSpan span;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case Varint(1):
        span.offset = message.get_sint32();
        break;
      case Varint(2):
        span.length = message.get_uint32();
        break;
      default:
        message.skip();
    }
  }
  return span;
}

// Repeated scalars come packed or one by one; both are legal for any reader.
void ReadDoubles(Message& message, std::vector<double>* out) {
  if (message.has_wire_type(protozero::pbf_wire_type::length_delimited)) {
    for (const double v : message.get_packed_double()) out->push_back(v);
  } else {
    out->push_back(message.get_double());
  }
}

struct Deltas {
  int64_t total = 0;
  void Add(int64_t delta, std::vector<double>* out) {
    total = static_cast<int64_t>(static_cast<uint64_t>(total) + static_cast<uint64_t>(delta));
    out->push_back(static_cast<double>(total));
  }
};

void ReadDeltas(Message& message, Deltas* deltas, std::vector<double>* out) {
  if (message.has_wire_type(protozero::pbf_wire_type::length_delimited)) {
    for (const int64_t delta : message.get_packed_sint64()) deltas->Add(delta, out);
  } else {
    deltas->Add(message.get_sint64(), out);
  }
}

struct Decoded {
  TimestampMs t = 0;
  TimestampMs start = 0;
  FloatHistogram h;
  bool is_float = false;
};

Decoded ReadFields(std::string_view bytes) {
  Decoded out;
  FloatHistogram& h = out.h;
  Deltas negative;
  Deltas positive;
  Message message(bytes.data(), bytes.size());
  while (message.next()) {
    switch (message.tag_and_type()) {
      case Varint(Field::kCountInt):
        h.count = static_cast<double>(message.get_uint64());
        break;
      case Fixed64(Field::kCountFloat):
        h.count = message.get_double();
        out.is_float = true;
        break;
      case Fixed64(Field::kSum):
        h.sum = message.get_double();
        break;
      case Varint(Field::kSchema):
        h.schema = message.get_sint32();
        break;
      case Fixed64(Field::kZeroThreshold):
        h.zero_threshold = message.get_double();
        break;
      case Varint(Field::kZeroCountInt):
        h.zero_count = static_cast<double>(message.get_uint64());
        break;
      case Fixed64(Field::kZeroCountFloat):
        h.zero_count = message.get_double();
        break;
      case Bytes(Field::kNegativeSpans):
        h.negative_spans.push_back(ReadSpan(message.get_message()));
        break;
      case Varint(Field::kNegativeDeltas):
      case Bytes(Field::kNegativeDeltas):
        ReadDeltas(message, &negative, &h.negative_buckets);
        break;
      case Fixed64(Field::kNegativeCounts):
      case Bytes(Field::kNegativeCounts):
        ReadDoubles(message, &h.negative_buckets);
        break;
      case Bytes(Field::kPositiveSpans):
        h.positive_spans.push_back(ReadSpan(message.get_message()));
        break;
      case Varint(Field::kPositiveDeltas):
      case Bytes(Field::kPositiveDeltas):
        ReadDeltas(message, &positive, &h.positive_buckets);
        break;
      case Fixed64(Field::kPositiveCounts):
      case Bytes(Field::kPositiveCounts):
        ReadDoubles(message, &h.positive_buckets);
        break;
      case Varint(Field::kResetHint):
        h.counter_reset_hint = static_cast<CounterResetHint>(message.get_enum() & 3);
        break;
      case Varint(Field::kTimestamp):
        out.t = message.get_int64();
        break;
      case Fixed64(Field::kCustomValues):
      case Bytes(Field::kCustomValues):
        ReadDoubles(message, &h.custom_values);
        break;
      case Varint(Field::kStartTimestamp):
        out.start = message.get_int64();
        break;
      default:
        message.skip();
    }
  }
  return out;
}

}  // namespace

Result<TimedHistogram> DecodeHistogram(std::string_view message) {
  Decoded decoded = ReadFields(message);
  FloatHistogram& h = decoded.h;
  if (h.IsStale()) {
    // A marker only: what else it says has no meaning.
    FloatHistogram marker;
    marker.sum = h.sum;
    h = marker;
  } else {
    FIRN_RETURN_IF_ERROR(CheckHistogram(h));
    if (!decoded.is_float) FIRN_RETURN_IF_ERROR(CheckCounts(h));
    ReduceSchema(&h);
  }
  return TimedHistogram{decoded.t, std::make_shared<const FloatHistogram>(std::move(h)),
                        decoded.start};
}

std::string EncodeHistogram(TimestampMs t, const FloatHistogram& h) {
  std::string message;
  protozero::pbf_builder<Field> out(message);
  const auto add_side = [&](Field span_field, Field count_field,
                            const std::vector<HistogramSpan>& spans,
                            const std::vector<double>& counts) {
    for (const HistogramSpan& span : spans) {
      std::string bytes;
      protozero::pbf_writer writer(bytes);
      writer.add_sint32(1, span.offset);
      writer.add_uint32(2, span.length);
      out.add_message(span_field, bytes);
    }
    out.add_packed_double(count_field, counts.begin(), counts.end());
  };
  out.add_double(Field::kCountFloat, h.count);
  out.add_double(Field::kSum, h.sum);
  out.add_sint32(Field::kSchema, h.schema);
  out.add_double(Field::kZeroThreshold, h.zero_threshold);
  out.add_double(Field::kZeroCountFloat, h.zero_count);
  add_side(Field::kNegativeSpans, Field::kNegativeCounts, h.negative_spans, h.negative_buckets);
  add_side(Field::kPositiveSpans, Field::kPositiveCounts, h.positive_spans, h.positive_buckets);
  out.add_enum(Field::kResetHint, static_cast<int32_t>(h.counter_reset_hint));
  out.add_int64(Field::kTimestamp, t);
  out.add_packed_double(Field::kCustomValues, h.custom_values.begin(), h.custom_values.end());
  return message;
}

}  // namespace firn::server
