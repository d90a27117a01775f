#include "engine/tier/tier_samples.h"

#include <algorithm>

#include "base/sample.h"
#include "engine/head/columns.h"

namespace firn::engine {
namespace {

struct NamedUse {
  std::string_view function;
  TierUse use;
};

constexpr TierUse kCounterUse{TierForm::kRuns, false, true};
constexpr TierUse kMarkUse{TierForm::kRuns, false, false};

constexpr NamedUse kUses[] = {{"absent_over_time", {}},
                              {"avg_over_time", {TierForm::kRuns, true, false}},
                              {"changes", {TierForm::kRuns, false, false, true}},
                              {"count_over_time", kCounterUse},
                              {"delta", kCounterUse},
                              {"first_over_time", {}},
                              {"increase", kCounterUse},
                              {"last_over_time", {}},
                              {"max_over_time", {TierForm::kMax, false, true}},
                              {"min_over_time", {TierForm::kMin, false, true}},
                              {"present_over_time", {}},
                              {"rate", kCounterUse},
                              {"resets", kMarkUse},
                              {"sum_over_time", {TierForm::kSums, true, false}},
                              {"ts_of_first_over_time", {}},
                              {"ts_of_last_over_time", {}}};

void Append(TimestampMs t, double v, const TimeRange& range, SampleColumns* out) {
  if (!range.Contains(t)) return;
  out->t.push_back(t);
  out->v.push_back(v);
}

void AppendRun(const Bucket& b, SampleColumns* out) {
  const bool alone = b.count == 1;
  out->t.push_back(b.first_t);
  out->v.push_back(b.first_v);
  out->runs.push_back({.sum = alone ? b.sum : 0});
  if (alone) return;
  out->t.push_back(b.last_t);
  out->v.push_back(b.last_v);
  out->runs.push_back({.count = b.count - 1,
                       .resets = b.resets,
                       .changes = b.changes,
                       .joined = true,
                       .correction = b.correction,
                       .sum = b.sum});
}

void AppendBucket(const Bucket& b, TierForm form, const TimeRange& range, SampleColumns* out) {
  if (form == TierForm::kEnds) {
    if (b.count > 0) Append(b.first_t, b.first_v, range, out);
    if (b.count > 1) Append(b.last_t, b.last_v, range, out);
    if (b.is_stale()) Append(b.stale_t, StaleNan(), range, out);
    return;
  }
  if (b.count == 0 || b.first_t < range.min || b.last_t > range.max) return;
  switch (form) {
    case TierForm::kEnds:
      break;
    case TierForm::kMin:
      Append(b.last_t, b.min, range, out);
      break;
    case TierForm::kMax:
      Append(b.last_t, b.max, range, out);
      break;
    case TierForm::kSums:
      Append(b.last_t, b.sum, range, out);
      break;
    case TierForm::kRuns:
      AppendRun(b, out);
      break;
  }
}

// Each sample is a run of its own.
void SamplesToRuns(SampleColumns* columns) {
  size_t kept = 0;
  for (size_t i = 0; i < columns->t.size(); ++i) {
    if (IsStaleNan(columns->v[i])) continue;
    columns->t[kept] = columns->t[i];
    columns->v[kept++] = columns->v[i];
  }
  columns->t.resize(kept);
  columns->v.resize(kept);
  columns->st.clear();
  for (const double v : columns->v) columns->runs.push_back({.sum = v});
  columns->hcount.assign(columns->ht.size(), 1);
}

template <typename IsErased>
void EraseHistograms(const IsErased& is_erased, TierColumns* columns) {
  size_t kept = 0;
  for (size_t i = 0; i < columns->ht.size(); ++i) {
    if (is_erased(columns->ht[i])) continue;
    columns->ht[kept] = columns->ht[i];
    columns->h[kept] = columns->h[i];
    columns->hcount[kept++] = columns->hcount[i];
  }
  columns->ht.resize(kept);
  columns->h.resize(kept);
  columns->hcount.resize(kept);
}

template <typename T>
void Permute(const std::vector<size_t>& order, std::vector<T>* column) {
  std::vector<T> out;
  out.reserve(order.size());
  for (const size_t i : order) out.push_back(std::move((*column)[i]));
  *column = std::move(out);
}

// The order of times, or nothing if they are in order.
std::vector<size_t> OrderOf(const std::vector<TimestampMs>& t) {
  if (std::is_sorted(t.begin(), t.end())) return {};
  std::vector<size_t> order(t.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return t[a] < t[b]; });
  return order;
}

template <typename T>
void MoveBehind(std::vector<T>* from, std::vector<T>* to) {
  to->insert(to->end(), std::make_move_iterator(from->begin()),
             std::make_move_iterator(from->end()));
  from->clear();
}

}  // namespace

