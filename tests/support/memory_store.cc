#include "tests/support/memory_store.h"

#include <algorithm>
#include <map>
#include <set>

namespace firn::testing {
namespace {

using engine::SampleColumns;
using Pinned = std::vector<std::shared_ptr<const StoredSeries>>;

template <typename T>
void AppendRange(const std::vector<T>& from, size_t begin, size_t end, std::vector<T>* to) {
  if (begin < from.size()) {
    to->insert(to->end(), from.begin() + static_cast<ptrdiff_t>(begin),
               from.begin() + static_cast<ptrdiff_t>(end));
  }
}

struct Bounds {
  size_t begin;
  size_t end;
};

Bounds Within(const std::vector<TimestampMs>& t, const TimeRange& range) {
  const auto begin = std::ranges::lower_bound(t, range.min);
  const auto end = std::ranges::upper_bound(t, range.max);
  return {static_cast<size_t>(begin - t.begin()),
          static_cast<size_t>(std::max(begin, end) - t.begin())};
}

void Append(const SampleColumns& from, const TimeRange& range, SampleColumns* to) {
  const Bounds floats = Within(from.t, range);
  AppendRange(from.t, floats.begin, floats.end, &to->t);
  AppendRange(from.v, floats.begin, floats.end, &to->v);
  AppendRange(from.st, floats.begin, floats.end, &to->st);
  const Bounds histograms = Within(from.ht, range);
  AppendRange(from.ht, histograms.begin, histograms.end, &to->ht);
  AppendRange(from.h, histograms.begin, histograms.end, &to->h);
  AppendRange(from.hst, histograms.begin, histograms.end, &to->hst);
}

// Either no series has start timestamps or both columns are complete.
void FillStarts(SampleColumns* c) {
  if (c->st.empty() && c->hst.empty()) return;
  c->st.resize(c->t.size());
  c->hst.resize(c->ht.size());
}

class MemorySeriesSet : public engine::SeriesSet {
 public:
  explicit MemorySeriesSet(Pinned series) : series_(std::move(series)) {}
  size_t size() const override { return series_.size(); }
  const Labels& labels(size_t i) const override { return series_[i]->labels; }
  Status Read(size_t i, const TimeRange& range, SampleColumns* out) const override {
    out->Clear();
    Append(series_[i]->samples, range, out);
    return OkStatus();
  }

 private:
  Pinned series_;
};

class MemoryQuerier : public engine::Querier {
 public:
  explicit MemoryQuerier(Pinned series) : series_(std::move(series)) {}

  Result<std::unique_ptr<engine::SeriesSet>> Select(const TimeRange& range,
                                                    const Matchers& matchers,
                                                    const engine::SelectHints&) const override {
    return std::make_unique<MemorySeriesSet>(Matching(range, matchers));
  }

  Result<std::vector<std::string>> LabelNames(const TimeRange& range, const Matchers& matchers,
                                              size_t limit) const override {
    std::set<std::string> names;
    for (const auto& series : Matching(range, matchers)) {
      for (const LabelView label : series->labels) names.emplace(label.name);
    }
    return Limited(names, limit);
  }

  Result<std::vector<std::string>> LabelValues(std::string_view name, const TimeRange& range,
                                               const Matchers& matchers,
                                               size_t limit) const override {
    std::set<std::string> values;
    for (const auto& series : Matching(range, matchers)) {
      if (series->labels.Has(name)) values.emplace(series->labels.Get(name));
    }
    return Limited(values, limit);
  }

 private:
  static std::vector<std::string> Limited(const std::set<std::string>& all, size_t limit) {
    std::vector<std::string> out(all.begin(), all.end());
    if (limit > 0 && out.size() > limit) out.resize(limit);
    return out;
  }

  Pinned Matching(const TimeRange& range, const Matchers& matchers) const {
    Pinned out;
    for (const auto& series : series_) {
      if (!MatchesAll(matchers, series->labels)) continue;
      const Bounds floats = Within(series->samples.t, range);
      const Bounds histograms = Within(series->samples.ht, range);
      if (floats.begin < floats.end || histograms.begin < histograms.end) out.push_back(series);
    }
    return out;
  }

  Pinned series_;
};

}  // namespace

void MemoryStore::Add(const std::vector<StoredSeries>& series) {
  std::map<Labels, std::shared_ptr<StoredSeries>> all;
  for (const auto& old : series_) all[old->labels] = std::make_shared<StoredSeries>(*old);
  for (const StoredSeries& added : series) {
    std::shared_ptr<StoredSeries>& target = all[added.labels];
    if (!target) {
      target = std::make_shared<StoredSeries>(added);
    } else {
      SampleColumns more = added.samples;
      FillStarts(&target->samples);
      if (!more.st.empty() || !more.hst.empty() || !target->samples.st.empty() ||
          !target->samples.hst.empty()) {
        more.st.resize(more.t.size());
        more.hst.resize(more.ht.size());
        target->samples.st.resize(target->samples.t.size());
        target->samples.hst.resize(target->samples.ht.size());
      }
      Append(more, TimeRange(), &target->samples);
    }
    FillStarts(&target->samples);
  }
  series_.clear();
  for (auto& [labels, one] : all) series_.push_back(std::move(one));
}

Result<std::unique_ptr<engine::Querier>> MemoryStore::NewQuerier() const {
  return std::make_unique<MemoryQuerier>(series_);
}

}  // namespace firn::testing
