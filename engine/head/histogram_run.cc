#include "engine/head/histogram_run.h"

#include <algorithm>
#include <string>

#include "base/bytes.h"
#include "engine/head/columns.h"
#include "storage/encoding/histogram_codec.h"

namespace firn::engine {
namespace {

// Fewer would be coded worse, more would wait as objects of some hundred bytes each.
constexpr size_t kBlock = 8;
static_assert(kBlock <= UINT8_MAX);
constexpr size_t kBlockHeadBytes = 1 + sizeof(uint32_t);
// So many late ones at least are given their places among the others together.
constexpr size_t kLateMin = 16;

struct Block {
  size_t count = 0;
  std::string_view column;
};

Block BlockAt(const std::vector<char>& packed, size_t at) {
  ByteReader reader(std::string_view(packed.data() + at, packed.size() - at));
  const auto count = reader.Fixed<uint8_t>();
  const auto length = reader.Fixed<uint32_t>();
  return {count, reader.rest().substr(0, length)};
}

size_t ObjectBytes(const FloatHistogram& h) {
  constexpr size_t kSharedCount = 16;
  return sizeof(FloatHistogram) + kSharedCount +
         sizeof(double) *
             (h.positive_buckets.size() + h.negative_buckets.size() + h.custom_values.size()) +
         sizeof(HistogramSpan) * (h.positive_spans.size() + h.negative_spans.size());
}

}  // namespace

bool HistogramRun::Insert(TimestampMs t, HistogramPtr histogram) {
  if (t_.empty() || t > t_.back()) {
    t_.push_back(t);
    recent_.push_back(std::move(histogram));
    if (recent_.size() == kBlock) PackRecent();
    return true;
  }
  if (std::binary_search(t_.begin(), t_.end(), t)) return false;
  const auto at = std::lower_bound(late_t_.begin(), late_t_.end(), t);
  if (at != late_t_.end() && *at == t) return false;
  late_.insert(late_.begin() + (at - late_t_.begin()), std::move(histogram));
  late_t_.insert(at, t);
  if (late_.size() >= std::max(kLateMin, t_.size() / 2)) Absorb();
  return true;
}

void HistogramRun::PackRecent() {
  if (recent_.empty()) return;
  std::string column;
  storage::EncodeHistograms(recent_, &column);
  std::string head;
  AppendFixed(static_cast<uint8_t>(recent_.size()), &head);
  AppendFixed(static_cast<uint32_t>(column.size()), &head);
  last_block_ = packed_.size();
  // Not twice as much: most of what there is stays as it is until the window is sealed.
  packed_.reserve(packed_.size() + head.size() + column.size());
  packed_.insert(packed_.end(), head.begin(), head.end());
  packed_.insert(packed_.end(), column.begin(), column.end());
  recent_.clear();
}

void HistogramRun::Pack() {
  PackRecent();
  recent_.shrink_to_fit();
  t_.shrink_to_fit();
}

HistogramPtr HistogramRun::last() const {
  if (!recent_.empty()) return recent_.back();
  const Block block = BlockAt(packed_, last_block_);
  std::string_view column = block.column;
  std::vector<HistogramPtr> decoded;
  const Status status = storage::DecodeHistograms(&column, block.count, &decoded);
  return status.ok() ? decoded.back() : nullptr;
}

// A sender of old samples, newest first, must not fill the memory with objects.
void HistogramRun::Absorb() {
  SampleColumns all;
  if (!Read({}, &all).ok()) return;
  *this = HistogramRun();
  for (size_t i = 0; i < all.ht.size(); ++i) Insert(all.ht[i], std::move(all.h[i]));
}

Status HistogramRun::ReadInOrder(const TimeRange& range, SampleColumns* out) const {
  size_t first = 0;  // Of t_.
  for (size_t at = 0; at < packed_.size();) {
    const Block block = BlockAt(packed_, at);
    const TimeRange times{t_[first], t_[first + block.count - 1]};
    if (range.Overlaps(times)) {
      std::string_view column = block.column;
      FIRN_RETURN_IF_ERROR(storage::DecodeHistograms(&column, block.count, &out->h));
      const auto begin = t_.begin() + static_cast<std::ptrdiff_t>(first);
      out->ht.insert(out->ht.end(), begin, begin + static_cast<std::ptrdiff_t>(block.count));
    }
    first += block.count;
    at += kBlockHeadBytes + block.column.size();
  }
  out->ht.insert(out->ht.end(), t_.begin() + static_cast<std::ptrdiff_t>(first), t_.end());
  out->h.insert(out->h.end(), recent_.begin(), recent_.end());
  return OkStatus();
}

Status HistogramRun::Read(const TimeRange& range, SampleColumns* out) const {
  if (late_.empty()) return ReadInOrder(range, out);
  SampleColumns all;
  FIRN_RETURN_IF_ERROR(ReadInOrder(range, &all));
  SampleColumns late;
  late.ht = late_t_;
  late.h = late_;
  MergeColumns(late, &all);
  out->ht.insert(out->ht.end(), all.ht.begin(), all.ht.end());
  out->h.insert(out->h.end(), all.h.begin(), all.h.end());
  return OkStatus();
}

size_t HistogramRun::AllocatedBytes() const {
  size_t bytes = (t_.capacity() + late_t_.capacity()) * sizeof(TimestampMs) + packed_.capacity() +
                 (recent_.capacity() + late_.capacity()) * sizeof(HistogramPtr);
  for (const HistogramPtr& histogram : recent_) bytes += ObjectBytes(*histogram);
  for (const HistogramPtr& histogram : late_) bytes += ObjectBytes(*histogram);
  return bytes;
}

}  // namespace firn::engine
