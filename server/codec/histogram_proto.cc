#include "server/codec/histogram_proto.h"

#include <cmath>
#include <protozero/pbf_message.hpp>
#include <vector>

#include "server/codec/proto_fields.h"

namespace firn::server {

namespace {

// Schemas that senders may use; the finest are reduced on arrival.
constexpr int32_t kSentSchemaMax = 52;
constexpr size_t kBucketsMax = 1 << 16;

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

Status CheckSide(std::string_view side, const std::vector<HistogramSpan>& spans,
                 const std::vector<double>& buckets) {
  uint64_t covered = 0;
  int64_t index = 0;
  for (size_t i = 0; i < spans.size(); ++i) {
    if (i > 0 && spans[i].offset < 0) {
      return InvalidArgument("{} side: span number {} has negative offset {}", side, i + 1,
                             spans[i].offset);
    }
    covered += spans[i].length;
    index += int64_t{spans[i].offset} + spans[i].length;
    if (index > INT32_MAX || index < INT32_MIN) {
      return InvalidArgument("{} side: bucket index is out of range", side);
    }
  }
  if (covered != buckets.size() || covered > kBucketsMax) {
    return InvalidArgument("{} side: spans need {} buckets, have {} buckets", side, covered,
                           buckets.size());
  }
  for (size_t i = 0; i < buckets.size(); ++i) {
    if (!(buckets[i] >= 0)) {
      return InvalidArgument("{} side: bucket number {} has observation count of {}", side, i + 1,
                             buckets[i]);
    }
  }
  return OkStatus();
}

Status CheckCustom(const FloatHistogram& h) {
  for (size_t i = 0; i < h.custom_values.size(); ++i) {
    const double bound = h.custom_values[i];
    if (std::isnan(bound) || bound == INFINITY) {
      return InvalidArgument("custom buckets: bound number {} is {}", i + 1, bound);
    }
    if (i > 0 && bound <= h.custom_values[i - 1]) {
      return InvalidArgument("custom buckets: bound number {} is not above the one before", i + 1);
    }
  }
  int64_t end = 0;
  for (const HistogramSpan& span : h.positive_spans) end += int64_t{span.offset} + span.length;
  if (end > static_cast<int64_t>(h.custom_values.size()) + 1 ||
      (!h.positive_spans.empty() && h.positive_spans[0].offset < 0)) {
    return InvalidArgument("custom buckets: buckets without a bound");
  }
  if (h.zero_count != 0 || h.zero_threshold != 0 || !h.negative_spans.empty()) {
    return InvalidArgument("custom buckets: must not have zero or negative buckets");
  }
  return OkStatus();
}

Status Check(const Decoded& decoded) {
  const FloatHistogram& h = decoded.h;
  const bool exponential = h.schema >= kExponentialSchemaMin && h.schema <= kSentSchemaMax;
  if (!exponential && !h.UsesCustomBuckets()) {
    return InvalidArgument("histogram schema {} is not supported: {} to {} and {} are", h.schema,
                           kExponentialSchemaMin, kSentSchemaMax, kCustomBucketsSchema);
  }
  FIRN_RETURN_IF_ERROR(CheckSide("negative", h.negative_spans, h.negative_buckets));
  FIRN_RETURN_IF_ERROR(CheckSide("positive", h.positive_spans, h.positive_buckets));
  if (h.UsesCustomBuckets()) {
    FIRN_RETURN_IF_ERROR(CheckCustom(h));
  } else if (!h.custom_values.empty()) {
    return InvalidArgument("histogram with exponential buckets has custom bounds");
  }
  if (!(h.count >= 0) || !(h.zero_count >= 0)) {
    return InvalidArgument("histogram has a negative observation count");
  }
  if (decoded.is_float) return OkStatus();
  double observed = h.zero_count;
  for (const double n : h.negative_buckets) observed += n;
  for (const double n : h.positive_buckets) observed += n;
  // Observations of NaN are in no bucket.
  if (std::isnan(h.sum) ? observed > h.count : observed != h.count) {
    return InvalidArgument("{} observations found in buckets, but the Count field is {}", observed,
                           h.count);
  }
  return OkStatus();
}

// Merges 2^steps neighbouring buckets into one.
void ReduceSide(int32_t steps, std::vector<HistogramSpan>* spans, std::vector<double>* buckets) {
  std::vector<HistogramSpan> new_spans;
  std::vector<double> new_buckets;
  int64_t index = 0;
  int64_t next = 0;  // The index behind the last new bucket.
  size_t bucket = 0;
  for (const HistogramSpan& span : *spans) {
    index += span.offset;
    for (uint32_t i = 0; i < span.length; ++i, ++index, ++bucket) {
      const int64_t target = ((index - 1) >> steps) + 1;
      if (!new_buckets.empty() && target == next - 1) {
        new_buckets.back() += (*buckets)[bucket];
        continue;
      }
      if (new_spans.empty() || target != next) {
        new_spans.push_back({static_cast<int32_t>(target - next), 0});
      }
      ++new_spans.back().length;
      new_buckets.push_back((*buckets)[bucket]);
      next = target + 1;
    }
  }
  *spans = std::move(new_spans);
  *buckets = std::move(new_buckets);
}

}  // namespace

Result<TimedHistogram> DecodeHistogram(std::string_view message) {
  Decoded decoded = ReadFields(message);
  FloatHistogram& h = decoded.h;
  if (!h.IsStale()) FIRN_RETURN_IF_ERROR(Check(decoded));
  if (h.IsStale()) {
    // A marker only: what else it says has no meaning.
    FloatHistogram marker;
    marker.sum = h.sum;
    h = marker;
  }
  if (h.schema > kExponentialSchemaMax) {
    const int32_t steps = h.schema - kExponentialSchemaMax;
    ReduceSide(steps, &h.negative_spans, &h.negative_buckets);
    ReduceSide(steps, &h.positive_spans, &h.positive_buckets);
    h.schema = kExponentialSchemaMax;
  }
  return TimedHistogram{decoded.t, std::make_shared<const FloatHistogram>(std::move(h)),
                        decoded.start};
}

}  // namespace firn::server
