// Decodes ExportMetricsServiceRequest.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/status.h"
#include "server/codec/otlp/otlp_model.h"

namespace firn::server {

using OtlpVisitor = std::function<Status(const OtlpResource&)>;

// Structures within attribute values may be this deep.
inline constexpr int kOtlpValueDepthMax = 16;

// Call the visitor for each resource, in order. InvalidArgument for malformed requests; the text
// names the field. Errors of the visitor end the decoding.
Status DecodeOtlpProto(std::string_view message, const OtlpVisitor& visitor);
Status DecodeOtlpJson(std::string_view text, const OtlpVisitor& visitor);

// How values become text: numbers and maps as JSON has them, bytes in base64. Internal to the
// decoders. Values of a map are JSON already.
void AppendMapText(const std::map<std::string_view, std::string>& pairs, std::string* out);
std::string OtlpNumberText(double v);
std::string Base64(std::string_view bytes);
std::string HexText(std::string_view bytes);

}  // namespace firn::server
