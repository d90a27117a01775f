#include "engine/db/database.h"

#include "engine/db/db_appender.h"
#include "engine/db/impl.h"
#include "engine/db/metadata.h"
#include "engine/db/reading/db_querier.h"

namespace firn::engine {

namespace {

Status CheckTiers(const DatabaseOptions& options) {
  constexpr size_t kTiersMax = 8;
  if (options.tiers.size() > kTiersMax) return InvalidArgument("more than {} tiers", kTiersMax);
  if (options.tier_window_ms <= 0) return InvalidArgument("tier windows must have a length");
  DurationMs before = 0;
  for (const TierOptions& tier : options.tiers) {
    if (tier.resolution_ms <= before) {
      return InvalidArgument("resolutions of tiers must be positive and ascend");
    }
    before = tier.resolution_ms;
  }
  return OkStatus();
}

Status CheckMergeWidths(const DatabaseOptions& options) {
  DurationMs before = 1;
  for (const DurationMs width : options.merge_widths_ms) {
    if (width <= before || width % before != 0) {
      return InvalidArgument("lengths of merged windows must ascend, each a multiple of the last");
    }
    before = width;
  }
  return OkStatus();
}

}  // namespace

Result<std::unique_ptr<Database>> Database::Open(const DatabaseOptions& options) {
  if (options.head_window_ms <= 0) {
    return InvalidArgument("the head window of {} ms is not positive", options.head_window_ms);
  }
  FIRN_RETURN_IF_ERROR(CheckTiers(options));
  FIRN_RETURN_IF_ERROR(CheckMergeWidths(options));
  auto impl = std::make_unique<Impl>(options);
  FIRN_RETURN_IF_ERROR(impl->Recover());
  impl->StartBackground();
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Database::~Database() {
  // Nobody is left to tell; what was acknowledged is on disk already.
  static_cast<void>(Close());
}

Result<std::unique_ptr<Appender>> Database::NewAppender() { return impl_->NewAppender(); }
Result<std::unique_ptr<Querier>> Database::NewQuerier() const { return impl_->NewQuerier(); }
Status Database::Seal() {
  FIRN_RETURN_IF_ERROR(impl_->SealWindows(true));
  return impl_->BuildTiers({.all = true, .rebuild = true});
}
Status Database::Compact(bool force) { return impl_->Compact(force); }
Status Database::DeleteSeries(const std::vector<Matchers>& selectors, const TimeRange& range) {
  return impl_->DeleteSeries(selectors, range);
}
Status Database::CleanTombstones() { return impl_->CleanTombstones(); }
Status Database::ConfirmTime() { return impl_->ConfirmTime(); }
Result<DatabaseStatus> Database::GetStatus(size_t limit) const { return impl_->GetStatus(limit); }

std::vector<StoredBlock> Database::Blocks() const { return impl_->Blocks(); }
std::vector<MetricFigure> Database::Metrics() const { return impl_->Metrics(); }
bool Database::AcceptsWrites(std::string* why) const { return impl_->AcceptsWrites(why); }
Result<CostReport> Database::GetCosts(const CostQuery& query) const {
  return impl_->GetCosts(query);
}
Result<std::string> Database::Snapshot() { return impl_->Snapshot(); }
Status Database::AddWindow(TimestampMs start, TimestampMs end,
                           const std::function<Status(const AddSeries& add)>& fill) {
  return impl_->AddWindow(start, end, fill);
}
void Database::SetSeriesLimits(const SeriesLimits& limits) { impl_->SetSeriesLimits(limits); }
uint64_t Database::corruption_count() const { return impl_->corruption_count(); }
Result<bool> Database::ScrubStep() { return impl_->ScrubStep(); }
std::string Database::RecoveryReport() const { return impl_->recovery_report(); }

Status Database::PutMetadata(const std::vector<MetadataEntry>& entries) {
  return StoreMetadata(impl_->store(), entries);
}

std::vector<MetadataEntry> Database::GetMetadata(std::string_view metric, size_t limit) const {
  return LoadMetadata(impl_->store(), metric, limit);
}

Result<std::vector<Status>> Database::AppendExemplars(std::span<const NewExemplar> batch) {
  return impl_->exemplars()->Append(batch);
}

std::vector<SeriesExemplars> Database::SelectExemplars(
    const TimeRange& range, const std::vector<Matchers>& selectors) const {
  return impl_->exemplars()->Select(range, selectors);
}

Status Database::Close() { return impl_->Close(); }

}  // namespace firn::engine
