#include "engine/head/series.h"

#include <algorithm>

#include "engine/head/columns.h"

namespace firn::engine {
namespace {

// What came in the order of time.
Status AppendInOrder(const HeadChunk& chunk, SampleColumns* out) {
  if (chunk.floats.count() > 0) {
    FIRN_RETURN_IF_ERROR(storage::GorillaDecode(chunk.floats.bytes(), &out->t, &out->v));
  }
  if (chunk.histograms) {
    const auto& [t, h] = *chunk.histograms;
    out->ht.insert(out->ht.end(), t.begin(), t.end());
    out->h.insert(out->h.end(), h.begin(), h.end());
  }
  return OkStatus();
}

}  // namespace

size_t HeadChunk::AllocatedBytes() const {
  size_t bytes = floats.allocated_bytes();
  if (late) bytes += late->samples.capacity() * sizeof(Sample);
  if (histograms) {
    bytes += histograms->t.capacity() * sizeof(TimestampMs);
    for (const HistogramPtr& h : histograms->h) {
      bytes +=
          sizeof(FloatHistogram) + 8 * (h->positive_buckets.size() + h->negative_buckets.size() +
                                        h->positive_spans.size() + h->negative_spans.size());
    }
  }
  return bytes;
}

void Series::NoteLast(Sample sample) {
  if (has_last_ && last_t() >= sample.t) return;
  has_last_ = true;
  last_t_.store(sample.t, std::memory_order_relaxed);
  last_v_ = sample.v;
}

HeadChunk& Series::StartNewest(WindowSlot slot) {
  if (has_newest_) {
    newest_.floats.ShrinkToFit();
    older_.reserve(older_.size() + 1);
    older_.push_back(std::move(newest_));
    newest_ = HeadChunk();
  }
  has_newest_ = true;
  newest_.slot = slot;
  return newest_;
}

HeadChunk& Series::ChunkFor(WindowSlot slot) {
  if (has_newest_ && newest_.slot == slot) return newest_;
  if (has_newest_ ? slot > newest_.slot : older_.empty() || slot > older_.back().slot) {
    return StartNewest(slot);
  }
  const auto it = std::lower_bound(older_.begin(), older_.end(), slot,
                                   [](const HeadChunk& c, WindowSlot s) { return c.slot < s; });
  if (it != older_.end() && it->slot == slot) return *it;
  HeadChunk chunk;
  chunk.slot = slot;
  return *older_.insert(it, std::move(chunk));
}

Series::Outcome Series::Append(WindowSlot slot, Sample sample) {
  if (!has_last_ || sample.t > last_t()) {
    ChunkFor(slot).floats.Append(sample.t, sample.v);
    has_last_ = true;
    last_t_.store(sample.t, std::memory_order_relaxed);
    last_v_ = sample.v;
    last_histogram_.reset();
    return Outcome::kAppended;
  }
  if (sample.t == last_t()) return Outcome::kDuplicate;
  HeadChunk& chunk = ChunkFor(slot);
  if (!chunk.late) chunk.late = std::make_unique<LateSamples>();
  auto& samples = chunk.late->samples;
  const auto it = std::lower_bound(samples.begin(), samples.end(), sample.t,
                                   [](const Sample& s, TimestampMs t) { return s.t < t; });
  if (it != samples.end() && it->t == sample.t) return Outcome::kDuplicate;
  samples.insert(it, sample);
  return Outcome::kLate;
}

Series::Outcome Series::AppendHistogram(WindowSlot slot, TimestampMs t, HistogramPtr histogram) {
  if (has_last_ && t == last_t()) return Outcome::kDuplicate;
  const bool in_order = !has_last_ || t > last_t();
  HeadChunk& chunk = ChunkFor(slot);
  if (!chunk.histograms) chunk.histograms = std::make_unique<HistogramSamples>();
  auto& [ts, hs] = *chunk.histograms;
  const auto it = std::lower_bound(ts.begin(), ts.end(), t);
  if (it != ts.end() && *it == t) return Outcome::kDuplicate;
  hs.insert(hs.begin() + (it - ts.begin()), histogram);
  ts.insert(it, t);
  if (!in_order) return Outcome::kLate;
  has_last_ = true;
  last_t_.store(t, std::memory_order_relaxed);
  last_histogram_ = std::move(histogram);
  return Outcome::kAppended;
}

Status Series::ReadChunk(const HeadChunk& chunk, const TimeRange& range, SampleColumns* scratch,
                         SampleColumns* out) {
  if (chunk.late) {
    scratch->Clear();
    FIRN_RETURN_IF_ERROR(AppendInOrder(chunk, scratch));
    const AppendedColumns late(scratch);
    for (const Sample& s : chunk.late->samples) {
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
  FIRN_RETURN_IF_ERROR(AppendInOrder(chunk, out));
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
  const auto is_dropped = [&](const HeadChunk& chunk) { return IsSealed(sealed, chunk.slot); };
  if (std::erase_if(older_, is_dropped) > 0) older_.shrink_to_fit();
  if (has_newest_ && is_dropped(newest_)) {
    newest_ = HeadChunk();
    has_newest_ = false;
  }
}

size_t Series::AllocatedBytes() const {
  size_t bytes = sizeof(Series) + labels_.packed().size() + older_.capacity() * sizeof(HeadChunk);
  VisitChunks([&](const HeadChunk& chunk) {
    bytes += chunk.AllocatedBytes();
    return true;
  });
  return bytes;
}

}  // namespace firn::engine
