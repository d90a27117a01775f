// Receives remote write 1.0: one request is one batch, kept whole or not at all.
#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "server/api/handlers.h"
#include "server/codec/remote_write.h"

namespace firn::server {

namespace {

using engine::Appender;
using engine::SeriesRef;

struct WriteCounters {
  explicit WriteCounters(MetricsRegistry* metrics)
      : samples(metrics->AddCounter("firn_ingest_samples_total", "Samples acknowledged.",
                                    {{"type", "float"}})),
        histograms(metrics->AddCounter("firn_ingest_samples_total", "Samples acknowledged.",
                                       {{"type", "histogram"}})),
        exemplars(metrics->AddCounter("firn_ingest_exemplars_dropped_total",
                                      "Exemplars received; none are kept.")),
        bytes(metrics->AddCounter("firn_ingest_bytes_total", "Bytes of bodies received.")),
        decoded_bytes(metrics->AddCounter("firn_ingest_decoded_bytes_total",
                                          "Bytes of bodies after decompression.")),
        invalid_labels(metrics->AddCounter("firn_ingest_series_skipped_total",
                                           "Series of accepted requests that were skipped.",
                                           {{"reason", "invalid_labels"}})),
        series_limit(metrics->AddCounter("firn_ingest_series_skipped_total",
                                         "Series of accepted requests that were skipped.",
                                         {{"reason", "series_limit"}})),
        registry(metrics) {}

  void CountFailure(std::string_view reason) const {
    registry
        ->AddCounter("firn_ingest_requests_failed_total", "Write requests that were refused.",
                     {{"reason", std::string(reason)}})
        ->Add();
  }

  Counter* samples;
  Counter* histograms;
  Counter* exemplars;
  Counter* bytes;
  Counter* decoded_bytes;
  Counter* invalid_labels;
  Counter* series_limit;
  MetricsRegistry* registry;
};

std::string LabelText(std::span<const LabelView> labels) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const LabelView& label : labels) pairs.emplace_back(label.name, label.value);
  return Labels::FromPairs(std::move(pairs)).ToString();
}

// Feeds what is decoded to the engine.
class Batch : public WriteVisitor {
 public:
  explicit Batch(Appender* appender) : appender_(appender) {}

  Status OnSeries(const WriteSeries& series) override {
    exemplars_ += series.exemplars;
    auto ref = appender_->Series(series.labels);
    if (!ref.ok()) return Skip(ref.status());
    if (!series.samples.empty()) {
      const Status status = appender_->Append(*ref, series.samples);
      if (!status.ok()) return WithSeries(status, series);
      samples_ += series.samples.size();
    }
    for (const TimedHistogram& h : series.histograms) {
      const Status status = appender_->AppendHistogram(*ref, h.t, h.histogram);
      if (!status.ok()) return WithSeries(status, series);
      ++histograms_;
    }
    return OkStatus();
  }

  Status OnMetadata(const WriteMetadata& metadata) override {
    if (!metadata.metric.empty()) {
      metadata_.push_back({std::string(metadata.metric), std::string(metadata.type),
                           std::string(metadata.help), std::string(metadata.unit)});
    }
    return OkStatus();
  }

  uint64_t samples() const { return samples_; }
  uint64_t histograms() const { return histograms_; }
  uint64_t exemplars() const { return exemplars_; }
  uint64_t invalid_labels() const { return invalid_labels_; }
  uint64_t over_limit() const { return over_limit_; }
  const Status& limit_status() const { return limit_status_; }
  const std::vector<engine::MetadataEntry>& metadata() const { return metadata_; }

 private:
  // A sender repeats what it sends, so one bad series must not cost all the others. What
  // concerns a single series is skipped; anything else ends the request.
  Status Skip(const Status& status) {
    if (status.code() == StatusCode::kInvalidArgument) {
      ++invalid_labels_;
    } else if (status.code() == StatusCode::kResourceExhausted) {
      if (over_limit_++ == 0) limit_status_ = status;
    } else {
      return status;
    }
    return OkStatus();
  }
  static Status WithSeries(const Status& status, const WriteSeries& series) {
    return Status(status.code(),
                  fmt::format("{} for series {}", status.message(), LabelText(series.labels)));
  }

