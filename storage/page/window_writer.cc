#include "storage/page/window_writer.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "storage/encoding/histogram_codec.h"
#include "storage/page/clock_table.h"
#include "storage/page/label_table.h"
#include "storage/page/page_format.h"
#include "storage/page/series_columns.h"
#include "storage/page/series_directory.h"
#include "storage/page/window_directory.h"

namespace firn::storage {
namespace {

Status CheckTimes(std::span<const TimestampMs> t, size_t values, const WindowId& window) {
  if (t.size() != values) return InvalidArgument("{} times for {} values", t.size(), values);
  if (t.empty()) return OkStatus();
  bool ascending = true;
  for (size_t i = 1; i < t.size(); ++i) ascending &= t[i - 1] < t[i];
  if (!ascending) return InvalidArgument("times do not ascend");
  if (t.front() < window.start || t.back() > window.end) {
    return InvalidArgument("times outside of the window");
  }
  return OkStatus();
}

}  // namespace

class WindowWriter::Impl {
 public:
  Impl(const WindowId& window, PageSink* sink)
      : window_prefix_(WindowKeyPrefix(window)), sink_(sink) {
    root_.window = window;
  }

  Status Add(const Labels& labels, const SeriesColumns& samples);
  Result<WindowSummary> Finish();

 private:
  Status Put(const std::string& prefix, PageKind kind, uint32_t number, std::string_view payload);
  Status CheckOrder(const Labels& labels, std::string_view name) const;
  Status BeginMetric(std::string_view name);
  Status EndMetric();
  Status FlushData();
  void EndSegment();
  bool SegmentIsFull(const Labels& labels);
  ColumnPlace Place(std::span<const TimestampMs> times, size_t begin);
  void Count(const SeriesColumns& samples);

  WindowRoot root_;
  std::string window_prefix_;
  PageSink* sink_;
  ClockTableBuilder clocks_;

  // The current metric.
  bool in_metric_ = false;
  MetricEntry metric_;
  std::string metric_prefix_;
  std::string data_;  // Payload of the data page being filled.
  Labels last_labels_;
  // Its tables sort behind its data pages: they wait here.
  std::vector<std::pair<std::string, std::string>> segments_;  // Series and label payloads.

  // The current segment.
  std::vector<Labels> rows_;
  std::vector<SeriesPlaces> places_;
  size_t label_bytes_ = 0;
  std::set<std::string, std::less<>> names_;  // Few.

