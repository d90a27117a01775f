// Series as a file: OpenMetrics text or lines of JSON.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/codec/text/exposition_writer.h"
#include "server/codec/write_visitor.h"
#include "tools/move/output/metric_families.h"
#include "tools/move/pace.h"

namespace firn::tools {

enum class ExportFormat : uint8_t { kOpenMetrics, kJsonLines };

struct ExportCounts {
  uint64_t series = 0;  // Or parts of series.
  uint64_t samples = 0;
  uint64_t histograms = 0;  // Of the samples.
  // What OpenMetrics has no form for: native histograms and marks of where a series ended.
  uint64_t left_out = 0;
};

// One thread at a time.
class ExportWriter : public server::WriteVisitor {
 public:
  // Takes over `file`, which may be standard output. Writes so many samples a second at most; 0: no
  // limit.
  ExportWriter(ExportFormat format, FILE* file, double samples_per_second = 0);
  ~ExportWriter() override;

  // All metrics and what is known of them, before the first series.
  void OnMetric(std::string_view metric) { families_.AddMetric(metric); }
  Status OnMetadata(const server::WriteMetadata& metadata) override;
  // Series of one metric must follow each other, labels be sorted.
  Status OnSeries(const server::WriteSeries& series) override;
  // Io if not everything could be written. To be called last.
  Status Finish();

  const ExportCounts& counts() const { return counts_; }
  uint64_t bytes() const { return bytes_; }

 private:
  void AddText(const Labels& labels, const server::WriteSeries& series);
  void AddJson(const Labels& labels, const server::WriteSeries& series);
  Status Flush();

  const ExportFormat format_;
  FILE* const file_;
  const Pace pace_;
  std::string out_;
  std::optional<server::ExpositionWriter> text_;
  MetricFamilies families_;
  ExportCounts counts_;
  uint64_t bytes_ = 0;
};

}  // namespace firn::tools
