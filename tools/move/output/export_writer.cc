#include "tools/move/output/export_writer.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "server/codec/json_lines.h"

namespace firn::tools {

namespace {

constexpr size_t kPartBytes = 256 << 10;
// Readers hold a line in memory.
constexpr size_t kRowsPerLine = 10'000;

Status WriteFailed() { return Io("writing: {}", std::strerror(errno)); }

bool CanBeClassic(const server::TimedHistogram& h) {
  return h.histogram->UsesCustomBuckets() && !h.histogram->IsStale();
}

}  // namespace

ExportWriter::ExportWriter(ExportFormat format, FILE* file, double samples_per_second)
    : format_(format), file_(file), pace_(samples_per_second) {
  if (format == ExportFormat::kOpenMetrics) {
    text_.emplace(server::TextStyle{.format = server::TextFormat::kOpenMetrics,
                                    .escaping = server::NameEscaping::kAllowUtf8,
                                    .empty_instance = false},
                  &out_);
  }
}

ExportWriter::~ExportWriter() {
  if (file_ != stdout) std::fclose(file_);
}

void ExportWriter::KeepState(ExportState* state, ExportPosition position) {
  state_ = state;
  resumed_ = position.bytes > 0;
  samples_before_ = position.counts.samples;
  position_ = std::move(position);
}

Status ExportWriter::EndMetric(std::string_view metric) {
  if (state_ == nullptr) return OkStatus();
  position_.metric = metric;
  return state_->due() ? SaveState(false) : OkStatus();
}

Status ExportWriter::SaveState(bool finished) {
  FIRN_RETURN_IF_ERROR(Flush());
  if (std::fflush(file_) != 0 || fsync(fileno(file_)) != 0) return WriteFailed();
  return state_->Save(position_, finished);
}

Status ExportWriter::OnSeries(const server::WriteSeries& series) {
  if (series.samples.empty() && series.histograms.empty()) return OkStatus();
  const Labels labels =
      Labels::FromSortedViews(std::vector<LabelView>(series.labels.begin(), series.labels.end()));
  ++position_.counts.series;
  position_.counts.samples += series.samples.size() + series.histograms.size();
  position_.counts.histograms += series.histograms.size();
  if (text_) {
    AddText(labels, series);
  } else {
    AddJson(labels, series);
  }
  pace_.Keep(position_.counts.samples - samples_before_);
  return out_.size() < kPartBytes ? OkStatus() : Flush();
}

Status ExportWriter::OnMetadata(const server::WriteMetadata& metadata) {
  families_.AddMetadata(metadata);
  return OkStatus();
}

void ExportWriter::AddText(const Labels& labels, const server::WriteSeries& series) {
  const bool custom_buckets =
      std::any_of(series.histograms.begin(), series.histograms.end(), CanBeClassic);
  text_->Family(families_.Of(labels.metric_name(), custom_buckets));
  for (const Sample& sample : series.samples) {
    if (IsStaleNan(sample.v)) {
      ++position_.counts.left_out;
    } else {
      text_->Sample(labels, "", "", sample.v, sample.t);
    }
  }
  for (const server::TimedHistogram& h : series.histograms) {
    if (CanBeClassic(h)) {
      text_->ClassicHistogram(labels, *h.histogram, h.t);
    } else {
      ++position_.counts.left_out;
    }
  }
}

void ExportWriter::AddJson(const Labels& labels, const server::WriteSeries& series) {
  std::vector<TimestampMs> t;
  std::vector<double> v;
  for (size_t i = 0; i < series.samples.size(); i += kRowsPerLine) {
    t.clear();
    v.clear();
    for (const Sample& sample :
         series.samples.subspan(i, std::min(kRowsPerLine, series.samples.size() - i))) {
      t.push_back(sample.t);
      v.push_back(sample.v);
    }
    server::AppendJsonLine(labels, t, v, &out_);
  }
  std::vector<HistogramPtr> h;
  for (size_t i = 0; i < series.histograms.size(); i += kRowsPerLine) {
    t.clear();
    h.clear();
    for (const server::TimedHistogram& timed :
         series.histograms.subspan(i, std::min(kRowsPerLine, series.histograms.size() - i))) {
      t.push_back(timed.t);
      h.push_back(timed.histogram);
    }
    server::AppendJsonLine(labels, t, h, &out_);
  }
}

Status ExportWriter::Flush() {
  position_.bytes += out_.size();
  const bool written = std::fwrite(out_.data(), 1, out_.size(), file_) == out_.size();
  out_.clear();
  return written ? OkStatus() : WriteFailed();
}

Status ExportWriter::Finish() {
  if (text_) text_->End();
  if (state_ != nullptr) return SaveState(true);
  FIRN_RETURN_IF_ERROR(Flush());
  return std::fflush(file_) == 0 ? OkStatus() : WriteFailed();
}

}  // namespace firn::tools
