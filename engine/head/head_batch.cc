#include "engine/head/head_batch.h"

#include <algorithm>

#include "base/hash.h"

namespace firn::engine {

// A steady sender repeats its order, so the series after the last one is the best guess;
// checking it costs a comparison instead of a hash and a look-up.
Series* HeadBatch::Predict(std::span<const LabelView> raw) const {
  if (last_found_ == nullptr) return nullptr;
  // What was recognised and yet is asked for with labels has more than samples.
  if (recognised_ && EqualsPacked(raw, last_found_->labels().packed())) return last_found_;
  Series* const next = head_->table().ByRef(last_found_->ref() + 1);
  return next != nullptr && EqualsPacked(raw, next->labels().packed()) ? next : nullptr;
}

void HeadBatch::PrefetchAfter(uint64_t ref) const {
  constexpr uint64_t kSeriesAhead = 8;
  if (const Series* far = head_->table().ByRef(ref + kSeriesAhead)) far->PrefetchSelf();
}

void HeadBatch::PrefetchLabelsAfter(uint64_t ref) const {
  constexpr uint64_t kLabelsAhead = 4;
  constexpr size_t kLine = 64;
  constexpr size_t kLabelBytes = 4 * kLine;
  if (const Series* near = head_->table().ByRef(ref + kLabelsAhead)) {
    const std::string_view packed = near->labels().packed();
    for (size_t at = 0; at < std::min(packed.size(), kLabelBytes); at += kLine) {
      __builtin_prefetch(packed.data() + at);
    }
  }
}

Result<SeriesRef> HeadBatch::FindSeries(std::span<const LabelView> raw) {
  Series* series = Predict(raw);
  if (series == nullptr) {
    FIRN_ASSIGN_OR_RETURN(series, LookUp(raw));
  }
  SetFound(series);
  PrefetchLabelsAfter(series->ref());
  recognised_ = false;
  return SeriesRef{series->ref()};
}

void HeadBatch::SetFound(Series* series) {
  last_resolved_ = series;
  if (series == last_found_) return;
  PrefetchAfter(series->ref());
  before_last_ = last_found_ == nullptr ? 0 : last_found_->ref();
  last_found_ = series;
}

RecognisedSeries HeadBatch::Recognise(std::string_view wire) {
  if (last_found_ == nullptr) return {};
  const SenderMemory::Guess guess = head_->senders().Recognise(last_found_->ref(), wire);
  // A series that was removed is remembered all the same.
  Series* const series = guess.series == 0 ? nullptr : head_->table().ByRef(guess.series);
  if (series == nullptr) return {};
  SetFound(series);
  recognised_ = true;
  return {.series = SeriesRef{guess.series}, .label_bytes = guess.bytes};
}

void HeadBatch::Remember(SeriesRef series, std::string_view wire) {
  FIRN_DCHECK(last_found_ != nullptr && static_cast<uint64_t>(series) == last_found_->ref());
  head_->senders().Remember(before_last_, static_cast<uint64_t>(series), wire);
}

Result<Series*> HeadBatch::LookUp(std::span<const LabelView> raw) {
  const auto by_name = [](const LabelView& a, const LabelView& b) { return a.name < b.name; };
  if (!std::is_sorted(raw.begin(), raw.end(), by_name)) {
    sorted_.assign(raw.begin(), raw.end());
    std::stable_sort(sorted_.begin(), sorted_.end(), by_name);
    raw = sorted_;
  }
  // Oversized strings cannot be packed, so lengths are checked before anything else.
  const LabelLimits& limits = head_->options().labels;
  for (const LabelView& label : raw) {
    if (label.name.size() > limits.name_bytes_max || label.value.size() > limits.value_bytes_max) {
      return CheckLabels(raw, limits);
    }
  }
  PackLabels(raw, &packed_);
  const uint64_t hash = Xxh3(packed_);
  if (Series* known = head_->table().Find(packed_, hash)) return known;
  FIRN_RETURN_IF_ERROR(CheckLabels(raw, limits));
  if (const Status status = head_->limiter().Admit(raw); !status.ok()) {
    return ResourceExhausted("{}; refused: {}", status.message(),
                             Labels::FromPacked(packed_)->ToString());
  }
  bool created = false;
  const Result<Series*> series = head_->table().FindOrCreate(packed_, hash, &new_refs_, &created);
  new_series_ += created ? 1 : 0;
  // Counted twice if another batch was faster.
  if (!created) head_->limiter().Forget(*Labels::FromPacked(packed_));
  return series;
}

Series* HeadBatch::Resolve(SeriesRef ref) {
  const auto number = static_cast<uint64_t>(ref);
  if (last_resolved_ == nullptr || last_resolved_->ref() != number) {
    last_resolved_ = head_->table().ByRef(number);
  }
  FIRN_CHECK(last_resolved_ != nullptr);
  return last_resolved_;
}

Status HeadBatch::Append(SeriesRef ref, std::span<const Sample> samples) {
  Series* const series = Resolve(ref);
  FIRN_RETURN_IF_ERROR(head_->Check(series, samples, accepted_));
  if (!series->durable() && (undefined_.empty() || undefined_.back() != series)) {
    undefined_.push_back(series);
  }
  for (const Sample& sample : samples) samples_.push_back({series, sample});
  return OkStatus();
}

Status HeadBatch::AppendHistogram(SeriesRef ref, TimestampMs t, HistogramPtr histogram) {
  Series* const series = Resolve(ref);
  FIRN_RETURN_IF_ERROR(head_->CheckHistogram(series, t, *histogram, accepted_));
  if (!series->durable() && (undefined_.empty() || undefined_.back() != series)) {
    undefined_.push_back(series);
  }
  histograms_.push_back({series, t, std::move(histogram)});
  return OkStatus();
}

void HeadBatch::AppendStart(SeriesRef ref, TimestampMs start, const FloatHistogram* like) {
  Series* const series = Resolve(ref);
  {
    MutexLock lock(&head_->table().StripeOf(series->ref()));
    if (series->has_samples() && series->last_t() >= start) return;
  }
  Status status;
  if (like == nullptr) {
    const Sample zero{start, 0};
    status = Append(ref, {&zero, 1});
  } else {
    FloatHistogram zero;
    zero.counter_reset_hint = CounterResetHint::kReset;
    zero.schema = like->schema;
    zero.zero_threshold = like->zero_threshold;
    zero.custom_values = like->custom_values;
    status = AppendHistogram(ref, start, std::make_shared<const FloatHistogram>(std::move(zero)));
  }
  // A start that is too old to be stored is no reason to refuse the sample.
  static_cast<void>(status);
}

std::string_view HeadBatch::EncodeEntry() {
  entry_.Clear();
  had_none_.assign(samples_.size(), 0);
  occurrences_.clear();
  slots_.clear();
  const auto ask = [this](int64_t window) { return head_->windows().SlotOf(window); };
  for (size_t first = 0; first < samples_.size();) {
    const size_t end = EndOfBlock(first);
    const uint64_t any_ref = samples_[first].series->ref();
    MutexLock lock(&head_->table().StripeOf(any_ref));
    BaseRow* const bases = head_->table().BasesOf(any_ref);
    Occurrences& occurrences = occurrences_[SeriesTable::BlockNumber(any_ref)];
    for (; first < end; ++first) {
      const auto& [series, sample] = samples_[first];
      const uint64_t bit = SeriesTable::BitInBlock(series->ref());
      occurrences.again |= occurrences.once & bit;
      occurrences.once |= bit;
      if (const auto base = bases->Use(series->ref(), SlotFor(sample.t, ask))) {
        entry_.AddSince(*base, series->ref(), sample);
      } else {
        entry_.Add(series->ref(), sample);
        had_none_[first] = 1;
      }
    }
  }
  for (const PendingHistogram& p : histograms_) {
    entry_.AddHistogram(p.series->ref(), p.t, *p.histogram);
  }
  return entry_.Finish();
}

template <typename Ask>
WindowSlot HeadBatch::SlotFor(TimestampMs t, const Ask& ask) {
  // Most samples have the time of the one before.
  if (t == last_t_ && !slots_.empty()) return last_slot_;
  const int64_t window = head_->windows().IndexOf(t);
  last_t_ = t;
  // A batch spans one or two windows.
  for (const WindowSlot& slot : slots_) {
    if (slot.window == window) return last_slot_ = slot;
  }
  slots_.push_back(ask(window));
  return last_slot_ = slots_.back();
}

size_t HeadBatch::EndOfBlock(size_t first) const {
  // Not more than what is prefetched for all of them fits into the nearest cache.
  constexpr size_t kMost = 64;
  const uint64_t block = SeriesTable::BlockNumber(samples_[first].series->ref());
  const size_t most = std::min(samples_.size(), first + kMost);
  size_t end = first + 1;
  while (end < most && SeriesTable::BlockNumber(samples_[end].series->ref()) == block) ++end;
  return end;
}

AppendCounts HeadBatch::Apply(uint64_t journal) {
  AppendCounts counts{.new_series = new_series_};
  for (Series* series : undefined_) series->SetDurable();
  slots_.clear();
  uint64_t late = 0;
  TimestampMs newest = kMinTimestamp;
  const auto count = [&](Series::Outcome outcome, uint64_t* kept) {
    if (outcome == Series::Outcome::kDuplicate) {
      ++counts.duplicates;
    } else {
      ++*kept;
      late += outcome == Series::Outcome::kLate ? 1 : 0;
    }
  };
  const auto touch = [&](int64_t window) { return head_->windows().Touch(window, journal); };
  had_none_.resize(samples_.size());  // All 0 if nothing was encoded.
  for (size_t first = 0; first < samples_.size();) {
    const size_t end = EndOfBlock(first);
    const uint64_t any_ref = samples_[first].series->ref();
    MutexLock lock(&head_->table().StripeOf(any_ref));
    BaseRow* const bases = head_->table().BasesOf(any_ref);
    // What an entry holds twice of a series is no base: it could be either.
    const uint64_t again = occurrences_[SeriesTable::BlockNumber(any_ref)].again;
    for (size_t i = first; i < end; ++i) samples_[i].series->PrefetchEnd();
    for (; first < end; ++first) {
      const auto& [series, sample] = samples_[first];
      const WindowSlot slot = SlotFor(sample.t, touch);
      if (had_none_[first] != 0 && (again & SeriesTable::BitInBlock(series->ref())) == 0) {
        bases->Set(series->ref(), slot, {journal, sample.v});
      }
      count(series->Append(slot, sample), &counts.samples);
      newest = std::max(newest, sample.t);
    }
  }
  for (const auto& [series, t, histogram] : histograms_) {
    MutexLock lock(&head_->table().StripeOf(series->ref()));
    count(series->AppendHistogram(SlotFor(t, touch), t, histogram), &counts.histograms);
    newest = std::max(newest, t);
  }
  head_->NoteMaxTime(newest);
  head_->CountAppended(counts.samples + counts.histograms, late, counts.duplicates);
  samples_.clear();
  histograms_.clear();
  undefined_.clear();
  new_series_ = 0;
  return counts;
}

}  // namespace firn::engine
