// What all receivers of samples share: the batch, its durability, its exemplars and metadata,
// and the counters.
#pragma once

#include <functional>
#include <string>

#include <absl/container/flat_hash_set.h>

#include "base/mutex.h"
#include "server/api/answer.h"
#include "server/api/context.h"
#include "server/api/ingest/ingest_batch.h"

namespace firn::server {

struct IngestCounts {
  uint64_t samples = 0;
  uint64_t histograms = 0;
  uint64_t exemplars = 0;
};

// Thread-safe. The context's borrows must outlive it.
class Ingester {
 public:
  explicit Ingester(const ApiContext& context);

  // Hands a request's content to the visitor, to be stored as one batch.
  using Feed = std::function<Status(WriteVisitor*)>;
  // Stores what `feed` yields. `counts` is what was stored, also where the status is an error
  // that tells of items left out; after any other error nothing was.
  Status Run(BadItems policy, const Feed& feed, IngestCounts* counts) const;

  void CountBytes(size_t body, size_t decoded) const;
  void CountFailure(std::string_view reason) const;

 private:
  void StoreExemplars(IngestBatch* batch, BadItems policy, IngestCounts* counts) const;
  void StoreMetadata(const IngestBatch& batch) const;

  const ApiContext context_;
  // Hashes of metadata entries that are stored: senders repeat all of it every minute or with
  // every request.
  mutable Mutex mutex_;
  mutable absl::flat_hash_set<uint64_t> stored_metadata_ ABSL_GUARDED_BY(mutex_);
  Counter* const samples_;
  Counter* const histograms_;
  Counter* const exemplars_;
  Counter* const exemplars_dropped_;
  Counter* const bytes_;
  Counter* const decoded_bytes_;
  Counter* const invalid_labels_;
  Counter* const series_limit_;
};

// 400 only for what can never succeed, since senders drop such a batch and repeat others.
int IngestHttpStatus(const Status& status);
// An error as plain text; Retry-After with 503.
void SendIngestError(const Status& status, std::vector<NameValue> headers, ResponseWriter* writer);

}  // namespace firn::server
