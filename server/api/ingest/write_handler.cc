// Receives remote write. A request of 1.0 is kept whole or not at all; of one of 2.0 what is
// good is kept, and the answer says how much.
#include <optional>

#include "server/api/handlers.h"
#include "server/api/ingest/ingester.h"
#include "server/codec/remote_write.h"

namespace firn::server {

namespace {

enum class WriteVersion : uint8_t { kV1, kV2 };

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The message that a Content-Type names; none if it is not one that can be read here.
std::optional<WriteVersion> VersionOf(std::string_view content_type) {
  if (Trim(content_type).empty()) return WriteVersion::kV1;
  size_t end = std::min(content_type.find(';'), content_type.size());
  if (!EqualsIgnoreCase(Trim(content_type.substr(0, end)), "application/x-protobuf")) {
    return std::nullopt;
  }
  while (end < content_type.size()) {
    content_type.remove_prefix(end + 1);
    end = std::min(content_type.find(';'), content_type.size());
    const std::string_view parameter = Trim(content_type.substr(0, end));
    const size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    if (!EqualsIgnoreCase(parameter.substr(0, equals), "proto")) continue;
    const std::string_view message = parameter.substr(equals + 1);
    if (message == "prometheus.WriteRequest") return WriteVersion::kV1;
    if (message == "io.prometheus.write.v2.Request") return WriteVersion::kV2;
    return std::nullopt;
  }
  return WriteVersion::kV1;
}

// Never with 1.0: its senders would take a missing count for a loss.
std::vector<NameValue> WrittenHeaders(WriteVersion version, const IngestCounts& counts) {
  if (version == WriteVersion::kV1) return {};
  return {{"X-Prometheus-Remote-Write-Samples-Written", std::to_string(counts.samples)},
          {"X-Prometheus-Remote-Write-Histograms-Written", std::to_string(counts.histograms)},
          {"X-Prometheus-Remote-Write-Exemplars-Written", std::to_string(counts.exemplars)}};
}

class WriteHandler : public Handler {
 public:
  explicit WriteHandler(const ApiContext& context)
      : unpacked_bytes_max_(context.unpacked_body_bytes_max), ingester_(context) {}

  void Handle(const HttpRequest& request, ResponseWriter& response) override {
    const auto version = VersionOf(request.Header("Content-Type"));
    if (!version) {
      ingester_.CountFailure("unsupported_media_type");
      return SendPlainText(
          "only prometheus.WriteRequest and io.prometheus.write.v2.Request as "
          "application/x-protobuf are accepted\n",
          415, &response);
    }
    const std::string_view encoding = request.Header("Content-Encoding");
    if (!encoding.empty() && encoding != "snappy") {
      ingester_.CountFailure("unsupported_media_type");
      return SendPlainText("only snappy is accepted as Content-Encoding\n", 415, &response);
    }
    IngestCounts counts;
    const Status status = Write(request.body, *version, &counts);
    if (!status.ok()) {
      ingester_.CountFailure(StatusCodeName(status.code()));
      return SendIngestError(status, WrittenHeaders(*version, counts), &response);
    }
    HttpResponse answer;
    answer.status = 204;
    answer.headers = WrittenHeaders(*version, counts);
    response.Send(std::move(answer));
  }

 private:
  Status Write(std::string_view body, WriteVersion version, IngestCounts* counts) const {
    auto message = DecodeSnappy(body, unpacked_bytes_max_);
    ingester_.CountBytes(body.size(), message.ok() ? message->size() : 0);
    if (!message.ok()) return message.status();
    if (version == WriteVersion::kV1) {
      return ingester_.Run(
          BadItems::kSkipSeries,
          [&](WriteVisitor* visitor) { return DecodeWriteRequest(message->view(), visitor); },
          counts);
    }
    return ingester_.Run(
        BadItems::kReport,
        [&](WriteVisitor* visitor) { return DecodeWriteRequestV2(message->view(), visitor); },
        counts);
  }

  const size_t unpacked_bytes_max_;
  const Ingester ingester_;
};

}  // namespace

std::unique_ptr<Handler> MakeWriteHandler(const ApiContext& context) {
  return std::make_unique<WriteHandler>(context);
}

}  // namespace firn::server
