#include "query/forecast/robust.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "base/check.h"

namespace firn::query {

namespace {

constexpr size_t kNormals = 4096;

// Newton's method on the distribution function; good to the last digits in a few steps.
double NormalQuantile(double p) {
  double x = 0;
  for (int i = 0; i < 60; ++i) {
    const double density = std::exp(-x * x / 2) / std::sqrt(2 * M_PI);
    const double step = (std::erfc(-x / std::sqrt(2.0)) / 2 - p) / density;
    x -= std::clamp(step, -0.5, 0.5);
    if (std::abs(step) < 1e-13) break;
  }
  return x;
}

std::array<double, kNormals> MakeNormals() {
  std::array<double, kNormals> normals;
  for (size_t i = 0; i < kNormals; ++i) {
    normals[i] = NormalQuantile((static_cast<double>(i) + 0.5) / kNormals);
  }
  return normals;
}

// The least and the greatest. In lanes, since each comparison would wait for the one before.
std::pair<double, double> Extremes(std::span<const double> v) {
  constexpr size_t kLanes = 8;
  std::array<double, kLanes> low, high;
  low.fill(v[0]);
  high.fill(v[0]);
  size_t i = 0;
  for (; i + kLanes <= v.size(); i += kLanes) {
    for (size_t k = 0; k < kLanes; ++k) {
      low[k] = v[i + k] < low[k] ? v[i + k] : low[k];
      high[k] = v[i + k] > high[k] ? v[i + k] : high[k];
    }
  }
  for (; i < v.size(); ++i) {
    low[0] = std::min(low[0], v[i]);
    high[0] = std::max(high[0], v[i]);
  }
  return {*std::min_element(low.begin(), low.end()), *std::max_element(high.begin(), high.end())};
}

}  // namespace

double MedianInPlace(std::span<double> v) {
  if (v.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2);
  std::nth_element(v.begin(), middle, v.end());
  if (v.size() % 2 == 1) return *middle;
  return (*std::max_element(v.begin(), middle) + *middle) / 2;
}

double MidmeanInPlace(std::span<double> v) {
  if (v.empty()) return std::numeric_limits<double>::quiet_NaN();
  const size_t cut = v.size() / 4;
  if (cut > 0) {
    const auto first = v.begin() + static_cast<std::ptrdiff_t>(cut);
    const auto last = v.end() - static_cast<std::ptrdiff_t>(cut);
    std::nth_element(v.begin(), first, v.end());
    std::nth_element(first, last - 1, v.end());
  }
  double sum = 0;
  for (size_t i = cut; i < v.size() - cut; ++i) sum += v[i];
  return sum / static_cast<double>(v.size() - 2 * cut);
}

double MadInPlace(std::span<double> v) {
  const double middle = MedianInPlace(v);
  for (double& x : v) x = std::abs(x - middle);
  return 1.4826 * MedianInPlace(v);
}

double TheilSenSlope(std::span<const double> x, std::span<const double> y) {
  FIRN_CHECK(x.size() == y.size());
  std::vector<double> slopes;
  slopes.reserve(x.size() * x.size() / 2);
  for (size_t i = 0; i < x.size(); ++i) {
    for (size_t j = i + 1; j < x.size(); ++j) slopes.push_back((y[j] - y[i]) / (x[j] - x[i]));
  }
  return slopes.empty() ? 0 : MedianInPlace(slopes);
}

double SortedQuantile(std::span<const double> sorted, double q) {
  FIRN_CHECK(!sorted.empty());
  const double at = q * static_cast<double>(sorted.size() - 1);
  const size_t i = std::min(static_cast<size_t>(at), sorted.size() - 1);
  const size_t next = std::min(i + 1, sorted.size() - 1);
  return sorted[i] + (at - static_cast<double>(i)) * (sorted[next] - sorted[i]);
}

void RankSelector::Select(std::span<const double> v, std::span<const size_t> ranks,
                          std::span<double> out) {
  constexpr size_t kBuckets = 128;
  const size_t n = v.size();
  dealt_.resize(n);
  bucket_.resize(n);
  const auto [low, high] = Extremes(v);
  const double scale = (kBuckets - 0.5) / (high - low);
  std::array<uint32_t, kBuckets + 1> begin = {};
  if (std::isfinite(scale)) {
    for (size_t i = 0; i < n; ++i) {
      bucket_[i] = static_cast<uint8_t>(static_cast<int>((v[i] - low) * scale));
    }
    for (size_t i = 0; i < n; ++i) ++begin[bucket_[i] + 1];
    for (size_t b = 0; b < kBuckets; ++b) begin[b + 1] += begin[b];
    std::array<uint32_t, kBuckets> next;
    std::copy_n(begin.begin(), kBuckets, next.begin());
    for (size_t i = 0; i < n; ++i) dealt_[next[bucket_[i]]++] = v[i];
  } else {
    // All equal, or infinite: one bucket does.
    std::copy(v.begin(), v.end(), dealt_.begin());
    std::fill(begin.begin() + 1, begin.end(), static_cast<uint32_t>(n));
  }
  size_t b = 0;
  for (size_t k = 0; k < ranks.size(); ++k) {
    while (begin[b + 1] <= ranks[k]) ++b;
    const auto first = dealt_.begin();
    std::nth_element(first + begin[b], first + static_cast<std::ptrdiff_t>(ranks[k]),
                     first + begin[b + 1]);
    out[k] = dealt_[ranks[k]];
  }
}

double FastRandom::Normal() {
  static const std::array<double, kNormals> normals = MakeNormals();
  return normals[Next() >> 52];
}

double FastRandom::ChiSquared(double freedom) {
  const double part = 2 / (9 * freedom);
  const double root = 1 - part + Normal() * std::sqrt(part);
  return freedom * std::max(root * root * root, 0.05);
}

}  // namespace firn::query
