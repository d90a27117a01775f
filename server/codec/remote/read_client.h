// The other side of remote read: asks for samples and reads streamed answers.
#pragma once

#include <string>
#include <string_view>

#include "base/matcher.h"
#include "base/status.h"
#include "base/time.h"
#include "server/codec/write_visitor.h"

namespace firn::server {

// A prometheus.ReadRequest of one query, in Snappy, that takes streamed chunks only.
std::string EncodeReadRequest(const TimeRange& range, const Matchers& matchers);

// Gives the samples of a streamed answer that are within `range`, series by series; one series may
// come in parts. Chunks may hold samples outside of it. Corruption for frames that are cut short or
// do not verify, malformed messages and broken chunks; errors of the visitor.
Status ReadChunkFrames(std::string_view body, const TimeRange& range, WriteVisitor* visitor);

}  // namespace firn::server
