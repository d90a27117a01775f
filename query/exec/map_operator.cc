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

bool MayCollide(const std::vector<SeriesInfo>& series) {
  if (series.empty()) return false;
  const Labels& first = series[0].labels;
  const std::string_view name = first.metric_name();
  const std::string_view type = first.Get("__type__");
  const std::string_view unit = first.Get("__unit__");
  // The sets were distinct before; with these three equal everywhere they stay distinct.
  for (const SeriesInfo& info : series) {
    if (info.labels.metric_name() != name || info.labels.Get("__type__") != type ||
        info.labels.Get("__unit__") != unit) {
      return true;
    }
  }
  return false;
}

std::vector<SeriesInfo> Renamed(const std::vector<SeriesInfo>& series, Naming naming,
                                bool delayed_names) {
  std::vector<SeriesInfo> out;
  out.reserve(series.size());
  for (const SeriesInfo& info : series) {
    if (naming == Naming::kKeep) {
      out.push_back(info);
    } else if (delayed_names) {
      out.push_back({.labels = info.labels, .drop_name = true});
    } else if (naming == Naming::kDrop) {
      out.push_back({.labels = DropName(info.labels)});
    } else {
      out.push_back({.labels = LabelsBuilder(info.labels).Del(kMetricName).Build()});
    }
  }
  return out;
}

Status MapOperator::Rename(ExecContext* context, std::vector<SeriesInfo>* series) {
  const bool delayed = context->scope().delayed_names;
  const bool collides = naming_ != Naming::kKeep && !delayed && MayCollide(*series);
  *series = Renamed(*series, naming_, delayed);
  if (collides) merge_.Build(series);
  return OkStatus();
}

Status MapOperator::Open(ExecContext* context) {
  FIRN_RETURN_IF_ERROR(child_->Open(context));
  FIRN_RETURN_IF_ERROR(Prepare(context));
  series_ = child_->series();
  return Rename(context, &series_);
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
