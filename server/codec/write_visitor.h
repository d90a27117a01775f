// What every decoder of incoming samples hands on: series, one at a time, as views into the
// body that is being decoded.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/histogram.h"
#include "base/labels.h"
#include "base/sample.h"
#include "base/status.h"

namespace firn::server {

struct TimedHistogram {
  TimestampMs t = 0;
  HistogramPtr histogram;
  TimestampMs start = 0;  // When counting began; 0: unknown.
};

struct WriteExemplar {
  std::span<const LabelView> labels;  // As sent.
  double v = 0;
  TimestampMs t = 0;
};

struct WriteMetadata {
  std::string_view metric;
  std::string_view type;  // "counter", ... "unknown".
  std::string_view help;
  std::string_view unit;
};

// One time series of a request. All views point into the decoded body or into buffers that
// the next series overwrites.
struct WriteSeries {
  std::span<const LabelView> labels;  // As sent: any order, perhaps invalid.
  std::span<const Sample> samples;
  std::span<const TimedHistogram> histograms;
  std::span<const WriteExemplar> exemplars;
  // When the counting of each sample began (0: unknown); empty or as long as `samples`.
  std::span<const TimestampMs> starts;
  // What else was sent with the series and cannot be stored: histograms that contradict
  // themselves, exemplars with broken references.
  std::span<const Status> problems;
  // Null unless metadata came with the series; its `metric` is empty.
  const WriteMetadata* metadata = nullptr;
  // The bytes that the labels were read from, if these mean the same in any other place.
  std::string_view wire;
};

class WriteVisitor {
 public:
  virtual ~WriteVisitor() = default;
  // An error ends the decoding and is returned by it.
  virtual Status OnSeries(const WriteSeries& series) = 0;
  virtual Status OnMetadata(const WriteMetadata& metadata) = 0;
  // Asked before labels are read: how many bytes at the front of `wire` are the labels of a
  // series, if these are the bytes of a WriteSeries before; else 0.
  virtual size_t Recognise(std::string_view wire) {
    static_cast<void>(wire);
    return 0;
  }
  // The samples, and nothing else, of the series recognised last. False if that does not do:
  // then nothing of it is kept, and OnSeries follows with labels and the same samples.
  virtual bool OnRecognised(std::span<const Sample> samples) {
    static_cast<void>(samples);
    return false;
  }
  // A series whose labels cannot be made out; `samples` of it are lost.
  virtual Status OnUnreadableSeries(const Status& problem, size_t samples) {
    static_cast<void>(samples);
    return problem;
  }
};

// "counter", "gauge", ...; "unknown" for numbers without a name. The numbers are those of
// remote write, 1.0 and 2.0 alike.
std::string_view MetricTypeName(int32_t type);
// The number of such a name; 0 for others.
int32_t MetricTypeNumber(std::string_view name);

// Adds labels in place of those of the same names.
void OverrideLabels(std::span<const LabelView> more, std::vector<LabelView>* labels);

}  // namespace firn::server
