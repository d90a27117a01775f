#include "storage/page/check/window_check.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "storage/page/column_reader.h"
#include "storage/page/label_table.h"
#include "storage/page/page_format.h"
#include "storage/page/window_pages.h"

namespace firn::storage {
namespace {

constexpr size_t kKeyTailBytes = 5;  // Kind and number.

bool IsDamage(const Status& status) {
  return status.code() == StatusCode::kCorruption || status.code() == StatusCode::kIo;
}

uint64_t BytesOf(const SeriesPlaces& places) {
  return uint64_t{places.floats.length} + places.histograms.length + places.buckets.length;
}

TimeRange Cover(const TimeRange& a, const TimeRange& b) {
  return {std::min(a.min, b.min), std::max(a.max, b.max)};
}

class Checker {
 public:
  Checker(std::shared_ptr<const WindowPages> pages, const WindowCheckOptions& options)
      : pages_(std::move(pages)), options_(options) {
    findings_.stated = pages_->root().summary;
  }

  Result<WindowFindings> Run(const PageSource& source) {
    FIRN_ASSIGN_OR_RETURN(directory_, pages_->Directory());
    for (uint32_t m = 0; m < directory_->size(); ++m) FIRN_RETURN_IF_ERROR(CheckMetric(m));
    // Of damage that costs series the pages need not be named once more.
    if (options_.scan_pages && findings_.damaged.empty()) FIRN_RETURN_IF_ERROR(ScanPages(source));
    return std::move(findings_);
  }

 private:
  TimeRange WholeRange() const {
    const WindowSummary& summary = pages_->root().summary;
    return {summary.min_t, summary.max_t};
  }

  void Damaged(uint32_t metric, const Status& error, const TimeRange& range) {
    if (!damage_) {
      damage_ =
          MetricDamage{.metric = (*directory_)[metric].name, .error = std::string(error.message())};
    }
    damage_->range = Cover(damage_->range, range);
  }

  Status Pace(uint64_t bytes) {
    findings_.bytes += bytes;
    return options_.pace ? options_.pace(bytes) : OkStatus();
  }

  Status CheckMetric(uint32_t metric) {
    const MetricEntry& entry = (*directory_)[metric];
    damage_.reset();
    good_series_ = good_samples_ = 0;
    for (uint32_t segment = 0; segment < entry.segments; ++segment) {
      FIRN_RETURN_IF_ERROR(CheckSegment(metric, segment));
    }
    const uint64_t stated_samples = entry.float_samples + entry.histogram_samples;
    if (!damage_ && (good_series_ != entry.series || good_samples_ != stated_samples)) {
      Damaged(metric,
              Corruption("{} series with {} samples in place of {} with {}", good_series_,
                         good_samples_, entry.series, stated_samples),
              WholeRange());
    }
    findings_.series += good_series_;
    findings_.samples += good_samples_;
    if (!damage_) return OkStatus();
    damage_->series = entry.series - std::min(entry.series, good_series_);
    damage_->samples = stated_samples - std::min(stated_samples, good_samples_);
    findings_.damaged.push_back(*std::move(damage_));
    return OkStatus();
  }

  Status CheckSegment(uint32_t metric, uint32_t segment) {
    const auto table = pages_->Table(metric, segment);
    const auto places = pages_->Places(metric, segment);
    for (const Status& status : {table.status(), places.status()}) {
      if (status.ok()) continue;
      if (!IsDamage(status)) return status;
      Damaged(metric, status, WholeRange());
      return OkStatus();
    }
    if ((*table)->rows() != places->size()) {
      const auto error = Corruption("segment {}: {} label sets for {} series", segment,
                                    (*table)->rows(), places->size());
      Damaged(metric, error, WholeRange());
      return OkStatus();
    }
    FIRN_RETURN_IF_ERROR(Pace((*table)->memory_bytes()));
    const std::string& name = (*directory_)[metric].name;
    for (uint32_t row = 0; row < places->size(); ++row) {
      FIRN_RETURN_IF_ERROR(CheckSeries(
          {.labels = (*table)->RowLabels(name, row), .metric = metric, .places = (*places)[row]}));
    }
    return OkStatus();
  }

