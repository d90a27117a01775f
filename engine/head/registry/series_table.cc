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
  // Long enough that a batch of new series has few seams, short enough that numbers that are not
  // used in the end cost little memory.
  constexpr uint64_t kLengthMax = 256;
  if (next_ == end_) {
    next_ = table_->next_ref_.fetch_add(length_);
    end_ = next_ + length_;
    length_ = std::min(2 * length_, kLengthMax);
  }
  return next_++;
}

size_t SeriesTable::HashPacked::operator()(uint32_t ref) const {
  return Xxh3(table->At(ref)->labels().packed());
}

SeriesTable::SeriesTable() {
  for (Shard& shard : shards_) {
    WriterLock lock(&shard.mutex);
    shard.set = decltype(shard.set)(0, HashPacked{this}, SamePacked{this});
  }
}

SeriesTable::~SeriesTable() {
  for (uint64_t first = 0; first < next_ref(); first += SeriesBlock::kSeries) {
    SeriesBlock* const block = BlockOf(first);
    if (block == nullptr) continue;
    for (uint64_t ref = first; ref < first + SeriesBlock::kSeries; ++ref) {
      if (Series* series = block->Find(ref)) SeriesBlock::Drop(series);
    }
    SeriesBlock::Drop(block);
  }
}

SeriesBlock* SeriesTable::BlockOf(uint64_t ref) const {
  const std::atomic<SeriesBlock*>* const slot = blocks_.Find(ref / SeriesBlock::kSeries);
  return slot == nullptr ? nullptr : slot->load(std::memory_order_acquire);
}

Series* SeriesTable::Find(std::string_view packed, uint64_t hash) const {
  const Shard& shard = ShardOf(hash);
  ReaderLock lock(&shard.mutex);
  const auto it = shard.set.find(std::pair(packed, hash));
  return it == shard.set.end() ? nullptr : At(*it);
}

Series* SeriesTable::ByRef(uint64_t ref) const {
  SeriesBlock* const block = BlockOf(ref);
  return block == nullptr ? nullptr : block->Find(ref);
}

Result<Series*> SeriesTable::FindOrCreate(std::string_view packed, uint64_t hash, RefRun* run,
                                          bool* created) {
  *created = false;
  if (Series* known = Find(packed, hash)) return known;
  FIRN_RETURN_IF_ERROR(Labels::CheckPacked(packed));
  Shard& shard = ShardOf(hash);
  WriterLock lock(&shard.mutex);
  // Another thread may have been faster.
  const auto it = shard.set.find(std::pair(packed, hash));
  if (it != shard.set.end()) return At(*it);
  FIRN_ASSIGN_OR_RETURN(Series* const series, Make(run->Take(), packed, hash, shard));
  List(series);
  *created = true;
  return series;
}

Status SeriesTable::Restore(uint64_t ref, const Labels& labels) {
  if (ByRef(ref) != nullptr) return Corruption("series number {} is defined twice", ref);
  const uint64_t hash = Xxh3(labels.packed());
  Shard& shard = ShardOf(hash);
  WriterLock lock(&shard.mutex);
  if (shard.set.contains(std::pair(labels.packed(), hash))) {
    return Corruption("series {} is defined twice", labels.ToString());
  }
  ReserveRefs(ref + 1);
  FIRN_ASSIGN_OR_RETURN(Series* const series, Make(ref, labels.packed(), hash, shard));
  series->SetDurable();
  List(series);
  return OkStatus();
}

Result<Series*> SeriesTable::Make(uint64_t ref, std::string_view packed, uint64_t hash,
                                  Shard& shard) {
  if (ref >= kSeriesNumbersMax) {
    return ResourceExhausted("all {} series numbers are used up", kSeriesNumbersMax);
  }
  std::atomic<SeriesBlock*>& slot = blocks_.Make(ref / SeriesBlock::kSeries);
  SeriesBlock* block = slot.load(std::memory_order_acquire);
  if (block == nullptr) {
    auto made = std::make_unique<SeriesBlock>();
    if (slot.compare_exchange_strong(block, made.get())) block = made.release();
  }
  Series* const series = block->Make(static_cast<uint32_t>(ref), label_memory_.Copy(packed));
  block->Show(series);
  shard.set.lazy_emplace(std::pair(packed, hash),
                         [&](const auto& make) { make(static_cast<uint32_t>(ref)); });
  count_.fetch_add(1, std::memory_order_relaxed);
  return series;
}

