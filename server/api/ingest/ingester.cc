#include "server/api/ingest/ingester.h"

#include <algorithm>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/hash.h"

namespace firn::server {

namespace {

constexpr const char* kSamples = "firn_ingest_samples_total";
constexpr const char* kSamplesHelp = "Samples acknowledged.";
constexpr const char* kSkipped = "firn_ingest_series_skipped_total";
constexpr const char* kSkippedHelp = "Series of accepted requests that were skipped.";

constexpr size_t kStoredMetadataMax = 200'000;

uint64_t HashOf(const engine::MetadataEntry& entry) {
  std::string text;
  for (const std::string* part : {&entry.metric, &entry.type, &entry.help, &entry.unit}) {
    text.append(*part).push_back('\0');
  }
  return Xxh3(text);
}

Status ProblemsStatus(const IngestBatch& batch) {
  std::string text = fmt::format("{}", fmt::join(batch.problems(), "\n"));
  if (const uint64_t more = batch.problem_count() - batch.problems().size(); more > 0) {
    text += fmt::format("\n... and {} more", more);
  }
  return Status(StatusCode::kInvalidArgument, std::move(text));
}

}  // namespace

Ingester::Ingester(const ApiContext& context)
    : context_(context),
      samples_(context.metrics->AddCounter(kSamples, kSamplesHelp, {{"type", "float"}})),
      histograms_(context.metrics->AddCounter(kSamples, kSamplesHelp, {{"type", "histogram"}})),
      exemplars_(
          context.metrics->AddCounter("firn_ingest_exemplars_total", "Exemplars acknowledged.")),
      exemplars_dropped_(
          context.metrics->AddCounter("firn_ingest_exemplars_dropped_total",
                                      "Exemplars of accepted requests that were not stored.")),
      bytes_(context.metrics->AddCounter("firn_ingest_bytes_total", "Bytes of bodies received.")),
      decoded_bytes_(context.metrics->AddCounter("firn_ingest_decoded_bytes_total",
                                                 "Bytes of bodies after decompression.")),
      invalid_labels_(
          context.metrics->AddCounter(kSkipped, kSkippedHelp, {{"reason", "invalid_labels"}})),
      series_limit_(
          context.metrics->AddCounter(kSkipped, kSkippedHelp, {{"reason", "series_limit"}})) {}

void Ingester::CountBytes(size_t body, size_t decoded) const {
  bytes_->Add(body);
  decoded_bytes_->Add(decoded);
}

void Ingester::CountFailure(std::string_view reason) const {
  context_.metrics
      ->AddCounter("firn_ingest_requests_failed_total", "Write requests that were refused.",
                   {{"reason", std::string(reason)}})
      ->Add();
}

Status Ingester::Run(BadItems policy, const Feed& feed, IngestCounts* counts) const {
  *counts = {};
  FIRN_ASSIGN_OR_RETURN(const std::unique_ptr<engine::Appender> appender,
                        context_.appendable->NewAppender());
  IngestBatch batch(appender.get(), policy, context_.zero_starts);
  FIRN_RETURN_IF_ERROR(feed(&batch));
  if (batch.samples() + batch.histograms() > 0) {
    FIRN_ASSIGN_OR_RETURN([[maybe_unused]] const engine::AppendCounts stored, appender->Commit());
  }
  counts->samples = batch.samples();
  counts->histograms = batch.histograms();
  StoreExemplars(&batch, policy, counts);
  StoreMetadata(batch);
  samples_->Add(batch.samples());
  histograms_->Add(batch.histograms());
  invalid_labels_->Add(batch.invalid_series());
  series_limit_->Add(batch.over_limit());
  if (batch.problem_count() > 0) return ProblemsStatus(batch);
  if (batch.over_limit() > 0) {
    return InvalidArgument("{} series refused, the others were stored: {}", batch.over_limit(),
                           batch.limit_status().message());
  }
  return OkStatus();
}

// No failure here is a reason to have a sender repeat its samples.
void Ingester::StoreExemplars(IngestBatch* batch, BadItems policy, IngestCounts* counts) const {
  const auto& exemplars = batch->exemplars();
  exemplars_dropped_->Add(batch->exemplars_refused());
  if (exemplars.empty()) return;
  const auto statuses = context_.exemplars->AppendExemplars(exemplars);
  if (!statuses.ok()) {
    spdlog::warn("exemplars not stored: {}", statuses.status().ToString());
    exemplars_dropped_->Add(exemplars.size());
    return;
  }
  for (size_t i = 0; i < statuses->size(); ++i) {
    const Status& status = (*statuses)[i];
    if (status.ok()) {
      ++counts->exemplars;
    } else if (status.code() == StatusCode::kOutOfOrder && policy == BadItems::kReport) {
      batch->AddProblem(
          fmt::format("{} for series {}", status.message(), exemplars[i].series.ToString()));
    }
  }
  exemplars_->Add(counts->exemplars);
  exemplars_dropped_->Add(exemplars.size() - counts->exemplars);
}

void Ingester::StoreMetadata(const IngestBatch& batch) const {
  std::vector<engine::MetadataEntry> fresh;
  std::vector<uint64_t> hashes;
  {
    MutexLock lock(&mutex_);
    for (const engine::MetadataEntry& entry : batch.metadata()) {
      const uint64_t hash = HashOf(entry);
      if (stored_metadata_.contains(hash)) continue;
      fresh.push_back(entry);
      hashes.push_back(hash);
    }
  }
  if (fresh.empty()) return;
  if (const Status status = context_.admin->PutMetadata(fresh); !status.ok()) {
    spdlog::warn("metadata not stored: {}", status.ToString());
    return;
  }
  MutexLock lock(&mutex_);
  if (stored_metadata_.size() > kStoredMetadataMax) stored_metadata_.clear();
  stored_metadata_.insert(hashes.begin(), hashes.end());
}

int IngestHttpStatus(const Status& status) {
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

void SendIngestError(const Status& status, std::vector<NameValue> headers, ResponseWriter* writer) {
  HttpResponse answer;
  answer.status = IngestHttpStatus(status);
  answer.headers = std::move(headers);
  if (answer.status == 503) answer.headers.emplace_back("Retry-After", "1");
  answer.content_type = "text/plain; charset=utf-8";
  answer.body = fmt::format("{}\n", status.message());
  writer->Send(std::move(answer));
}

}  // namespace firn::server
