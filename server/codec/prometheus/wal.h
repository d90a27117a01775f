// The write-ahead log of Prometheus' head: records in segments, and what is in records.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/histogram.h"
#include "base/labels.h"
#include "base/status.h"
#include "base/time.h"

namespace firn::server {

// Cuts one segment into its records. Borrows its bytes. One thread at a time.
class WalSegment {
 public:
  explicit WalSegment(std::string_view bytes) : bytes_(bytes) {}

  // Replaces `record`; false at the end. Corruption where bytes do not verify or are cut short,
  // which ends the segment: a torn last record looks like that.
  Result<bool> Next(std::string* record);

 private:
  // One piece of a record; an empty optional at the end of the segment.
  struct Piece {
    uint8_t kind = 0;
    uint8_t compression = 0;
    std::string_view data;
  };
  Result<bool> NextPiece(Piece* piece);
  Status Broken(std::string_view what);

  std::string_view bytes_;
  size_t offset_ = 0;
};

// What a record tells. Series are numbered by the log.
class WalVisitor {
 public:
  virtual ~WalVisitor() = default;
  // Labels as they are, views into the record.
  virtual Status OnSeries(uint64_t series, std::span<const LabelView> labels) = 0;
  virtual Status OnSample(uint64_t series, TimestampMs t, double v) = 0;
  virtual Status OnHistogram(uint64_t series, TimestampMs t, HistogramPtr histogram) = 0;
  virtual Status OnTombstone(uint64_t series, const TimeRange& range) = 0;
};

// Calls the visitor for what is in one record; kinds that are of no use here, exemplars, metadata
// and what newer versions may write, are passed over. Corruption for records that are cut short and
// histograms that contradict themselves; errors of the visitor.
Status ReadWalRecord(std::string_view record, WalVisitor* visitor);

}  // namespace firn::server
