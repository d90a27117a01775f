#include "engine/head/registry/series_table.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "base/hash.h"

namespace firn::engine {
namespace {

bool InOrder(const SeriesPtr& a, const SeriesPtr& b) { return a->labels() < b->labels(); }

bool HasLabelBeforeName(const Labels& labels) {
  return !labels.empty() && (*labels.begin()).name < kMetricName;
}

}  // namespace

uint64_t SeriesTable::RefRun::Take() {
  // Long enough that a batch of new series has few seams, short enough that other numbers in
  // use meanwhile cost little memory.
  constexpr uint64_t kLengthMax = 256;
  if (next_ == end_) {
    next_ = table_->next_ref_.fetch_add(length_);
    end_ = next_ + length_;
    length_ = std::min(2 * length_, kLengthMax);
  }
  return next_++;
}

Series* SeriesTable::Find(std::string_view packed, uint64_t hash) const {
  const Shard& shard = ShardOf(hash);
  ReaderLock lock(&shard.mutex);
  const auto it = shard.set.find(std::pair(packed, hash));
  return it == shard.set.end() ? nullptr : *it;
}

Series* SeriesTable::ByRef(uint64_t ref) const {
  const std::atomic<Series*>* const slot = by_ref_.Find(ref);
  return slot == nullptr ? nullptr : slot->load(std::memory_order_acquire);
}

Result<Series*> SeriesTable::FindOrCreate(std::string_view packed, uint64_t hash, RefRun* run,
                                          bool* created) {
  *created = false;
  if (Series* known = Find(packed, hash)) return known;
  Shard& shard = ShardOf(hash);
  WriterLock lock(&shard.mutex);
  // Another thread may have been faster.
  const auto it = shard.set.find(std::pair(packed, hash));
  if (it != shard.set.end()) return *it;
  FIRN_ASSIGN_OR_RETURN(Labels labels, Labels::FromPacked(packed));
  SeriesPtr series(std::make_unique<Series>(run->Take(), std::move(labels), hash));
  Series* const result = series.get();
  FIRN_RETURN_IF_ERROR(Publish(std::move(series), shard));
  *created = true;
  return result;
}

Status SeriesTable::Restore(uint64_t ref, Labels labels) {
  if (ByRef(ref) != nullptr) return Corruption("series number {} is defined twice", ref);
  const uint64_t hash = Xxh3(labels.packed());
  Shard& shard = ShardOf(hash);
  WriterLock lock(&shard.mutex);
  if (shard.set.contains(std::pair(labels.packed(), hash))) {
    return Corruption("series {} is defined twice", labels.ToString());
  }
  ReserveRefs(ref + 1);
  SeriesPtr series(std::make_unique<Series>(ref, std::move(labels), hash));
  series->SetDurable();
  return Publish(std::move(series), shard);
}

void SeriesTable::ReserveRefs(uint64_t next_ref) {
  uint64_t known = next_ref_.load();
  while (known < next_ref && !next_ref_.compare_exchange_weak(known, next_ref)) {
  }
}

Status SeriesTable::Publish(SeriesPtr series, Shard& shard) {
  const uint64_t ref = series->ref();
  if (ref >= by_ref_.kSizeMax) {
    return ResourceExhausted("all {} series numbers are used up", by_ref_.kSizeMax);
  }
  shard.set.insert(series.get());
  by_ref_.Make(ref).store(series.get(), std::memory_order_release);
  count_.fetch_add(1, std::memory_order_relaxed);
  const NameSet names(series->labels());
  const LabelSignature signature = SignatureOf(series->labels());
  WriterLock lock(&metrics_mutex_);
  labels_before_name_ |= HasLabelBeforeName(series->labels());
  const std::string_view name = series->labels().metric_name();
  auto it = metrics_.find(name);
  if (it == metrics_.end()) it = metrics_.emplace(std::string(name), Metric{}).first;
  it->second.names.Add(names);
  if (it->second.fresh.empty()) unsorted_.push_back(&it->second);
  it->second.fresh.push_back({std::move(series), signature});
  return OkStatus();
}

void SeriesTable::SortFresh() {
  {
    ReaderLock lock(&metrics_mutex_);
    if (unsorted_.empty()) return;
  }
  WriterLock lock(&metrics_mutex_);
  for (Metric* metric : unsorted_) {
    std::sort(metric->fresh.begin(), metric->fresh.end(), ByLabels);
    std::vector<Listed> all;
    all.reserve(metric->sorted.size() + metric->fresh.size());  // No more than it needs.
    const auto moved = [](std::vector<Listed>& list) {
      return std::pair(std::move_iterator(list.begin()), std::move_iterator(list.end()));
    };
    const auto [sorted_begin, sorted_end] = moved(metric->sorted);
    const auto [fresh_begin, fresh_end] = moved(metric->fresh);
    std::merge(sorted_begin, sorted_end, fresh_begin, fresh_end, std::back_inserter(all), ByLabels);
    metric->sorted = std::move(all);
    metric->fresh = std::vector<Listed>();
  }
  unsorted_.clear();
}

void SeriesTable::VisitMatching(const Metric& metric, const Filter& filter, VisitShare visit) {
  // Where a series and its labels lie follows no order, so that each would be waited for.
  constexpr size_t kSeriesAhead = 16;
  constexpr size_t kLabelsAhead = 8;
  const LabelSignature wanted = filter.signature;
  for (const std::vector<Listed>* list : {&metric.sorted, &metric.fresh}) {
    const size_t size = list->size();
    for (size_t i = 0; i < size; ++i) {
      const Listed& listed = (*list)[i];
      if ((listed.signature & wanted) != wanted) continue;
      if (wanted == 0) {
        if (i + kSeriesAhead < size) (*list)[i + kSeriesAhead].series->PrefetchIdentity();
        if (i + kLabelsAhead < size) (*list)[i + kLabelsAhead].series->PrefetchLabels();
      }
      if (MatchesAll(filter.matchers, listed.series->labels()) && !visit(listed.series)) return;
    }
  }
}

void SeriesTable::VisitMetrics(const Matchers& matchers, VisitMetric visit) const {
  Matchers on_name;
  Filter filter;
  const std::string* exact = nullptr;
  for (const Matcher& m : matchers) {
    (m.name() == kMetricName ? on_name : filter.matchers).push_back(m);
    if (m.name() == kMetricName && m.type() == MatchType::kEqual) exact = &m.value();
  }
  filter.signature = SignatureOf(filter.matchers);
  const auto visit_wanted = [&](const std::string& name, const Metric& metric) {
    const bool wanted = std::all_of(on_name.begin(), on_name.end(),
                                    [&](const Matcher& m) { return m.Matches(name); });
    if (wanted) visit(metric, filter);
  };
  if (exact != nullptr) {
    const auto it = metrics_.find(*exact);
    if (it != metrics_.end()) visit_wanted(it->first, it->second);
  } else {
    for (const auto& [name, metric] : metrics_) visit_wanted(name, metric);
  }
}

void SeriesTable::VisitUnordered(const Matchers& matchers, Visit visit) const {
  ReaderLock lock(&metrics_mutex_);
  VisitMetrics(matchers, [&](const Metric& metric, const Filter& filter) {
    VisitMatching(metric, filter, [&](const SeriesPtr& series) { return visit(series.get()); });
  });
}

void SeriesTable::VisitByNames(const Matchers& matchers, Wanted wanted, Visit visit) const {
  ReaderLock lock(&metrics_mutex_);
  VisitMetrics(matchers, [&](const Metric& metric, const Filter& filter) {
    absl::flat_hash_set<std::string_view> open;
    for (const auto& [names, count] : metric.names) {
      if (wanted(names)) open.insert(names);
    }
    if (open.empty()) return;
    VisitMatching(metric, filter, [&](const SeriesPtr& series) {
      const auto it = open.find(NameSet(series->labels()).text());
      if (it != open.end() && !visit(series.get())) open.erase(it);
      return !open.empty();
    });
  });
}

std::vector<SeriesPtr> SeriesTable::Select(const Matchers& matchers) {
  SortFresh();
  std::vector<SeriesPtr> out;
  ReaderLock lock(&metrics_mutex_);
  VisitMetrics(matchers, [&](const Metric& metric, const Filter& filter) {
    VisitMatching(metric, filter, [&](const SeriesPtr& series) {
      out.push_back(series);
      return true;
    });
  });
  // Series that came in since SortFresh, or labels that sort before the name.
  if ((!unsorted_.empty() || labels_before_name_) &&
      !std::is_sorted(out.begin(), out.end(), InOrder)) {
    std::sort(out.begin(), out.end(), InOrder);
  }
  return out;
}

std::vector<SeriesPtr> SeriesTable::AllByMetric() {
  SortFresh();
  std::vector<SeriesPtr> out;
  out.reserve(size());
  ReaderLock lock(&metrics_mutex_);
  for (const auto& [name, metric] : metrics_) {
    const auto first = static_cast<std::ptrdiff_t>(out.size());
    for (const Listed& listed : metric.sorted) out.push_back(listed.series);
    if (metric.fresh.empty()) continue;
    // They came in since SortFresh.
    for (const Listed& listed : metric.fresh) out.push_back(listed.series);
    std::sort(out.begin() + first, out.end(), InOrder);
  }
  return out;
}

bool SeriesTable::BlockIsSpent(uint64_t ref) const {
  const uint64_t first = ref / by_ref_.kBlockSize * by_ref_.kBlockSize;
  if (first + by_ref_.kBlockSize > next_ref()) return false;
  for (uint64_t i = first; i < first + by_ref_.kBlockSize; ++i) {
    if (ByRef(i) != nullptr) return false;
  }
  return true;
}

std::vector<uint64_t> SeriesTable::Remove(const std::vector<SeriesPtr>& series) {
  absl::flat_hash_set<const Series*> gone;
  std::set<uint64_t> blocks;
  for (const SeriesPtr& s : series) {
    gone.insert(s.get());
    blocks.insert(s->ref() / by_ref_.kBlockSize);
    by_ref_.Make(s->ref()).store(nullptr);
    Shard& shard = ShardOf(s->hash());
    WriterLock lock(&shard.mutex);
    if (shard.set.erase(s.get()) > 0) count_.fetch_sub(1, std::memory_order_relaxed);
  }
  WriterLock lock(&metrics_mutex_);
  std::set<std::string_view> names;
  for (const SeriesPtr& s : series) names.insert(s->labels().metric_name());
  for (const std::string_view name : names) {
    const auto it = metrics_.find(name);
    if (it == metrics_.end()) continue;
    for (std::vector<Listed>* list : {&it->second.sorted, &it->second.fresh}) {
      std::erase_if(*list, [&](const Listed& listed) {
        if (!gone.contains(listed.series.get())) return false;
        it->second.names.Remove(NameSet(listed.series->labels()));
        return true;
      });
    }
    if (it->second.sorted.empty() && it->second.fresh.empty()) {
      std::erase(unsorted_, &it->second);
      metrics_.erase(it);
    }
  }
  std::vector<uint64_t> spent;
  for (const uint64_t block : blocks) {
    const uint64_t ref = block * by_ref_.kBlockSize;
    if (!BlockIsSpent(ref)) continue;
    by_ref_.FreeBlock(ref);
    spent.push_back(ref);
  }
  return spent;
}

}  // namespace firn::engine
