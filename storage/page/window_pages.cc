#include "storage/page/window_pages.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"

namespace firn::storage {
namespace {

// Below it metric and segment; both are far from 2^32.
constexpr uint64_t kDirectoryPart = ~uint64_t{0};
// With the second highest bit: times of a clock.
constexpr uint64_t kClockBit = uint64_t{1} << 62;
// Parts with the highest bit are what was kept under a text.
constexpr uint64_t kTextBit = uint64_t{1} << 63;

uint64_t TextPart(std::string_view text) {
  const uint64_t part = Xxh3(text) | kTextBit;
  return part == kDirectoryPart ? part - 1 : part;
}

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
    std::shared_ptr<const PageSource> source, const WindowId& window,
    std::shared_ptr<DecodedCache> cache) {
  const std::string key = PageKey(WindowKeyPrefix(window), PageKind::kRoot, 0);
  FIRN_ASSIGN_OR_RETURN(const PinnedPage page, source->Get(key));
  FIRN_ASSIGN_OR_RETURN(const std::string_view payload, OpenPage(key, PageKind::kRoot, page.bytes));
  Result<WindowRoot> root = DecodeRoot(payload);
  if (!root.ok()) return root.status().WithContext(DescribePage(key));
  if (root->window != window) return Corruption("{}: of another window", DescribePage(key));
  const bool own_cache = cache == nullptr;
  if (own_cache) cache = std::make_shared<DecodedCache>(kOwnCacheBytes);
  std::shared_ptr<WindowPages> pages(
      new WindowPages(std::move(source), *std::move(root), std::move(cache)));
  // A window that cannot be read is known from the start.
  FIRN_ASSIGN_OR_RETURN(auto directory, pages->Directory());
  if (own_cache) pages->directory_ = std::move(directory);
  return std::shared_ptr<const WindowPages>(std::move(pages));
}

WindowPages::~WindowPages() { cache_->Drop(number_); }

Result<std::shared_ptr<const MetricDirectory>> WindowPages::ReadDirectory() const {
  auto metrics = std::make_shared<MetricDirectory>();
  const std::string prefix = WindowKeyPrefix(root_.window);
  for (uint32_t i = 0; i < root_.directory_pages; ++i) {
    FIRN_ASSIGN_OR_RETURN(
        const VerifiedPage page,
        Fetch(*source_, PageKey(prefix, PageKind::kDirectory, i), PageKind::kDirectory));
    FIRN_RETURN_IF_ERROR(AtPage(page.key, DecodeMetricEntries(page.payload, metrics.get())));
  }
  if (metrics->size() != root_.summary.metrics) {
    return Corruption("{}: {} metrics in place of {}",
                      DescribePage(PageKey(prefix, PageKind::kDirectory, 0)), metrics->size(),
                      root_.summary.metrics);
  }
  return std::shared_ptr<const MetricDirectory>(std::move(metrics));
}

Result<std::shared_ptr<const MetricDirectory>> WindowPages::Directory() const {
  if (directory_ != nullptr) return directory_;
  const DecodedCache::Key key{number_, kDirectoryPart};
  if (auto cached = cache_->Get<MetricDirectory>(key)) return cached;
  FIRN_ASSIGN_OR_RETURN(auto directory, ReadDirectory());
  uint64_t bytes = directory->capacity() * sizeof(MetricEntry);
  for (const MetricEntry& entry : *directory) bytes += entry.name.capacity();
  cache_->Put(key, directory, bytes);
  return directory;
}

Result<VerifiedPage> WindowPages::MetricPage(uint32_t metric, PageKind kind,
                                             uint32_t number) const {
  FIRN_ASSIGN_OR_RETURN(const auto directory, Directory());
  FIRN_CHECK(metric < directory->size());
  const std::string prefix = MetricKeyPrefix(root_.window, (*directory)[metric].name);
  return Fetch(*source_, PageKey(prefix, kind, number), kind);
}

Result<VerifiedPage> WindowPages::DataPage(uint32_t metric, uint32_t number, bool keep) const {
  constexpr size_t kKeptBytesMax = 64 << 10;
  if (!keep) return MetricPage(metric, PageKind::kData, number);
  std::string text = "page";
  AppendFixed(metric, &text);
  AppendFixed(number, &text);
  if (const auto kept = Kept<VerifiedPage>(text)) return *kept;
  FIRN_ASSIGN_OR_RETURN(VerifiedPage page, MetricPage(metric, PageKind::kData, number));
  if (page.payload.size() <= kKeptBytesMax) {
    Keep(std::move(text), std::make_shared<VerifiedPage>(page),
         sizeof(page) + page.key.size() + page.payload.size());
  }
  return page;
}

Result<std::shared_ptr<const LabelTable>> WindowPages::Table(uint32_t metric, uint32_t segment,
                                                             bool keep) const {
  const DecodedCache::Key key{number_, uint64_t{metric} << 32 | segment};
  if (auto cached = cache_->Get<LabelTable>(key)) return cached;
  FIRN_ASSIGN_OR_RETURN(const VerifiedPage page, MetricPage(metric, PageKind::kLabels, segment));
  Result<LabelTable> table = LabelTable::Decode(page.payload);
  if (!table.ok()) return table.status().WithContext(DescribePage(page.key));
  auto shared = std::make_shared<const LabelTable>(*std::move(table));
  if (keep) cache_->Put(key, shared, shared->memory_bytes());
  return shared;
}

std::shared_ptr<const WindowPages::KeptThing> WindowPages::FindKept(std::string_view text) const {
  auto kept = cache_->Get<KeptThing>({number_, TextPart(text)});
  return kept != nullptr && kept->text == text ? kept : nullptr;
}

void WindowPages::Keep(std::string text, std::shared_ptr<const void> thing, uint64_t bytes) const {
  const DecodedCache::Key key{number_, TextPart(text)};
  bytes += sizeof(KeptThing) + text.size();
  cache_->Put(key, std::make_shared<const KeptThing>(KeptThing{std::move(text), std::move(thing)}),
              bytes);
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

WindowPages::SharedTimes WindowPages::KeptClock(uint32_t clock) const {
  return cache_->Get<std::vector<TimestampMs>>({number_, kClockBit | clock});
}

void WindowPages::KeepClock(uint32_t clock, SharedTimes times) const {
  const uint64_t bytes = sizeof(*times) + times->capacity() * sizeof(TimestampMs);
  cache_->Put({number_, kClockBit | clock}, std::move(times), bytes);
}

Result<VerifiedPage> WindowPages::ClockPage(uint32_t page) const {
  const std::string prefix = WindowKeyPrefix(root_.window);
  return Fetch(*source_, PageKey(prefix, PageKind::kClocks, page), PageKind::kClocks);
}

}  // namespace firn::storage
