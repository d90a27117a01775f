#include <rocksdb/db.h>
#include <rocksdb/file_system.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_writer.h>

#include "storage/kv/pages/page_store.h"
#include "storage/kv/rocks_status.h"

namespace firn::storage {

namespace {
constexpr uint64_t kFileBytes = 256 << 20;
}  // namespace

struct TableFiles::Rep {
  const OpenDb* db;
  rocksdb::ColumnFamilyHandle* family;
  std::function<std::string()> next_name;
  rocksdb::Options options;
  std::unique_ptr<rocksdb::SstFileWriter> writer;
  uint64_t finished_bytes = 0;
};

TableFiles::TableFiles(const OpenDb* db, Family family, std::function<std::string()> next_name)
    : rep_(new Rep{.db = db,
                   .family = db->family(family),
                   .next_name = std::move(next_name),
                   .options = db->TableOptions(family),
                   .writer = nullptr}) {}

TableFiles::~TableFiles() {
  rep_->writer.reset();
  // Those that were published are gone already.
  for (const std::string& file : files_) {
    rep_->db->fs()->DeleteFile(file, {}, nullptr).PermitUncheckedError();
  }
}

Status TableFiles::Begin() {
  files_.push_back(rep_->next_name());
  rep_->writer = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(rep_->options),
                                                          rep_->options, rep_->family);
  return FromRocks(rep_->writer->Open(files_.back()), files_.back());
}

Status TableFiles::Put(std::string_view key, std::string_view value) {
  if (rep_->writer != nullptr && rep_->writer->FileSize() >= kFileBytes) {
    FIRN_RETURN_IF_ERROR(Finish());
  }
  if (rep_->writer == nullptr) FIRN_RETURN_IF_ERROR(Begin());
  return FromRocks(rep_->writer->Put(key, value), files_.back());
}

Status TableFiles::Delete(std::string_view key) {
  if (rep_->writer == nullptr) FIRN_RETURN_IF_ERROR(Begin());
  return FromRocks(rep_->writer->Delete(key), files_.back());
}

Status TableFiles::Finish() {
  if (rep_->writer == nullptr) return OkStatus();
  const rocksdb::Status status = rep_->writer->Finish();
  rep_->finished_bytes += rep_->writer->FileSize();
  rep_->writer.reset();
  return FromRocks(status, files_.back());
}

uint64_t TableFiles::bytes() const {
  return rep_->finished_bytes + (rep_->writer == nullptr ? 0 : rep_->writer->FileSize());
}

PageBatch::PageBatch(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
PageBatch::~PageBatch() = default;

Status PageBatch::Put(std::string_view key, std::string_view page) {
  if (rep_->span && key <= rep_->span->last) {
    return InvalidArgument("page keys do not ascend");
  }
  FIRN_RETURN_IF_ERROR(rep_->tables.Put(key, page));
  if (!rep_->span) rep_->span = KeySpan{.first = std::string(key), .last = ""};
  rep_->span->last = key;
  return OkStatus();
}

uint64_t PageBatch::bytes() const { return rep_->tables.bytes(); }

}  // namespace firn::storage
