#include <algorithm>
#include <filesystem>
#include <limits>
#include <thread>

#include "base/thread_pool.h"
#include "engine/db/database.h"
#include "query/exec/query_engine.h"
#include "tools/capacity/history/history_source.h"
#include "tools/move/quiet_log.h"

namespace firn::tools {
namespace {

// Some 130 MB beside the history itself.
constexpr SliceLimits kSlices{.points_max = 8'000'000, .values_max = 8'000'000};

query::EngineOptions EngineSettings() {
  query::EngineOptions options;
  options.steps_max = std::numeric_limits<size_t>::max();
  options.samples_max = 500'000'000;
  options.timeout = kHourMs;
  return options;
}

// An opened directory with what evaluates over it.
class OpenDirectory {
 public:
  OpenDirectory() : pool_(std::max(1u, std::thread::hardware_concurrency()), "firn-eval") {}

  Status Open(const std::string& path) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(path, ignored)) {
      return NotFound("{} is no directory", path);
    }
    engine::DatabaseOptions options;
    options.path = path;
    // It is looked at, not run: no thread works on it, and nothing is too old.
    options.background_interval_ms = 0;
    options.retention_ms = 0;
    for (engine::TierOptions& tier : options.tiers) tier.retention_ms = 0;
    options.exemplars_max = 0;
    auto database = engine::Database::Open(options);
    if (!database.ok()) return database.status();
    database_ = *std::move(database);
    return OkStatus();
  }

  Result<std::optional<TimestampMs>> Newest() const {
    FIRN_ASSIGN_OR_RETURN(const engine::DatabaseStatus status, database_->GetStatus(1));
    if (status.max_time <= 0) return std::optional<TimestampMs>();
    return std::optional(status.max_time);
  }

  Status Read(const HistoryQuestion& question, HistoryBuilder* builder) const {
    FIRN_ASSIGN_OR_RETURN(const auto querier, database_->NewQuerier());
    query::QueryRequest request;
    request.text = question.expression;
    request.start = question.start;
    request.end = question.end;
    request.step = question.step;
    FIRN_ASSIGN_OR_RETURN(const query::QueryResult result, engine_.Run(request, *querier, nullptr));
    for (const query::ResultSeries& series : result.matrix) {
      std::vector<double>* values = builder->Series(series.labels);
      for (size_t i = 0; i < series.t.size(); ++i) builder->Set(values, series.t[i], series.v[i]);
    }
    for (const auto* notes : {&result.warnings, &result.infos}) {
      for (const std::string& note : *notes) builder->Note(note);
    }
    return OkStatus();
  }

 private:
  QuietLog log_;  // Outlives the database, which may still say something when it is closed.
  std::unique_ptr<engine::Database> database_;
  ThreadPool pool_;
  query::QueryEngine engine_{EngineSettings(), &pool_};
};

}  // namespace

Result<HistorySource> DirectoryHistory(const std::string& path, HistoryProgress progress) {
  auto directory = std::make_shared<OpenDirectory>();
  const Status status = directory->Open(path);
  if (status.code() == StatusCode::kUnavailable) {
    return Unavailable("{}; if a server has it open, ask that with --server", status.message());
  }
  FIRN_RETURN_IF_ERROR(status);
  HistorySource source;
  FIRN_ASSIGN_OR_RETURN(source.newest, directory->Newest());
  const SliceReader read = [directory](const HistoryQuestion& slice, HistoryBuilder* builder) {
    return directory->Read(slice, builder);
  };
  source.read = [read, progress](const HistoryQuestion& question) {
    return ReadInSlices(question, kSlices, read, progress);
  };
  return source;
}

}  // namespace firn::tools
