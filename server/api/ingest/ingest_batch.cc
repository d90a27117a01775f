#include "server/api/ingest/ingest_batch.h"

#include <algorithm>

#include <fmt/core.h>

#include "base/hash.h"

namespace firn::server {

namespace {

// A body with a problem in each of its samples must not grow into an answer of many times its
// size.
constexpr size_t kProblemsMax = 100;
constexpr size_t kHelpBytesMax = 4096;
// Of labels that are only shown. They may be huge, and a few bytes of a request may name them
// often.
constexpr size_t kShownBytesMax = 4096;
// Exemplars can come without samples, and then no other limit is asked.
constexpr size_t kExemplarSeriesBytesMax = 64 << 10;
// Far above what exemplars may have.
constexpr size_t kExemplarLabelBytesMax = 4096;
// Of the exemplars of one request.
constexpr size_t kExemplarBytesMax = 64 << 20;

Labels MakeLabels(std::span<const LabelView> views) {
  std::vector<std::pair<std::string, std::string>> pairs;
  pairs.reserve(views.size());
  for (const LabelView& label : views) {
    if (!label.value.empty()) pairs.emplace_back(label.name, label.value);
  }
  return Labels::FromPairs(std::move(pairs));
}

size_t BytesOf(std::span<const LabelView> labels) {
  size_t bytes = 0;
  for (const LabelView& label : labels) bytes += label.name.size() + label.value.size();
  return bytes;
}

// Errors that say something about one item and nothing about the others.
bool ConcernsOneItem(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kOutOfOrder:
    case StatusCode::kTooOld:
    case StatusCode::kDuplicate:
      return true;
    default:
      return false;
  }
}

std::string_view MetricNameOf(std::span<const LabelView> labels) {
  for (const LabelView& label : labels) {
    if (label.name == kMetricName) return label.value;
  }
  return "";
}

// The metric that `name` is a part of: clients ask for the metadata of that.
std::string_view FamilyName(std::string_view name, std::string_view type) {
  if (type != "histogram" && type != "summary" && type != "gaugehistogram") return name;
  for (const std::string_view suffix : {"_bucket", "_sum", "_count", "_gsum", "_gcount"}) {
    if (name.ends_with(suffix) && name.size() > suffix.size()) {
      return name.substr(0, name.size() - suffix.size());
    }
  }
  return name;
}

}  // namespace

std::string LabelText(std::span<const LabelView> labels) {
  std::vector<LabelView> shown;
  size_t bytes = 0;
  for (const LabelView& label : labels) {
    if (bytes > kShownBytesMax) break;
    shown.push_back({label.name.substr(0, kShownBytesMax), label.value.substr(0, kShownBytesMax)});
    bytes += shown.back().name.size() + shown.back().value.size() + 1;
  }
  return MakeLabels(shown).ToString();
}

void IngestBatch::AddProblem(std::string text) {
  ++problem_count_;
  if (problems_.size() < kProblemsMax) problems_.push_back(std::move(text));
}

Status IngestBatch::OnSeries(const WriteSeries& series) {
  const bool empty = series.samples.empty() && series.histograms.empty();
  if (empty && policy_ == BadItems::kReport && series.problems.empty()) {
    AddProblem(fmt::format("TimeSeries must contain at least one sample or histogram for series {}",
                           LabelText(series.labels)));
    return OkStatus();
  }
  if (!empty) {
    const auto ref = appender_.Series(series.labels);
    if (!ref.ok()) return OnBadLabels(ref.status(), series);
    if (!series.wire.empty()) appender_.Remember(*ref, series.wire);
    FIRN_RETURN_IF_ERROR(AddSamples(*ref, series));
    FIRN_RETURN_IF_ERROR(AddHistograms(*ref, series));
  }
  for (const Status& problem : series.problems) {
    FIRN_RETURN_IF_ERROR(OnBadItem(problem, series));
  }
  if (!series.exemplars.empty()) AddExemplars(series);
  if (series.metadata != nullptr) AddSeriesMetadata(series);
  return OkStatus();
}

size_t IngestBatch::Recognise(std::string_view wire) {
  const engine::RecognisedSeries series = appender_.Recognise(wire);
  recognised_ = series.series;
  return series.label_bytes;
}

// A sample that is refused is offered again with its labels, for the message.
bool IngestBatch::OnRecognised(std::span<const Sample> samples) {
  if (!appender_.Append(recognised_, samples).ok()) return false;
  samples_ += samples.size();
  return true;
}

Status IngestBatch::OnBadLabels(const Status& status, const WriteSeries& series) {
  if (status.code() == StatusCode::kResourceExhausted) {
    if (over_limit_++ == 0) limit_status_ = status;
    if (policy_ == BadItems::kReport) AddProblem(std::string(status.message()));
    return OkStatus();
  }
  if (status.code() != StatusCode::kInvalidArgument) return status;
  ++invalid_series_;
  if (policy_ == BadItems::kSkipSeries) return OkStatus();
  std::string text = fmt::format("invalid metric name or labels, got {}: {}",
                                 LabelText(series.labels), status.message());
  if (policy_ == BadItems::kFail) return Status(status.code(), std::move(text));
  AddProblem(std::move(text));
  return OkStatus();
}