Status DecodeTier(const storage::SeriesData& data, DurationMs resolution, TierColumns* out) {
  if (data.v.size() != data.h.size()) return Corruption("histograms of a tier without counts");
  out->floats = DecodedBuckets();
  if (!data.bt.empty()) {
    FIRN_RETURN_IF_ERROR(DecodeBuckets(data.bt, data.buckets, resolution, &out->floats));
  }
  out->ht = data.ht;
  out->h = data.h;
  out->hcount.clear();
  for (const double count : data.v) {
    if (!(count >= 0 && count <= UINT32_MAX)) return Corruption("histograms of a tier: a count");
    out->hcount.push_back(static_cast<uint32_t>(count));
  }
  return OkStatus();
}

std::optional<TierUse> UseFor(std::string_view function, DurationMs range) {
  if (range == 0) return TierUse{};
  for (const NamedUse& named : kUses) {
    if (named.function == function) return named.use;
  }
  return std::nullopt;
}

bool Answers(const TierColumns& columns, const TierUse& use, const TimeRange& range) {
  return (!use.needs_sums || columns.floats.has_sums(range)) &&
         (columns.h.empty() || use.with_histograms);
}

void KeepTimes(const TimeRanges& ranges, TierColumns* columns) {
  const auto is_kept = [&](TimestampMs t) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const TimeRange& range) { return range.Contains(t); });
  };
  std::erase_if(columns->floats.buckets, [&](const Bucket& b) { return !is_kept(b.times().min); });
  EraseHistograms([&](TimestampMs t) { return !is_kept(t); }, columns);
}

bool HideTimes(const TimeRanges& hidden, TierColumns* columns) {
  bool cut = false;
  std::erase_if(columns->floats.buckets, [&](const Bucket& b) {
    const TimeRange times = b.times();
    for (const TimeRange& range : hidden) {
      if (!range.Overlaps(times)) continue;
      if (range.Contains(times.min) && range.Contains(times.max)) return true;
      cut = true;
    }
    return false;
  });
  // A histogram may stand for others before it.
  if (columns->ht.empty()) return !cut;
  const TimeRange times{columns->ht.front(), columns->ht.back()};
  for (const TimeRange& range : hidden) {
    if (!range.Overlaps(times)) continue;
    const bool all = range.Contains(times.min) && range.Contains(times.max);
    cut |= !all;
    if (all) EraseHistograms([](TimestampMs) { return true; }, columns);
  }
  return !cut;
}

void AppendForm(const TierColumns& columns, TierForm form, const TimeRange& range,
                SampleColumns* out) {
  for (const Bucket& b : columns.floats.buckets) AppendBucket(b, form, range, out);
  for (size_t i = 0; i < columns.ht.size(); ++i) {
    const bool unwanted = form == TierForm::kRuns && columns.h[i]->IsStale();
    if (unwanted || !range.Contains(columns.ht[i])) continue;
    out->ht.push_back(columns.ht[i]);
    out->h.push_back(columns.h[i]);
    if (form == TierForm::kRuns) out->hcount.push_back(columns.hcount[i]);
  }
}

void CountsToRuns(const std::vector<uint32_t>& counts, SampleColumns* columns) {
  size_t kept = 0;
  for (size_t i = 0; i < columns->t.size(); ++i) {
    if (IsStaleNan(columns->v[i])) continue;
    columns->t[kept] = columns->t[i];
    columns->v[kept++] = columns->v[i];
    columns->runs.push_back({.count = counts[i], .joined = counts[i] > 1});
  }
  columns->t.resize(kept);
  columns->v.resize(kept);
}

void MergeRuns(SampleColumns* formed, SampleColumns* out) {
  SamplesToRuns(out);
  // As a rule buckets are older than all samples.
  const auto comes_first = [](const std::vector<TimestampMs>& a,
                              const std::vector<TimestampMs>& b) {
    return !a.empty() && (b.empty() || a.back() < b.front());
  };
  if (comes_first(formed->t, out->t)) {
    formed->t.swap(out->t);
    formed->v.swap(out->v);
    formed->runs.swap(out->runs);
  }
  if (comes_first(formed->ht, out->ht)) {
    formed->ht.swap(out->ht);
    formed->h.swap(out->h);
    formed->hcount.swap(out->hcount);
  }
  MoveBehind(&formed->t, &out->t);
  MoveBehind(&formed->v, &out->v);
  MoveBehind(&formed->runs, &out->runs);
  MoveBehind(&formed->ht, &out->ht);
  MoveBehind(&formed->h, &out->h);
  MoveBehind(&formed->hcount, &out->hcount);
  if (const auto order = OrderOf(out->t); !order.empty()) {
    Permute(order, &out->t);
    Permute(order, &out->v);
    Permute(order, &out->runs);
  }
  if (const auto order = OrderOf(out->ht); !order.empty()) {
    Permute(order, &out->ht);
    Permute(order, &out->h);
    Permute(order, &out->hcount);
  }
}

}  // namespace firn::engine
