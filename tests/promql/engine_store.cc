#include "tests/promql/engine_store.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/core.h>

#include "engine/db/database.h"
#include "tests/promql/storage_hints.h"

namespace firn::testing {
namespace {

// One sample of a series, of either kind, at its place in time order.
struct Place {
  bool is_histogram = false;
  size_t index = 0;
};

std::vector<Place> InTimeOrder(const engine::SampleColumns& samples) {
  std::vector<Place> out;
  out.reserve(samples.size());
  size_t h = 0;
  for (size_t i = 0; i < samples.t.size(); ++i) {
    while (h < samples.ht.size() && samples.ht[h] < samples.t[i]) out.push_back({true, h++});
    out.push_back({false, i});
  }
  while (h < samples.ht.size()) out.push_back({true, h++});
  return out;
}

// In memory where the system offers it: these tests open hundreds of databases and are not
// about disks.
std::filesystem::path TempRoot() {
  const std::filesystem::path shared_memory = "/dev/shm";
  if (access(shared_memory.c_str(), W_OK) == 0) return shared_memory;
  return std::filesystem::temp_directory_path();
}

class EngineScriptStore : public ScriptStore {
 public:
  explicit EngineScriptStore(const EngineStoreOptions& options) : options_(options) {
    std::string dir = (TempRoot() / "firn_script_XXXXXX").string();
    FIRN_CHECK(mkdtemp(dir.data()) != nullptr);
    dir_ = dir;
  }
  ~EngineScriptStore() override {
    db_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(dir_, ignored);
  }

  Status Clear() override {
    db_.reset();
    std::filesystem::remove_all(dir_ / "data");
    return Open();
  }

  Status Load(const std::vector<StoredSeries>& series) override {
    std::vector<StoredSeries> read = series;
    std::vector<std::vector<Place>> places;
    size_t longest = 0;
    for (StoredSeries& one : read) {
      ApplyStorageHints(&one.samples);
      places.push_back(InTimeOrder(one.samples));
      longest = std::max(longest, places.back().size());
    }
    const size_t slice = options_.samples_per_commit == 0 ? longest : options_.samples_per_commit;
    for (size_t from = 0; from < longest; from += slice) {
      FIRN_RETURN_IF_ERROR(LoadSlice(read, places, from, from + slice));
      if (options_.seal_every_commit) FIRN_RETURN_IF_ERROR(db_->Seal());
    }
    return options_.compact_every_load ? db_->Compact(true) : OkStatus();
  }

  Status BeforeStatement() override {
    return options_.reopen_every_statement && db_ ? Open() : OkStatus();
  }

  const engine::Queryable& queryable() const override { return *db_; }

 private:
  Status Open() {
    db_.reset();
    engine::DatabaseOptions options;
    options.path = dir_ / "data";
    options.ack_before_fsync = true;  // These tests are not about power cuts.
    options.memory_limit_bytes = uint64_t{256} << 20;
    options.head_window_ms = options_.window;
    options.future_ms = 0;
    options.backfill = true;
    options.retention_ms = 36'500 * kDayMs;
    options.tier_lead_ms = options.retention_ms;  // All tiers are made at once.
    options.background_interval_ms = 0;
    FIRN_ASSIGN_OR_RETURN(db_, engine::Database::Open(options));
    return OkStatus();
  }

  Status LoadSlice(const std::vector<StoredSeries>& series,
                   const std::vector<std::vector<Place>>& places, size_t from, size_t to) {
    FIRN_ASSIGN_OR_RETURN(const std::unique_ptr<engine::Appender> appender, db_->NewAppender());
    for (size_t i = 0; i < series.size(); ++i) {
      if (places[i].size() <= from) continue;
      const std::vector<LabelView> views(series[i].labels.begin(), series[i].labels.end());
      FIRN_ASSIGN_OR_RETURN(const engine::SeriesRef ref, appender->Series(views));
      const engine::SampleColumns& samples = series[i].samples;
      for (size_t k = from; k < std::min(to, places[i].size()); ++k) {
        const auto [is_histogram, at] = places[i][k];
        const Status status =
            is_histogram ? appender->AppendHistogram(ref, samples.ht[at], samples.h[at])
                         : appender->Append(ref, std::array{Sample{samples.t[at], samples.v[at]}});
        FIRN_RETURN_IF_ERROR(status);
      }
    }
    return appender->Commit().status();
  }

  const EngineStoreOptions options_;
  std::filesystem::path dir_;
  std::unique_ptr<engine::Database> db_;
};

}  // namespace

std::unique_ptr<ScriptStore> MakeEngineScriptStore(const EngineStoreOptions& options) {
  return std::make_unique<EngineScriptStore>(options);
}

}  // namespace firn::testing
