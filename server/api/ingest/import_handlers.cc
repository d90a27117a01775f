// Receives pushed samples in the forms that people and scripts write: exposition text and lines
// of JSON. A request is kept whole or not at all.
#include <optional>

#include "server/api/handlers.h"
#include "server/api/ingest/ingester.h"
#include "server/codec/json_lines.h"
#include "server/codec/params.h"
#include "server/codec/text/exposition_parser.h"
#include "server/http/gzip.h"

namespace firn::server {

namespace {

// extra_label=name=value, any number of times.
Result<std::vector<LabelView>> ExtraLabels(const HttpRequest& request) {
  std::vector<LabelView> labels;
  for (const std::string_view text : request.Params("extra_label")) {
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return InParameter(InvalidArgument("{} is not of the form name=value", QuoteGo(text)),
                         "extra_label");
    }
    labels.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return labels;
}

// Milliseconds; `fallback` if absent.
Result<TimestampMs> TimestampParam(const HttpRequest& request, TimestampMs fallback) {
  const std::string* text = request.Param("timestamp");
  if (text == nullptr || text->empty()) return fallback;
  const auto t = ParseLimitParam(*text);
  if (t.ok()) return static_cast<TimestampMs>(*t);
  return InParameter(InvalidArgument("{} is not a time in milliseconds", QuoteGo(*text)),
                     "timestamp");
}

class ImportHandler : public Handler {
 public:
  // Decodes the text of a request.
  using Decode = Status (*)(const HttpRequest& request, const ApiContext& context,
                            std::string_view text, WriteVisitor* visitor);

  ImportHandler(const ApiContext& context, Decode decode)
      : context_(context), decode_(decode), ingester_(context) {}

  void Handle(const HttpRequest& request, ResponseWriter& response) override {
    const std::string_view encoding = request.Header("Content-Encoding");
    if (!encoding.empty() && encoding != "gzip" && encoding != "identity") {
      ingester_.CountFailure("unsupported_media_type");
      return SendPlainText("only gzip is accepted as Content-Encoding\n", 415, &response);
    }
    const Status status = Import(request, encoding == "gzip");
    if (!status.ok()) {
      ingester_.CountFailure(StatusCodeName(status.code()));
      return SendIngestError(status, {}, &response);
    }
    HttpResponse answer;
    answer.status = 204;
    response.Send(std::move(answer));
  }

 private:
  Status Import(const HttpRequest& request, bool gzip) const {
    std::string_view text = request.body;
    std::optional<std::string> unpacked;
    if (gzip) {
      FIRN_ASSIGN_OR_RETURN(unpacked, Gunzip(request.body, context_.unpacked_body_bytes_max));
      text = *unpacked;
    }
    ingester_.CountBytes(request.body.size(), text.size());
    IngestCounts counts;
    return ingester_.Run(
        BadItems::kFail,
        [&](WriteVisitor* visitor) { return decode_(request, context_, text, visitor); }, &counts);
  }

  const ApiContext context_;
  const Decode decode_;
  const Ingester ingester_;
};

Status DecodeExposition(const HttpRequest& request, const ApiContext& context,
                        std::string_view text, WriteVisitor* visitor) {
  ExpositionOptions options;
  FIRN_ASSIGN_OR_RETURN(const auto labels, ExtraLabels(request));
  FIRN_ASSIGN_OR_RETURN(options.default_time, TimestampParam(request, context.clock->NowMs()));
  options.more_labels = labels;
  std::string_view type = request.Header("Content-Type");
  type = type.substr(0, type.find(';'));
  if (EqualsIgnoreCase(type, "application/openmetrics-text")) {
    options.format = TextFormat::kOpenMetrics;
  }
  return ParseExposition(text, options, visitor);
}

Status DecodeJsonLines(const HttpRequest& request, const ApiContext&, std::string_view text,
                       WriteVisitor* visitor) {
  FIRN_ASSIGN_OR_RETURN(const auto labels, ExtraLabels(request));
  return ParseJsonLines(text, labels, visitor);
}

}  // namespace

std::unique_ptr<Handler> MakeExpositionImportHandler(const ApiContext& context) {
  return std::make_unique<ImportHandler>(context, DecodeExposition);
}

std::unique_ptr<Handler> MakeJsonImportHandler(const ApiContext& context) {
  return std::make_unique<ImportHandler>(context, DecodeJsonLines);
}

}  // namespace firn::server
