// Checks one stored window against its catalog record.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "engine/db/integrity/health.h"
#include "engine/tier/tier_record.h"
#include "engine/tier/window_record.h"
#include "storage/page/check/window_check.h"

namespace firn::engine {

struct WindowScope {
  bool quick = false;      // Only what opening it reads.
  bool scan_pages = true;  // As WindowCheckOptions.
  // Called with bytes that were read since the last call; an error ends the check.
  std::function<Status(uint64_t bytes)> pace;
  // Gets every series that verifies; null for none.
  storage::SeriesVisitor* visitor = nullptr;
};

// Errors of `scope` only: damage is in what they return.
Result<WindowHealth> CheckRawWindow(const std::shared_ptr<const storage::PageSource>& source,
                                    const WindowRecord& record, const WindowScope& scope);
Result<WindowHealth> CheckTierWindow(const std::shared_ptr<const storage::PageSource>& source,
                                     const TierRecord& record, const WindowScope& scope);

}  // namespace firn::engine
