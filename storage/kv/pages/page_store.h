// The pages family: sources that read it, batches that fill it, publications that change it
// together with the catalog.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "storage/kv/pages/ingestion_gate.h"
#include "storage/kv/pages/page_drops.h"

namespace firn::storage {

// What a source reads besides its snapshot.
struct SourceScope {
  std::optional<KeyRange> range;  // As Store::Pages.
  std::vector<KeyRange> hidden;   // Dropped pages.
  bool fill_cache = true;         // Of what Get reads.
};

// The pages as they are now.
std::shared_ptr<const PageSource> MakePageSource(std::shared_ptr<OpenDb> db,
                                                 std::shared_ptr<ReaderRegistry> readers,
                                                 SourceScope scope);

// Thread-safe. The contract of the methods is in store.h.
class PageStore {
 public:
  // Empties the staging folder of `path`: what is there was never published.
  static Result<std::unique_ptr<PageStore>> Open(std::shared_ptr<OpenDb> db, Writer* writer,
                                                 std::shared_ptr<IngestionGate> gate,
                                                 const std::string& path);

  std::shared_ptr<const PageSource> Pages(std::optional<KeyRange> range,
                                          bool fill_cache = true) const;
  Result<std::unique_ptr<PageBatch>> NewBatch();
  Status Publish(std::unique_ptr<PageBatch> batch, std::span<const CatalogChange> changes,
                 std::span<const KeyRange> dropped);
  // Frees dropped pages, unless a publication is under way.
  Status Reclaim();
  // Makes RocksDB take writes again after an error.
  Status Resume();
  // From now on no page is compacted, since a table that a compaction would read is damaged.
  void StopCompactions();

 private:
  struct Publication {
    std::vector<std::string> page_files;
    std::span<const CatalogChange> changes;
    const PageDrops::Plan* plan = nullptr;
  };

  // All in one ingestion.
  Status Ingest(const Publication& publication) ABSL_EXCLUSIVE_LOCKS_REQUIRED(publish_mutex_);
  // The same through the write-ahead log.
  Status WriteThrough(const Publication& publication) ABSL_EXCLUSIVE_LOCKS_REQUIRED(publish_mutex_);
  PageStore(std::shared_ptr<OpenDb> db, Writer* writer, std::shared_ptr<IngestionGate> gate,
            std::string staging);
  // Compacts tables at the top if they are many, which were not ingested to the bottom.
  Status SettleTop() ABSL_EXCLUSIVE_LOCKS_REQUIRED(publish_mutex_);
  Status FreeDropped() ABSL_EXCLUSIVE_LOCKS_REQUIRED(publish_mutex_);
  std::string NewStagingFile();

  const std::shared_ptr<OpenDb> db_;
  Writer* const writer_;
  const std::shared_ptr<IngestionGate> gate_;
  const std::string staging_;
  const std::shared_ptr<ReaderRegistry> readers_;
  // Taken for writing while a publication becomes visible.
  mutable SharedMutex visible_mutex_;
  std::vector<KeyRange> hidden_ ABSL_GUARDED_BY(visible_mutex_);
  std::atomic<uint64_t> next_file_{1};
  Mutex publish_mutex_;
  PageDrops drops_ ABSL_GUARDED_BY(publish_mutex_);
  // Turns false for good with the first Resume. RocksDB 7.8 keeps believing that it is
  // stopped then, and an ingestion goes astray, so publications take the slower way. Nor do
  // pages get compacted: a compaction that drops all it reads and then fails to write its
  // empty output would abort the process.
  bool healthy_ ABSL_GUARDED_BY(publish_mutex_) = true;
  bool may_compact_ ABSL_GUARDED_BY(publish_mutex_) = true;
};

// Writes one table file or several, each at its full size begun anew. One thread at a time.
class TableFiles {
 public:
  // `next_name` is asked for the path of each new file.
  TableFiles(const OpenDb* db, Family family, std::function<std::string()> next_name);
  // Removes the files that are still there.
  ~TableFiles();
  TableFiles(const TableFiles&) = delete;
  TableFiles& operator=(const TableFiles&) = delete;

  // REQUIRES: keys ascend strictly.
  Status Put(std::string_view key, std::string_view value);
  Status Delete(std::string_view key);
  // Syncs and closes the last file.
  Status Finish();

  const std::vector<std::string>& files() const { return files_; }
  uint64_t bytes() const;

 private:
  Status Begin();

  struct Rep;
  const std::unique_ptr<Rep> rep_;
  std::vector<std::string> files_;
};

struct PageBatch::Rep {
  Rep(std::shared_ptr<OpenDb> open, std::function<std::string()> next_name)
      : db(std::move(open)), tables(db.get(), kPagesFamily, std::move(next_name)) {}

  std::shared_ptr<OpenDb> db;
  TableFiles tables;
  std::optional<KeySpan> span;  // None while there is no page.
};

}  // namespace firn::storage
