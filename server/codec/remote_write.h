// Decodes bodies of remote write 1.0: Snappy around the protobuf message
// prometheus.WriteRequest. Reads in place; nothing is copied but histograms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/histogram.h"
#include "base/labels.h"
#include "base/sample.h"
#include "base/status.h"

namespace firn::server {

inline constexpr size_t kDecodedBytesMax = 32 << 20;

struct TimedHistogram {
  TimestampMs t = 0;
  HistogramPtr histogram;
};

// One time series of a request. All views point into the decoded body or into buffers that
// the next series overwrites.
struct WriteSeries {
  std::span<const LabelView> labels;  // As sent: any order, perhaps invalid.
  std::span<const Sample> samples;
  std::span<const TimedHistogram> histograms;
  size_t exemplars = 0;  // Counted only.
};

struct WriteMetadata {
  std::string_view metric;
  std::string_view type;  // "counter", ... "unknown".
  std::string_view help;
  std::string_view unit;
};

class WriteVisitor {
 public:
  virtual ~WriteVisitor() = default;
  // An error ends the decoding and is returned by it.
  virtual Status OnSeries(const WriteSeries& series) = 0;
  virtual Status OnMetadata(const WriteMetadata& metadata) = 0;
};

// Bytes that are not cleared before they are written.
class DecodedBody {
 public:
  explicit DecodedBody(size_t size)
      : bytes_(std::make_unique_for_overwrite<char[]>(size)), size_(size) {}
  char* data() { return bytes_.get(); }
  size_t size() const { return size_; }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_;
};

// The protobuf message inside a Snappy block. InvalidArgument if it is not one, or if it
// declares more than kDecodedBytesMax; that is checked before memory is taken.
Result<DecodedBody> DecodeSnappy(std::string_view block);

// Calls the visitor for each series and metadata entry, in the sender's order.
// InvalidArgument for malformed bytes and for histograms that no query could answer from.
Status DecodeWriteRequest(std::string_view message, WriteVisitor* visitor);

}  // namespace firn::server
