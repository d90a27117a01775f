#include "engine/head/series.h"

#include <algorithm>

#include "engine/head/columns.h"

namespace firn::engine {
namespace {

// But floats that came late. Of histograms outside `range` perhaps some.
Status AppendInOrder(const HeadChunk& chunk, const TimeRange& range, SampleColumns* out) {
  if (!chunk.floats.empty()) {
    FIRN_RETURN_IF_ERROR(storage::GorillaDecode(chunk.floats, &out->t, &out->v));
  }
  return chunk.other == nullptr ? OkStatus() : chunk.other->histograms.Read(range, out);
}

}  // namespace

size_t OtherSamples::AllocatedBytes() const {
  return sizeof(OtherSamples) + late.capacity() * sizeof(Sample) + histograms.AllocatedBytes();
}

void Series::NoteLast(Sample sample) {
  if (has_last_ && last_t() >= sample.t) return;
  has_last_ = true;
  last_t_.store(sample.t, std::memory_order_relaxed);
  last_v_ = sample.v;
}

HistogramPtr Series::last_histogram() const {
  HistogramPtr last;
  const auto look = [&](const OtherSamples* other) {
    const bool has = other != nullptr && !other->histograms.empty();
    if (has && other->histograms.last_t() == last_t()) last = other->histograms.last();
  };
  VisitChunks([&](const HeadChunk& chunk) {
    look(chunk.other);
    return true;
  });
  if (!has_open_) look(open_other_.get());
  return last;
}

void Series::Close() {
  const size_t bytes = open_floats_.bytes().size();
  if (open_other_ != nullptr) open_other_->histograms.Pack();
  // Few at a time as a rule, and no more memory than that takes.
  constexpr size_t kFew = 4;
  if (closed_.size() < kFew) closed_.reserve(closed_.size() + 1);
  closed_.push_back({.window = open_window_,
                     .floats = open_floats_.Take(),
                     .other = std::move(open_other_),
                     .epoch = open_epoch_,
                     .float_bytes = static_cast<uint32_t>(bytes)});
  has_open_ = false;
}

bool Series::Open(WindowSlot slot) {
  if (has_open_ && slot == open_slot()) return true;
  const bool is_newest =
      has_open_ ? slot > open_slot() : closed_.empty() || slot > closed_.back().slot();
  if (!is_newest) return false;
  if (has_open_) Close();
  open_other_.reset();
  has_open_ = true;
  open_window_ = slot.window;
  open_epoch_ = slot.epoch;
  return true;
}

OtherSamples* Series::OtherOf(WindowSlot slot) {
  const auto made = [](std::unique_ptr<OtherSamples>& other) {
    if (other == nullptr) other = std::make_unique<OtherSamples>();
    return other.get();
  };
  if (Open(slot)) return made(open_other_);
  auto it = std::lower_bound(closed_.begin(), closed_.end(), slot,
                             [](const ClosedChunk& c, WindowSlot s) { return c.slot() < s; });
  if (it == closed_.end() || it->slot() != slot) {
    ClosedChunk chunk;
    chunk.window = slot.window;
    chunk.epoch = slot.epoch;
    it = closed_.insert(it, std::move(chunk));
  }
  return made(it->other);
}

Series::Outcome Series::Append(WindowSlot slot, Sample sample) {
  if (has_last_ && sample.t == last_t()) return Outcome::kDuplicate;
  const bool newest = !has_last_ || sample.t > last_t();
  if (newest) {
    has_last_ = true;
    last_t_.store(sample.t, std::memory_order_relaxed);
    last_v_ = sample.v;
    if (Open(slot)) [[likely]] {
      open_floats_.Append(sample.t, sample.v);
      return Outcome::kAppended;
    }
    // Its batch was overtaken by the end of the window's epoch.
  }
  std::vector<Sample>& late = OtherOf(slot)->late;
  const auto it = std::lower_bound(late.begin(), late.end(), sample.t,
                                   [](const Sample& s, TimestampMs t) { return s.t < t; });
  if (it != late.end() && it->t == sample.t) return Outcome::kDuplicate;
  late.insert(it, sample);
  return newest ? Outcome::kAppended : Outcome::kLate;
}

Series::Outcome Series::AppendHistogram(WindowSlot slot, TimestampMs t, HistogramPtr histogram) {
  if (has_last_ && t == last_t()) return Outcome::kDuplicate;
  const bool newest = !has_last_ || t > last_t();
  if (!OtherOf(slot)->histograms.Insert(t, std::move(histogram))) return Outcome::kDuplicate;
  if (!newest) return Outcome::kLate;
  has_last_ = true;
  last_t_.store(t, std::memory_order_relaxed);
  return Outcome::kAppended;
}

Status Series::ReadChunk(const HeadChunk& chunk, const TimeRange& range, SampleColumns* scratch,
                         SampleColumns* out) {
  if (chunk.other != nullptr && !chunk.other->late.empty()) {
    scratch->Clear();
    FIRN_RETURN_IF_ERROR(AppendInOrder(chunk, range, scratch));
    const AppendedColumns late(scratch);
    for (const Sample& s : chunk.other->late) {
      scratch->t.push_back(s.t);
      scratch->v.push_back(s.v);
    }
    SampleColumns more_scratch;
    late.Merge(&more_scratch);
    TrimColumns(range, scratch);
    MergeColumns(*scratch, out);
    return OkStatus();
  }
  const AppendedColumns appended(out);
  FIRN_RETURN_IF_ERROR(AppendInOrder(chunk, range, out));
  appended.Trim(range);
  appended.Merge(scratch);
  return OkStatus();
}

Status Series::ReadFloats(std::string_view bytes, const TimeRange& range, SampleColumns* scratch,
                          SampleColumns* out) {
  if (bytes.empty()) return OkStatus();
  const AppendedColumns appended(out);
  FIRN_RETURN_IF_ERROR(storage::GorillaDecode(bytes, &out->t, &out->v));
  appended.Trim(range);
  appended.Merge(scratch);
  return OkStatus();
}

void Series::DropChunks(const SealedEpochs& sealed) {
  const HistogramPtr last = last_histogram();
  const auto is_dropped = [&](const ClosedChunk& chunk) { return IsSealed(sealed, chunk.slot()); };
  if (std::erase_if(closed_, is_dropped) > 0) closed_.shrink_to_fit();
  if (has_open_ && IsSealed(sealed, open_slot())) {
    open_floats_ = storage::GorillaAppender();
    open_other_.reset();
    has_open_ = false;
  }
  // Whoever sends it once more is told apart from who sends another of its time.
  if (last == nullptr || has_open_) return;
  open_other_ = std::make_unique<OtherSamples>();
  open_other_->histograms.Insert(last_t(), last);
}

size_t Series::AllocatedBytes() const {
  size_t bytes =
      sizeof(Series) + labels_.packed().size() + closed_.capacity() * sizeof(ClosedChunk);
  for (const ClosedChunk& chunk : closed_) bytes += chunk.float_bytes;
  bytes += open_floats_.allocated_bytes();
  VisitChunks([&](const HeadChunk& chunk) {
    if (chunk.other != nullptr) bytes += chunk.other->AllocatedBytes();
    return true;
  });
  return bytes;
}

}  // namespace firn::engine
