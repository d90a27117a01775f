// A segment of any bytes is cut into records or ends with Corruption, and so does any record. The
// first byte says which of the two the rest is.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "server/codec/prometheus/wal.h"

namespace {

// Looks at all it hears.
struct Listener : firn::server::WalVisitor {
  firn::Status OnSeries(uint64_t /*series*/, std::span<const firn::LabelView> labels) override {
    for (const firn::LabelView& l : labels) bytes += l.name.size() + l.value.size();
    return firn::OkStatus();
  }
  firn::Status OnSample(uint64_t /*series*/, firn::TimestampMs /*t*/, double /*v*/) override {
    ++bytes;
    return firn::OkStatus();
  }
  firn::Status OnHistogram(uint64_t /*series*/, firn::TimestampMs /*t*/,
                           firn::HistogramPtr h) override {
    FIRN_CHECK(h->schema <= firn::kExponentialSchemaMax);
    bytes += h->positive_buckets.size();
    return firn::OkStatus();
  }
  firn::Status OnTombstone(uint64_t /*series*/, const firn::TimeRange& /*range*/) override {
    ++bytes;
    return firn::OkStatus();
  }
  size_t bytes = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Listener listener;
  if (data[0] % 2 == 0) {
    static_cast<void>(firn::server::ReadWalRecord(bytes, &listener).ok());
    FIRN_CHECK(listener.bytes <= size);
    return 0;
  }
  firn::server::WalSegment segment(bytes);
  std::string record;
  for (auto found = segment.Next(&record); found.ok() && *found; found = segment.Next(&record)) {
    static_cast<void>(firn::server::ReadWalRecord(record, &listener).ok());
  }
  FIRN_CHECK(!*segment.Next(&record));
  return 0;
}
