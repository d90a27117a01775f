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
#include "tools/move/output/export_state.h"
#include "tools/move/output/metric_families.h"
#include "tools/move/pace.h"

namespace firn::tools {

enum class ExportFormat : uint8_t { kOpenMetrics, kJsonLines };

// One thread at a time.
class ExportWriter : public server::WriteVisitor {
 public:
  // Takes over `file`, which may be standard output. Writes so many samples a second at most; 0: no
  // limit.
  ExportWriter(ExportFormat format, FILE* file, double samples_per_second = 0);
  ~ExportWriter() override;
  // Notes in `state`, which must outlive the writer, how far the file came, beginning at
  // `position`, where it stands now.
  void KeepState(ExportState* state, ExportPosition position);

  // All metrics and what is known of them, before the first series.
  void OnMetric(std::string_view metric) { families_.AddMetric(metric); }
  Status OnMetadata(const server::WriteMetadata& metadata) override;
  // Series of one metric must follow each other, labels be sorted.
  Status OnSeries(const server::WriteSeries& series) override;
  // All series of `metric` have been given, and of those before it. Io if they can't be kept.
  Status EndMetric(std::string_view metric);
  // Whether it was written before the position at which writing began.
  bool IsBehind(std::string_view metric) const { return resumed_ && metric <= position_.metric; }
  // Io if not everything could be written. To be called last.
  Status Finish();

  const ExportCounts& counts() const { return position_.counts; }

 private:
  void AddText(const Labels& labels, const server::WriteSeries& series);
  void AddJson(const Labels& labels, const server::WriteSeries& series);
  Status Flush();
  Status SaveState(bool finished);

  const ExportFormat format_;
  FILE* const file_;
  const Pace pace_;
  std::string out_;
  std::optional<server::ExpositionWriter> text_;
  MetricFamilies families_;
  ExportState* state_ = nullptr;
  bool resumed_ = false;
  uint64_t samples_before_ = 0;  // Of earlier runs.
  ExportPosition position_;      // The counts go on ahead of the rest.
};

}  // namespace firn::tools
