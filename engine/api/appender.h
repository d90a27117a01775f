// The write side of the engine as receivers see it: one request is one batch, and a batch
// is durable and visible as a whole or not at all.
#pragma once

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

namespace firn::engine {

// Number of a series within one run of the process.
enum class SeriesRef : uint64_t {};

struct AppendCounts {
  uint64_t samples = 0;
  uint64_t histograms = 0;
  uint64_t duplicates = 0;  // Known already, same time and value: accepted, not stored.
  uint64_t new_series = 0;
};

struct RecognisedSeries {
  SeriesRef series{};
  size_t label_bytes = 0;  // 0: not recognised.
};

// One batch, used by one thread. Dropping it uncommitted rolls back.
class Appender {
 public:
  virtual ~Appender() = default;

  // The series with these labels, made known if it is new. `raw` are the labels as sent,
  // names and values alternating, in any order; views need to live for the call only.
  // InvalidArgument: no metric name, a name or value too long, too many labels, invalid
  // UTF-8, empty or duplicate name; the text says which label and which limit.
  // ResourceExhausted: a limit on active series.
  virtual Result<SeriesRef> Series(std::span<const LabelView> raw) = 0;

  // The series that is expected next, if `wire` begins with the bytes that Remember was given
  // for it; in place of a call of Series.
  virtual RecognisedSeries Recognise(std::string_view wire) {
    static_cast<void>(wire);
    return {};
  }
  // The labels of the last call of Series, which returned `series`, were sent as the bytes
  // `wire`. REQUIRES: these bytes mean these labels whatever comes before and after them.
  virtual void Remember(SeriesRef series, std::string_view wire) {
    static_cast<void>(series);
    static_cast<void>(wire);
  }

  // Adds samples of one series in the sender's order. Errors by code: TooOld, OutOfOrder,
  // Duplicate (same time, other value), InvalidArgument (too far in the future). On an
  // error nothing of this call is added; the batch as a whole stays usable, and whether
  // to Commit the rest or drop everything is the caller's decision.
  virtual Status Append(SeriesRef series, std::span<const Sample> samples) = 0;
  virtual Status AppendHistogram(SeriesRef series, TimestampMs t, HistogramPtr histogram) = 0;

  // Puts a zero where the counting of the next sample began, so that the increase up to it is
  // seen: a float, or an empty histogram of the buckets of `like` if that is not null. Does
  // nothing if the series holds a sample at `start` or later, or if one of that time would not
  // be taken. To be called before the sample is added.
  virtual void AppendStart(SeriesRef series, TimestampMs start, const FloatHistogram* like) = 0;

  // Makes the batch durable according to the acknowledgement mode, then visible.
  // Unavailable: overload, full disk or read-only; Io: the disk failed; nothing was kept.
  virtual Result<AppendCounts> Commit() = 0;
};

// Thread-safe.
class Appendable {
 public:
  virtual ~Appendable() = default;
  // Unavailable when the store takes no writes now (overload, read-only); the text says
  // why and the caller answers 503 with Retry-After.
  virtual Result<std::unique_ptr<Appender>> NewAppender() = 0;
};

}  // namespace firn::engine
