// Scripts over the real database, in a temporary directory, cut up in unusual ways.
#pragma once

#include <memory>

#include "tests/promql/runner.h"

namespace firn::testing {

struct EngineStoreOptions {
  DurationMs window = 30 * kMinuteMs;
  size_t samples_per_commit = 0;  // Of each series; 0: a load is one batch.
  bool seal_every_commit = false;
  bool compact_every_load = false;  // Merged, and tiers made.
  bool reopen_every_statement = false;
};

// The directory goes with the store. Start timestamps are not kept, since the database has
// no place for them.
std::unique_ptr<ScriptStore> MakeEngineScriptStore(const EngineStoreOptions& options);

}  // namespace firn::testing
