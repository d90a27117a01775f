// The catalog's record of one stored window: what makes its pages part of the database.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "storage/page/window.h"

namespace firn::engine {

struct WindowRecord {
  storage::WindowId id;
  storage::WindowSummary summary;
  // Journal entries below this number hold nothing of the window that is not in pages.
  uint64_t journal_end = 0;
};

inline constexpr std::string_view kWindowRecordPrefix = "w";

// Keys order by tier, start, generation.
std::string WindowRecordKey(const storage::WindowId& id);
std::string EncodeWindowRecord(const WindowRecord& record);
// Corruption if the bytes are not a record.
Result<WindowRecord> DecodeWindowRecord(std::string_view bytes);

}  // namespace firn::engine
