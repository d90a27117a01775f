// Turns frozen windows of the head into pages.
#pragma once

#include <span>

#include "engine/head/head.h"
#include "engine/tier/window_record.h"
#include "storage/kv/store.h"

namespace firn::engine {

// Writes and publishes one window of all of them with its catalog record, of which the caller gives
// all but what is counted here; nothing is visible or changed if it fails. Without samples the
// record comes back with summary.series == 0 and is not published. `sealed` are chunks of the head
// that are stored already. Not inside the head's gate; the head goes on taking samples meanwhile.
// REQUIRES: windows ascend, all within the record's.
Result<WindowRecord> SealWindow(Head* head, std::span<const FrozenWindow> windows,
                                const SealedEpochs& sealed, WindowRecord record,
                                storage::Store* store);

}  // namespace firn::engine
