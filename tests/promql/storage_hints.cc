#include "tests/promql/storage_hints.h"

#include <algorithm>
#include <map>

namespace firn::testing {
namespace {

using Counts = std::map<int64_t, double>;

Counts CountsOf(const std::vector<HistogramSpan>& spans, const std::vector<double>& buckets) {
  Counts out;
  int64_t index = 0;
  size_t at = 0;
  for (const HistogramSpan& span : spans) {
    index += span.offset;
    for (uint32_t i = 0; i < span.length; ++i, ++index, ++at) out[index] = buckets[at];
  }
  return out;
}

bool AnyFell(const Counts& before, const Counts& now) {
  return std::ranges::any_of(before, [&](const auto& bucket) {
    const auto it = now.find(bucket.first);
    return bucket.second > 0 && (it == now.end() || it->second < bucket.second);
  });
}

CounterResetHint HintAfter(const FloatHistogram& before, const FloatHistogram& now) {
  const CounterResetHint written = now.counter_reset_hint;
  if (written == CounterResetHint::kReset) return written;
  if (before.IsStale() || before.counter_reset_hint == CounterResetHint::kGauge) {
    return CounterResetHint::kUnknown;
  }
  // The head of the upstream storage does not hand on the resets that it detects.
  if (now.count < before.count) return CounterResetHint::kUnknown;
  if (now.schema != before.schema || now.zero_threshold != before.zero_threshold) {
    return CounterResetHint::kUnknown;
  }
  if (now.custom_values != before.custom_values || now.zero_count < before.zero_count) {
    return CounterResetHint::kUnknown;
  }
  const bool fell = AnyFell(CountsOf(before.positive_spans, before.positive_buckets),
                            CountsOf(now.positive_spans, now.positive_buckets)) ||
                    AnyFell(CountsOf(before.negative_spans, before.negative_buckets),
                            CountsOf(now.negative_spans, now.negative_buckets));
  return fell ? CounterResetHint::kUnknown : CounterResetHint::kNotReset;
}

}  // namespace

void ApplyStorageHints(engine::SampleColumns* samples) {
  const std::vector<HistogramPtr> written = samples->h;
  for (size_t i = 0; i < written.size(); ++i) {
    const FloatHistogram& now = *written[i];
    if (now.IsStale() || now.counter_reset_hint == CounterResetHint::kGauge) continue;
    CounterResetHint hint = now.counter_reset_hint == CounterResetHint::kReset
                                ? CounterResetHint::kReset
                                : CounterResetHint::kUnknown;
    // A float in between starts a new run of histograms.
    const bool follows = i > 0 && std::ranges::none_of(samples->t, [&](TimestampMs t) {
                           return t > samples->ht[i - 1] && t < samples->ht[i];
                         });
    if (follows) hint = HintAfter(*written[i - 1], now);
    if (hint == now.counter_reset_hint) continue;
    auto copy = std::make_shared<FloatHistogram>(now);
    copy->counter_reset_hint = hint;
    samples->h[i] = std::move(copy);
  }
}

}  // namespace firn::testing
