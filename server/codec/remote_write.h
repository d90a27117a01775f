// Decodes bodies of remote write: Snappy around the protobuf message prometheus.WriteRequest
// (1.0) or io.prometheus.write.v2.Request (2.0). Reads in place; nothing is copied but
// histograms.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/status.h"
#include "server/codec/write_visitor.h"

namespace firn::server {

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
// declares more than `bytes_max`; that is checked before memory is taken.
Result<DecodedBody> DecodeSnappy(std::string_view block, size_t bytes_max);

// Call the visitor for each series and metadata entry, in the sender's order.
// InvalidArgument for malformed bytes.
Status DecodeWriteRequest(std::string_view message, WriteVisitor* visitor);
Status DecodeWriteRequestV2(std::string_view message, WriteVisitor* visitor);

}  // namespace firn::server
