// Attributes in protobuf. Internal to server/codec/otlp.
#pragma once

#include <protozero/pbf_reader.hpp>

#include "base/status.h"
#include "server/codec/otlp/otlp_model.h"

namespace firn::server {

// Appends the attribute of a KeyValue message. InvalidArgument if its value is nested too deep;
// throws protozero::exception for malformed bytes.
Status ReadAttribute(protozero::pbf_reader pair, OtlpAttributes* out);

}  // namespace firn::server
