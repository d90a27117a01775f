// The head of a Prometheus data directory, from its write-ahead log.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "server/codec/prometheus/wal.h"
#include "server/codec/write_visitor.h"
#include "tools/move/selection.h"
#include "tools/move/source/mapped_file.h"

namespace firn::tools {

struct WalReaderOptions {
  std::string path;  // The folder `wal`.
  Selection selection;
  // Samples before are in blocks; Prometheus does not read them again either.
  TimestampMs min_time = kMinTimestamp;
};

// One thread at a time. Keeps the labels of all series in memory.
class WalReader {
 public:
  // Reads series and deletions. NotFound if there is no log, Io. Borrows `visitor`.
  static Result<std::unique_ptr<WalReader>> Open(const WalReaderOptions& options,
                                                 server::WriteVisitor* visitor);
  ~WalReader();

  // Gives the samples of the next record; false at the end, which is also where the log stops to
  // verify: the visitor is told of it as of no samples.
  Result<bool> Next();

  // In bytes of files.
  uint64_t position() const { return done_; }
  uint64_t size() const { return size_; }

 private:
  class Catalog;
  class Samples;

  WalReader(const WalReaderOptions& options, server::WriteVisitor* visitor);
  Status FindSegments();
  // False at the end of the log.
  Result<bool> NextRecord();
  void Rewind();

  const WalReaderOptions options_;
  server::WriteVisitor& visitor_;
  std::vector<std::string> segments_;  // Paths, in the order of their records.
  size_t next_segment_ = 0;
  MappedFile file_;
  std::unique_ptr<server::WalSegment> segment_;
  std::string record_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Samples> samples_;
  uint64_t done_ = 0;
  uint64_t size_ = 0;
};

}  // namespace firn::tools
