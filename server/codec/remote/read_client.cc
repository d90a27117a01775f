#include "server/codec/remote/read_client.h"

#include <snappy.h>

#include <exception>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <vector>

#include "base/bytes.h"
#include "server/codec/prometheus/big_endian.h"
#include "server/codec/prometheus/chunk_reader.h"
#include "server/codec/proto_fields.h"
#include "server/codec/remote/remote_read.h"

namespace firn::server {

namespace {

constexpr int32_t kStreamed = 1;

std::string_view View(protozero::pbf_reader* message) {
  const auto view = message->get_view();
  return {view.data(), view.size()};
}

LabelView ReadLabel(protozero::pbf_reader message) {
  LabelView label;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case Bytes(1):
        label.name = View(&message);
        break;
      case Bytes(2):
        label.value = View(&message);
        break;
      default:
        message.skip();
    }
  }
  return label;
}

Status ReadOneChunk(protozero::pbf_reader message, ChunkSamples* samples) {
  int32_t type = 0;
  std::string_view data;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case Varint(3):
        type = message.get_enum();
        break;
      case Bytes(4):
        data = View(&message);
        break;
      default:
        message.skip();
    }
  }
  // Numbers of types are those of files.
  if (type < 0 || type > UINT8_MAX) return Corruption("unknown chunk type {}", type);
  return ReadChunk(static_cast<uint8_t>(type), data, samples);
}

Status GiveSeries(protozero::pbf_reader message, const TimeRange& range, WriteVisitor* visitor) {
  std::vector<LabelView> labels;
  ChunkSamples read;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case Bytes(1):
        labels.push_back(ReadLabel(message.get_message()));
        break;
      case Bytes(2):
        FIRN_RETURN_IF_ERROR(ReadOneChunk(message.get_message(), &read));
        break;
      default:
        message.skip();
    }
  }
  std::vector<Sample> samples;
  std::vector<TimedHistogram> histograms;
  for (size_t i = 0; i < read.t.size(); ++i) {
    if (range.Contains(read.t[i])) samples.push_back({read.t[i], read.v[i]});
  }
  for (size_t i = 0; i < read.ht.size(); ++i) {
    if (range.Contains(read.ht[i])) histograms.push_back({read.ht[i], read.h[i], 0});
  }
  if (samples.empty() && histograms.empty()) return OkStatus();
  WriteSeries series;
  series.labels = labels;
  series.samples = samples;
  series.histograms = histograms;
  return visitor->OnSeries(series);
}

Status ReadFrame(std::string_view bytes, const TimeRange& range, WriteVisitor* visitor) {
  try {
    protozero::pbf_reader message(bytes.data(), bytes.size());
    while (message.next()) {
      if (message.tag_and_type() == Bytes(1)) {
        FIRN_RETURN_IF_ERROR(GiveSeries(message.get_message(), range, visitor));
      } else {
        message.skip();
      }
    }
    return OkStatus();
  } catch (const protozero::exception& e) {
    return Corruption("protobuf: {}", e.what());
  }
}

}  // namespace

std::string EncodeReadRequest(const TimeRange& range, const Matchers& matchers) {
  std::string query;
  protozero::pbf_writer fields(query);
  fields.add_int64(1, range.min);
  fields.add_int64(2, range.max);
  for (const Matcher& m : matchers) {
    protozero::pbf_writer matcher(fields, 3);
    // Types are numbered alike.
    matcher.add_enum(1, static_cast<int32_t>(m.type()));
    matcher.add_string(2, m.name());
    matcher.add_string(3, m.value());
  }
  std::string message;
  protozero::pbf_writer request(message);
  request.add_message(1, query);
  request.add_enum(2, kStreamed);
  std::string block;
  snappy::Compress(message.data(), message.size(), &block);
  return block;
}

Status ReadChunkFrames(std::string_view body, const TimeRange& range, WriteVisitor* visitor) {
  while (!body.empty()) {
    ByteReader in(body);
    const uint64_t size = in.Varint();
    const std::string_view checksum = in.Bytes(4);
    const std::string_view message = in.Bytes(size);
    if (!in.ok()) return Corruption("the answer breaks off");
    if (Crc32c(message) != ReadBigEndian32(checksum)) {
      return Corruption("a frame of the answer does not verify");
    }
    FIRN_RETURN_IF_ERROR(ReadFrame(message, range, visitor));
    body = in.rest();
  }
  return OkStatus();
}

}  // namespace firn::server
