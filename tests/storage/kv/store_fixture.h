// A store in a temporary directory of its own.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "storage/kv/store.h"

namespace firn::storage {

class StoreFixture : public testing::Test {
 protected:
  using Entries = std::vector<std::pair<uint64_t, std::string>>;

  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "firn_store_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
    options_.path = (root_ / "data").string();
    options_.block_cache_bytes = 8 << 20;
    options_.journal_memtable_bytes = 1 << 20;
    options_.min_free_disk_bytes = 1 << 20;
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(root_);
  }

  Status TryOpen() {
    store_.reset();
    Result<std::unique_ptr<Store>> store = Store::Open(options_);
    if (!store.ok()) return store.status();
    store_ = *std::move(store);
    return OkStatus();
  }
  void Open() {
    const Status status = TryOpen();
    ASSERT_TRUE(status.ok()) << status.ToString();
  }

  uint64_t Append(std::string_view entry, std::vector<SeriesRecord> series = {}) {
    Result<uint64_t> number = store_->AppendJournal(entry, series);
    EXPECT_TRUE(number.ok()) << number.status().ToString();
    return number.ok() ? *number : 0;
  }
  Entries Journal() const {
    Entries entries;
    const Status status = store_->ReplayJournal([&](uint64_t number, std::string_view entry) {
      entries.emplace_back(number, entry);
      return OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status.ToString();
    return entries;
  }
  std::map<uint64_t, std::string> Series() const {
    std::map<uint64_t, std::string> series;
    const Status status = store_->ScanSeries([&](uint64_t number, std::string_view bytes) {
      series.emplace(number, bytes);
      return OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status.ToString();
    return series;
  }
  std::map<std::string, std::string> Catalog(std::string_view prefix = "") const {
    std::map<std::string, std::string> records;
    const Status status =
        store_->ScanCatalog(prefix, [&](std::string_view key, std::string_view value) {
          records.emplace(key, value);
          return OkStatus();
        });
    EXPECT_TRUE(status.ok()) << status.ToString();
    return records;
  }

  using PageMap = std::map<std::string, std::string>;
  static PageMap ReadPages(const PageSource& source) {
    PageMap pages;
    const Status status = source.Scan("", "\xff", [&](std::string_view key, PinnedPage page) {
      pages.emplace(key, page.bytes);
      return OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status.ToString();
    return pages;
  }
  PageMap ReadPages() const { return ReadPages(*store_->Pages()); }
  Status Publish(const PageMap& pages, std::vector<CatalogChange> changes,
                 std::vector<KeyRange> dropped = {}) {
    std::unique_ptr<PageBatch> batch;
    if (!pages.empty()) {
      FIRN_ASSIGN_OR_RETURN(batch, store_->NewPageBatch());
      for (const auto& [key, page] : pages) FIRN_RETURN_IF_ERROR(batch->Put(key, page));
    }
    return store_->Publish(std::move(batch), changes, dropped);
  }
  FamilyFigures Figures(std::string_view family) const {
    for (const FamilyFigures& f : store_->Figures().families) {
      if (f.name == family) return f;
    }
    ADD_FAILURE() << "no family " << family;
    return {};
  }

  std::filesystem::path root_;
  StoreOptions options_;
  std::unique_ptr<Store> store_;
};

// Bytes that do not compress, a function of the seed.
inline std::string Noise(uint64_t seed, size_t bytes) {
  std::string out(bytes, '\0');
  uint64_t x = seed * 0x9e3779b97f4a7c15 + 1;
  for (char& c : out) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    c = static_cast<char>(x);
  }
  return out;
}

}  // namespace firn::storage
