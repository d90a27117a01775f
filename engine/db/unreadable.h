// Windows that a start leaves out because they cannot be read.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "engine/db/version.h"

namespace firn::engine {

// Whether an error of opening pages is for this window alone.
bool IsUnreadable(const Status& status);

UnreadableWindow Unreadable(const WindowRecord& record, const Status& error);
UnreadableWindow Unreadable(const TierRecord& record, const Status& error);
// Of a record that cannot be decoded; what its key says.
UnreadableWindow WithoutRecord(std::string_view key, const Status& error);
// The generation in the key of a window's record.
uint64_t GenerationOf(std::string_view key);

// What it is, what is lost with it, and why.
std::string DescribeUnreadable(const UnreadableWindow& window);

}  // namespace firn::engine
