#include "tests/storage/page/random_window.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "storage/page/window_writer.h"

namespace firn::storage {
namespace {

constexpr int kClocks = 6;

std::vector<TimestampMs> MakeClock(const WindowId& window, int samples, std::mt19937_64& rng) {
  std::vector<TimestampMs> times;
  const auto step = std::max<TimestampMs>(2, (window.end - window.start) / (samples + 1));
  TimestampMs t = window.start + static_cast<TimestampMs>(rng() % static_cast<uint64_t>(step));
  while (t <= window.end - 1 && times.size() < static_cast<size_t>(samples)) {
    times.push_back(t);
    t += step / 2 + 1 + static_cast<TimestampMs>(rng() % 3) * (step / 2);
  }
  return times;
}

std::string RandomText(std::mt19937_64& rng) {
  static const std::vector<std::string> kParts = {
      "a", "job", "\xff", std::string(1, '\0'), "é", "_", "Z", "9", "\x01", "日"};
  std::string text;
  for (size_t n = 1 + rng() % 4; n > 0; --n) text += kParts[rng() % kParts.size()];
  return text;
}

Labels RandomLabels(const std::string& metric, std::mt19937_64& rng) {
  std::vector<std::pair<std::string, std::string>> pairs = {{std::string(kMetricName), metric}};
  for (size_t n = rng() % 4; n > 0; --n) pairs.emplace_back(RandomText(rng), RandomText(rng));
  pairs.emplace_back("instance", std::to_string(rng() % 20));
  pairs.emplace_back("Zone", std::to_string(rng() % 3));  // Sorts before __name__.
  if (rng() % 2 == 0) pairs.emplace_back("le", std::to_string(rng() % 12));
  return Labels::FromPairs(std::move(pairs));
}

double NextValue(int kind, double before, std::mt19937_64& rng) {
  if (rng() % 100 == 0) return StaleNan();
  switch (kind) {
    case 0:
      return before;
    case 1:
      return static_cast<double>(rng() % 1000);
    case 2:
      return static_cast<double>(rng() % 1000) / 100;
    case 3:
      return std::bit_cast<double>(rng());
    default:
      return before + static_cast<double>(rng() % 50);
  }
}

HistogramPtr NextHistogram(const HistogramPtr& before, std::mt19937_64& rng) {
  if (before != nullptr && rng() % 3 == 0) return before;
  auto histogram = std::make_shared<FloatHistogram>();
  if (before != nullptr && rng() % 20 != 0) {
    *histogram = *before;
  } else {
    histogram->schema = static_cast<int32_t>(rng() % 5);
    histogram->positive_spans = {{static_cast<int32_t>(rng() % 9), 3}};
    histogram->positive_buckets = {0, 0, 0};
  }
  histogram->positive_buckets[rng() % 3] += 1;
  histogram->count += 1;
  histogram->sum += 0.25 * static_cast<double>(rng() % 10);
  return histogram;
}

SeriesData RandomSeries(const std::vector<std::vector<TimestampMs>>& clocks, std::mt19937_64& rng) {
  SeriesData data;
  std::vector<TimestampMs> times = clocks[rng() % clocks.size()];
  if (rng() % 4 == 0) {  // Starts late or ends early.
    const size_t cut = rng() % times.size();
    if (rng() % 2 == 0) {
      times.erase(times.begin(), times.begin() + static_cast<ptrdiff_t>(cut));
    } else {
      times.resize(times.size() - cut);
    }
  }
  if (rng() % 5 == 0) {  // Misses scrapes.
    std::erase_if(times, [&](TimestampMs) { return rng() % 10 == 0; });
  }
  const size_t histograms = rng() % 6 == 0 ? rng() % (times.size() + 1) : 0;
  const size_t floats = times.size() - histograms;
  data.t.assign(times.begin(), times.begin() + static_cast<ptrdiff_t>(floats));
  data.ht.assign(times.begin() + static_cast<ptrdiff_t>(floats), times.end());
  const int kind = static_cast<int>(rng() % 5);
  double value = static_cast<double>(rng() % 100);
  for (size_t i = 0; i < floats; ++i) {
    const double next = NextValue(kind, value, rng);
    data.v.push_back(next);
    if (!IsStaleNan(next)) value = next;
  }
  HistogramPtr histogram;
  for (size_t i = 0; i < histograms; ++i) {
    histogram = NextHistogram(histogram, rng);
    data.h.push_back(histogram);
  }
  return data;
}

bool SameHistogram(const FloatHistogram& a, const FloatHistogram& b) {
  return a.counter_reset_hint == b.counter_reset_hint && a.schema == b.schema &&
         a.count == b.count && a.sum == b.sum && a.zero_count == b.zero_count &&
         a.positive_spans == b.positive_spans && a.positive_buckets == b.positive_buckets &&
         a.negative_spans == b.negative_spans && a.negative_buckets == b.negative_buckets;
}

}  // namespace

ModelWindow MakeRandomWindow(const WindowId& window, const RandomWindowOptions& options,
                             std::mt19937_64& rng) {
  std::vector<std::vector<TimestampMs>> clocks;
  for (int i = 0; i < kClocks; ++i) {
    clocks.push_back(MakeClock(
        window, 1 + static_cast<int>(rng() % static_cast<uint64_t>(options.samples_max)), rng));
  }
  ModelWindow model;
  for (int m = 0; m < options.metrics; ++m) {
    const std::string metric = m == 0 ? "" : RandomText(rng);
    for (int s = 0; s < options.series_per_metric; ++s) {
      SeriesData data = RandomSeries(clocks, rng);
      if (!data.empty()) model[RandomLabels(metric, rng)] = std::move(data);
    }
  }
  return model;
}

Result<WindowSummary> WriteWindow(const WindowId& window, const ModelWindow& model,
                                  PageSink* sink) {
  std::vector<const ModelWindow::value_type*> series;
  for (const auto& entry : model) series.push_back(&entry);
  std::stable_sort(series.begin(), series.end(), [](const auto* a, const auto* b) {
    return a->first.metric_name() < b->first.metric_name();
  });
  WindowWriter writer(window, sink);
  for (const auto* entry : series) {
    FIRN_RETURN_IF_ERROR(writer.Add(entry->first, entry->second.columns()));
  }
  return writer.Finish();
}

bool SameSamples(const SeriesData& a, const SeriesData& b) {
  if (a.t != b.t || a.ht != b.ht || a.v.size() != b.v.size() || a.h.size() != b.h.size()) {
    return false;
  }
  if (!a.v.empty() && std::memcmp(a.v.data(), b.v.data(), a.v.size() * sizeof(double)) != 0) {
    return false;
  }
  for (size_t i = 0; i < a.h.size(); ++i) {
    if (!SameHistogram(*a.h[i], *b.h[i])) return false;
  }
  return true;
}

SeriesData Cut(const SeriesData& data, const TimeRange& range) {
  SeriesData cut;
  for (size_t i = 0; i < data.t.size(); ++i) {
    if (!range.Contains(data.t[i])) continue;
    cut.t.push_back(data.t[i]);
    cut.v.push_back(data.v[i]);
  }
  for (size_t i = 0; i < data.ht.size(); ++i) {
    if (!range.Contains(data.ht[i])) continue;
    cut.ht.push_back(data.ht[i]);
    cut.h.push_back(data.h[i]);
  }
  return cut;
}

}  // namespace firn::storage
