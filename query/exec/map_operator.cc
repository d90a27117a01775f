#include "query/exec/map_operator.h"

#include <absl/container/flat_hash_map.h>

namespace firn::query {
namespace {

struct ByLabels {
  size_t operator()(const Labels* labels) const { return labels->Hash(); }
};
struct SameLabels {
  bool operator()(const Labels* a, const Labels* b) const { return *a == *b; }
};

}  // namespace

void SeriesMerge::Build(std::vector<SeriesInfo>* series) {
  absl::flat_hash_map<const Labels*, uint32_t, ByLabels, SameLabels> first;
  first.reserve(series->size());
  std::vector<uint32_t> target(series->size());
  uint32_t unique = 0;
  for (uint32_t i = 0; i < series->size(); ++i) {
    const auto [it, fresh] = first.try_emplace(&(*series)[i].labels, unique);
    target[i] = it->second;
    if (fresh) ++unique;
  }
  if (unique == series->size()) return;
  members_.resize(unique);
  std::vector<SeriesInfo> reduced(unique);
  for (uint32_t i = 0; i < target.size(); ++i) {
    std::vector<uint32_t>& members = members_[target[i]];
    if (members.empty()) reduced[target[i]] = std::move((*series)[i]);
    members.push_back(i);
  }
  *series = std::move(reduced);
}

Status MapOperator::Open(ExecContext* context) {
  FIRN_RETURN_IF_ERROR(child_->Open(context));
  FIRN_RETURN_IF_ERROR(Prepare(context));
  if (renames()) {
    series_ = child_->series();
    FIRN_RETURN_IF_ERROR(Rename(&series_));
    Holding held;
    for (const SeriesInfo& info : series_) held.bytes += LabelsBytes(info.labels);
    return context->Charge(held);
  }
  const bool delayed = context->scope().delayed_names;
  const SeriesNames names = child_->names().After(naming_, delayed);
  if (delayed || !child_->names().MayCollide(naming_)) {
    NameBy(names);
  } else {
    series_ = names.All();
    merge_.Build(&series_);
  }
  return OkStatus();
}

Status MapOperator::ComputeRow(size_t i, Worker* worker, Row* out) {
  if (!merge_.merged()) {
    FIRN_RETURN_IF_ERROR(child_->ComputeRow(i, worker, out));
    return MapRow(i, worker, out);
  }
  out->Reset(steps());
  Worker::RowLease row(worker);
  for (const uint32_t member : merge_.members(i)) {
    FIRN_RETURN_IF_ERROR(child_->ComputeRow(member, worker, row.get()));
    FIRN_RETURN_IF_ERROR(MapRow(member, worker, row.get()));
    FIRN_RETURN_IF_ERROR(OverlayRow(*row, out));
  }
  return OkStatus();
}

}  // namespace firn::query
