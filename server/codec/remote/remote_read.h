// Messages of Prometheus' remote read.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/histogram.h"
#include "base/labels.h"
#include "base/matcher.h"
#include "base/sample.h"
#include "base/status.h"

namespace firn::server {

struct ReadQuery {
  TimeRange range;
  Matchers matchers;
};

struct ReadRequest {
  std::vector<ReadQuery> queries;
  bool streamed = false;  // The client takes chunks rather than samples.
};

// Of a prometheus.ReadRequest without its Snappy coat. InvalidArgument for malformed bytes, for
// matchers that do not compile and for clients that take no form of answer known here.
Result<ReadRequest> DecodeReadRequest(std::string_view message);

// Builds a prometheus.ReadResponse, series by series. One thread at a time.
class ReadResponseWriter {
 public:
  // To be called for each query, before its series.
  void BeginQuery();
  // Histograms may be empty. REQUIRES: as many times as values, in both.
  void AddSeries(const Labels& labels, std::span<const TimestampMs> t, std::span<const double> v,
                 std::span<const TimestampMs> ht, std::span<const HistogramPtr> h);
  void EndQuery();
  // The answer, in Snappy. To be called last.
  std::string Finish();

 private:
  std::string message_;
  std::string query_;
  std::string series_;
};

// Builds the frames of a streamed answer. One thread at a time.
class ChunkFrameWriter {
 public:
  // One series of query number `query`. Borrows `labels`.
  ChunkFrameWriter(const Labels& labels, size_t query);
  void AddFloats(std::span<const TimestampMs> t, std::span<const double> v);
  void AddHistogram(TimestampMs t, const FloatHistogram& h);
  // Bytes that a frame would have now, about.
  size_t size() const { return labels_.size() + chunks_.size(); }
  bool empty() const { return chunks_.empty(); }
  // The frame of what was added since the last one: length, checksum, message.
  std::string TakeFrame();

 private:
  void AddChunk(TimestampMs min, TimestampMs max, int type, std::string_view data);

  const size_t query_;
  std::string labels_;
  std::string chunks_;
};

// CRC-32C as the frames use it.
uint32_t Crc32c(std::string_view bytes);

}  // namespace firn::server
