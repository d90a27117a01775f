#include "storage/page/clock_table.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "storage/encoding/column_codec.h"
#include "storage/page/page_format.h"

namespace firn::storage {
namespace {

std::string_view BytesOf(std::span<const TimestampMs> times) {
  return {reinterpret_cast<const char*>(times.data()), times.size_bytes()};
}

}  // namespace

bool ClockTableBuilder::Equals(const Clock& clock, std::span<const TimestampMs> times) const {
  if (clock.count != times.size()) return false;
  std::vector<TimestampMs> stored(clock.count);
  std::string_view in = std::string_view(bytes_).substr(clock.offset, clock.length);
  return DecodeTimes(&in, stored.size(), stored.data()).ok() && BytesOf(stored) == BytesOf(times);
}

void ClockTableBuilder::Remember(uint32_t clock, std::span<const TimestampMs> times) {
  Recent& recent = recent_[next_recent_];
  next_recent_ = (next_recent_ + 1) % recent_.size();
  recent.clock = clock;
  recent.times.assign(times.begin(), times.end());
}

ClockRef ClockTableBuilder::Add(std::span<const TimestampMs> times) {
  FIRN_CHECK(!times.empty());
  const std::string_view wanted = BytesOf(times);
  for (const Recent& recent : recent_) {
    if (recent.times.size() < times.size()) continue;
    const auto it = std::lower_bound(recent.times.begin(), recent.times.end(), times.front());
    if (static_cast<size_t>(recent.times.end() - it) < times.size()) continue;
    if (BytesOf({it, times.size()}) == wanted) {
      return {.clock = recent.clock, .first = static_cast<uint32_t>(it - recent.times.begin())};
    }
  }
  const uint64_t hash = Xxh3(wanted);
  const auto number = static_cast<uint32_t>(clocks_.size());
  const auto [it, is_new] = by_hash_.try_emplace(hash, number);
  if (!is_new && Equals(clocks_[it->second], times)) {
    Remember(it->second, times);
    return {.clock = it->second, .first = 0};
  }
  Clock clock{.count = static_cast<uint32_t>(times.size()), .length = 0, .offset = bytes_.size()};
  EncodeTimes(times, &bytes_);
  clock.length = static_cast<uint32_t>(bytes_.size() - clock.offset);
  clocks_.push_back(clock);
  Remember(number, times);
  return {.clock = number, .first = 0};
}

ClockTableBuilder::Pages ClockTableBuilder::Encode() const {
  Pages pages;
  for (size_t begin = 0; begin < clocks_.size();) {
    size_t end = begin;
    size_t bytes = 0;
    while (end < clocks_.size() && bytes < kPagePayloadTarget) bytes += clocks_[end++].length;
    std::string payload;
    AppendVarint(end - begin, &payload);
    for (size_t i = begin; i < end; ++i) {
      AppendVarint(clocks_[i].count, &payload);
      AppendVarint(clocks_[i].length, &payload);
    }
    payload.append(bytes_, clocks_[begin].offset, bytes);
    pages.payloads.push_back(std::move(payload));
    pages.first_clocks.push_back(static_cast<uint32_t>(begin));
    begin = end;
  }
  return pages;
}

Status DecodeClock(std::string_view payload, uint32_t index, std::vector<TimestampMs>* out) {
  const auto malformed = [] { return Corruption("malformed clock page"); };
  ByteReader reader(payload);
  const uint64_t clocks = reader.Varint();
  if (index >= clocks || clocks > reader.remaining()) return malformed();
  uint64_t offset = 0;
  uint64_t count = 0;
  uint64_t length = 0;
  for (uint64_t i = 0; i < clocks; ++i) {
    const uint64_t this_count = reader.Varint();
    const uint64_t this_length = reader.Varint();
    if (this_length > payload.size()) return malformed();
    if (i < index) offset += this_length;
    if (i == index) {
      count = this_count;
      length = this_length;
    }
  }
  if (!reader.ok() || offset > reader.remaining() || length > reader.remaining() - offset ||
      count > length * kColumnBlockMax) {
    return malformed();
  }
  std::string_view in = reader.rest().substr(offset, length);
  const size_t size = out->size();
  out->resize(size + count);
  FIRN_RETURN_IF_ERROR(DecodeTimes(&in, count, out->data() + size));
  return in.empty() ? OkStatus() : malformed();
}

}  // namespace firn::storage
