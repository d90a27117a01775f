// Warnings and infos of one query, collected from many threads.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "query/functions/range_function.h"
#include "query/parser/ast.h"

namespace firn::query {

// What a classic histogram_quantile reports when it had to repair its buckets: one
// annotation for all such findings of the query, merged.
struct MonotonicityFix {
  std::string metric;
  double bucket_min = 0;
  double bucket_max = 0;
  double diff_max = 0;
  uint64_t samples = 0;
  TimestampMs t_min = 0;
  TimestampMs t_max = 0;
};

// Thread-safe. Of equal texts the one with the first position is kept, so that the outcome
// does not depend on which thread came first.
class Annotations {
 public:
  void Warn(const PosRange& pos, std::string text) { Add(0, pos, std::move(text)); }
  void Info(const PosRange& pos, std::string text) { Add(1, pos, std::move(text)); }
  void AddFix(const PosRange& pos, const MonotonicityFix& fix);

  // Full texts, "PromQL warning: text (line:col)", positions counted in `query`.
  std::vector<std::string> Warnings(std::string_view query) const { return Texts(0, query); }
  std::vector<std::string> Infos(std::string_view query) const;

 private:
  void Add(int kind, const PosRange& pos, std::string text);
  std::vector<std::string> Texts(int kind, std::string_view query) const;

  mutable Mutex mutex_;
  std::map<std::string, PosRange, std::less<>> texts_[2] ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::pair<PosRange, MonotonicityFix>> fixes_ ABSL_GUARDED_BY(mutex_);
};

// Notes of a kernel, all at one position.
class NotesAt : public NoteSink {
 public:
  NotesAt(Annotations* annotations, const PosRange& pos) : annotations_(annotations), pos_(pos) {}
  void Warn(std::string text) override { annotations_->Warn(pos_, std::move(text)); }
  void Info(std::string text) override { annotations_->Info(pos_, std::move(text)); }

 private:
  Annotations* annotations_;
  PosRange pos_;
};

// "1:7" for a byte offset.
std::string LineAndColumn(std::string_view query, int32_t offset);

// ` for metric name "x"`, or nothing if the name is not known.
std::string ForMetric(std::string_view metric);

}  // namespace firn::query