Status IngestBatch::OnBadItem(const Status& status, const WriteSeries& series) {
  if (!ConcernsOneItem(status)) return status;
  std::string text = fmt::format("{} for series {}", status.message(), LabelText(series.labels));
  if (policy_ != BadItems::kReport) return Status(status.code(), std::move(text));
  AddProblem(std::move(text));
  return OkStatus();
}

// A start counts only between two samples as they were sent, so that nothing gets out of order;
// and once, since the samples of one run of a counter share theirs.
Status IngestBatch::AddSamples(engine::SeriesRef ref, const WriteSeries& series) {
  const std::span<const Sample> all(series.samples);
  const size_t starts = zero_starts_ ? series.starts.size() : 0;
  size_t added = 0;
  TimestampMs last = kMinTimestamp;
  for (size_t i = 0; i < starts; ++i) {
    const TimestampMs start = series.starts[i];
    if (start != 0 && start > last && start < all[i].t) {
      FIRN_RETURN_IF_ERROR(AddRun(ref, series, all.subspan(added, i - added)));
      added = i;
      appender_.AppendStart(ref, start, nullptr);
    }
    last = std::max(last, all[i].t);
  }
  return AddRun(ref, series, all.subspan(added));
}

Status IngestBatch::AddRun(engine::SeriesRef ref, const WriteSeries& series,
                           std::span<const Sample> samples) {
  if (samples.empty()) return OkStatus();
  const Status status = appender_.Append(ref, samples);
  if (status.ok()) {
    samples_ += samples.size();
    return OkStatus();
  }
  if (policy_ != BadItems::kReport || !ConcernsOneItem(status)) return OnBadItem(status, series);
  // One by one, to keep the good ones.
  for (const Sample& sample : samples) {
    if (const Status one = appender_.Append(ref, {&sample, 1}); one.ok()) {
      ++samples_;
    } else {
      FIRN_RETURN_IF_ERROR(OnBadItem(one, series));
    }
  }
  return OkStatus();
}

Status IngestBatch::AddHistograms(engine::SeriesRef ref, const WriteSeries& series) {
  TimestampMs last = kMinTimestamp;
  for (const TimedHistogram& h : series.histograms) {
    if (zero_starts_ && h.start != 0 && h.start > last && h.start < h.t) {
      appender_.AppendStart(ref, h.start, h.histogram.get());
    }
    last = std::max(last, h.t);
    if (const Status status = appender_.AppendHistogram(ref, h.t, h.histogram); status.ok()) {
      ++histograms_;
    } else {
      FIRN_RETURN_IF_ERROR(OnBadItem(status, series));
    }
  }
  return OkStatus();
}

void IngestBatch::AddExemplars(const WriteSeries& series) {
  const size_t bytes = BytesOf(series.labels);
  const bool too_large = bytes > kExemplarSeriesBytesMax;
  const Labels labels = too_large ? Labels() : MakeLabels(series.labels);
  for (const WriteExemplar& exemplar : series.exemplars) {
    // Each has a copy of the series' labels.
    exemplar_bytes_ += bytes + sizeof(engine::NewExemplar);
    if (!too_large && exemplar_bytes_ <= kExemplarBytesMax &&
        BytesOf(exemplar.labels) <= kExemplarLabelBytesMax) {
      exemplars_.push_back({labels, {MakeLabels(exemplar.labels), exemplar.t, exemplar.v}});
      continue;
    }
    ++exemplars_refused_;
    if (policy_ != BadItems::kReport) continue;
    AddProblem(fmt::format("too large an exemplar for series {}", LabelText(series.labels)));
  }
}

void IngestBatch::AddSeriesMetadata(const WriteSeries& series) {
  WriteMetadata metadata = *series.metadata;
  if (metadata.type == "unknown" && metadata.help.empty() && metadata.unit.empty()) return;
  metadata.metric = FamilyName(MetricNameOf(series.labels), metadata.type);
  // Senders repeat it with each series of a metric.
  if (!metrics_described_.insert(Xxh3(metadata.metric)).second) return;
  static_cast<void>(OnMetadata(metadata));
}

Status IngestBatch::OnMetadata(const WriteMetadata& metadata) {
  if (metadata.metric.empty()) return OkStatus();
  metadata_.push_back({std::string(metadata.metric), std::string(metadata.type),
                       std::string(metadata.help.substr(0, kHelpBytesMax)),
                       std::string(metadata.unit)});
  return OkStatus();
}

Status IngestBatch::OnUnreadableSeries(const Status& problem, size_t) {
  ++invalid_series_;
  if (policy_ != BadItems::kReport) return problem;
  AddProblem(std::string(problem.message()));
  return OkStatus();
}

}  // namespace firn::server
