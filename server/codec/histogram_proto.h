// The histogram message of remote write, 1.0 and 2.0 alike. Internal to server/codec.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "server/codec/write_visitor.h"

namespace firn::server {

// Counts become floats and schemas finer than kExponentialSchemaMax are reduced to it.
// InvalidArgument for spans, buckets and counts that contradict each other; throws
// protozero::exception for malformed bytes.
Result<TimedHistogram> DecodeHistogram(std::string_view message);

// A float histogram as the same message.
std::string EncodeHistogram(TimestampMs t, const FloatHistogram& h);

}  // namespace firn::server
