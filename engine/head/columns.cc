#include "engine/head/columns.h"

#include <algorithm>
#include <iterator>

namespace firn::engine {
namespace {

// Merges two sorted columns; at equal times the first one's value stays.
template <typename V>
void MergeSorted(const std::vector<TimestampMs>& at, const std::vector<V>& av,
                 std::vector<TimestampMs>* bt, std::vector<V>* bv) {
  if (at.empty()) return;
  if (bt->empty() || at.front() > bt->back()) {
    bt->insert(bt->end(), at.begin(), at.end());
    bv->insert(bv->end(), av.begin(), av.end());
    return;
  }
  std::vector<TimestampMs> t;
  std::vector<V> v;
  t.reserve(at.size() + bt->size());
  v.reserve(at.size() + bt->size());
  size_t a = 0;
  size_t b = 0;
  while (a < at.size() || b < bt->size()) {
    const bool from_b = b < bt->size() && (a == at.size() || (*bt)[b] <= at[a]);
    if (from_b && a < at.size() && at[a] == (*bt)[b]) ++a;
    t.push_back(from_b ? (*bt)[b] : at[a]);
    v.push_back(from_b ? std::move((*bv)[b]) : av[a]);
    from_b ? ++b : ++a;
  }
  *bt = std::move(t);
  *bv = std::move(v);
}

// A time has one sample: a float wins over a histogram.
void DropHistogramsAtFloatTimes(SampleColumns* c) {
  if (c->ht.empty() || c->t.empty()) return;
  size_t kept = 0;
  for (size_t i = 0; i < c->ht.size(); ++i) {
    if (std::binary_search(c->t.begin(), c->t.end(), c->ht[i])) continue;
    c->ht[kept] = c->ht[i];
    c->h[kept++] = std::move(c->h[i]);
  }
  c->ht.resize(kept);
  c->h.resize(kept);
}

// Of what stands at `from` and behind it, which is sorted.
template <typename V>
void TrimSorted(const TimeRange& range, size_t from, std::vector<TimestampMs>* t,
                std::vector<V>* v) {
  if (t->size() == from || ((*t)[from] >= range.min && t->back() <= range.max)) return;
  const auto skipped = static_cast<std::ptrdiff_t>(from);
  const auto last = std::upper_bound(t->begin() + skipped, t->end(), range.max) - t->begin();
  t->resize(static_cast<size_t>(last));
  v->resize(static_cast<size_t>(last));
  const auto first = std::lower_bound(t->begin() + skipped, t->end(), range.min) - t->begin();
  t->erase(t->begin() + skipped, t->begin() + first);
  v->erase(v->begin() + skipped, v->begin() + first);
}

// Whether what stands at `from` and behind it comes after what stands before.
bool Continues(size_t from, const std::vector<TimestampMs>& t) {
  return from == 0 || from == t.size() || t[from] > t[from - 1];
}

template <typename T>
void MoveTail(size_t from, std::vector<T>* in, std::vector<T>* out) {
  const auto begin = in->begin() + static_cast<std::ptrdiff_t>(from);
  out->assign(std::move_iterator(begin), std::move_iterator(in->end()));
  in->erase(begin, in->end());
}

}  // namespace

void MergeColumns(const SampleColumns& in, SampleColumns* out) {
  MergeSorted(in.t, in.v, &out->t, &out->v);
  MergeSorted(in.ht, in.h, &out->ht, &out->h);
  DropHistogramsAtFloatTimes(out);
}

void TrimColumns(const TimeRange& range, SampleColumns* columns) {
  TrimSorted(range, 0, &columns->t, &columns->v);
  TrimSorted(range, 0, &columns->ht, &columns->h);
}

void AppendedColumns::Trim(const TimeRange& range) const {
  TrimSorted(range, floats, &columns->t, &columns->v);
  TrimSorted(range, histograms, &columns->ht, &columns->h);
}

void AppendedColumns::Merge(SampleColumns* scratch) const {
  if (Continues(floats, columns->t) && Continues(histograms, columns->ht)) {
    return DropHistogramsAtFloatTimes(columns);
  }
  MoveTail(floats, &columns->t, &scratch->t);
  MoveTail(floats, &columns->v, &scratch->v);
  MoveTail(histograms, &columns->ht, &scratch->ht);
  MoveTail(histograms, &columns->h, &scratch->h);
  MergeColumns(*scratch, columns);
}

}  // namespace firn::engine
