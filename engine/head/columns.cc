#include "engine/head/columns.h"

#include <algorithm>

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

template <typename V>
void TrimSorted(const TimeRange& range, std::vector<TimestampMs>* t, std::vector<V>* v) {
  if (t->empty() || (t->front() >= range.min && t->back() <= range.max)) return;
  const auto last = std::upper_bound(t->begin(), t->end(), range.max) - t->begin();
  t->resize(static_cast<size_t>(last));
  v->resize(static_cast<size_t>(last));
  const auto first = std::lower_bound(t->begin(), t->end(), range.min) - t->begin();
  t->erase(t->begin(), t->begin() + first);
  v->erase(v->begin(), v->begin() + first);
}

}  // namespace

void MergeColumns(const SampleColumns& in, SampleColumns* out) {
  MergeSorted(in.t, in.v, &out->t, &out->v);
  MergeSorted(in.ht, in.h, &out->ht, &out->h);
  DropHistogramsAtFloatTimes(out);
}

void TrimColumns(const TimeRange& range, SampleColumns* columns) {
  TrimSorted(range, &columns->t, &columns->v);
  TrimSorted(range, &columns->ht, &columns->h);
}

}  // namespace firn::engine
