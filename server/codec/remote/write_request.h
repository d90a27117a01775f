// Builds messages of Prometheus' remote write 1.0.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/labels.h"
#include "base/sample.h"
#include "server/codec/write_visitor.h"

namespace firn::server {

// One message at a time. One thread at a time.
class WriteRequestWriter {
 public:
  // Labels are sorted by name; `exemplars` and `histograms` may be empty.
  void AddSeries(std::span<const LabelView> labels, std::span<const Sample> samples,
                 std::span<const TimedHistogram> histograms,
                 std::span<const WriteExemplar> exemplars);
  void AddMetadata(const WriteMetadata& metadata);
  // Bytes of the message so far.
  size_t size() const { return message_.size(); }
  // The message in Snappy; the next one begins.
  std::string Finish();

 private:
  std::string message_;
  std::string series_;
};

}  // namespace firn::server
