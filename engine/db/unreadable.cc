#include "engine/db/unreadable.h"

#include <fmt/core.h>

#include "base/bytes.h"
#include "engine/db/integrity/health.h"

namespace firn::engine {
namespace {

// Behind the prefixes of both kinds: tier, start, generation.
constexpr size_t kKeyTailBytes = 1 + 8 + 8;

template <typename Record>
UnreadableWindow Describe(const Record& record, const Status& error) {
  UnreadableWindow lost;
  lost.id = record.id;
  lost.range = {record.summary.min_t, record.summary.max_t};
  lost.series = record.summary.series;
  lost.tombstones = record.tombstones;
  lost.error = error.code() == StatusCode::kNotFound ? "its pages are missing"
                                                     : std::string(error.message());
  return lost;
}

}  // namespace

bool IsUnreadable(const Status& status) {
  return status.code() == StatusCode::kCorruption || status.code() == StatusCode::kNotFound ||
         status.code() == StatusCode::kIo;
}

UnreadableWindow Unreadable(const WindowRecord& record, const Status& error) {
  UnreadableWindow lost = Describe(record, error);
  lost.samples = record.summary.float_samples + record.summary.histogram_samples;
  lost.journal = record.journal;
  return lost;
}

UnreadableWindow Unreadable(const TierRecord& record, const Status& error) {
  UnreadableWindow lost = Describe(record, error);
  lost.resolution = record.resolution;
  return lost;
}

UnreadableWindow WithoutRecord(std::string_view key, const Status& error) {
  UnreadableWindow lost;
  lost.error = fmt::format("its catalog record: {}", error.message());
  if (key.size() < kKeyTailBytes) return lost;
  ByteReader in(key.substr(key.size() - kKeyTailBytes));
  lost.id.tier = in.Fixed<uint8_t>();
  lost.id.start = in.Ordered64();
  lost.id.generation = static_cast<uint32_t>(in.BigEndian64());
  // Hardly any window is longer.
  lost.range = {lost.id.start, lost.id.start + kDayMs};
  return lost;
}

uint64_t GenerationOf(std::string_view key) {
  if (key.size() < sizeof(uint64_t)) return 0;
  ByteReader in(key.substr(key.size() - sizeof(uint64_t)));
  return static_cast<uint32_t>(in.BigEndian64());
}

std::string DescribeUnreadable(const UnreadableWindow& window) {
  const std::string kind =
      window.id.tier == 0 ? std::string("raw samples") : fmt::format("tier {}", window.id.tier);
  if (window.series == 0) {
    return fmt::format("a window of {} from {} on cannot be read and is left out: {}", kind,
                       UtcText(window.id.start), window.error);
  }
  return fmt::format(
      "a window of {} from {} to {} with {} series and {} samples cannot be read and is left out: "
      "{}",
      kind, UtcText(window.range.min), UtcText(window.range.max), window.series, window.samples,
      window.error);
}

}  // namespace firn::engine
