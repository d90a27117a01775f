#include "storage/page/window_pages.h"

#include <algorithm>

#include "base/check.h"

namespace firn::storage {
namespace {

// A page that the window names but the store does not have is damage.
Result<VerifiedPage> Fetch(const PageSource& source, std::string key, PageKind kind) {
  Result<PinnedPage> page = source.Get(key);
  if (!page.ok()) {
    if (page.status().code() == StatusCode::kNotFound) {
      return Corruption("{}: missing", DescribePage(key));
    }
    return page.status().WithContext(DescribePage(key));
  }
  FIRN_ASSIGN_OR_RETURN(const std::string_view payload, OpenPage(key, kind, page->bytes));
  return VerifiedPage{std::move(page->owner), std::move(key), payload};
}

}  // namespace

Result<std::shared_ptr<const WindowPages>> WindowPages::Open(
    std::shared_ptr<const PageSource> source, const WindowId& window) {
  const std::string key = PageKey(WindowKeyPrefix(window), PageKind::kRoot, 0);
  FIRN_ASSIGN_OR_RETURN(const PinnedPage page, source->Get(key));
  FIRN_ASSIGN_OR_RETURN(const std::string_view payload, OpenPage(key, PageKind::kRoot, page.bytes));
  Result<WindowRoot> root = DecodeRoot(payload);
  if (!root.ok()) return root.status().WithContext(DescribePage(key));
  if (root->window != window) return Corruption("{}: of another window", DescribePage(key));
  std::shared_ptr<WindowPages> pages(new WindowPages(std::move(source), *std::move(root)));
  FIRN_RETURN_IF_ERROR(pages->LoadDirectory());
  return std::shared_ptr<const WindowPages>(std::move(pages));
}

Status WindowPages::LoadDirectory() {
  const std::string prefix = WindowKeyPrefix(root_.window);
  for (uint32_t i = 0; i < root_.directory_pages; ++i) {
    FIRN_ASSIGN_OR_RETURN(
        const VerifiedPage page,
        Fetch(*source_, PageKey(prefix, PageKind::kDirectory, i), PageKind::kDirectory));
    FIRN_RETURN_IF_ERROR(AtPage(page.key, DecodeMetricEntries(page.payload, &metrics_)));
  }
  if (metrics_.size() != root_.summary.metrics) {
    return Corruption("{}: {} metrics in place of {}",
                      DescribePage(PageKey(prefix, PageKind::kDirectory, 0)), metrics_.size(),
                      root_.summary.metrics);
  }
  return OkStatus();
}

Result<VerifiedPage> WindowPages::MetricPage(uint32_t metric, PageKind kind,
                                             uint32_t number) const {
  FIRN_CHECK(metric < metrics_.size());
  const std::string prefix = MetricKeyPrefix(root_.window, metrics_[metric].name);
  return Fetch(*source_, PageKey(prefix, kind, number), kind);
}

Result<VerifiedPage> WindowPages::DataPage(uint32_t metric, uint32_t number) const {
  return MetricPage(metric, PageKind::kData, number);
}

Result<std::shared_ptr<const LabelTable>> WindowPages::Table(uint32_t metric,
                                                             uint32_t segment) const {
  const uint64_t id = uint64_t{metric} << 32 | segment;
  if (auto cached = CachedOrNull(id)) return cached;
  FIRN_ASSIGN_OR_RETURN(const VerifiedPage page, MetricPage(metric, PageKind::kLabels, segment));
  Result<LabelTable> table = LabelTable::Decode(page.payload);
  if (!table.ok()) return table.status().WithContext(DescribePage(page.key));
  auto shared = std::make_shared<const LabelTable>(*std::move(table));
  Cache(id, shared);
  return shared;
}

Result<std::vector<SeriesPlaces>> WindowPages::Places(uint32_t metric, uint32_t segment) const {
  FIRN_ASSIGN_OR_RETURN(const VerifiedPage page, MetricPage(metric, PageKind::kSeries, segment));
  Result<std::vector<SeriesPlaces>> places = DecodeSeriesPage(page.payload);
  if (!places.ok()) return places.status().WithContext(DescribePage(page.key));
  return places;
}

Result<WindowPages::ClockPlace> WindowPages::FindClock(uint32_t clock) const {
  const auto& first = root_.first_clocks;
  if (clock >= root_.summary.clocks || first.empty()) {
    return Corruption("clock {} of {}", clock, root_.summary.clocks);
  }
  const auto it = std::upper_bound(first.begin(), first.end(), clock) - 1;
  return ClockPlace{static_cast<uint32_t>(it - first.begin()), clock - *it};
}

Result<VerifiedPage> WindowPages::ClockPage(uint32_t page) const {
  const std::string prefix = WindowKeyPrefix(root_.window);
  return Fetch(*source_, PageKey(prefix, PageKind::kClocks, page), PageKind::kClocks);
}

std::shared_ptr<const LabelTable> WindowPages::CachedOrNull(uint64_t id) const {
  const MutexLock lock(&mutex_);
  const auto it = std::find_if(tables_.begin(), tables_.end(),
                               [&](const CachedTable& cached) { return cached.id == id; });
  if (it == tables_.end()) return nullptr;
  std::rotate(it, it + 1, tables_.end());
  return tables_.back().table;
}

void WindowPages::Cache(uint64_t id, std::shared_ptr<const LabelTable> table) const {
  const size_t bytes = table->memory_bytes();
  if (bytes > kTableCacheBytes) return;
  const MutexLock lock(&mutex_);
  const auto same = [&](const CachedTable& cached) { return cached.id == id; };
  if (std::any_of(tables_.begin(), tables_.end(), same)) return;  // Another thread was first.
  size_t dropped = 0;
  table_bytes_ += bytes;
  while (table_bytes_ > kTableCacheBytes && dropped < tables_.size()) {
    table_bytes_ -= tables_[dropped++].table->memory_bytes();
  }
  tables_.erase(tables_.begin(), tables_.begin() + static_cast<ptrdiff_t>(dropped));
  tables_.push_back({.id = id, .table = std::move(table)});
}

}  // namespace firn::storage
