// Native histograms of any shape, and what makes two the same.
#pragma once

#include <bit>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "base/histogram.h"
#include "base/sample.h"

namespace firn {

inline std::vector<uint64_t> Bits(const std::vector<double>& v) {
  std::vector<uint64_t> bits;
  for (const double x : v) bits.push_back(std::bit_cast<uint64_t>(x));
  return bits;
}

inline void ExpectSame(const FloatHistogram& a, const FloatHistogram& b) {
  EXPECT_EQ(a.counter_reset_hint, b.counter_reset_hint);
  EXPECT_EQ(a.schema, b.schema);
  EXPECT_EQ(Bits({a.zero_threshold, a.zero_count, a.count, a.sum}),
            Bits({b.zero_threshold, b.zero_count, b.count, b.sum}));
  EXPECT_EQ(a.positive_spans, b.positive_spans);
  EXPECT_EQ(a.negative_spans, b.negative_spans);
  EXPECT_EQ(Bits(a.positive_buckets), Bits(b.positive_buckets));
  EXPECT_EQ(Bits(a.negative_buckets), Bits(b.negative_buckets));
  EXPECT_EQ(Bits(a.custom_values), Bits(b.custom_values));
}

inline FloatHistogram RandomHistogram(std::mt19937_64& rng) {
  FloatHistogram h;
  h.counter_reset_hint = static_cast<CounterResetHint>(rng() % 4);
  h.schema = rng() % 5 == 0 ? kCustomBucketsSchema : static_cast<int32_t>(rng() % 13) - 4;
  h.zero_threshold = rng() % 2 == 0 ? 0 : 1e-128;
  for (auto* spans : {&h.positive_spans, &h.negative_spans}) {
    for (size_t i = rng() % 4; i > 0; --i) {
      spans->push_back({static_cast<int32_t>(rng() % 100) - 50, static_cast<uint32_t>(rng() % 5)});
    }
  }
  for (const HistogramSpan& span : h.positive_spans) {
    for (uint32_t i = 0; i < span.length; ++i) h.positive_buckets.push_back(0);
  }
  for (const HistogramSpan& span : h.negative_spans) {
    for (uint32_t i = 0; i < span.length; ++i) h.negative_buckets.push_back(0);
  }
  if (h.UsesCustomBuckets()) h.custom_values = {0.1, 1.5, NormalNan()};
  return h;
}

// A series of at least `n` whose counts grow, whose layout changes sometimes and whose end may be
// marked.
inline std::vector<HistogramPtr> RandomHistograms(std::mt19937_64& rng, size_t n) {
  std::vector<HistogramPtr> series;
  FloatHistogram h = RandomHistogram(rng);
  for (size_t i = 0; i < n; ++i) {
    if (rng() % 50 == 0) h = RandomHistogram(rng);
    if (rng() % 3 != 0) {
      for (auto* buckets : {&h.positive_buckets, &h.negative_buckets}) {
        for (double& count : *buckets) count += static_cast<double>(rng() % 10);
      }
      h.count += static_cast<double>(rng() % 30);
      h.zero_count += static_cast<double>(rng() % 2);
      h.sum += static_cast<double>(rng() % 1000) / 7;
    }
    series.push_back(std::make_shared<FloatHistogram>(h));
    if (rng() % 100 == 0) {
      FloatHistogram stale;
      stale.sum = StaleNan();
      series.push_back(std::make_shared<FloatHistogram>(stale));
    }
  }
  return series;
}

}  // namespace firn
