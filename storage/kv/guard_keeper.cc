#include "storage/kv/guard_keeper.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include <fmt/core.h>
#include <rocksdb/db.h>

#include "storage/kv/rocks_status.h"

namespace firn::storage {

namespace {

// The number in "/MANIFEST-000012" or "/000034.sst"; 0 if `name` is another file.
uint64_t NumberIn(std::string_view name, std::string_view prefix, std::string_view suffix) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return 0;
  name.remove_prefix(prefix.size());
  name.remove_suffix(suffix.size());
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? number : 0;
}

}  // namespace

GuardKeeper::GuardKeeper(rocksdb::FileSystem* fs, std::string path, GuardState last)
    : fs_(fs), path_(std::move(path)), durable_(last.sequence), last_(std::move(last)) {}

void GuardKeeper::NoteDurable(uint64_t sequence) {
  uint64_t known = durable_.load(std::memory_order_relaxed);
  while (known < sequence &&
         !durable_.compare_exchange_weak(known, sequence, std::memory_order_relaxed)) {
  }
  if (known < sequence) MarkDirty();
}

void GuardKeeper::RestartAt(uint64_t sequence, uint64_t lost) {
  MutexLock lock(&mutex_);
  durable_.store(sequence, std::memory_order_relaxed);
  last_.lost_total += lost;
  MarkDirty();
}

Status GuardKeeper::Collect(rocksdb::DB* db, GuardState* state) {
  std::vector<std::string> files;
  uint64_t manifest_bytes = 0;
  FIRN_RETURN_IF_ERROR(
      FromRocks(db->GetLiveFiles(files, &manifest_bytes, /*flush_memtable=*/false), "live files"));
  for (const std::string& file : files) {
    if (const uint64_t n = NumberIn(file, "/MANIFEST-", ""); n != 0) state->manifest_number = n;
    if (const uint64_t n = NumberIn(file, "/", ".sst"); n != 0) state->tables.push_back(n);
  }
  std::sort(state->tables.begin(), state->tables.end());
  state->table_count = state->tables.size();
  if (hashed_manifest_ != state->manifest_number || hasher_.bytes() > manifest_bytes) {
    hasher_ = PrefixHasher();
    hashed_manifest_ = state->manifest_number;
  }
  const std::string name = fmt::format("{}/MANIFEST-{:06}", path_, state->manifest_number);
  if (Status status = HashPrefix(fs_, name, manifest_bytes, &hasher_); !status.ok()) {
    hasher_ = PrefixHasher();  // Part of the bytes may have been added.
    return status;
  }
  state->manifest_bytes = manifest_bytes;
  state->manifest_hash = hasher_.Hash();
  return OkStatus();
}

Status GuardKeeper::Record(rocksdb::DB* db, bool clean) {
  MutexLock lock(&mutex_);
  if (!armed_.load(std::memory_order_relaxed)) return OkStatus();
  if (!dirty_.exchange(false, std::memory_order_relaxed) && last_.clean == clean) {
    return OkStatus();
  }
  GuardState state;
  state.generation = last_.generation + 1;
  state.clean = clean;
  state.lost_total = last_.lost_total;
  state.sequence = durable();
  Status status = Collect(db, &state);
  if (status.ok() && file_ == nullptr) {
    Result<std::unique_ptr<GuardFile>> file = GuardFile::Open(fs_, path_);
    if (file.ok()) {
      file_ = *std::move(file);
    } else {
      status = file.status();
    }
  }
  if (status.ok()) status = file_->Write(state);
  if (!status.ok()) {
    // Also after a failed fsync the other slot stands: the next attempt takes this one again.
    file_.reset();
    MarkDirty();
    return status;
  }
  last_ = std::move(state);
  writes_.fetch_add(1, std::memory_order_relaxed);
  return OkStatus();
}

}  // namespace firn::storage