void SeriesTable::ReserveRefs(uint64_t next_ref) {
  uint64_t known = next_ref_.load();
  while (known < next_ref && !next_ref_.compare_exchange_weak(known, next_ref)) {
  }
}

void SeriesTable::List(Series* series) {
  const Labels& labels = series->labels();
  const NameSet names(labels);
  const LabelSignature signature = SignatureOf(labels);
  WriterLock lock(&metrics_mutex_);
  labels_before_name_ |= HasLabelBeforeName(labels);
  const std::string_view name = labels.metric_name();
  auto it = metrics_.find(name);
  if (it == metrics_.end()) it = metrics_.emplace(std::string(name), Metric{}).first;
  it->second.names.Add(names);
  it->second.version = ++versions_;
  if (it->second.fresh.empty()) unsorted_.push_back(&it->second);
  it->second.fresh.push_back({static_cast<uint32_t>(series->ref()), signature});
}

void SeriesTable::SortFresh() {
  {
    ReaderLock lock(&metrics_mutex_);
    if (unsorted_.empty()) return;
  }
  const auto by_labels = [this](const Listed& a, const Listed& b) {
    return At(a.ref)->labels() < At(b.ref)->labels();
  };
  WriterLock lock(&metrics_mutex_);
  for (Metric* metric : unsorted_) {
    std::sort(metric->fresh.begin(), metric->fresh.end(), by_labels);
    std::vector<Listed> all;
    all.reserve(metric->sorted.size() + metric->fresh.size());  // No more than it needs.
    std::merge(metric->sorted.begin(), metric->sorted.end(), metric->fresh.begin(),
               metric->fresh.end(), std::back_inserter(all), by_labels);
    metric->sorted = std::move(all);
    metric->fresh = std::vector<Listed>();
  }
  unsorted_.clear();
}

void SeriesTable::VisitMatching(const Metric& metric, const Filter& filter, Visit visit) const {
  // Where a series and its labels lie follows no order, so that each would be waited for.
  constexpr size_t kSeriesAhead = 16;
  constexpr size_t kLabelsAhead = 8;
  const bool visits_most = filter.signatures.passes_all();
  for (const std::vector<Listed>* list : {&metric.sorted, &metric.fresh}) {
    const size_t size = list->size();
    for (size_t i = 0; i < size; ++i) {
      const Listed& listed = (*list)[i];
      if (!filter.signatures.Passes(listed.signature)) continue;
      if (visits_most) {
        if (i + kSeriesAhead < size) At((*list)[i + kSeriesAhead].ref)->PrefetchIdentity();
        if (i + kLabelsAhead < size) At((*list)[i + kLabelsAhead].ref)->PrefetchLabels();
      }
      Series* const series = At(listed.ref);
      if (MatchesAll(filter.matchers, series->labels()) && !visit(series)) return;
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
  filter.signatures = SignatureFilter(filter.matchers);
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
    VisitMatching(metric, filter, visit);
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
    VisitMatching(metric, filter, [&](Series* series) {
      const auto it = open.find(NameSet(series->labels()).text());
      if (it != open.end() && !visit(series)) open.erase(it);
      return !open.empty();
    });
  });
}

const SeriesTable::Metric* SeriesTable::NamedMetric(const Matchers& matchers) const {
  for (const Matcher& m : matchers) {
    if (m.name() != kMetricName || m.type() != MatchType::kEqual) continue;
    const auto it = metrics_.find(m.value());
    return it == metrics_.end() ? nullptr : &it->second;
  }
  return nullptr;
}

