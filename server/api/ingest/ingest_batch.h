// One request of samples on its way into an Appender, item by item.
#pragma once

#include <string>
#include <vector>

#include <absl/container/flat_hash_set.h>

#include "engine/api/admin.h"
#include "engine/api/appender.h"
#include "engine/api/exemplar.h"
#include "server/codec/write_visitor.h"

namespace firn::server {

// What becomes of a request with an item that cannot be stored. A series over a limit on
// active series never fails the others: it is left out and reported.
enum class BadItems : uint8_t {
  kFail,        // Any ends the request.
  kSkipSeries,  // Remote write 1.0: series with invalid labels are left out silently, any
                // other ends the request.
  kReport,      // Remote write 2.0: each is left out and reported.
};

// Collects; used by one thread. What concerns the store as a whole always ends the request.
class IngestBatch : public WriteVisitor {
 public:
  // Borrows `appender`. With `zero_starts` series get a zero where their counting began.
  IngestBatch(engine::Appender* appender, BadItems policy, bool zero_starts = false)
      : appender_(*appender), policy_(policy), zero_starts_(zero_starts) {}

  Status OnSeries(const WriteSeries& series) override;
  Status OnMetadata(const WriteMetadata& metadata) override;
  size_t Recognise(std::string_view wire) override;
  bool OnRecognised(std::span<const Sample> samples) override;
  Status OnUnreadableSeries(const Status& problem, size_t samples) override;

  uint64_t samples() const { return samples_; }
  uint64_t histograms() const { return histograms_; }
  uint64_t invalid_series() const { return invalid_series_; }
  uint64_t over_limit() const { return over_limit_; }
  const Status& limit_status() const { return limit_status_; }
  const std::vector<engine::NewExemplar>& exemplars() const { return exemplars_; }
  // Those that are not in exemplars(), since they would take too much memory.
  uint64_t exemplars_refused() const { return exemplars_refused_; }
  const std::vector<engine::MetadataEntry>& metadata() const { return metadata_; }
  // Texts for the sender, one for each item left out; `problem_count` counts further ones too.
  const std::vector<std::string>& problems() const { return problems_; }
  uint64_t problem_count() const { return problem_count_; }
  void AddProblem(std::string text);

 private:
  // OK if the rest of the request may go on.
  Status OnBadLabels(const Status& status, const WriteSeries& series);
  Status OnBadItem(const Status& status, const WriteSeries& series);
  Status AddSamples(engine::SeriesRef ref, const WriteSeries& series);
  Status AddRun(engine::SeriesRef ref, const WriteSeries& series, std::span<const Sample> samples);
  Status AddHistograms(engine::SeriesRef ref, const WriteSeries& series);
  void AddExemplars(const WriteSeries& series);
  void AddSeriesMetadata(const WriteSeries& series);

  engine::Appender& appender_;
  const BadItems policy_;
  const bool zero_starts_;
  engine::SeriesRef recognised_{};
  uint64_t samples_ = 0;
  uint64_t histograms_ = 0;
  uint64_t invalid_series_ = 0;
  uint64_t over_limit_ = 0;
  Status limit_status_;
  std::vector<engine::NewExemplar> exemplars_;
  uint64_t exemplars_refused_ = 0;
  size_t exemplar_bytes_ = 0;
  std::vector<engine::MetadataEntry> metadata_;
  absl::flat_hash_set<uint64_t> metrics_described_;  // Hashes of their names.
  std::vector<std::string> problems_;
  uint64_t problem_count_ = 0;
};

// `name{a="b"}` of labels as sent, huge names and values cut.
std::string LabelText(std::span<const LabelView> labels);

}  // namespace firn::server
