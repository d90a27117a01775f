// What must hold for every query, whatever it means.
#pragma once

#include <string>

#include "tests/support/memory_store.h"

namespace firn::testing {

// An hour of a few series of each kind that QueryGenerator names: counters with resets, gauges,
// classic and native histograms; gaps, stale markers, NaN and infinities.
MemoryStore MakeQueryStore();

// Evaluates `text` over a range and at each of its steps. What is wrong with the results, "" if
// nothing: an instant query finds the points that the range query has at that time, and no error
// is Firn's own fault. Points are not compared where their choice depends on the order of series,
// which instant queries may change. Sets `evaluated` if there was a result to compare.
std::string CheckQuery(const MemoryStore& store, const std::string& text, bool* evaluated);

}  // namespace firn::testing
