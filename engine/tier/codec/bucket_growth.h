// First and last values of buckets as growth: how much each grew inside, and from the last
// value of one to the first of the next. Steps of two lengths in a column each pack better than
// the values in turn, for counters above all. Layout: docs/format/page.md.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/tier/bucket.h"

namespace firn::engine {

// Appends them. False, and nothing, if the values are not decimals that this gives back bit for
// bit. REQUIRES: buckets have samples, all of them.
bool AppendGrowth(std::span<const Bucket> buckets, std::string* out);

// First and, of buckets with more samples than one, last values of buckets with `counts` samples,
// from the front of `in`, which is advanced. Corruption if the bytes are malformed.
// REQUIRES: counts are not empty, none is below 1.
Status ReadGrowth(std::string_view* in, std::span<const int64_t> counts,
                  std::vector<double>* values);

}  // namespace firn::engine
