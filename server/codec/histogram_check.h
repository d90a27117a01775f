// Whether a native histogram that arrived can be stored. Internal to server/codec.
#pragma once

#include "base/histogram.h"
#include "base/status.h"

namespace firn::server {

// InvalidArgument for schemas that are unknown, and for spans, buckets and bounds that
// contradict each other; the text names them. Schemas finer than kExponentialSchemaMax are
// fine: ReduceSchema makes them so. Not for stale markers.
Status CheckHistogram(const FloatHistogram& h);
// InvalidArgument unless the buckets add up to the count, as they must where counts are whole
// numbers.
Status CheckCounts(const FloatHistogram& h);
// Merges neighbouring buckets of a finer schema until it is kExponentialSchemaMax.
void ReduceSchema(FloatHistogram* h);

}  // namespace firn::server
