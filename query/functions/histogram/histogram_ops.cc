#include "query/functions/histogram/histogram_ops.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/core.h>

#include "base/number.h"
#include "query/functions/histogram/histogram_buckets.h"
#include "query/functions/kahan.h"

namespace firn::query {
namespace {

// A histogram with its buckets laid open.
struct Layout {
  explicit Layout(const FloatHistogram& h)
      : schema(h.schema),
        zero_threshold(h.zero_threshold),
        zero_count(h.zero_count),
        positive(Expand(h.positive_spans, h.positive_buckets)),
        negative(Expand(h.negative_spans, h.negative_buckets)),
        custom(h.custom_values) {}

  void Store(FloatHistogram* h) const {
    h->schema = schema;
    h->zero_threshold = zero_threshold;
    h->zero_count = zero_count;
    h->custom_values = custom;
    Collapse(positive, &h->positive_spans, &h->positive_buckets);
    Collapse(negative, &h->negative_spans, &h->negative_buckets);
  }

  int32_t schema;
  double zero_threshold;
  double zero_count;
  IndexedBuckets positive;
  IndexedBuckets negative;
  std::vector<double> custom;
};

// Count of the zero bucket widened to `*threshold`, which grows to the edge of a populated
// bucket that it cuts.
double WidenedZeroCount(const Layout& h, double* threshold) {
  static const std::vector<double> kNone;
  while (true) {
    double count = h.zero_count;
    bool again = false;
    for (const IndexedBucket& bucket : h.positive) {
      if (LowerBound(bucket.index, h.schema, kNone) >= *threshold) break;
      count += bucket.count;
      const double upper = UpperBound(bucket.index, h.schema, kNone);
      if (upper > *threshold) {
        if (bucket.count != 0) *threshold = upper;
        break;
      }
    }
    for (const IndexedBucket& bucket : h.negative) {
      if (LowerBound(bucket.index, h.schema, kNone) >= *threshold) break;
      count += bucket.count;
      const double upper = UpperBound(bucket.index, h.schema, kNone);
      if (upper > *threshold) {
        if (bucket.count != 0) {
          *threshold = upper;
          again = true;
        }
        break;
      }
    }
    if (!again) return count;
  }
}

void DropWithinZero(Layout* h) {
  static const std::vector<double> kNone;
  const auto inside = [&](const IndexedBucket& bucket) {
    return LowerBound(bucket.index, h->schema, kNone) < h->zero_threshold;
  };
  std::erase_if(h->positive, inside);
  std::erase_if(h->negative, inside);
}

void WidenZero(double threshold, Layout* h) {
  double widened = threshold;
  h->zero_count = WidenedZeroCount(*h, &widened);
  h->zero_threshold = widened;
  DropWithinZero(h);
}

void ReconcileZero(Layout* a, Layout* b) {
  while (a->zero_threshold != b->zero_threshold) {
    if (a->zero_threshold < b->zero_threshold) {
      WidenZero(b->zero_threshold, a);
    } else {
      WidenZero(a->zero_threshold, b);
    }
  }
}

void ToSchema(int32_t schema, Layout* h) {
  h->positive = ReduceSchema(h->positive, h->schema - schema);
  h->negative = ReduceSchema(h->negative, h->schema - schema);
  h->schema = schema;
}

// Moves the counts of custom buckets to the first of `bounds` at or above their own.
void ToBounds(const std::vector<double>& bounds, Layout* h) {
  IndexedBuckets out;
  for (const IndexedBucket& bucket : h->positive) {
    const double upper = UpperBound(bucket.index, kCustomBucketsSchema, h->custom);
    const auto at = std::ranges::lower_bound(bounds, upper);
    const auto index = static_cast<int32_t>(at - bounds.begin());
    if (!out.empty() && out.back().index == index) {
      out.back().count += bucket.count;
    } else {
      out.push_back({index, bucket.count});
    }
  }
  h->positive = std::move(out);
  h->custom = bounds;
}

std::vector<double> CommonBounds(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> out;
  std::ranges::set_intersection(a, b, std::back_inserter(out));
  return out;
}

// Brings both to one schema, zero threshold and set of bounds. False if they have none.
bool Align(Layout* a, Layout* b, HistogramAddOutcome* outcome) {
  const bool custom = a->schema == kCustomBucketsSchema;
  if (custom != (b->schema == kCustomBucketsSchema)) {
    outcome->incompatible = true;
    return false;
  }
  if (custom) {
    if (a->custom != b->custom) {
      outcome->bounds_reconciled = true;
      const std::vector<double> bounds = CommonBounds(a->custom, b->custom);
      ToBounds(bounds, a);
      ToBounds(bounds, b);
    }
    return true;
  }
  ReconcileZero(a, b);
  const int32_t schema = std::min(a->schema, b->schema);
  ToSchema(schema, a);
  ToSchema(schema, b);
  return true;
}

IndexedBuckets Merge(const IndexedBuckets& a, const IndexedBuckets& b, double sign) {
  IndexedBuckets out;
  out.reserve(a.size() + b.size());
  size_t j = 0;
  for (const IndexedBucket& bucket : a) {
    for (; j < b.size() && b[j].index < bucket.index; ++j) {
      out.push_back({b[j].index, sign * b[j].count});
    }
    out.push_back(bucket);
    if (j < b.size() && b[j].index == bucket.index) out.back().count += sign * b[j++].count;
  }
  for (; j < b.size(); ++j) out.push_back({b[j].index, sign * b[j].count});
  return out;
}

CounterResetHint MergeHints(CounterResetHint a, CounterResetHint b, bool* collision) {
  if (a == b) return a;
  if (a == CounterResetHint::kGauge || b == CounterResetHint::kGauge) {
    return CounterResetHint::kGauge;
  }
  *collision = a != CounterResetHint::kUnknown && b != CounterResetHint::kUnknown;
  return CounterResetHint::kUnknown;
}

HistogramAddOutcome Combine(const FloatHistogram& other, double sign, FloatHistogram* into) {
  HistogramAddOutcome outcome;
  Layout a(*into);
  Layout b(other);
  if (!Align(&a, &b, &outcome)) return outcome;
  into->counter_reset_hint =
      MergeHints(into->counter_reset_hint, other.counter_reset_hint, &outcome.reset_collision);
  if (sign < 0) into->counter_reset_hint = CounterResetHint::kGauge;
  a.zero_count += sign * b.zero_count;
  into->count += sign * other.count;
  into->sum += sign * other.sum;
  a.positive = Merge(a.positive, b.positive, sign);
  a.negative = Merge(a.negative, b.negative, sign);
  a.Store(into);
  return outcome;
}

// Adds with compensation; `lost` has its own indices and gains those of the sum.
void KahanMerge(const IndexedBuckets& added, IndexedBuckets* sum, IndexedBuckets* lost) {
  const auto at = [](const IndexedBuckets& buckets, size_t* i, int32_t index) {
    while (*i < buckets.size() && buckets[*i].index < index) ++*i;
    return *i < buckets.size() && buckets[*i].index == index ? buckets[*i].count : 0.0;
  };
  IndexedBuckets all = Merge(*sum, added, 1);
  IndexedBuckets lost_all = all;
  size_t s = 0;
  size_t l = 0;
  size_t x = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    double value = at(*sum, &s, all[i].index);
    double c = at(*lost, &l, all[i].index);
    KahanAdd(at(added, &x, all[i].index), &value, &c);
    all[i].count = value;
    lost_all[i].count = c;
  }
  *sum = std::move(all);
  *lost = std::move(lost_all);
}

bool SameBits(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

bool SameBuckets(const IndexedBuckets& a, const IndexedBuckets& b) {
  return std::ranges::equal(a, b, [](const IndexedBucket& x, const IndexedBucket& y) {
    return x.index == y.index && SameBits(x.count, y.count);
  });
}

IndexedBuckets WithoutEmpty(IndexedBuckets buckets) {
  std::erase_if(buckets, [](const IndexedBucket& bucket) { return bucket.count == 0; });
  return buckets;
}

// A populated bucket of before is missing or smaller.
bool AnyFell(const IndexedBuckets& before, const IndexedBuckets& now) {
  size_t j = 0;
  for (const IndexedBucket& bucket : before) {
    if (bucket.count == 0) continue;
    while (j < now.size() && now[j].index < bucket.index) ++j;
    const bool found = j < now.size() && now[j].index == bucket.index;
    if (!found || now[j].count < bucket.count) return true;
  }
  return false;
}

}  // namespace

HistogramAddOutcome AddHistogram(const FloatHistogram& other, FloatHistogram* into) {
  return Combine(other, 1, into);
}

HistogramAddOutcome SubtractHistogram(const FloatHistogram& other, FloatHistogram* into) {
  return Combine(other, -1, into);
}

HistogramAddOutcome HistogramKahan::Add(const FloatHistogram& h) {
  HistogramAddOutcome outcome;
  if (empty_) {
    empty_ = false;
    sum_ = h;
    lost_ = FloatHistogram();
    lost_.schema = h.schema;
    lost_.zero_threshold = h.zero_threshold;
    lost_.custom_values = h.custom_values;
    return outcome;
  }
  Layout sum(sum_);
  Layout added(h);
  if (!Align(&sum, &added, &outcome)) return outcome;
  // The compensation follows whatever happened to the layout of the sum.
  Layout lost(lost_);
  if (sum.schema == kCustomBucketsSchema) {
    if (outcome.bounds_reconciled) ToBounds(sum.custom, &lost);
  } else {
    if (lost.zero_threshold != sum.zero_threshold) WidenZero(sum.zero_threshold, &lost);
    lost.zero_threshold = sum.zero_threshold;
    ToSchema(sum.schema, &lost);
  }
  sum_.counter_reset_hint =
      MergeHints(sum_.counter_reset_hint, h.counter_reset_hint, &outcome.reset_collision);
  KahanAdd(h.count, &sum_.count, &lost_.count);
  KahanAdd(h.sum, &sum_.sum, &lost_.sum);
  KahanAdd(added.zero_count, &sum.zero_count, &lost.zero_count);
  KahanMerge(added.positive, &sum.positive, &lost.positive);
  KahanMerge(added.negative, &sum.negative, &lost.negative);
  sum.Store(&sum_);
  lost.Store(&lost_);
  return outcome;
}

void HistogramKahan::Scale(double factor) {
  MultiplyHistogram(factor, &sum_);
  MultiplyHistogram(factor, &lost_);
}

void HistogramKahan::Divide(double divisor) {
  DivideHistogram(divisor, &sum_);
  DivideHistogram(divisor, &lost_);
}

bool HistogramKahan::HasOverflow() const {
  const auto infinite = [](double v) { return std::isinf(v); };
  return infinite(sum_.count) || infinite(sum_.sum) || infinite(sum_.zero_count) ||
         std::ranges::any_of(sum_.positive_buckets, infinite) ||
         std::ranges::any_of(sum_.negative_buckets, infinite);
}

FloatHistogram HistogramKahan::Total() const {
  FloatHistogram out = sum_;
  Layout sum(sum_);
  const Layout lost(lost_);
  out.count += lost_.count;
  out.sum += lost_.sum;
  sum.zero_count += lost.zero_count;
  sum.positive = Merge(sum.positive, lost.positive, 1);
  sum.negative = Merge(sum.negative, lost.negative, 1);
  sum.Store(&out);
  return out;
}

void MultiplyHistogram(double factor, FloatHistogram* h) {
  h->zero_count *= factor;
  h->count *= factor;
  h->sum *= factor;
  for (double& count : h->positive_buckets) count *= factor;
  for (double& count : h->negative_buckets) count *= factor;
  if (factor < 0) h->counter_reset_hint = CounterResetHint::kGauge;
}

void DivideHistogram(double divisor, FloatHistogram* h) {
  h->zero_count /= divisor;
  h->count /= divisor;
  h->sum /= divisor;
  if (divisor == 0) {
    h->positive_spans.clear();
    h->negative_spans.clear();
    h->positive_buckets.clear();
    h->negative_buckets.clear();
    return;
  }
  for (double& count : h->positive_buckets) count /= divisor;
  for (double& count : h->negative_buckets) count /= divisor;
  if (divisor < 0) h->counter_reset_hint = CounterResetHint::kGauge;
}

bool EqualHistograms(const FloatHistogram& a, const FloatHistogram& b) {
  return a.schema == b.schema && SameBits(a.count, b.count) && SameBits(a.sum, b.sum) &&
         a.custom_values == b.custom_values && a.zero_threshold == b.zero_threshold &&
         SameBits(a.zero_count, b.zero_count) &&
         SameBuckets(WithoutEmpty(Expand(a.positive_spans, a.positive_buckets)),
                     WithoutEmpty(Expand(b.positive_spans, b.positive_buckets))) &&
         SameBuckets(WithoutEmpty(Expand(a.negative_spans, a.negative_buckets)),
                     WithoutEmpty(Expand(b.negative_spans, b.negative_buckets)));
}

bool DetectReset(const FloatHistogram& previous, const FloatHistogram& current) {
  if (current.counter_reset_hint == CounterResetHint::kReset) return true;
  if (current.counter_reset_hint == CounterResetHint::kNotReset) return false;
  if (current.count < previous.count) return true;
  if (current.UsesCustomBuckets() != previous.UsesCustomBuckets()) return true;
  Layout before(previous);
  Layout now(current);
  if (current.UsesCustomBuckets()) {
    if (before.custom != now.custom) {
      const std::vector<double> bounds = CommonBounds(before.custom, now.custom);
      ToBounds(bounds, &before);
      ToBounds(bounds, &now);
    }
    return AnyFell(before.positive, now.positive);
  }
  if (current.schema > previous.schema) return true;
  if (current.zero_threshold < previous.zero_threshold) return true;
  double threshold = current.zero_threshold;
  before.zero_count = WidenedZeroCount(before, &threshold);
  // The new threshold lies inside a populated old bucket.
  if (threshold != current.zero_threshold) return true;
  if (current.zero_count < before.zero_count) return true;
  before.zero_threshold = threshold;
  DropWithinZero(&before);
  ToSchema(now.schema, &before);
  return AnyFell(before.positive, now.positive) || AnyFell(before.negative, now.negative);
}

FloatHistogram AtSchema(const FloatHistogram& h, int32_t schema) {
  FloatHistogram out = h;
  Layout layout(h);
  ToSchema(schema, &layout);
  layout.Store(&out);
  return out;
}

std::string HistogramText(const FloatHistogram& h) {
  std::string out = fmt::format("{{count:{}, sum:{}", FormatFloatG(h.count), FormatFloatG(h.sum));
  for (const BoundedBucket& bucket : AllBuckets(h)) {
    if (bucket.count == 0) continue;
    out += fmt::format(", {}{},{}{}:{}", bucket.lower_inclusive ? '[' : '(',
                       FormatFloatG(bucket.lower), FormatFloatG(bucket.upper),
                       bucket.upper_inclusive ? ']' : ')', FormatFloatG(bucket.count));
  }
  return out + "}";
}

}  // namespace firn::query