std::vector<SeriesPtr> SeriesTable::Select(const Matchers& matchers) {
  SortFresh();
  std::vector<SeriesPtr> out;
  ReaderLock lock(&metrics_mutex_);
  const Metric* const named = NamedMetric(matchers);
  // All of a metric are found without looking at any.
  const bool may_know = named != nullptr && matchers.size() > 1;
  SelectionMemo::Question question;
  if (may_know) {
    question = {.version = named->version, .key = KeyOf(matchers)};
    if (const auto known = memo_.Find(question)) {
      out.reserve(known->size());
      for (const uint32_t ref : *known) out.emplace_back(At(ref));
      return out;
    }
  }
  VisitMetrics(matchers, [&](const Metric& metric, const Filter& filter) {
    VisitMatching(metric, filter, [&](Series* series) {
      out.emplace_back(series);
      return true;
    });
  });
  // Series that came in since SortFresh, or labels that sort before the name.
  if ((!unsorted_.empty() || labels_before_name_) &&
      !std::is_sorted(out.begin(), out.end(), InOrder)) {
    std::sort(out.begin(), out.end(), InOrder);
  }
  if (may_know && out.size() <= SelectionMemo::kSeriesMax) {
    SelectionMemo::Numbers numbers;
    numbers.reserve(out.size());
    for (const SeriesPtr& series : out) numbers.push_back(static_cast<uint32_t>(series->ref()));
    memo_.Keep(std::move(question), std::move(numbers));
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
    for (const Listed& listed : metric.sorted) out.emplace_back(At(listed.ref));
    if (metric.fresh.empty()) continue;
    // They came in since SortFresh.
    for (const Listed& listed : metric.fresh) out.emplace_back(At(listed.ref));
    std::sort(out.begin() + first, out.end(), InOrder);
  }
  return out;
}

void SeriesTable::DropIfSpent(uint64_t ref) {
  const uint64_t place = ref / SeriesBlock::kSeries;
  if ((place + 1) * SeriesBlock::kSeries > next_ref()) return;
  std::atomic<SeriesBlock*>* const slot = blocks_.Find(place);
  SeriesBlock* const block = slot == nullptr ? nullptr : slot->load();
  if (block == nullptr || !block->shows_none()) return;
  slot->store(nullptr);
  SeriesBlock::Drop(block);
}

bool SeriesTable::NumbersAreSpent(uint64_t ref) const {
  const uint64_t first = ref / kSeriesNumbersPerBlock * kSeriesNumbersPerBlock;
  const uint64_t end = first + kSeriesNumbersPerBlock;
  if (end > next_ref()) return false;
  for (uint64_t i = first; i < end; i += SeriesBlock::kSeries) {
    if (BlockOf(i) != nullptr) return false;
  }
  return true;
}

void SeriesTable::Unlist(const std::vector<SeriesPtr>& series) {
  absl::flat_hash_set<uint64_t> gone;
  std::set<std::string_view> names;
  for (const SeriesPtr& s : series) {
    gone.insert(s->ref());
    names.insert(s->labels().metric_name());
  }
  WriterLock lock(&metrics_mutex_);
  for (const std::string_view name : names) {
    const auto it = metrics_.find(name);
    if (it == metrics_.end()) continue;
    it->second.version = ++versions_;
    for (std::vector<Listed>* list : {&it->second.sorted, &it->second.fresh}) {
      std::erase_if(*list, [&](const Listed& listed) {
        if (!gone.contains(listed.ref)) return false;
        it->second.names.Remove(NameSet(At(listed.ref)->labels()));
        return true;
      });
    }
    if (it->second.sorted.empty() && it->second.fresh.empty()) {
      std::erase(unsorted_, &it->second);
      metrics_.erase(it);
    }
  }
}

std::vector<uint64_t> SeriesTable::Remove(const std::vector<SeriesPtr>& series) {
  std::vector<Series*> dropped;
  std::set<uint64_t> numbers;
  for (const SeriesPtr& s : series) {
    Shard& shard = ShardOf(Xxh3(s->labels().packed()));
    WriterLock lock(&shard.mutex);
    if (shard.set.erase(static_cast<uint32_t>(s->ref())) == 0) continue;
    dropped.push_back(s.get());
    numbers.insert(s->ref() / kSeriesNumbersPerBlock * kSeriesNumbersPerBlock);
    count_.fetch_sub(1, std::memory_order_relaxed);
  }
  Unlist(series);
  for (Series* s : dropped) {
    BlockOf(s->ref())->Hide(s);
    SeriesBlock::Drop(s);
  }
  for (const SeriesPtr& s : series) DropIfSpent(s->ref());
  std::vector<uint64_t> spent;
  for (const uint64_t ref : numbers) {
    if (!NumbersAreSpent(ref)) continue;
    blocks_.FreeBlock(ref / SeriesBlock::kSeries);
    spent.push_back(ref);
  }
  return spent;
}

}  // namespace firn::engine
