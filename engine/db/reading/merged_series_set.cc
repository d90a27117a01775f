#include "engine/db/reading/merged_series_set.h"

#include <algorithm>

#include "engine/head/columns.h"

namespace firn::engine {

namespace {

// Enough for a window to hold several.
DurationMs SpacingFor(const SelectHints& hints) {
  constexpr DurationMs kPerWindow = 8;
  return (hints.range > 0 ? hints.range : hints.lookback) / kPerWindow;
}

TimeRange ThinnedTimes(const StoredWindow& window) {
  return window.record.thinned ? SourceOf(window).range() : TimeRange{0, -1};
}

}  // namespace

MergedSeriesSet::MergedSeriesSet(Head* head, VersionPtr version, const SelectHints& hints)
    : head_(head),
      version_(std::move(version)),
      labels_only_(hints.labels_only),
      shape_(ShapeFor(hints.function, hints.range)),
      spacing_(SpacingFor(hints)) {
  if (const auto ends = EndsUseFor(hints)) ends_ = std::make_unique<const EndsUse>(*ends);
  if (hints.range > 0) grid_ = GridOf(hints);
}

// Labels of the series of a list of a window.
class MergedSeriesSet::WindowLabels {
 public:
  WindowLabels(const storage::SeriesList* list, std::deque<Labels>* owned)
      : list_(*list), owned_(*owned) {}
  bool Are(size_t i, const Labels& labels) const { return list_.HasLabels(i, labels); }
  const Labels& Get(size_t i) { return labels_ = list_.labels(i); }
  // What the last Get returned, made to last.
  const Labels* Keep(size_t /*i*/) { return &owned_.emplace_back(std::move(labels_)); }

 private:
  const storage::SeriesList& list_;
  std::deque<Labels>& owned_;
  Labels labels_;
};

class MergedSeriesSet::HeadLabels {
 public:
  explicit HeadLabels(const std::vector<SeriesPtr>* series) : series_(*series) {}
  bool Are(size_t i, const Labels& labels) const { return series_[i]->labels() == labels; }
  const Labels& Get(size_t i) const { return series_[i]->labels(); }
  const Labels* Keep(size_t i) const { return &series_[i]->labels(); }

