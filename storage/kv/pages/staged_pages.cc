#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>

#include "base/mutex.h"
#include "storage/kv/pages/page_store.h"
#include "storage/kv/rocks_status.h"

namespace firn::storage {
namespace {

// Pages of table files that are not part of the store yet. Files follow each other in key
// order.
class StagedPages : public PageSource {
 public:
  static Result<std::shared_ptr<const PageSource>> Open(const OpenDb& db,
                                                        const std::vector<std::string>& files) {
    auto pages = std::make_shared<StagedPages>();
    // What is read once need not stay in memory.
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    MutexLock lock(&pages->mutex_);
    for (const std::string& file : files) {
      auto reader = std::make_unique<rocksdb::SstFileReader>(db.TableOptions(kPagesFamily));
      FIRN_RETURN_IF_ERROR(FromRocks(reader->Open(file), file));
      std::unique_ptr<rocksdb::Iterator> iterator(reader->NewIterator(options));
      pages->files_.push_back({std::move(reader), std::move(iterator)});
    }
    return std::shared_ptr<const PageSource>(std::move(pages));
  }

  Result<PinnedPage> Get(std::string_view key) const override {
    PinnedPage found;
    const Status status = Visit(key, [&](std::string_view at, const PinnedPage& page) {
      if (at == key) found = page;
      return Cancelled("one is enough");
    });
    if (found.owner != nullptr) return found;
    const bool looked = status.ok() || status.code() == StatusCode::kCancelled;
    return looked ? NotFound("no such page") : status;
  }

  Status Scan(
      std::string_view first, std::string_view last,
      const std::function<Status(std::string_view key, PinnedPage page)>& visit) const override {
    bool at_end = false;
    const Status status = Visit(first, [&](std::string_view key, const PinnedPage& page) {
      at_end = key >= last;
      return at_end ? Cancelled("the end") : visit(key, page);
    });
    return at_end ? OkStatus() : status;
  }

 private:
  struct File {
    std::unique_ptr<rocksdb::SstFileReader> reader;
    std::unique_ptr<rocksdb::Iterator> iterator;  // Goes first.
  };

  // Pages from `first` on, until `visit` fails.
  template <typename Visitor>
  Status Visit(std::string_view first, const Visitor& visit) const {
    MutexLock lock(&mutex_);
    for (const File& file : files_) {
      rocksdb::Iterator* const it = file.iterator.get();
      for (it->Seek(first); it->Valid(); it->Next()) {
        auto copy = std::make_shared<const std::string>(it->value().ToStringView());
        const std::string_view bytes = *copy;
        FIRN_RETURN_IF_ERROR(
            visit(it->key().ToStringView(), PinnedPage{.owner = std::move(copy), .bytes = bytes}));
      }
      FIRN_RETURN_IF_ERROR(FromRocks(it->status(), "staged pages"));
    }
    return OkStatus();
  }

  mutable Mutex mutex_;
  std::vector<File> files_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

Result<std::shared_ptr<const PageSource>> PageBatch::ReadBack() {
  FIRN_RETURN_IF_ERROR(rep_->tables.Finish());
  return StagedPages::Open(*rep_->db, rep_->tables.files());
}

}  // namespace firn::storage
