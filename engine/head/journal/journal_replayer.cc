#include "engine/head/journal/journal_replayer.h"

#include <algorithm>

#include "base/check.h"

namespace firn::engine {
namespace {

// Large enough to hide what a hand-over costs, small enough to stay in a core's cache.
constexpr size_t kWorkItems = 16'384;
// Work that waits for the lanes, so that reading does not run away from them.
constexpr size_t kWaitingPerLane = 4;

}  // namespace

JournalReplayer::JournalReplayer(Head* head, std::vector<SealedRange> sealed, size_t threads,
                                 Source source)
    : head_(head),
      sealed_(std::move(sealed)),
      first_(source.first),
      bases_(std::move(source.read_entry)) {
  FIRN_CHECK(threads >= 1);
  for (size_t i = 0; i < threads; ++i) lanes_.push_back(std::make_unique<Lane>());
}

JournalReplayer::~JournalReplayer() { Finish(); }

Status JournalReplayer::Replay(uint64_t number, std::string_view entry) {
  number_ = number;
  known_start_ = known_end_ = 0;
  FIRN_RETURN_IF_ERROR(
      ReadJournalEntry(entry, this).WithContext(fmt::format("journal entry {}", number)));
  return bases_status_;
}

void JournalReplayer::Finish() {
  for (const auto& lane : lanes_) HandOver(lane.get());
  {
    MutexLock lock(&mutex_);
    while (in_flight_ > 0) done_.Wait(&mutex_);
  }
  head_->NoteMaxTime(newest_);
}

uint64_t JournalReplayer::samples() const {
  uint64_t all = 0;
  for (const auto& lane : lanes_) all += lane->samples;
  return all;
}

uint64_t JournalReplayer::orphans() const {
  uint64_t all = 0;
  for (const auto& lane : lanes_) all += lane->orphans;
  return all;
}

void JournalReplayer::FindSlot(TimestampMs t) {
  if (t >= known_start_ && t < known_end_) return;
  const int64_t window = head_->windows().IndexOf(t);
  const DurationMs width = head_->windows().width();
  known_start_ = window * width;
  known_end_ = known_start_ + width;
  known_sealed_ = false;
  for (const SealedRange& range : sealed_) {
    if (range.end <= t) {
      known_start_ = std::max(known_start_, range.end);
    } else if (range.start > t) {
      known_end_ = std::min(known_end_, range.start);
    } else {
      known_start_ = std::max(known_start_, range.start);
      known_end_ = std::min(known_end_, range.end);
      known_sealed_ |= number_ < range.journal_end;
    }
  }
  if (!known_sealed_) slot_ = head_->windows().Touch(window, number_);
}

void JournalReplayer::OnSample(uint64_t series, Sample sample) {
  bases_.Note(series, {number_, sample.v});
  Take(series, sample);
}

void JournalReplayer::OnDifference(uint64_t series, TimestampMs t, const JournalDifference& since) {
  if (since.base_entry < first_) return;
  const double* const base = bases_.Find(series, since.base_entry);
  if (base == nullptr) return TakeFetched(series, t, since);
  if (since.is_unchanged()) return Take(series, {t, *base});
  if (const auto v = since.To(*base)) return Take(series, {t, *v});
  ++baseless_;
}

void JournalReplayer::TakeFetched(uint64_t series, TimestampMs t, const JournalDifference& since) {
  const Result<double> base = bases_.Fetch(series, since.base_entry);
  if (!base.ok() && base.status().code() != StatusCode::kNotFound) {
    if (bases_status_.ok()) bases_status_ = base.status();
    return;
  }
  const std::optional<double> v = base.ok() ? since.To(*base) : std::nullopt;
  if (v) {
    Take(series, {t, *v});
  } else {
    ++baseless_;
  }
}

void JournalReplayer::Take(uint64_t series, Sample sample) {
  FindSlot(sample.t);
  newest_ = std::max(newest_, sample.t);
  Lane& lane = LaneOf(series);
  Work& work = lane.filling;
  if (work.runs.empty() || work.runs.back().sealed != known_sealed_ ||
      (!known_sealed_ && work.runs.back().slot != slot_)) {
    work.runs.push_back({.slot = slot_, .sealed = known_sealed_});
  }
  work.floats.push_back({series, sample});
  work.runs.back().end = work.floats.size();
  if (work.size() >= kWorkItems) HandOver(&lane);
}

void JournalReplayer::OnHistogram(uint64_t series, TimestampMs t, HistogramPtr histogram) {
  FindSlot(t);
  newest_ = std::max(newest_, t);
  if (known_sealed_) return;
  Lane& lane = LaneOf(series);
  lane.filling.histograms.push_back({series, t, std::move(histogram), slot_});
  if (lane.filling.size() >= kWorkItems) HandOver(&lane);
}

void JournalReplayer::HandOver(Lane* lane) {
  if (lane->filling.size() == 0) return;
  {
    MutexLock lock(&mutex_);
    while (in_flight_ >= kWaitingPerLane * lanes_.size()) done_.Wait(&mutex_);
    ++in_flight_;
  }
  auto work = std::make_shared<const Work>(std::exchange(lane->filling, {}));
  lane->thread.Submit([this, lane, work] {
    Apply(*work, lane);
    MutexLock lock(&mutex_);
    --in_flight_;
    done_.NotifyAll();
  });
}

void JournalReplayer::Apply(const Work& work, Lane* lane) {
  const std::span<const FloatItem> floats(work.floats);
  size_t first = 0;
  for (const Run& run : work.runs) {
    ApplyRun(floats.subspan(first, run.end - first), run, lane);
    first = run.end;
  }
  // A series that has both floats and histograms may get them in another order than it was
  // sent; what is read from it is sorted by time anyway.
  for (const HistogramItem& item : work.histograms) {
    Series* const series = head_->table().ByRef(item.series);
    if (series == nullptr) {
      ++lane->orphans;
      continue;
    }
    series->AppendHistogram(item.slot, item.t, item.histogram);
    ++lane->samples;
  }
}

void JournalReplayer::ApplyRun(std::span<const FloatItem> floats, const Run& run, Lane* lane) {
  constexpr size_t kSelfAhead = 16;
  constexpr size_t kEndAhead = 8;
  const SeriesTable& table = head_->table();
  const auto series_at = [&](size_t i) {
    return i < floats.size() ? table.ByRef(floats[i].series) : nullptr;
  };
  for (size_t i = 0; i < floats.size(); ++i) {
    if (const Series* far = series_at(i + kSelfAhead)) far->PrefetchSelf();
    if (const Series* near = series_at(i + kEndAhead)) near->PrefetchEnd();
    Series* const series = series_at(i);
    if (run.sealed) {
      if (series != nullptr) series->NoteLast(floats[i].sample);
    } else if (series == nullptr) {
      ++lane->orphans;
    } else {
      series->Append(run.slot, floats[i].sample);
      ++lane->samples;
    }
  }
}

}  // namespace firn::engine
