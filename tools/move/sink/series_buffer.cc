#include "tools/move/sink/series_buffer.h"

#include <algorithm>

namespace firn::tools {

namespace {

constexpr uint64_t kSeriesBytes = 300;  // Of one without samples, about.
constexpr uint64_t kHistogramBytes = 250;

bool ByName(const LabelView& a, const LabelView& b) { return a.name < b.name; }

}  // namespace

Result<SeriesBuffer::Entry*> SeriesBuffer::Find(std::span<const LabelView> labels) {
  // Dumps go through one series after the other, scrapes through all of them in turn.
  for (const size_t guess : {last_, last_ + 1}) {
    if (guess >= entries_.size()) break;
    if (!engine::EqualsPacked(labels, entries_[guess]->labels.packed())) continue;
    last_ = guess;
    return entries_[guess].get();
  }
  if (!std::is_sorted(labels.begin(), labels.end(), ByName)) {
    sorted_.assign(labels.begin(), labels.end());
    std::stable_sort(sorted_.begin(), sorted_.end(), ByName);
    labels = sorted_;
  }
  FIRN_RETURN_IF_ERROR(engine::CheckLabels(labels, {}));
  engine::PackLabels(labels, &packed_);
  const auto known = numbers_.find(packed_);
  if (known != numbers_.end()) {
    last_ = known->second;
    return entries_[last_].get();
  }
  auto entry = std::make_unique<Entry>();
  FIRN_ASSIGN_OR_RETURN(entry->labels, Labels::FromPacked(packed_));
  entry->metric = entry->labels.metric_name();
  last_ = entries_.size();
  numbers_.emplace(entry->labels.packed(), last_);
  entries_.push_back(std::move(entry));
  bytes_ += kSeriesBytes + packed_.size();
  return entries_.back().get();
}

Status SeriesBuffer::Add(const server::WriteSeries& series) {
  if (series.samples.empty() && series.histograms.empty()) return OkStatus();
  FIRN_ASSIGN_OR_RETURN(Entry * entry, Find(series.labels));
  entry->samples.insert(entry->samples.end(), series.samples.begin(), series.samples.end());
  entry->histograms.insert(entry->histograms.end(), series.histograms.begin(),
                           series.histograms.end());
  bytes_ += series.samples.size() * sizeof(Sample);
  for (const server::TimedHistogram& h : series.histograms) {
    bytes_ += kHistogramBytes +
              8 * (h.histogram->positive_buckets.size() + h.histogram->negative_buckets.size());
  }
  return OkStatus();
}

uint64_t SeriesBuffer::Settle(Entry* entry) {
  const auto settle = [](auto* list) {
    const auto by_time = [](const auto& a, const auto& b) { return a.t < b.t; };
    const auto same_time = [](const auto& a, const auto& b) { return a.t == b.t; };
    if (!std::is_sorted(list->begin(), list->end(), by_time)) {
      std::stable_sort(list->begin(), list->end(), by_time);
    }
    const size_t before = list->size();
    list->erase(std::unique(list->begin(), list->end(), same_time), list->end());
    return before - list->size();
  };
  uint64_t duplicates = settle(&entry->samples) + settle(&entry->histograms);
  duplicates += std::erase_if(entry->histograms, [&](const server::TimedHistogram& h) {
    const auto at = std::lower_bound(entry->samples.begin(), entry->samples.end(), h.t,
                                     [](const Sample& s, TimestampMs t) { return s.t < t; });
    return at != entry->samples.end() && at->t == h.t;
  });
  return duplicates;
}

void SeriesBuffer::Tally(const Entry& entry, MetricTally* tally) {
  const auto add = [&](TimestampMs t, bool stale) {
    tally->samples += stale ? 0 : 1;
    tally->min = std::min(tally->min, t);
    tally->max = std::max(tally->max, t);
  };
  for (const Sample& s : entry.samples) add(s.t, IsStaleNan(s.v));
  for (const server::TimedHistogram& h : entry.histograms) add(h.t, h.histogram->IsStale());
}

TimestampMs SeriesBuffer::NextTime(const Entry& entry) {
  TimestampMs t = kMaxTimestamp;
  if (entry.next_sample < entry.samples.size()) t = entry.samples[entry.next_sample].t;
  if (entry.next_histogram < entry.histograms.size()) {
    t = std::min(t, entry.histograms[entry.next_histogram].t);
  }
  return t;
}

void SeriesBuffer::Take(TimestampMs end, Entry* entry, engine::SampleColumns* out) {
  out->Clear();
  while (entry->next_sample < entry->samples.size() && entry->samples[entry->next_sample].t < end) {
    const Sample& s = entry->samples[entry->next_sample++];
    out->t.push_back(s.t);
    out->v.push_back(s.v);
  }
  while (entry->next_histogram < entry->histograms.size() &&
         entry->histograms[entry->next_histogram].t < end) {
    const server::TimedHistogram& h = entry->histograms[entry->next_histogram++];
    out->ht.push_back(h.t);
    out->h.push_back(h.histogram);
  }
}

Status SeriesBuffer::Store(engine::Database* db, ImportCounts* counts, Tallies* tallies) {
  std::vector<std::unique_ptr<Entry>> entries = std::move(entries_);
  entries_.clear();
  numbers_.clear();
  last_ = 0;
  bytes_ = 0;
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    const int order = a->metric.compare(b->metric);
    return order != 0 ? order < 0 : a->labels < b->labels;
  });
  TimestampMs next = kMaxTimestamp;
  for (const auto& entry : entries) {
    counts->duplicates += Settle(entry.get());
    counts->accepted += entry->samples.size() + entry->histograms.size();
    Tally(*entry, &(*tallies)[std::string(entry->metric)]);
    next = std::min(next, NextTime(*entry));
  }
  engine::SampleColumns columns;
  while (next != kMaxTimestamp) {
    const TimestampMs start = FloorTo(next, kDayMs);
    const TimestampMs end = start + kDayMs;
    next = kMaxTimestamp;
    const Status stored = db->AddWindow(start, end, [&](const engine::AddSeries& add) -> Status {
      for (const auto& entry : entries) {
        if (NextTime(*entry) < end) {
          Take(end, entry.get(), &columns);
          FIRN_RETURN_IF_ERROR(add(entry->labels, columns));
        }
        next = std::min(next, NextTime(*entry));
      }
      return OkStatus();
    });
    FIRN_RETURN_IF_ERROR(stored);
  }
  return OkStatus();
}

}  // namespace firn::tools
