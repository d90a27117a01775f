#include "engine/tier/bucket.h"

#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/sample.h"

namespace firn::engine {
namespace {

bool Changed(double before, double now) {
  return now != before && !(std::isnan(now) && std::isnan(before));
}

// Joins runs of samples that follow each other into the bucket being made.
class BucketMaker {
 public:
  explicit BucketMaker(DurationMs resolution) : resolution_(resolution) {
    FIRN_CHECK(resolution > 0);
  }

  void AddSample(TimestampMs t, double v) {
    Enter(t);
    if (IsStaleNan(v)) {
      now_.stale_t = t;
      return;
    }
    now_.stale_t = kMinTimestamp;
    if (now_.count == 0) {
      Begin(t, v);
    } else {
      Step(now_.last_v, v);
    }
    now_.last_t = t;
    now_.last_v = v;
    ++now_.count;
    AddExtremes(v, v);
    AddToSum(v);
  }

  void AddBucket(const Bucket& next) {
    if (next.count == 0) {
      if (next.is_stale()) AddSample(next.stale_t, StaleNan());
      return;
    }
    Enter(next.first_t);
    if (now_.count == 0) {
      Begin(next.first_t, next.first_v);
    } else {
      Step(now_.last_v, next.first_v);
    }
    if (next.resets > 0) now_.correction += next.correction;
    now_.resets += next.resets;
    now_.changes += next.changes;
    now_.last_t = next.last_t;
    now_.last_v = next.last_v;
    now_.count += next.count;
    now_.stale_t = next.stale_t;
    AddExtremes(next.min, next.max);
    AddToSum(next.sum);
  }

  std::vector<Bucket> Finish() {
    Flush();
    return std::move(done_);
  }

 private:
  void Enter(TimestampMs t) {
    if (open_ && t <= now_.end) return;
    Flush();
    open_ = true;
    now_ = {};
    now_.end = BucketEnd(t, resolution_);
    lost_ = 0;
  }

  void Begin(TimestampMs t, double v) {
    now_.first_t = t;
    now_.first_v = v;
    now_.min = now_.max = std::numeric_limits<double>::quiet_NaN();
  }

  void Step(double before, double v) {
    if (v < before) {
      now_.correction += before;
      ++now_.resets;
    }
    if (Changed(before, v)) ++now_.changes;
  }

  // Of equal values the first one stays, as everywhere else.
  void AddExtremes(double low, double high) {
    if (low < now_.min || std::isnan(now_.min)) now_.min = low;
    if (high > now_.max || std::isnan(now_.max)) now_.max = high;
  }

  // Neumaier's summation.
  void AddToSum(double x) {
    const double t = now_.sum + x;
    if (std::isinf(t)) {
      lost_ = 0;
    } else if (std::fabs(now_.sum) >= std::fabs(x)) {
      lost_ += (now_.sum - t) + x;
    } else {
      lost_ += (x - t) + now_.sum;
    }
    now_.sum = t;
  }

  void Flush() {
    if (!open_) return;
    if (!std::isinf(now_.sum)) now_.sum += lost_;
    done_.push_back(now_);
  }

  const DurationMs resolution_;
  bool open_ = false;
  Bucket now_;
  double lost_ = 0;  // What rounding took from now_.sum.
  std::vector<Bucket> done_;
};

}  // namespace

TimestampMs BucketEnd(TimestampMs t, DurationMs resolution) {
  const TimestampMs rest = t % resolution;
  if (rest == 0) return t;
  TimestampMs end = 0;
  if (__builtin_add_overflow(t, rest < 0 ? -rest : resolution - rest, &end)) return kMaxTimestamp;
  return end;
}

std::vector<Bucket> BuildBuckets(std::span<const TimestampMs> t, std::span<const double> v,
                                 DurationMs resolution) {
  FIRN_CHECK(t.size() == v.size());
  BucketMaker maker(resolution);
  for (size_t i = 0; i < t.size(); ++i) maker.AddSample(t[i], v[i]);
  return maker.Finish();
}

std::vector<Bucket> FoldBuckets(std::span<const Bucket> buckets, DurationMs resolution) {
  BucketMaker maker(resolution);
  for (const Bucket& bucket : buckets) maker.AddBucket(bucket);
  return maker.Finish();
}

}  // namespace firn::engine
