#include "engine/db/inspect/directory_figures.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "engine/db/inspect/cost_collector.h"
#include "engine/db/integrity/catalog_contents.h"
#include "storage/kv/rescue/store_reader.h"
#include "storage/page/page_format.h"

namespace firn::engine {

class DirectoryFigures::Impl {
 public:
  explicit Impl(std::unique_ptr<storage::StoreReader> store) : store_(std::move(store)) {}

  Status Load() {
    StoreHealth health;
    FIRN_ASSIGN_OR_RETURN(const CatalogContents catalog, ReadCatalog(*store_, &health));
    problems_ = store_->damage();
    problems_.insert(problems_.end(), health.damage.begin(), health.damage.end());
    for (const WindowRecord& record : catalog.windows) Open(record.id, 0, record.disk_bytes);
    for (const TierRecord& record : catalog.tiers) Open(record.id, record.resolution, 0);
    const auto by_time = [](const Window& a, const Window& b) {
      const auto key = [](const Window& w) {
        return std::tuple(w.figures.resolution, w.figures.id.start, w.figures.id.generation);
      };
      return key(a) < key(b);
    };
    std::sort(opened_.begin(), opened_.end(), by_time);
    for (const Window& window : opened_) figures_.push_back(window.figures);
    return OkStatus();
  }

  struct Window {
    WindowFigures figures;
    std::shared_ptr<const storage::WindowReader> reader;
  };
  const std::vector<Window>& opened() const { return opened_; }
  const std::vector<WindowFigures>& figures() const { return figures_; }
  const std::vector<std::string>& problems() const { return problems_; }
  const storage::StoreReader& store() const { return *store_; }

 private:
  void Open(const storage::WindowId& id, DurationMs resolution, uint64_t disk_bytes) {
    auto reader = storage::WindowReader::Open(store_->Pages(), id);
    if (!reader.ok()) {
      problems_.emplace_back(reader.status().message());
      return;
    }
    WindowFigures figures;
    figures.id = id;
    figures.resolution = resolution;
    figures.summary = (*reader)->summary();
    figures.disk_bytes = disk_bytes;
    opened_.push_back({std::move(figures), *std::move(reader)});
  }

  const std::unique_ptr<storage::StoreReader> store_;
  std::vector<Window> opened_;
  std::vector<WindowFigures> figures_;
  std::vector<std::string> problems_;
};

DirectoryFigures::DirectoryFigures(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DirectoryFigures::~DirectoryFigures() = default;

Result<std::unique_ptr<DirectoryFigures>> DirectoryFigures::Open(const std::string& path) {
  storage::StoreOptions options;
  options.path = path;
  options.create_if_missing = false;
  FIRN_ASSIGN_OR_RETURN(auto store, storage::StoreReader::Open(options));
  auto impl = std::make_unique<Impl>(std::move(store));
  FIRN_RETURN_IF_ERROR(impl->Load());
  return std::unique_ptr<DirectoryFigures>(new DirectoryFigures(std::move(impl)));
}

const std::vector<WindowFigures>& DirectoryFigures::windows() const { return impl_->figures(); }
const std::vector<std::string>& DirectoryFigures::problems() const { return impl_->problems(); }

Result<CostReport> DirectoryFigures::Costs(
    const CostQuery& query,
    const std::function<void(uint64_t done, uint64_t total)>& progress) const {
  CostCollector collector(query);
  uint64_t done = 0;
  for (const Impl::Window& window : impl_->opened()) {
    FIRN_RETURN_IF_ERROR(collector.Add(
        {.resolution = window.figures.resolution, .disk_bytes = window.figures.disk_bytes},
        *window.reader));
    progress(++done, impl_->opened().size());
  }
  return std::move(collector).Finish();
}

Result<std::vector<PageKindFigures>> DirectoryFigures::Pages() const {
  static constexpr const char* kKinds[] = {"data",   "series",    "labels",
                                           "clocks", "directory", "root"};
  std::vector<PageKindFigures> kinds;
  for (const char* name : kKinds) kinds.push_back({.kind = name});
  const auto source = impl_->store().Pages();
  for (const WindowFigures& window : windows()) {
    const storage::KeyRange keys = storage::WindowKeys(window.id);
    FIRN_RETURN_IF_ERROR(
        source->Scan(keys.first, keys.last, [&](std::string_view key, storage::PinnedPage page) {
          const auto kind = storage::KindOfKey(key);
          if (!kind) return OkStatus();
          PageKindFigures& figures = kinds[static_cast<size_t>(*kind) - 1];
          ++figures.pages;
          figures.bytes += page.bytes.size();
          return OkStatus();
        }));
  }
  return kinds;
}

Result<std::vector<RecordFigures>> DirectoryFigures::Records() const {
  static constexpr std::pair<storage::RecordKind, const char*> kKinds[] = {
      {storage::RecordKind::kJournal, "journal"},
      {storage::RecordKind::kSeries, "series"},
      {storage::RecordKind::kCatalog, "catalog"},
      {storage::RecordKind::kMetadata, "metadata"},
      {storage::RecordKind::kExemplars, "exemplars"}};
  std::vector<RecordFigures> families;
  for (const auto& [kind, name] : kKinds) {
    RecordFigures family{.name = name};
    FIRN_RETURN_IF_ERROR(impl_->store().Scan(
        kind,
        [&](std::string_view key, std::string_view value) {
          ++family.records;
          family.bytes += key.size() + value.size();
          return OkStatus();
        },
        [](const storage::RecordGap& /*gap*/) { return OkStatus(); }));
    families.push_back(std::move(family));
  }
  return families;
}

Result<std::vector<DirectoryFigures::SeriesFigures>> DirectoryFigures::Series(
    const Matchers& matchers, const TimeRange& range) const {
  std::map<Labels, SeriesFigures> found;
  for (const Impl::Window& window : impl_->opened()) {
    const TimeRange span{window.figures.summary.min_t, window.figures.summary.max_t};
    if (window.figures.resolution != 0 || !span.Overlaps(range)) continue;
    FIRN_ASSIGN_OR_RETURN(const auto handles, window.reader->Select(matchers));
    for (const storage::SeriesHandle& handle : handles) {
      SeriesFigures& series = found[handle.labels];
      series.labels = handle.labels;
      series.samples += uint64_t{handle.places.floats.count} + handle.places.histograms.count;
      series.column_bytes +=
          uint64_t{handle.places.floats.length} + handle.places.histograms.length;
      series.range.min = std::min(series.range.min, span.min);
      series.range.max = std::max(series.range.max, span.max);
    }
  }
  std::vector<SeriesFigures> out;
  for (auto& [labels, series] : found) out.push_back(std::move(series));
  return out;
}

}  // namespace firn::engine