  Status CheckSeries(const SeriesHandle& series) {
    data_.clear();
    Status status = reader_.Read(pages_, series.metric, series.places, {}, &data_);
    if (status.ok() && options_.visitor != nullptr) {
      status = options_.visitor->OnSeries(series, data_);
    }
    if (status.ok()) {
      ++good_series_;
      good_samples_ += data_.v.size() + data_.h.size();
      return Pace(BytesOf(series.places));
    }
    if (!IsDamage(status)) return status;
    Damaged(series.metric, status, reader_.Span(pages_, series.places).value_or(WholeRange()));
    return OkStatus();
  }

  Status ScanPages(const PageSource& source) {
    const KeyRange keys = WindowKeys(pages_->root().window);
    uint64_t pages = 0;
    const Status scanned =
        source.Scan(keys.first, keys.last, [&](std::string_view key, PinnedPage page) -> Status {
          ++pages;
          const auto kind = static_cast<PageKind>(
              key.size() < kKeyTailBytes ? 0 : key[key.size() - kKeyTailBytes]);
          const auto payload = OpenPage(key, kind, page.bytes);
          if (!payload.ok()) findings_.stray.emplace_back(payload.status().message());
          return options_.pace ? options_.pace(page.bytes.size()) : OkStatus();
        });
    if (!scanned.ok() && !IsDamage(scanned)) return scanned;
    const uint64_t stated = pages_->root().summary.pages + 1;
    if (!scanned.ok()) {
      findings_.stray.emplace_back(scanned.message());
    } else if (pages != stated) {
      findings_.stray.push_back(fmt::format("{} pages in place of {}", pages, stated));
    }
    return OkStatus();
  }

  const std::shared_ptr<const WindowPages> pages_;
  std::shared_ptr<const MetricDirectory> directory_;
  const WindowCheckOptions& options_;
  ColumnReader reader_;
  SeriesData data_;
  WindowFindings findings_;
  // Of the metric at hand.
  std::optional<MetricDamage> damage_;
  uint64_t good_series_ = 0;
  uint64_t good_samples_ = 0;
};

}  // namespace

Result<WindowFindings> CheckWindow(const std::shared_ptr<const PageSource>& source,
                                   const WindowId& window, const WindowCheckOptions& options) {
  FIRN_ASSIGN_OR_RETURN(auto pages, WindowPages::Open(source, window, nullptr));
  return Checker(std::move(pages), options).Run(*source);
}

std::vector<WindowId> FindWindows(const PageSource& source, std::vector<WindowId> known) {
  std::vector<std::string> ends;
  for (const WindowId& window : known) ends.push_back(WindowKeys(window).last);
  std::sort(ends.begin(), ends.end());
  std::vector<WindowId> windows;
  std::string from;
  while (true) {
    std::optional<WindowId> window;
    const Status scanned =
        source.Scan(from, "\xff", [&](std::string_view key, const PinnedPage&) -> Status {
          window = WindowOfKey(key);
          return Cancelled("found one");
        });
    if (window) {
      windows.push_back(*window);
      from = WindowKeys(*window).last;
    } else if (scanned.ok()) {
      return windows;
    } else {
      const auto next = std::upper_bound(ends.begin(), ends.end(), from);
      if (next == ends.end()) return windows;
      from = *next;
    }
  }
}

Result<WindowId> ReadRootId(const PageSource& source, const WindowId& window) {
  const std::string key = PageKey(WindowKeyPrefix(window), PageKind::kRoot, 0);
  FIRN_ASSIGN_OR_RETURN(const PinnedPage page, source.Get(key));
  FIRN_ASSIGN_OR_RETURN(const std::string_view payload, OpenPage(key, PageKind::kRoot, page.bytes));
  FIRN_ASSIGN_OR_RETURN(const WindowRoot root, DecodeRoot(payload));
  return root.window;
}

}  // namespace firn::storage
