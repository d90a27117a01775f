// The catalog's record of one stored window: what makes its pages part of the database.
// Layout: docs/format/catalog.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "storage/page/window.h"

namespace firn::engine {

// Journal entries below `journal_end` hold nothing of [start, end) that is not in pages.
struct JournalCover {
  TimestampMs start = 0;
  TimestampMs end = 0;
  uint64_t journal_end = 0;
  friend bool operator==(const JournalCover&, const JournalCover&) = default;
};

struct WindowRecord {
  storage::WindowId id;
  storage::WindowSummary summary;  // series, samples, bytes, min_t and max_t are kept.
  // Where windows hold a sample of one time, that of the lowest order counts. A sealed window
  // has its generation's number, a merged one the highest of those it was made of.
  uint64_t order = 0;
  // Number of the last tombstone that has nothing to remove here any more.
  uint64_t tombstones = 0;
  uint64_t disk_bytes = 0;  // Of the pages' table files when they were written.
  // Samples left out because retention was over for them: the window no longer tells what
  // there was at its time.
  bool thinned = false;
  std::vector<JournalCover> journal;
};

inline constexpr std::string_view kWindowRecordPrefix = "w";

// Keys order by tier, start, generation.
std::string WindowRecordKey(const storage::WindowId& id);
std::string EncodeWindowRecord(const WindowRecord& record);
// Reads the formats of all versions so far. Corruption if the bytes are not a record.
Result<WindowRecord> DecodeWindowRecord(std::string_view bytes);

}  // namespace firn::engine
