#include "server/codec/remote/remote_read.h"

#include <snappy.h>

#include <algorithm>
#include <array>
#include <exception>
#include <protozero/pbf_message.hpp>
#include <protozero/pbf_writer.hpp>

#include "base/bytes.h"
#include "server/codec/histogram_proto.h"
#include "server/codec/proto_fields.h"
#include "server/codec/remote/chunk_writer.h"

namespace firn::server {

namespace {

enum class Request : protozero::pbf_tag_type { kQueries = 1, kAcceptedTypes = 2 };
enum class Query : protozero::pbf_tag_type { kStart = 1, kEnd = 2, kMatchers = 3 };

constexpr int32_t kTypeSamples = 0;
constexpr int32_t kTypeStreamed = 1;

Result<Matcher> ReadMatcher(protozero::pbf_reader message) {
  static constexpr MatchType kTypes[] = {MatchType::kEqual, MatchType::kNotEqual, MatchType::kRegex,
                                         MatchType::kNotRegex};
  int32_t type = 0;
  std::string name;
  std::string value;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case Varint(1):
        type = message.get_enum();
        break;
      case Bytes(2):
        name = message.get_string();
        break;
      case Bytes(3):
        value = message.get_string();
        break;
      default:
        message.skip();
    }
  }
  if (type < 0 || type >= static_cast<int32_t>(std::size(kTypes))) {
    return InvalidArgument("matcher of label {}: unknown type {}", QuoteGo(name), type);
  }
  auto matcher = Matcher::Create(kTypes[type], name, std::move(value));
  if (matcher.ok()) return matcher;
  return matcher.status().WithContext(fmt::format("matcher of label {}", QuoteGo(name)));
}

Result<ReadQuery> ReadOneQuery(protozero::pbf_reader reader) {
  ReadQuery query{{0, 0}, {}};
  protozero::pbf_message<Query> message(reader);
  while (message.next()) {
    switch (message.tag_and_type()) {
      case Varint(Query::kStart):
        query.range.min = message.get_int64();
        break;
      case Varint(Query::kEnd):
        query.range.max = message.get_int64();
        break;
      case Bytes(Query::kMatchers): {
        FIRN_ASSIGN_OR_RETURN(Matcher matcher, ReadMatcher(message.get_message()));
        query.matchers.push_back(std::move(matcher));
        break;
      }
      default:
        message.skip();
    }
  }
  return query;
}

Result<ReadRequest> Decode(std::string_view bytes) {
  ReadRequest request;
  std::vector<int32_t> accepted;
  protozero::pbf_message<Request> message(bytes.data(), bytes.size());
  while (message.next()) {
    switch (message.tag_and_type()) {
      case Bytes(Request::kQueries): {
        FIRN_ASSIGN_OR_RETURN(ReadQuery query, ReadOneQuery(message.get_message()));
        request.queries.push_back(std::move(query));
        break;
      }
      case Varint(Request::kAcceptedTypes):
        accepted.push_back(message.get_enum());
        break;
      case Bytes(Request::kAcceptedTypes):
        for (const int32_t type : message.get_packed_enum()) accepted.push_back(type);
        break;
      default:
        message.skip();
    }
  }
  const auto known = [](int32_t type) { return type == kTypeSamples || type == kTypeStreamed; };
  const auto first = std::find_if(accepted.begin(), accepted.end(), known);
  if (!accepted.empty() && first == accepted.end()) {
    return InvalidArgument("server does not support any of the requested response types");
  }
  request.streamed = !accepted.empty() && *first == kTypeStreamed;
  return request;
}

void AppendLabels(const Labels& labels, std::string* out) {
  protozero::pbf_writer series(*out);
  std::string pair;
  for (const LabelView label : labels) {
    pair.clear();
    protozero::pbf_writer writer(pair);
    writer.add_string(1, label.name.data(), label.name.size());
    writer.add_string(2, label.value.data(), label.value.size());
    series.add_message(1, pair);
  }
}