 private:
  const std::vector<SeriesPtr>& series_;
};

// Two sorted lists become one. Mostly they are the same, and then nothing moves.
template <typename SourceLabels>
void MergedSeriesSet::Merge(uint32_t source, size_t count, SourceLabels labels) {
  if (entries_.empty()) entries_.reserve(count);
  if (parts_.capacity() < parts_.size() + count) {
    parts_.reserve(std::max(parts_.size() + count, parts_.size() * 3 / 2));
  }
  std::vector<Entry> merged;  // What comes before `old`, if that is no longer as it was.
  bool moved = false;
  size_t old = 0;
  const auto pass = [&] {
    if (moved) merged.push_back(entries_[old]);
    ++old;
  };
  for (size_t i = 0; i < count; ++i) {
    const auto part = static_cast<uint32_t>(parts_.size());
    parts_.push_back({source, static_cast<uint32_t>(i), kNone});
    bool known = old < entries_.size() && labels.Are(i, *entries_[old].labels);
    if (!known) {
      const Labels& wanted = labels.Get(i);
      while (old < entries_.size() && *entries_[old].labels < wanted) pass();
      known = old < entries_.size() && *entries_[old].labels == wanted;
    }
    if (known) {
      parts_[entries_[old].last].next = part;
      entries_[old].last = part;
      pass();
      continue;
    }
    if (!moved && old < entries_.size()) {
      moved = true;
      merged.reserve(entries_.size() + count - i);
      merged.assign(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(old));
    }
    const Entry fresh{labels.Keep(i), part, part};
    if (moved) {
      merged.push_back(fresh);
    } else {
      entries_.push_back(fresh);
      ++old;
    }
  }
  if (!moved) return;
  merged.insert(merged.end(), entries_.begin() + static_cast<std::ptrdiff_t>(old), entries_.end());
  entries_ = std::move(merged);
}

void MergedSeriesSet::AddSource(Source source) {
  if (source.kind != SourceKind::kRaw || source.filter != nullptr || !source.thinned.empty()) {
    ends_.reset();
  }
  sources_.push_back(std::move(source));
  storage::SeriesList& list = sources_.back().list;
  Merge(static_cast<uint32_t>(sources_.size() - 1), list.size(), WindowLabels(&list, &labels_));
  list.DropLabels();
}

void MergedSeriesSet::AddWindow(size_t window, storage::SeriesList list) {
  const StoredWindow& stored = version_->windows[window];
  AddSource({.kind = SourceKind::kRaw,
             .reader = stored.reader.get(),
             .filter = stored.filter.get(),
             .list = std::move(list),
             .thinned = ThinnedTimes(stored)});
}

void MergedSeriesSet::AddTier(const TierPart& part, const TierUse& use, storage::SeriesList list) {
  use_ = use;
  AddSource({.kind = SourceKind::kTier,
             .reader = version_->tiers[part.tier].reader.get(),
             .filter = version_->tiers[part.tier].filter.get(),
             .list = std::move(list),
             .part = part,
             .resolution = version_->tiers[part.tier].record.resolution});
}

void MergedSeriesSet::AddHead(std::vector<SeriesPtr> series) {
  head_series_ = std::move(series);
  Merge(kHead, head_series_.size(), HeadLabels(&head_series_));
}

MergedSeriesSet::~MergedSeriesSet() {
  const std::unique_ptr<Slots> slots(slots_.load());
  if (slots == nullptr) return;
  for (Slot& slot : *slots) delete slot.idle.load();
}

MergedSeriesSet::Slots& MergedSeriesSet::SlotsMade() const {
  Slots* there = slots_.load(std::memory_order_acquire);
  if (there != nullptr) return *there;
  auto made = std::make_unique<Slots>();
  // Two threads may have made some; those that are not taken go.
  if (!slots_.compare_exchange_strong(there, made.get(), std::memory_order_acq_rel)) return *there;
  return *made.release();
}

// A thread mostly finds the workspace that it used last, which knows the page of the neighbouring
// series.
std::atomic<MergedSeriesSet::Workspace*>& MergedSeriesSet::SlotOfThread() const {
  static std::atomic<size_t> threads{0};
  thread_local const size_t number = threads.fetch_add(1, std::memory_order_relaxed);
  Slots& slots = SlotsMade();
  return slots[number % slots.size()].idle;
}

template <typename ReadFunction>
Status MergedSeriesSet::WithWorkspace(const ReadFunction& read) const {
  std::atomic<Workspace*>& slot = SlotOfThread();
  std::unique_ptr<Workspace> workspace(slot.exchange(nullptr, std::memory_order_acquire));
  if (workspace == nullptr) workspace = std::make_unique<Workspace>();
  const Status status = read(workspace.get());
  // Another thread of the same slot may have left its own meanwhile.
  workspace.reset(slot.exchange(workspace.release(), std::memory_order_acq_rel));
  return status;
}

Status MergedSeriesSet::Read(size_t i, const TimeRange& range, SampleColumns* out) const {
  FIRN_DCHECK(i < entries_.size());
  FIRN_CHECK(!labels_only_);
  return WithWorkspace([&](Workspace* work) { return ReadParts(entries_[i], range, work, out); });
}

Status MergedSeriesSet::ReadReplaced(const Labels& labels, const TimeRange& range, Workspace* work,
                                     SampleColumns* out) const {
  std::call_once(replaced_->made, [this] {
    auto made = replaced_->make();
    replaced_->status = made.status();
    if (made.ok()) replaced_->set = *std::move(made);
  });
  FIRN_RETURN_IF_ERROR(replaced_->status);
  const MergedSeriesSet& set = *replaced_->set;
  const std::vector<Entry>& entries = set.entries_;
  const auto it =
      std::lower_bound(entries.begin(), entries.end(), labels,
                       [](const Entry& entry, const Labels& l) { return *entry.labels < l; });
  if (it == entries.end() || *it->labels != labels) return OkStatus();
  return set.WithWorkspace([&](Workspace* other) {
    FIRN_RETURN_IF_ERROR(set.ReadParts(*it, range, other, &work->part));
    MergeColumns(work->part, out);
    work->kept.insert(work->kept.end(), other->kept.begin(), other->kept.end());
    return OkStatus();
  });
}

Status MergedSeriesSet::ReadHead(const Part& part, const Labels& labels, const TimeRange& range,
                                 Workspace* work, SampleColumns* out) const {
  const TimeRanges hidden =
      version_->expired == nullptr ? TimeRanges() : version_->expired->Hidden(labels);
  SampleColumns* const columns = hidden.empty() ? out : &work->part;
  if (columns != out) columns->Clear();
  FIRN_RETURN_IF_ERROR(
      head_->Read(head_series_[part.index].get(), range, version_->sealed, &work->head, columns));
  if (columns == out) return OkStatus();
  RemoveTimes(hidden, columns);
  MergeColumns(*columns, out);
  return OkStatus();
}

Status MergedSeriesSet::ReadRaw(const Part& part, const Labels& labels, const TimeRange& range,
                                Workspace* work, SampleColumns* out) const {
  if (part.source == kHead) return ReadHead(part, labels, range, work, out);
  const Source& source = sources_[part.source];
  if (!source.thinned.empty()) work->kept.push_back(source.thinned);
  const bool filtered = source.filter != nullptr;
  // Behind what other windows gave, where it belongs as a rule.
  SampleColumns* const columns = filtered ? &work->part : out;
  if (filtered) columns->Clear();
  const AppendedColumns appended(columns);
  const auto exchange = [&] {
    std::swap(columns->t, work->data.t);
    std::swap(columns->v, work->data.v);
    std::swap(columns->ht, work->data.ht);
    std::swap(columns->h, work->data.h);
  };
  exchange();
  const Status status =
      source.reader->Read(source.list.metric(part.index), source.list.places(part.index), range,
                          work->CacheOf(part.source), &work->data);
  exchange();
  FIRN_RETURN_IF_ERROR(status);
  if (!filtered) {
    appended.Merge(&work->scratch);
    return OkStatus();
  }
  RemoveTimes(source.filter->Hidden(labels), columns);
  MergeColumns(*columns, out);
  return OkStatus();
}

Status MergedSeriesSet::AppendEnds(const Part& part, const Labels& labels, const TimeRange& range,
                                   Workspace* work, SampleColumns* out) const {
  storage::SeriesData& data = work->data;
  if (part.source == kHead) {
    FIRN_RETURN_IF_ERROR(ReadHead(part, labels, range, work, out));
    data.counts.resize(out->t.size(), 1);
    return OkStatus();
  }
  const Source& source = sources_[part.source];
  const auto may_stand = [&](TimestampMs first, TimestampMs last) {
    return !ends_->grid.Divides(first, last);
  };
  std::swap(out->t, data.t);
  std::swap(out->v, data.v);
  const Status status =
      source.reader->ReadEnds(source.list.metric(part.index), source.list.places(part.index), range,
                              may_stand, work->CacheOf(part.source), &data);
  std::swap(out->t, data.t);
  std::swap(out->v, data.v);
  return status;
}

Result<bool> MergedSeriesSet::ReadEnds(const Entry& entry, const TimeRange& range, Workspace* work,
                                       SampleColumns* out) const {
  std::vector<uint32_t>& counts = work->data.counts;
  counts.clear();
  for (uint32_t p = entry.first; p != kNone; p = parts_[p].next) {
    const Part& part = parts_[p];
    if (part.source != kHead &&
        sources_[part.source].list.places(part.index).histograms.count > 0) {
      return false;
    }
    const size_t before = out->t.size();
    const TimestampMs last = before == 0 ? kMinTimestamp : out->t.back();
    FIRN_RETURN_IF_ERROR(AppendEnds(part, *entry.labels, range, work, out));
    // What lies between the ends of others would change what they stand for.
    const bool behind = before == 0 || (out->t[before - 1] == last &&
                                        (out->t.size() == before || out->t[before] > last));
    if (!behind || !out->ht.empty() || !out->st.empty()) return false;
  }
  const auto stands_for_more = [](uint32_t count) { return count > 1; };
  if (ends_->needs_counts && std::any_of(counts.begin(), counts.end(), stands_for_more)) {
    CountsToRuns(counts, out);
  }
  return true;
}

Status MergedSeriesSet::ReadTier(const Part& part, const Labels& labels, const TimeRange& range,
                                 Folds folds, Workspace* work) const {
  const Source& source = sources_[part.source];
  work->data.clear();
  FIRN_RETURN_IF_ERROR(source.reader->Read(source.list.metric(part.index),
                                           source.list.places(part.index), {},
                                           work->CacheOf(part.source), &work->data));
  if (folds == Folds::kMay) {
    FIRN_ASSIGN_OR_RETURN(const bool folded, FoldTier(source, range, work));
    if (folded) return OkStatus();
  }
  Workspace::Tier& tier = work->tiers.emplace_back();
  tier.source = &source;
  FIRN_RETURN_IF_ERROR(DecodeTier(work->data, source.resolution, &tier.columns));
  KeepTimes(source.part.times, &tier.columns);
  if (source.filter == nullptr) return OkStatus();
  tier.hidden = source.filter->Hidden(labels);
  tier.is_cut = !HideTimes(tier.hidden, &tier.columns);
  return OkStatus();
}

Result<bool> MergedSeriesSet::FoldTier(const Source& source, const TimeRange& range,
                                       Workspace* work) const {
  const storage::SeriesData& data = work->data;
  const bool may = source.part.exact && source.part.times.size() == 1 && source.filter == nullptr &&
                   data.ht.empty() && !data.bt.empty();
  if (!may) return false;
  const Folding folding{
      .use = use_, .grid = grid_, .range = range, .kept = source.part.times.front()};
  return AppendFolded(data.bt, data.buckets, folding, &work->columns, &work->formed);
}

Result<bool> MergedSeriesSet::ReadTiers(const Entry& entry, const TimeRange& range, Folds folds,
                                        Workspace* work) const {
  work->tiers.clear();
  work->formed.Clear();
  bool exact = true;
  for (uint32_t p = entry.first; p != kNone; p = parts_[p].next) {
    const uint32_t source = parts_[p].source;
    if (source == kHead || sources_[source].kind == SourceKind::kRaw) continue;
    const size_t before = work->tiers.size();
    FIRN_RETURN_IF_ERROR(ReadTier(parts_[p], *entry.labels, range, folds, work));
    if (work->tiers.size() == before) continue;
    const Workspace::Tier& tier = work->tiers.back();
    const bool stands = tier.source->part.exact;
    exact &= Answers(tier.columns, use_, range) && !(stands && tier.is_cut);
    // All are read anew then.
    if (!exact && folds == Folds::kMay) return false;
    if (!stands || folds == Folds::kNone) continue;
    AppendForm(tier.columns, use_.form, range, &work->formed);
    work->tiers.pop_back();
  }
  return exact;
}

void MergedSeriesSet::AddTiers(const TimeRange& range, Workspace* work, SampleColumns* out) const {
  const TimeRanges kept = JoinRanges(std::move(work->kept));
  for (const Workspace::Tier& tier : work->tiers) {
    work->part.Clear();
    for (const TimeRange& spread : tier.source->part.spread) {
      const TimeRange wanted{std::max(spread.min, range.min), std::min(spread.max, range.max)};
      if (wanted.empty()) continue;
      if (!AppendSpread(tier.columns, shape_, wanted, spacing_, &work->part)) continue;
      out->made_up_from = std::max(out->made_up_from, tier.source->resolution);
    }
    RemoveTimes(tier.hidden, &work->part);
    RemoveTimes(kept, &work->part);
    MergeColumns(work->part, out);
  }
  if (work->formed.empty()) return;
  if (use_.form == TierForm::kRuns) {
    MergeRuns(&work->formed, out);
  } else {
    MergeColumns(work->formed, out);
  }
}

Status MergedSeriesSet::ReadParts(const Entry& entry, const TimeRange& range, Workspace* work,
                                  SampleColumns* out) const {
  const Labels& labels = *entry.labels;
  out->Clear();
  work->caches.resize(sources_.size());
  work->kept.clear();
  if (ends_) {
    FIRN_ASSIGN_OR_RETURN(const bool read, ReadEnds(entry, range, work, out));
    if (read) return OkStatus();
    out->Clear();
  }
  for (uint32_t p = entry.first; p != kNone; p = parts_[p].next) {
    const uint32_t source = parts_[p].source;
    if (source == kHead || sources_[source].kind == SourceKind::kRaw) {
      FIRN_RETURN_IF_ERROR(ReadRaw(parts_[p], labels, range, work, out));
    }
  }
  FIRN_ASSIGN_OR_RETURN(const bool exact, ReadTiers(entry, range, Folds::kMay, work));
  if (!exact) {
    // Buckets are to be spread out where samples are gone.
    FIRN_RETURN_IF_ERROR(ReadTiers(entry, range, Folds::kNone, work).status());
    if (replaced_ != nullptr) FIRN_RETURN_IF_ERROR(ReadReplaced(labels, range, work, out));
  }
  AddTiers(range, work, out);
  return OkStatus();
}

}  // namespace firn::engine