  Appender* appender_;
  uint64_t samples_ = 0;
  uint64_t histograms_ = 0;
  uint64_t exemplars_ = 0;
  uint64_t invalid_labels_ = 0;
  uint64_t over_limit_ = 0;
  Status limit_status_;
  std::vector<engine::MetadataEntry> metadata_;
};

// Senders drop a batch on 4xx and repeat it on 5xx, so only what can never succeed is 400.
int HttpStatusOf(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kOutOfOrder:
    case StatusCode::kTooOld:
    case StatusCode::kDuplicate:
      return 400;
    case StatusCode::kUnavailable:
    case StatusCode::kResourceExhausted:
      return 503;
    default:
      return 500;
  }
}

// The message type that a Content-Type names: "" for what cannot be read here.
bool IsWriteRequest(std::string_view content_type) {
  if (content_type.empty()) return true;
  const std::string_view media = content_type.substr(0, content_type.find(';'));
  if (!EqualsIgnoreCase(media, "application/x-protobuf")) return false;
  const size_t proto = content_type.find(";proto=");
  return proto == std::string_view::npos ||
         content_type.substr(proto + 7) == "prometheus.WriteRequest";
}

class WriteHandler : public Handler {
 public:
  explicit WriteHandler(const ApiContext& context)
      : context_(context), counters_(context.metrics) {}

  void Handle(const HttpRequest& request, ResponseWriter& response) override {
    const std::string_view encoding = request.Header("Content-Encoding");
    if (!IsWriteRequest(request.Header("Content-Type"))) {
      counters_.CountFailure("unsupported_media_type");
      return SendPlainText("only prometheus.WriteRequest as application/x-protobuf is accepted\n",
                           415, &response);
    }
    if (!encoding.empty() && encoding != "snappy") {
      counters_.CountFailure("unsupported_media_type");
      return SendPlainText("only snappy is accepted as Content-Encoding\n", 415, &response);
    }
    const Status status = Write(request.body);
    HttpResponse answer;
    if (status.ok()) {
      answer.status = 204;
      return response.Send(std::move(answer));
    }
    counters_.CountFailure(StatusCodeName(status.code()));
    answer.status = HttpStatusOf(status);
    if (answer.status == 503) answer.headers.emplace_back("Retry-After", "1");
    answer.content_type = "text/plain; charset=utf-8";
    answer.body = fmt::format("{}\n", status.message());
    response.Send(std::move(answer));
  }

 private:
  Status Write(std::string_view body) {
    counters_.bytes->Add(body.size());
    FIRN_ASSIGN_OR_RETURN(const DecodedBody message, DecodeSnappy(body));
    counters_.decoded_bytes->Add(message.size());
    FIRN_ASSIGN_OR_RETURN(const std::unique_ptr<Appender> appender,
                          context_.appendable->NewAppender());
    Batch batch(appender.get());
    FIRN_RETURN_IF_ERROR(DecodeWriteRequest(message.view(), &batch));
    if (batch.samples() + batch.histograms() > 0) {
      FIRN_ASSIGN_OR_RETURN([[maybe_unused]] const engine::AppendCounts counts, appender->Commit());
    }
    counters_.samples->Add(batch.samples());
    counters_.histograms->Add(batch.histograms());
    counters_.exemplars->Add(batch.exemplars());
    counters_.invalid_labels->Add(batch.invalid_labels());
    counters_.series_limit->Add(batch.over_limit());
    if (!batch.metadata().empty()) {
      // Help texts are no reason to have a sender repeat its samples.
      if (const Status status = context_.admin->PutMetadata(batch.metadata()); !status.ok()) {
        spdlog::warn("metadata not stored: {}", status.ToString());
      }
    }
    if (batch.over_limit() > 0) {
      return InvalidArgument("{} series refused, the others were stored: {}", batch.over_limit(),
                             batch.limit_status().message());
    }
    return OkStatus();
  }

  const ApiContext context_;
  const WriteCounters counters_;
};

}  // namespace

std::unique_ptr<Handler> MakeWriteHandler(const ApiContext& context) {
  return std::make_unique<WriteHandler>(context);
}

}  // namespace firn::server