// TimeSeries.samples: tag, length, value, time.
void AppendSample(TimestampMs t, double v, std::string* out) {
  constexpr char kSamplesTag = 0x12;
  constexpr char kValueTag = 0x09;
  constexpr char kTimeTag = 0x10;
  out->push_back(kSamplesTag);
  const size_t length_at = out->size();
  out->push_back('\0');
  out->push_back(kValueTag);
  AppendFixed(v, out);
  out->push_back(kTimeTag);
  AppendVarint(static_cast<uint64_t>(t), out);
  (*out)[length_at] = static_cast<char>(out->size() - length_at - 1);
}

constexpr std::array<uint32_t, 256> MakeCrcTable() {
  constexpr uint32_t kPolynomial = 0x82f63b78;
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    table[i] = crc;
  }
  return table;
}

}  // namespace

Result<ReadRequest> DecodeReadRequest(std::string_view message) {
  try {
    return Decode(message);
  } catch (const protozero::exception& e) {
    return InvalidArgument("protobuf: {}", e.what());
  }
}

void ReadResponseWriter::BeginQuery() { query_.clear(); }

void ReadResponseWriter::AddSeries(const Labels& labels, std::span<const TimestampMs> t,
                                   std::span<const double> v, std::span<const TimestampMs> ht,
                                   std::span<const HistogramPtr> h) {
  FIRN_CHECK(t.size() == v.size() && ht.size() == h.size());
  series_.clear();
  AppendLabels(labels, &series_);
  for (size_t i = 0; i < t.size(); ++i) AppendSample(t[i], v[i], &series_);
  protozero::pbf_writer series(series_);
  for (size_t i = 0; i < ht.size(); ++i) series.add_message(4, EncodeHistogram(ht[i], *h[i]));
  protozero::pbf_writer(query_).add_message(1, series_);
}

void ReadResponseWriter::EndQuery() {
  // A query without series is an empty message, which must not be left out.
  message_.push_back(0x0a);
  AppendLengthPrefixed(query_, &message_);
  query_.clear();
}

std::string ReadResponseWriter::Finish() {
  std::string block;
  snappy::Compress(message_.data(), message_.size(), &block);
  message_.clear();
  return block;
}

ChunkFrameWriter::ChunkFrameWriter(const Labels& labels, size_t query) : query_(query) {
  AppendLabels(labels, &labels_);
}

void ChunkFrameWriter::AddChunk(TimestampMs min, TimestampMs max, int type, std::string_view data) {
  std::string chunk;
  protozero::pbf_writer writer(chunk);
  writer.add_int64(1, min);
  writer.add_int64(2, max);
  writer.add_enum(3, type);
  writer.add_bytes(4, data.data(), data.size());
  protozero::pbf_writer(chunks_).add_message(2, chunk);
}

void ChunkFrameWriter::AddFloats(std::span<const TimestampMs> t, std::span<const double> v) {
  AddChunk(t.front(), t.back(), static_cast<int>(ChunkType::kXor), EncodeXorChunk(t, v));
}

void ChunkFrameWriter::AddHistogram(TimestampMs t, const FloatHistogram& h) {
  AddChunk(t, t, static_cast<int>(ChunkType::kFloatHistogram), EncodeHistogramChunk(t, h));
}

std::string ChunkFrameWriter::TakeFrame() {
  std::string message;
  protozero::pbf_writer writer(message);
  writer.add_message(1, labels_ + chunks_);
  if (query_ > 0) writer.add_int64(2, static_cast<int64_t>(query_));
  chunks_.clear();
  std::string frame;
  AppendVarint(message.size(), &frame);
  AppendFixed(__builtin_bswap32(Crc32c(message)), &frame);
  return frame + message;
}

uint32_t Crc32c(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = MakeCrcTable();
  uint32_t crc = ~uint32_t{0};
  for (const char c : bytes)
    crc = kTable[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

}  // namespace firn::server
