#include "bench/footprint/page_bytes.h"

#include <filesystem>

#include <fmt/core.h>
#include <zstd.h>

#include "base/check.h"
#include "engine/tier/window_record.h"
#include "storage/kv/store.h"

namespace firn::bench {
namespace {

constexpr size_t kBlockBytes = 16 << 10;

std::string_view KindName(storage::PageKind kind) {
  switch (kind) {
    case storage::PageKind::kData:
      return "data";
    case storage::PageKind::kSeries:
      return "series";
    case storage::PageKind::kLabels:
      return "labels";
    case storage::PageKind::kClocks:
      return "clocks";
    case storage::PageKind::kDirectory:
      return "directory";
    case storage::PageKind::kRoot:
      return "root";
  }
  return "?";
}

uint64_t Packed(const std::string& bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  return ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 1);
}

uint64_t DirectoryBytes(const std::string& path) {
  uint64_t bytes = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(path)) {
    if (file.is_regular_file()) bytes += file.file_size();
  }
  return bytes;
}

}  // namespace

PageBytes MeasurePages(const std::string& path) {
  PageBytes out;
  storage::StoreOptions options;
  options.path = path;
  options.create_if_missing = false;
  auto store = storage::Store::Open(options);
  FIRN_CHECK(store.ok());
  (*store)->Tick();  // Frees what merges have dropped.
  std::map<std::pair<int, storage::PageKind>, std::string> pending;
  const auto flush = [&](const std::pair<int, storage::PageKind>& kind, std::string* bytes) {
    out.kinds[kind].packed += Packed(*bytes);
    bytes->clear();
  };
  auto pages = (*store)->Pages();
  const std::string all(64, '\xff');
  const Status status = pages->Scan("", all, [&](std::string_view key, storage::PinnedPage page) {
    const auto window = storage::WindowOfKey(key);
    FIRN_CHECK(window.has_value());
    const auto kind = static_cast<storage::PageKind>(page.bytes[2]);
    const std::pair<int, storage::PageKind> at{window->tier, kind};
    KindBytes& sum = out.kinds[at];
    ++sum.pages;
    sum.keys += key.size();
    sum.plain += page.bytes.size();
    std::string& block = pending[at];
    block.append(key).append(page.bytes);
    if (block.size() >= kBlockBytes) flush(at, &block);
    return OkStatus();
  });
  FIRN_CHECK(status.ok());
  pages.reset();
  for (auto& [kind, block] : pending) flush(kind, &block);
  const Status scanned = (*store)->ScanCatalog("w", [&](std::string_view, std::string_view value) {
    const auto record = engine::DecodeWindowRecord(value);
    FIRN_CHECK(record.ok());
    out.samples += record->summary.float_samples + record->summary.histogram_samples;
    out.series += record->summary.series;
    return OkStatus();
  });
  FIRN_CHECK(scanned.ok());
  for (const storage::FamilyFigures& family : (*store)->Figures().families) {
    if (family.name == "pages") out.page_tables = family.table_bytes;
  }
  store->reset();
  out.directory = DirectoryBytes(path);
  return out;
}

void PrintPages(const PageBytes& bytes) {
  const auto samples = static_cast<double>(bytes.samples);
  fmt::print("{} samples of {} series\n", bytes.samples, bytes.series);
  fmt::print("{:>4} {:<10} {:>7} {:>10} {:>11} {:>11} {:>9} {:>9}\n", "tier", "kind", "pages",
             "key bytes", "plain", "zstd", "plain/s", "zstd/s");
  std::map<int, KindBytes> tiers;
  const auto print = [&](int tier, std::string_view kind, const KindBytes& k) {
    fmt::print("{:>4} {:<10} {:>7} {:>10} {:>11} {:>11} {:>9.4f} {:>9.4f}\n", tier, kind, k.pages,
               k.keys, k.plain, k.packed, static_cast<double>(k.plain) / samples,
               static_cast<double>(k.packed) / samples);
  };
  for (const auto& [at, kind] : bytes.kinds) {
    print(at.first, KindName(at.second), kind);
    KindBytes& sum = tiers[at.first];
    sum.pages += kind.pages;
    sum.keys += kind.keys;
    sum.plain += kind.plain;
    sum.packed += kind.packed;
  }
  for (const auto& [tier, sum] : tiers) print(tier, "all", sum);
  fmt::print("tables with pages: {} bytes, {:.4f} per sample\n", bytes.page_tables,
             static_cast<double>(bytes.page_tables) / samples);
}

}  // namespace firn::bench
