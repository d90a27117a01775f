#include "tools/move/sink/directory_sink.h"

#include <future>
#include <limits>
#include <utility>

#include "base/mutex.h"
#include "tools/move/sink/series_buffer.h"

namespace firn::tools {

namespace {

engine::DatabaseOptions MakeOptions(const std::string& path) {
  engine::DatabaseOptions options;
  options.path = path;
  options.background_interval_ms = 0;
  options.scrub_interval_ms = 0;
  // It is for the server to forget some.
  options.exemplars_max = std::numeric_limits<size_t>::max();
  return options;
}

Labels MakeLabels(std::span<const LabelView> views) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const LabelView& label : views) {
    pairs.emplace_back(std::string(label.name), std::string(label.value));
  }
  return Labels::FromPairs(std::move(pairs));
}

class DirectorySink : public ImportSink {
 public:
  DirectorySink(std::unique_ptr<engine::Database> db, const DirectorySinkOptions& options)
      : options_(options), db_(std::move(db)) {}

  ~DirectorySink() override {
    if (storing_.valid()) storing_.wait();
  }

  Status OnSeries(const server::WriteSeries& series) override {
    const uint64_t samples = series.samples.size() + series.histograms.size();
    received_.read += samples;
    received_.histograms += series.histograms.size();
    const Status added = buffer_.Add(series);
    if (!added.ok()) {
      received_.rejected += samples;
      NoteProblem(added);
      return OkStatus();
    }
    for (const server::WriteExemplar& exemplar : series.exemplars) {
      exemplars_.push_back(
          {MakeLabels(series.labels), {MakeLabels(exemplar.labels), exemplar.t, exemplar.v}});
    }
    for (const Status& problem : series.problems) NoteProblem(problem);
    return OkStatus();
  }

  Status OnMetadata(const server::WriteMetadata& metadata) override {
    metadata_.push_back({std::string(metadata.metric), std::string(metadata.type),
                         std::string(metadata.help), std::string(metadata.unit)});
    return OkStatus();
  }

  Status OnUnreadableSeries(const Status& problem, size_t samples) override {
    received_.read += samples;
    received_.rejected += samples;
    NoteProblem(problem);
    return OkStatus();
  }

  bool full() const override { return buffer_.bytes() >= options_.buffer_bytes; }

  Status EndPart(std::string position) override {
    FIRN_RETURN_IF_ERROR(Wait());
    auto part = std::make_shared<Part>();
    part->buffer = std::exchange(buffer_, SeriesBuffer());
    part->exemplars = std::exchange(exemplars_, {});
    part->metadata = std::exchange(metadata_, {});
    part->position = std::move(position);
    storing_ = std::async(std::launch::async, [this, part] { return Store(part.get()); });
    return OkStatus();
  }

  Status Wait() override {
    if (!storing_.valid()) return OkStatus();
    return storing_.get();
  }

  std::string durable_position() const override {
    MutexLock lock(&mutex_);
    return durable_;
  }
  ImportCounts counts() const override {
    ImportCounts counts = received_;
    MutexLock lock(&mutex_);
    counts.accepted = stored_.accepted;
    counts.duplicates = stored_.duplicates;
    counts.exemplars = stored_.exemplars;
    counts.metadata = stored_.metadata;
    return counts;
  }
  const Tallies& tallies() const override { return tallies_; }
  std::vector<std::string> problems() const override { return problems_; }

  Result<Tallies> CountStored() override {
    FIRN_ASSIGN_OR_RETURN(const auto querier, db_->NewQuerier());
    Tallies stored;
    engine::SelectHints hints;
    hints.resolution_max = 0;
    engine::SampleColumns samples;
    for (const auto& [metric, expected] : tallies_) {
      const TimeRange range{expected.min, expected.max};
      hints.start = range.min;
      hints.end = range.max;
      MetricTally& tally = stored[metric];
      FIRN_ASSIGN_OR_RETURN(
          const auto set,
          querier->Select(range, {Matcher::Equal(std::string(kMetricName), metric)}, hints));
      for (size_t i = 0; i < set->size(); ++i) {
        FIRN_RETURN_IF_ERROR(set->Read(i, range, &samples));
        for (const double v : samples.v) tally.samples += IsStaleNan(v) ? 0 : 1;
        for (const HistogramPtr& h : samples.h) tally.samples += h->IsStale() ? 0 : 1;
      }
    }
    return stored;
  }

 private:
  // On its way into the directory.
  struct Part {
    SeriesBuffer buffer;
    std::vector<engine::NewExemplar> exemplars;
    std::vector<engine::MetadataEntry> metadata;
    std::string position;
  };

  Status Store(Part* part) {
    ImportCounts counts;
    FIRN_RETURN_IF_ERROR(part->buffer.Store(db_.get(), &counts, &tallies_));
    if (!part->metadata.empty()) FIRN_RETURN_IF_ERROR(db_->PutMetadata(part->metadata));
    uint64_t exemplars = 0;
    if (!part->exemplars.empty()) {
      FIRN_ASSIGN_OR_RETURN(const auto stored, db_->AppendExemplars(part->exemplars));
      for (const Status& status : stored) exemplars += status.ok() ? 1 : 0;
    }
    MutexLock lock(&mutex_);
    stored_.accepted += counts.accepted;
    stored_.duplicates += counts.duplicates;
    stored_.exemplars += exemplars;
    stored_.metadata += part->metadata.size();
    durable_ = part->position;
    return OkStatus();
  }

  void NoteProblem(const Status& problem) {
    if (problems_.size() < kProblemsMax) problems_.emplace_back(problem.message());
  }

  const DirectorySinkOptions options_;
  const std::unique_ptr<engine::Database> db_;
  std::future<Status> storing_;
  Tallies tallies_;  // Of the thread that stores, while it does.
  SeriesBuffer buffer_;
  std::vector<engine::NewExemplar> exemplars_;
  std::vector<engine::MetadataEntry> metadata_;
  ImportCounts received_;
  std::vector<std::string> problems_;
  mutable Mutex mutex_;
  ImportCounts stored_ ABSL_GUARDED_BY(mutex_);
  std::string durable_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

Result<std::unique_ptr<ImportSink>> OpenDirectorySink(const DirectorySinkOptions& options) {
  auto db = engine::Database::Open(MakeOptions(options.path));
  if (!db.ok() && db.status().code() == StatusCode::kUnavailable) {
    return Unavailable("{}; name its server with --server", db.status().message());
  }
  if (!db.ok()) return db.status();
  return std::make_unique<DirectorySink>(*std::move(db), options);
}

}  // namespace firn::tools
