// Random windows and the plain model that they are compared with.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/labels.h"
#include "storage/page/page_io.h"
#include "storage/page/window.h"

namespace firn::storage {

using ModelWindow = std::map<Labels, SeriesData>;

struct RandomWindowOptions {
  int metrics = 8;
  int series_per_metric = 30;
  int samples_max = 200;
};

// Series that share clocks, have gaps, jitter, stale marks, odd names and histograms.
ModelWindow MakeRandomWindow(const WindowId& window, const RandomWindowOptions& options,
                             std::mt19937_64& rng);

// Writes all series in the order that the writer asks for.
Result<WindowSummary> WriteWindow(const WindowId& window, const ModelWindow& model, PageSink* sink);

// Equal bit for bit.
bool SameSamples(const SeriesData& a, const SeriesData& b);

// What a reader must yield for `range`.
SeriesData Cut(const SeriesData& data, const TimeRange& range);

}  // namespace firn::storage
