#include "query/exec/collect.h"

#include <algorithm>

#include "query/exec/map_operator.h"

namespace firn::query {
namespace {

// The series of the answer: names that were marked are dropped, and series that are equal
// then become one.
class FinalSeries {
 public:
  explicit FinalSeries(const Operator& root) : names_(root.names()) {
    if (!names_.AnyMarked()) return;
    for (size_t i = 0; i < names_.size(); ++i) {
      Labels labels = names_.labels(i);
      list_.push_back({.labels = names_.drop_name(i) ? DropName(labels) : std::move(labels)});
    }
    merge_.Build(&list_);
    names_ = SeriesNames(&list_);
  }
  FinalSeries(const FinalSeries&) = delete;
  FinalSeries& operator=(const FinalSeries&) = delete;

  size_t size() const { return names_.size(); }
  Labels labels(size_t i) const { return names_.labels(i); }
  const SeriesMerge& merge() const { return merge_; }

 private:
  SeriesNames names_;
  std::vector<SeriesInfo> list_;
  SeriesMerge merge_;
};

Status FinalRow(Operator* root, const SeriesMerge& merge, size_t i, Worker* worker, Row* row) {
  if (!merge.merged()) return root->ComputeRow(i, worker, row);
  row->Reset(root->steps());
  Worker::RowLease part(worker);
  for (const uint32_t member : merge.members(i)) {
    FIRN_RETURN_IF_ERROR(root->ComputeRow(member, worker, part.get()));
    FIRN_RETURN_IF_ERROR(OverlayRow(*part, row));
  }
  return OkStatus();
}

// The points of a row; false if there are none.
bool FillSeries(const StepGrid& grid, const Row& row, ResultSeries* series) {
  const auto floats = static_cast<size_t>(std::ranges::count(row.kind, PointKind::kFloat));
  series->t.reserve(floats);
  series->v.reserve(floats);
  for (size_t s = 0; s < row.steps(); ++s) {
    if (row.kind[s] == PointKind::kFloat) {
      series->t.push_back(grid.At(s));
      series->v.push_back(row.v[s]);
    } else if (row.kind[s] == PointKind::kHistogram) {
      series->ht.push_back(grid.At(s));
      series->h.push_back(row.h[s]);
    }
  }
  return !series->t.empty() || !series->ht.empty();
}

// What a series of the answer costs beside its entry in the list.
Holding SeriesHolding(const ResultSeries& series) {
  Holding out{.samples = series.t.size(), .bytes = LabelsBytes(series.labels) - sizeof(Labels)};
  for (const HistogramPtr& h : series.h) out.samples += SampleWeight(*h);
  out.bytes += out.samples * (sizeof(TimestampMs) + sizeof(double));
  return out;
}

// The window of a selector that was extended: a point at each edge, and what lies between.
void ExtendSeries(const engine::SampleColumns& c, const RangeCall& windows, ResultSeries* series) {
  const TimestampMs end = windows.grid.start - windows.offset;
  const TimestampMs start = end - windows.range;
  const bool smoothed = windows.extension == RangeExtension::kSmoothed;
  size_t count = c.t.size();
  while (!smoothed && count > 0 && c.t[count - 1] > end) --count;
  if (count == 0) return;
  size_t first = 0;
  while (first + 1 < count && c.t[first + 1] <= start) ++first;
  size_t last = count - 1;
  while (smoothed && last > first && c.t[last - 1] >= end) --last;
  if (c.t[last] <= start || c.t[first] > end) return;
  const auto between = [&](size_t i, TimestampMs t) {
    return c.v[i] + (c.v[i + 1] - c.v[i]) * static_cast<double>(t - c.t[i]) /
                        static_cast<double>(c.t[i + 1] - c.t[i]);
  };
  const auto add = [&](TimestampMs t, double v) {
    series->t.push_back(t);
    series->v.push_back(v);
  };
  const bool left_between = smoothed && c.t[first] < start && first < last;
  add(start, left_between ? between(first, start) : c.v[first]);
  for (size_t i = first; i <= last; ++i) {
    if (c.t[i] > start && c.t[i] < end) add(c.t[i], c.v[i]);
  }
  const bool right_between = smoothed && c.t[last] > end && first < last;
  add(end, right_between ? between(last - 1, end) : c.v[last]);
}

// The samples of the only window.
void CutSeries(const engine::SampleColumns& c, const RangeCall& windows, ResultSeries* series) {
  const TimestampMs last = windows.grid.start - windows.offset;
  const TimestampMs first = last - windows.range;
  for (size_t i = 0; i < c.t.size(); ++i) {
    if (c.t[i] <= first || c.t[i] > last) continue;
    series->t.push_back(c.t[i]);
    series->v.push_back(c.v[i]);
  }
  for (size_t i = 0; i < c.ht.size(); ++i) {
    if (c.ht[i] <= first || c.ht[i] > last) continue;
    series->ht.push_back(c.ht[i]);
    series->h.push_back(c.h[i]);
  }
}

void SortAndTrim(std::vector<ResultSeries>* series) {
  std::erase_if(*series, [](const ResultSeries& s) { return s.t.empty() && s.ht.empty(); });
  std::ranges::sort(*series, {}, &ResultSeries::labels);
}

}  // namespace

std::string WithThousands(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

Status CollectVector(ExecContext* context, Operator* root, std::vector<ResultSample>* out) {
  const FinalSeries series(*root);
  // Twice: those that are there are moved together in the end.
  FIRN_RETURN_IF_ERROR(context->ChargeAnswer({.bytes = 2 * series.size() * sizeof(ResultSample)}));
  std::vector<ResultSample> all(series.size());
  std::vector<uint8_t> present(series.size());
  const auto compute = [&](Worker* worker, size_t chunk) -> Status {
    const size_t begin = chunk * kChunkSeries;
    const size_t end = std::min(begin + kChunkSeries, series.size());
    Worker::RowLease row(worker);
    Holding held;
    for (size_t i = begin; i < end; ++i) {
      FIRN_RETURN_IF_ERROR(FinalRow(root, series.merge(), i, worker, row.get()));
      if (row->kind[0] == PointKind::kAbsent) continue;
      present[i] = 1;
      all[i].labels = series.labels(i);
      all[i].v = row->v[0];
      if (row->kind[0] == PointKind::kHistogram) all[i].h = row->h[0];
      held.samples += RowWeight(*row);
      held.bytes += LabelsBytes(all[i].labels) - sizeof(Labels);
    }
    return context->ChargeAnswer(held);
  };
  FIRN_RETURN_IF_ERROR(context->Parallel(ChunkCount(series.size()), compute));
  out->reserve(static_cast<size_t>(std::ranges::count(present, 1)));
  for (size_t i = 0; i < all.size(); ++i) {
    if (present[i]) out->push_back(std::move(all[i]));
  }
  return OkStatus();
}

Status CollectMatrix(ExecContext* context, Operator* root, std::vector<ResultSeries>* out) {
  const FinalSeries series(*root);
  FIRN_RETURN_IF_ERROR(context->ChargeAnswer({.bytes = series.size() * sizeof(ResultSeries)}));
  out->resize(series.size());
  const auto compute = [&](Worker* worker, size_t chunk) -> Status {
    const size_t begin = chunk * kChunkSeries;
    const size_t end = std::min(begin + kChunkSeries, series.size());
    Worker::RowLease row(worker);
    Holding held;
    for (size_t i = begin; i < end; ++i) {
      FIRN_RETURN_IF_ERROR(FinalRow(root, series.merge(), i, worker, row.get()));
      ResultSeries& result = (*out)[i];
      if (!FillSeries(root->grid(), *row, &result)) continue;
      result.labels = series.labels(i);
      held += SeriesHolding(result);
    }
    return context->ChargeAnswer(held);
  };
  FIRN_RETURN_IF_ERROR(context->Parallel(ChunkCount(series.size()), compute));
  SortAndTrim(out);
  return OkStatus();
}

Status CollectWindow(ExecContext* context, RangeSource* source, std::vector<ResultSeries>* out) {
  const RangeExtension extension = source->windows().extension;
  Worker::ColumnsLease columns(context->main_worker());
  for (size_t i = 0; i < source->size(); ++i) {
    if (i % kChunkSeries == 0) FIRN_RETURN_IF_ERROR(context->CheckTime());
    FIRN_RETURN_IF_ERROR(source->Read(i, context->main_worker(), columns.get()));
    ResultSeries series;
    if (extension == RangeExtension::kNone) {
      CutSeries(*columns, source->windows(), &series);
    } else if (!columns->ht.empty()) {
      return Evaluation("{} modifier is not supported with histograms",
                        extension == RangeExtension::kAnchored ? "anchored" : "smoothed");
    } else {
      ExtendSeries(*columns, source->windows(), &series);
    }
    const Labels labels = source->names().labels(i);
    series.labels = source->names().drop_name(i) ? DropName(labels) : labels;
    const Holding held = SeriesHolding(series);
    if (held.samples == 0) continue;
    context->CountAt(0, held.samples);
    FIRN_RETURN_IF_ERROR(context->ChargeAnswer(held));
    out->push_back(std::move(series));
  }
  SortAndTrim(out);
  return OkStatus();
}

}  // namespace firn::query
