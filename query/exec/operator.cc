#include "query/exec/operator.h"

#include <algorithm>

namespace firn::query {

const std::vector<SeriesInfo>& Operator::series() const {
  if (!names_) return series_;
  std::call_once(listed_, [&] { list_ = names_->All(); });
  return list_;
}

Status SameLabelsetError() {
  return Evaluation("vector cannot contain metrics with the same labelset");
}

Status OverlayRow(const Row& from, Row* into) {
  for (size_t s = 0; s < from.steps(); ++s) {
    if (from.kind[s] == PointKind::kAbsent) continue;
    if (into->kind[s] != PointKind::kAbsent) return SameLabelsetError();
    if (from.kind[s] == PointKind::kFloat) {
      into->SetFloat(s, from.v[s]);
    } else {
      into->SetHistogram(s, from.h[s]);
    }
  }
  return OkStatus();
}

namespace {

// What one unit of a histogram's weight stands for.
constexpr uint64_t kWeightBytes = 16;

}  // namespace

uint64_t SampleWeight(const FloatHistogram& h) {
  const size_t bytes =
      168 + 8 * (h.positive_spans.size() + h.negative_spans.size()) +
      8 * (h.positive_buckets.size() + h.negative_buckets.size() + h.custom_values.size()) + 8;
  return bytes / kWeightBytes;
}

uint64_t RowWeight(const Row& row) {
  if (row.h.empty()) {
    return static_cast<uint64_t>(std::ranges::count(row.kind, PointKind::kFloat));
  }
  uint64_t weight = 0;
  for (size_t s = 0; s < row.steps(); ++s) {
    if (row.kind[s] == PointKind::kFloat) ++weight;
    if (row.kind[s] == PointKind::kHistogram) weight += SampleWeight(*row.h[s]);
  }
  return weight;
}

Holding RowHolding(const Row& row) {
  Holding out{.samples = RowWeight(row),
              .bytes = sizeof(Row) + row.kind.capacity() * sizeof(PointKind) +
                       row.v.capacity() * sizeof(double) + row.h.capacity() * sizeof(HistogramPtr)};
  if (!row.h.empty()) out.bytes += out.samples * kWeightBytes;
  return out;
}

Holding RowsHolding(const std::vector<Row>& rows) {
  Holding out;
  for (const Row& row : rows) out += RowHolding(row);
  return out;
}

uint64_t LabelsBytes(const Labels& labels) {
  // As if nobody shared the text, which has its size and a count before it.
  constexpr size_t kBefore = 2 * sizeof(uint32_t);
  return sizeof(Labels) + (labels.empty() ? 0 : kBefore + labels.packed().size());
}

Status Materialized::Load(ExecContext* context, Operator* source) {
  rows_.resize(source->size());
  std::atomic<uint64_t> samples{0};
  std::atomic<uint64_t> bytes{0};
  const auto compute = [&](Worker* worker, size_t chunk) -> Status {
    const size_t begin = chunk * kChunkSeries;
    const size_t end = std::min(begin + kChunkSeries, rows_.size());
    Holding held;
    for (size_t i = begin; i < end; ++i) {
      FIRN_RETURN_IF_ERROR(source->ComputeRow(i, worker, &rows_[i]));
      held += RowHolding(rows_[i]);
    }
    FIRN_RETURN_IF_ERROR(context->Charge(held));
    samples.fetch_add(held.samples, std::memory_order_relaxed);
    bytes.fetch_add(held.bytes, std::memory_order_relaxed);
    return OkStatus();
  };
  const Status status = context->Parallel(ChunkCount(rows_.size()), compute);
  charged_ = {.samples = samples.load(), .bytes = bytes.load()};
  return status;
}

void Materialized::Release(ExecContext* context) {
  context->Release(charged_);
  charged_ = {};
  rows_.clear();
  rows_.shrink_to_fit();
}

Result<std::vector<double>> ScalarValues(ExecContext* context, Operator* scalar) {
  FIRN_RETURN_IF_ERROR(scalar->Open(context));
  Worker::RowLease row(context->main_worker());
  FIRN_RETURN_IF_ERROR(scalar->ComputeRow(0, context->main_worker(), row.get()));
  return std::vector<double>(row->v.begin(), row->v.end());
}

}  // namespace firn::query
