#include "engine/db/integrity/window_copy.h"

#include <algorithm>
#include <array>

#include "storage/page/window_writer.h"

namespace firn::engine {
namespace {

// Writes the series that verify.
class Salvager : public storage::SeriesVisitor {
 public:
  Salvager(const storage::WindowId& id, storage::PageSink* sink) : writer_(id, sink) {}

  Status OnSeries(const storage::SeriesHandle& series, const storage::SeriesData& data) override {
    FIRN_RETURN_IF_ERROR(writer_.Add(series.labels, data.columns()));
    any_ |= !data.empty();
    return OkStatus();
  }
  bool any() const { return any_; }
  Result<storage::WindowSummary> Finish() { return writer_.Finish(); }

 private:
  storage::WindowWriter writer_;
  bool any_ = false;
};

bool IsWholeLoss(const WindowHealth& health) {
  return std::any_of(health.losses.begin(), health.losses.end(),
                     [](const Loss& loss) { return loss.whole; });
}

struct Salvaged {
  storage::WindowSummary summary;
  std::unique_ptr<storage::PageBatch> pages;  // Null if nothing is left.
};

// `check` reads the window once more, with a scope that has the visitor.
template <typename Check>
Result<Salvaged> Salvage(const storage::WindowId& id, storage::Store* store, const Check& check) {
  Salvaged salvaged;
  FIRN_ASSIGN_OR_RETURN(salvaged.pages, store->NewPageBatch());
  Salvager salvager(id, salvaged.pages.get());
  WindowScope scope;
  scope.scan_pages = false;
  scope.visitor = &salvager;
  FIRN_RETURN_IF_ERROR(check(scope).status());
  if (!salvager.any()) {
    salvaged.pages = nullptr;
    return salvaged;
  }
  FIRN_ASSIGN_OR_RETURN(salvaged.summary, salvager.Finish());
  return salvaged;
}

}  // namespace

Result<std::unique_ptr<storage::PageBatch>> WindowCopier::CopyPages(const storage::WindowId& id) {
  FIRN_ASSIGN_OR_RETURN(auto pages, store_->NewPageBatch());
  const storage::KeyRange keys = storage::WindowKeys(id);
  const auto copy = [&](std::string_view key, const storage::PinnedPage& page) -> Status {
    FIRN_RETURN_IF_ERROR(pages->Put(key, page.bytes));
    return pace_(page.bytes.size());
  };
  FIRN_RETURN_IF_ERROR(source_->Scan(keys.first, keys.last, copy));
  return pages;
}

Result<WindowHealth> WindowCopier::CopyRaw(WindowRecord record) {
  WindowScope scope;
  scope.pace = pace_;
  FIRN_ASSIGN_OR_RETURN(WindowHealth health, CheckRawWindow(source_, record, scope));
  std::unique_ptr<storage::PageBatch> pages;
  if (health.ok()) {
    FIRN_ASSIGN_OR_RETURN(pages, CopyPages(record.id));
    whole_.push_back({record.id.start, record.id.end - 1});
  } else if (!IsWholeLoss(health)) {
    FIRN_ASSIGN_OR_RETURN(Salvaged salvaged,
                          Salvage(record.id, store_, [&](const WindowScope& with_visitor) {
                            return CheckRawWindow(source_, record, with_visitor);
                          }));
    pages = std::move(salvaged.pages);
    // Tiers answer for what is lost, and are not made anew of what is left.
    record.thinned |= !health.losses.empty();
    if (pages != nullptr) record.summary = salvaged.summary;
    if (pages != nullptr) record.disk_bytes = pages->bytes();
    health.fate = health.losses.empty() ? Fate::kKept : Fate::kPartial;
  }
  if (pages == nullptr) {
    health.fate = Fate::kDropped;
    covers_.insert(covers_.end(), record.journal.begin(), record.journal.end());
    return health;
  }
  const std::array changes = {storage::CatalogChange{.key = WindowRecordKey(record.id),
                                                     .value = EncodeWindowRecord(record)}};
  FIRN_RETURN_IF_ERROR(store_->Publish(std::move(pages), changes, {}));
  last_kept_ = std::move(record);
  return health;
}

bool WindowCopier::RawIsWhole(const TierRecord& record) const {
  const TimeRanges whole = JoinRanges(whole_);
  return !record.sources.empty() &&
         std::all_of(record.sources.begin(), record.sources.end(), [&](const TierSource& source) {
           return std::any_of(whole.begin(), whole.end(), [&](const TimeRange& range) {
             return range.min <= source.start && source.range().max <= range.max;
           });
         });
}

Result<WindowHealth> WindowCopier::CopyTier(TierRecord record) {
  WindowScope scope;
  scope.pace = pace_;
  FIRN_ASSIGN_OR_RETURN(WindowHealth health, CheckTierWindow(source_, record, scope));
  std::unique_ptr<storage::PageBatch> pages;
  if (health.ok()) {
    FIRN_ASSIGN_OR_RETURN(pages, CopyPages(record.id));
  } else if (RawIsWhole(record)) {
    health.fate = Fate::kRebuilt;
    return health;
  } else if (!IsWholeLoss(health)) {
    FIRN_ASSIGN_OR_RETURN(Salvaged salvaged,
                          Salvage(record.id, store_, [&](const WindowScope& with_visitor) {
                            return CheckTierWindow(source_, record, with_visitor);
                          }));
    pages = std::move(salvaged.pages);
    if (pages != nullptr) record.summary = salvaged.summary;
    health.fate = health.losses.empty() ? Fate::kKept : Fate::kPartial;
  }
  if (pages == nullptr) {
    health.fate = Fate::kDropped;
    return health;
  }
  const std::array changes = {
      storage::CatalogChange{.key = TierRecordKey(record.id), .value = EncodeTierRecord(record)}};
  FIRN_RETURN_IF_ERROR(store_->Publish(std::move(pages), changes, {}));
  return health;
}

Status WindowCopier::KeepCoversOfDropped() {
  if (covers_.empty() || !last_kept_) return OkStatus();
  last_kept_->journal.insert(last_kept_->journal.end(), covers_.begin(), covers_.end());
  const std::array changes = {storage::CatalogChange{.key = WindowRecordKey(last_kept_->id),
                                                     .value = EncodeWindowRecord(*last_kept_)}};
  return store_->PutCatalog(changes);
}

}  // namespace firn::engine