  std::string directory_;                     // Payload of the directory page being filled,
  std::vector<std::string> directory_pages_;  // ... and those that are full.
  bool finished_ = false;
};

Status WindowWriter::Impl::Put(const std::string& prefix, PageKind kind, uint32_t number,
                               std::string_view payload) {
  const std::string key = PageKey(prefix, kind, number);
  const std::string page = SealPage(key, kind, payload);
  ++root_.summary.pages;
  root_.summary.bytes += page.size();
  metric_.bytes += page.size();
  return sink_->Put(key, page);
}

Status WindowWriter::Impl::CheckOrder(const Labels& labels, std::string_view name) const {
  if (!in_metric_ || name > metric_.name) return OkStatus();
  if (name == metric_.name && last_labels_ < labels) return OkStatus();
  return InvalidArgument("series {} after {}", labels.ToString(), last_labels_.ToString());
}

Status WindowWriter::Impl::BeginMetric(std::string_view name) {
  if (in_metric_) FIRN_RETURN_IF_ERROR(EndMetric());
  in_metric_ = true;
  metric_ = {};
  metric_.name = name;
  metric_prefix_ = MetricKeyPrefix(root_.window, name);
  return OkStatus();
}

Status WindowWriter::Impl::FlushData() {
  if (data_.empty()) return OkStatus();
  FIRN_RETURN_IF_ERROR(Put(metric_prefix_, PageKind::kData, metric_.data_pages++, data_));
  data_.clear();
  return OkStatus();
}

void WindowWriter::Impl::EndSegment() {
  if (rows_.empty()) return;
  segments_.emplace_back(EncodeSeriesPage(places_), EncodeLabelTable(rows_));
  rows_.clear();
  places_.clear();
  names_.clear();
  label_bytes_ = 0;
}

Status WindowWriter::Impl::EndMetric() {
  FIRN_RETURN_IF_ERROR(FlushData());
  EndSegment();
  metric_.segments = static_cast<uint32_t>(segments_.size());
  for (uint32_t i = 0; i < metric_.segments; ++i) {
    FIRN_RETURN_IF_ERROR(Put(metric_prefix_, PageKind::kSeries, i, segments_[i].first));
  }
  for (uint32_t i = 0; i < metric_.segments; ++i) {
    FIRN_RETURN_IF_ERROR(Put(metric_prefix_, PageKind::kLabels, i, segments_[i].second));
  }
  segments_.clear();
  ++root_.summary.metrics;
  AppendMetricEntry(metric_, &directory_);
  if (directory_.size() >= kPagePayloadTarget) {
    directory_pages_.push_back(std::exchange(directory_, {}));
  }
  return OkStatus();
}

// True if the table would become too large with `labels`; else counts them in.
bool WindowWriter::Impl::SegmentIsFull(const Labels& labels) {
  if (rows_.size() == kSegmentRowsMax) return true;
  const size_t bytes = label_bytes_ + labels.packed().size();
  if (!rows_.empty() && bytes > kTableLabelBytesTarget) return true;
  size_t added = 0;
  for (const LabelView label : labels) added += names_.contains(label.name) ? 0 : 1;
  if (!rows_.empty() && (names_.size() + added) * (rows_.size() + 1) > kTableCellsMax) return true;
  if (added > 0) {
    for (const LabelView label : labels) names_.emplace(label.name);
  }
  label_bytes_ = bytes;
  return false;
}

// The place of what was appended to the data page from `begin` on.
ColumnPlace WindowWriter::Impl::Place(std::span<const TimestampMs> times, size_t begin) {
  const ClockRef ref = clocks_.Add(times);
  return {.count = static_cast<uint32_t>(times.size()),
          .clock = ref.clock,
          .clock_first = ref.first,
          .page = metric_.data_pages,
          .offset = static_cast<uint32_t>(begin),
          .length = static_cast<uint32_t>(data_.size() - begin)};
}

void WindowWriter::Impl::Count(const SeriesColumns& samples) {
  WindowSummary& summary = root_.summary;
  ++summary.series;
  ++metric_.series;
  summary.float_samples += samples.t.size();
  metric_.float_samples += samples.t.size();
  summary.histogram_samples += samples.ht.size();
  metric_.histogram_samples += samples.ht.size();
  for (const auto times : {samples.t, samples.ht, samples.bt}) {
    if (times.empty()) continue;
    summary.min_t = std::min(summary.min_t, times.front());
    summary.max_t = std::max(summary.max_t, times.back());
  }
}

Status WindowWriter::Impl::Add(const Labels& labels, const SeriesColumns& samples) {
  FIRN_CHECK(!finished_);
  FIRN_RETURN_IF_ERROR(CheckTimes(samples.t, samples.v.size(), root_.window));
  FIRN_RETURN_IF_ERROR(CheckTimes(samples.ht, samples.h.size(), root_.window));
  FIRN_RETURN_IF_ERROR(CheckTimes(samples.bt, samples.bt.size(), root_.window));
  if (samples.bt.empty() != samples.buckets.empty())
    return InvalidArgument("buckets without times");
  if (samples.t.empty() && samples.ht.empty() && samples.bt.empty()) return OkStatus();
  const bool well_formed = std::all_of(samples.h.begin(), samples.h.end(), [](const auto& h) {
    return h != nullptr && IsWellFormed(*h);
  });
  if (!well_formed) return InvalidArgument("malformed histogram of {}", labels.ToString());

  const std::string_view name = labels.metric_name();
  FIRN_RETURN_IF_ERROR(CheckOrder(labels, name));
  if (!in_metric_ || name != metric_.name) FIRN_RETURN_IF_ERROR(BeginMetric(name));
  if (SegmentIsFull(labels)) {
    EndSegment();
    const bool still_full = SegmentIsFull(labels);
    FIRN_CHECK(!still_full);
  }

  SeriesPlaces places;
  size_t begin = data_.size();
  if (!samples.t.empty()) {
    AppendFloatColumn(samples.v, &data_);
    places.floats = Place(samples.t, begin);
  }
  begin = data_.size();
  if (!samples.ht.empty()) {
    AppendHistogramColumn(samples.h, &data_);
    places.histograms = Place(samples.ht, begin);
  }
  begin = data_.size();
  if (!samples.bt.empty()) {
    data_.append(samples.buckets);
    places.buckets = Place(samples.bt, begin);
  }
  rows_.push_back(labels);
  places_.push_back(places);
  last_labels_ = labels;
  Count(samples);
  return data_.size() >= kPagePayloadTarget ? FlushData() : OkStatus();
}

Result<WindowSummary> WindowWriter::Impl::Finish() {
  FIRN_CHECK(!finished_);
  finished_ = true;
  if (in_metric_) FIRN_RETURN_IF_ERROR(EndMetric());
  if (!directory_.empty()) directory_pages_.push_back(std::move(directory_));

  const ClockTableBuilder::Pages clocks = clocks_.Encode();
  root_.summary.clocks = clocks_.size();
  root_.first_clocks = clocks.first_clocks;
  for (uint32_t i = 0; i < clocks.payloads.size(); ++i) {
    FIRN_RETURN_IF_ERROR(Put(window_prefix_, PageKind::kClocks, i, clocks.payloads[i]));
  }
  root_.directory_pages = static_cast<uint32_t>(directory_pages_.size());
  for (uint32_t i = 0; i < root_.directory_pages; ++i) {
    FIRN_RETURN_IF_ERROR(Put(window_prefix_, PageKind::kDirectory, i, directory_pages_[i]));
  }
  const WindowSummary summary = root_.summary;
  FIRN_RETURN_IF_ERROR(Put(window_prefix_, PageKind::kRoot, 0, EncodeRoot(root_)));
  return summary;
}

WindowWriter::WindowWriter(const WindowId& window, PageSink* sink)
    : impl_(std::make_unique<Impl>(window, sink)) {}
WindowWriter::~WindowWriter() = default;

Status WindowWriter::Add(const Labels& labels, const SeriesColumns& samples) {
  return impl_->Add(labels, samples);
}
Result<WindowSummary> WindowWriter::Finish() { return impl_->Finish(); }

}  // namespace firn::storage
