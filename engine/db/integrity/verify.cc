#include "engine/db/integrity/verify.h"

#include "engine/db/integrity/catalog_contents.h"
#include "engine/db/integrity/record_check.h"
#include "engine/db/integrity/window_health.h"
#include "storage/kv/rescue/store_reader.h"

namespace firn::engine {
namespace {

class Verifier {
 public:
  Verifier(const storage::StoreReader& reader, const VerifyOptions& options)
      : reader_(reader), options_(options) {}

  Result<StoreHealth> Run() {
    health_.damage = reader_.damage();
    FIRN_RETURN_IF_ERROR(CheckTables());
    FIRN_ASSIGN_OR_RETURN(const CatalogContents catalog, ReadCatalog(reader_, &health_));
    FIRN_RETURN_IF_ERROR(CheckWindows(catalog));
    stage_ = "records";
    FIRN_RETURN_IF_ERROR(CheckRecords(reader_, nullptr, &health_));
    return std::move(health_);
  }

 private:
  Status Advance(uint64_t bytes) {
    done_ += bytes;
    if (options_.progress) options_.progress(stage_, done_, total_);
    return OkStatus();
  }

  void Begin(std::string_view stage, uint64_t total) {
    stage_ = stage;
    done_ = 0;
    total_ = total;
  }

  Status CheckTables() {
    if (options_.quick) return OkStatus();
    Begin("table files", reader_.table_bytes());
    return reader_.CheckTables([&](const storage::TableCheck& table) {
      ++health_.table_files;
      health_.table_bytes += table.bytes;
      if (!table.status.ok()) {
        health_.damage.push_back(fmt::format("table file {} ({}): {}", table.file, table.family,
                                             table.status.message()));
      }
      return Advance(table.bytes);
    });
  }

  Status CheckWindows(const CatalogContents& catalog) {
    uint64_t total = 0;
    for (const WindowRecord& record : catalog.windows) total += record.summary.bytes;
    for (const TierRecord& record : catalog.tiers) total += record.summary.bytes;
    // Each page is read for its samples and once more for itself.
    Begin("windows", 2 * total);
    const auto source = reader_.Pages();
    const WindowScope scope{.quick = options_.quick,
                            .pace = [this](uint64_t bytes) { return Advance(bytes); }};
    for (const WindowRecord& record : catalog.windows) {
      FIRN_ASSIGN_OR_RETURN(WindowHealth window, CheckRawWindow(source, record, scope));
      health_.windows.push_back(std::move(window));
    }
    for (const WindowRecord& record : catalog.found) {
      FIRN_ASSIGN_OR_RETURN(WindowHealth window, CheckRawWindow(source, record, scope));
      window.stray.emplace_back("its catalog record is lost; repair makes one of the pages");
      health_.windows.push_back(std::move(window));
    }
    for (const TierRecord& record : catalog.tiers) {
      FIRN_ASSIGN_OR_RETURN(WindowHealth window, CheckTierWindow(source, record, scope));
      health_.windows.push_back(std::move(window));
    }
    return OkStatus();
  }

  const storage::StoreReader& reader_;
  const VerifyOptions& options_;
  StoreHealth health_;
  std::string_view stage_;
  uint64_t done_ = 0;
  uint64_t total_ = 0;
};

}  // namespace

Result<StoreHealth> VerifyStore(const VerifyOptions& options) {
  storage::StoreOptions store_options;
  store_options.path = options.path;
  store_options.create_if_missing = false;
  FIRN_ASSIGN_OR_RETURN(const auto reader, storage::StoreReader::Open(store_options));
  return Verifier(*reader, options).Run();
}

}  // namespace firn::engine
