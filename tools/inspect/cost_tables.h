// What costs what, for terminals.
#pragma once

#include <string>
#include <vector>

#include "engine/api/costs.h"
#include "tools/cli/record_list.h"
#include "tools/cli/table.h"

namespace firn::tools {

// "raw", "1m", "1h".
std::string TierName(DurationMs resolution);
// "1.37", "-" for no samples.
std::string BytesPerSample(uint64_t bytes, uint64_t samples);
// "2026-01-31".
std::string DayText(TimestampMs day);
// "2026-01-31 13:30".
std::string MinuteText(TimestampMs t);

Table TierTable(const engine::CostReport& report);
// At most the newest `days_max` days.
Table DayTable(const engine::CostReport& report, size_t days_max);
enum class CostKind : uint8_t { kMetrics, kLabels, kPairs };
Table CostTable(const engine::CostReport& report, CostKind kind);

// For programs: a record for each tier,
RecordList TierRecords(const engine::CostReport& report);
// ... and one for each metric, label, pair and day, which `kind` tells apart. What a kind has no
// figure for is empty.
RecordList CostRecords(const engine::CostReport& report, size_t days_max);

}  // namespace firn::tools
