#include "query/exec/collect.h"

#include <algorithm>

#include "query/exec/map_operator.h"

namespace firn::query {
namespace {

// Applies marks; then series of equal labels become one.
std::vector<SeriesInfo> FinalSeries(const std::vector<SeriesInfo>& series, SeriesMerge* merge) {
  std::vector<SeriesInfo> out;
  out.reserve(series.size());
  bool any_dropped = false;
  for (const SeriesInfo& info : series) {
    any_dropped |= info.drop_name;
    out.push_back(info.drop_name ? SeriesInfo{.labels = DropName(info.labels)} : info);
  }
  if (any_dropped) merge->Build(&out);
  return out;
}

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
  SeriesMerge merge;
  std::vector<SeriesInfo> series = FinalSeries(root->series(), &merge);
  std::vector<ResultSample> all(series.size());
  std::vector<uint8_t> present(series.size());
  const auto compute = [&](Worker* worker, size_t chunk) -> Status {
    const size_t begin = chunk * kChunkSeries;
    const size_t end = std::min(begin + kChunkSeries, series.size());
    Worker::RowLease row(worker);
    uint64_t weight = 0;
    for (size_t i = begin; i < end; ++i) {
      FIRN_RETURN_IF_ERROR(FinalRow(root, merge, i, worker, row.get()));
      if (row->kind[0] == PointKind::kAbsent) continue;
      present[i] = 1;
      all[i].labels = std::move(series[i].labels);
      all[i].v = row->v[0];
      if (row->kind[0] == PointKind::kHistogram) all[i].h = row->h[0];
      weight += RowWeight(*row);
    }
    return context->Charge(weight);
  };
  FIRN_RETURN_IF_ERROR(context->Parallel(ChunkCount(series.size()), compute));
  out->reserve(static_cast<size_t>(std::ranges::count(present, 1)));
  for (size_t i = 0; i < all.size(); ++i) {
    if (present[i]) out->push_back(std::move(all[i]));
  }
  return OkStatus();
}

Status CollectMatrix(ExecContext* context, Operator* root, std::vector<ResultSeries>* out) {
  SeriesMerge merge;
  std::vector<SeriesInfo> series = FinalSeries(root->series(), &merge);
  out->resize(series.size());
  const auto compute = [&](Worker* worker, size_t chunk) -> Status {
    const size_t begin = chunk * kChunkSeries;
    const size_t end = std::min(begin + kChunkSeries, series.size());
    Worker::RowLease row(worker);
    uint64_t weight = 0;
    for (size_t i = begin; i < end; ++i) {
      FIRN_RETURN_IF_ERROR(FinalRow(root, merge, i, worker, row.get()));
      ResultSeries& result = (*out)[i];
      if (!FillSeries(root->grid(), *row, &result)) continue;
      result.labels = std::move(series[i].labels);
      weight += RowWeight(*row);
    }
    return context->Charge(weight);
  };
  FIRN_RETURN_IF_ERROR(context->Parallel(ChunkCount(series.size()), compute));
  SortAndTrim(out);
  return OkStatus();
}

Status CollectWindow(ExecContext* context, RangeSource* source, std::vector<ResultSeries>* out) {
  const RangeCall& windows = source->windows();
  const TimestampMs last = windows.grid.start - windows.offset;
  const TimestampMs first = last - windows.range;
  Worker::ColumnsLease columns(context->main_worker());
  for (size_t i = 0; i < source->size(); ++i) {
    if (i % kChunkSeries == 0) FIRN_RETURN_IF_ERROR(context->CheckTime());
    FIRN_RETURN_IF_ERROR(source->Read(i, context->main_worker(), columns.get()));
    ResultSeries series;
    for (size_t k = 0; k < columns->t.size(); ++k) {
      if (columns->t[k] <= first || columns->t[k] > last) continue;
      series.t.push_back(columns->t[k]);
      series.v.push_back(columns->v[k]);
    }
    uint64_t weight = series.t.size();
    for (size_t k = 0; k < columns->ht.size(); ++k) {
      if (columns->ht[k] <= first || columns->ht[k] > last) continue;
      series.ht.push_back(columns->ht[k]);
      series.h.push_back(columns->h[k]);
      weight += SampleWeight(*columns->h[k]);
    }
    if (weight == 0) continue;
    context->CountRead(weight);
    FIRN_RETURN_IF_ERROR(context->Charge(weight));
    const SeriesInfo& info = source->series()[i];
    series.labels = info.drop_name ? DropName(info.labels) : info.labels;
    out->push_back(std::move(series));
  }
  SortAndTrim(out);
  return OkStatus();
}

}  // namespace firn::query
