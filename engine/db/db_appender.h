// One batch of writes: checked against the head, made durable in the journal, applied.
#pragma once

#include "engine/api/appender.h"
#include "engine/head/head_batch.h"
#include "storage/kv/store.h"

namespace firn::engine {

class DbAppender : public Appender {
 public:
  // Both must outlive it.
  DbAppender(Head* head, storage::Store* store) : batch_(head), store_(store) {}

  Result<SeriesRef> Series(std::span<const LabelView> raw) override {
    return batch_.FindSeries(raw);
  }
  RecognisedSeries Recognise(std::string_view wire) override { return batch_.Recognise(wire); }
  void Remember(SeriesRef series, std::string_view wire) override { batch_.Remember(series, wire); }
  Status Append(SeriesRef series, std::span<const Sample> samples) override {
    return batch_.Append(series, samples);
  }
  Status AppendHistogram(SeriesRef series, TimestampMs t, HistogramPtr histogram) override {
    return batch_.AppendHistogram(series, t, std::move(histogram));
  }
  void AppendStart(SeriesRef series, TimestampMs start, const FloatHistogram* like) override {
    batch_.AppendStart(series, start, like);
  }
  Result<AppendCounts> Commit() override;

 private:
  HeadBatch batch_;
  storage::Store* const store_;
};

}  // namespace firn::engine
