// Receives metrics of OpenTelemetry over HTTP. A request is kept whole or not at all.
#include <optional>

#include "server/api/handlers.h"
#include "server/api/ingest/ingester.h"
#include "server/codec/otlp/otlp_decode.h"
#include "server/http/gzip.h"

namespace firn::server {

namespace {

class OtlpHandler : public Handler {
 public:
  explicit OtlpHandler(const ApiContext& context) : context_(context), ingester_(context) {}

  void Handle(const HttpRequest& request, ResponseWriter& response) override {
    const auto json = IsJson(request.Header("Content-Type"));
    const std::string_view encoding = request.Header("Content-Encoding");
    Status status;
    if (!json) {
      status = InvalidArgument(
          "unsupported content type: only application/x-protobuf and application/json are "
          "accepted");
    } else if (!encoding.empty() && encoding != "gzip") {
      status = InvalidArgument("unsupported compression: only gzip is accepted");
    } else {
      status = Store(request.body, *json, encoding == "gzip");
    }
    if (!status.ok()) {
      ingester_.CountFailure(StatusCodeName(status.code()));
      return SendIngestError(status, {}, &response);
    }
    HttpResponse answer;
    // An empty answer message, in the encoding of the request.
    answer.content_type = *json ? "application/json" : "application/x-protobuf";
    if (*json) answer.body = "{}";
    response.Send(std::move(answer));
  }

 private:
  static std::optional<bool> IsJson(std::string_view content_type) {
    const std::string_view type = content_type.substr(0, content_type.find(';'));
    if (EqualsIgnoreCase(type, "application/json")) return true;
    if (EqualsIgnoreCase(type, "application/x-protobuf")) return false;
    return std::nullopt;
  }

  Status Store(std::string_view body, bool json, bool gzip) const {
    std::optional<std::string> unpacked;
    if (gzip) {
      FIRN_ASSIGN_OR_RETURN(unpacked, Gunzip(body, context_.unpacked_body_bytes_max));
    }
    const std::string_view message = unpacked ? *unpacked : body;
    ingester_.CountBytes(body.size(), message.size());
    IngestCounts counts;
    return ingester_.Run(
        BadItems::kFail,
        [&](WriteVisitor* visitor) {
          const OtlpVisitor translate = [&](const OtlpResource& resource) {
            return TranslateOtlp(context_.otlp, resource, visitor);
          };
          return json ? DecodeOtlpJson(message, translate) : DecodeOtlpProto(message, translate);
        },
        &counts);
  }

  const ApiContext context_;
  const Ingester ingester_;
};

}  // namespace

std::unique_ptr<Handler> MakeOtlpHandler(const ApiContext& context) {
  return std::make_unique<OtlpHandler>(context);
}

}  // namespace firn::server
