// Turns a frozen window of the head into pages.
#pragma once

#include "engine/head/head.h"
#include "engine/tier/window_record.h"
#include "storage/kv/store.h"

namespace firn::engine {

// Writes and publishes the window with its catalog record, of which the caller gives all but
// what is counted here; nothing is visible or changed if it fails. A window without samples yields
// a record with summary.series == 0 and is not published. `sealed` are chunks of the head that are
// stored already. Not inside the head's gate; the head goes on taking samples meanwhile.
Result<WindowRecord> SealWindow(Head* head, const FrozenWindow& window, const SealedEpochs& sealed,
                                WindowRecord record, storage::Store* store);

}  // namespace firn::engine
