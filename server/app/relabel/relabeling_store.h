// Relabels series and exemplars on their way into a store.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "base/relabel/relabel.h"
#include "engine/api/appender.h"
#include "engine/api/exemplar.h"
#include "server/app/relabel/relabel_memo.h"
#include "server/http/metrics.h"

namespace firn::server {

// Thread-safe. Borrows everything given to it.
class RelabelingStore : public engine::Appendable, public engine::ExemplarStore {
 public:
  // `memo_bytes_max` bounds the memory of remembered outcomes; beyond it they are forgotten
  // all at once and found anew.
  RelabelingStore(engine::Appendable* appendable, engine::ExemplarStore* exemplars,
                  uint64_t memo_bytes_max, MetricsRegistry* metrics);

  // For requests that begin from now on.
  void SetRules(RelabelRules rules);

  // The samples of a series that is dropped are accepted and forgotten.
  Result<std::unique_ptr<engine::Appender>> NewAppender() override;
  Result<std::vector<Status>> AppendExemplars(std::span<const engine::NewExemplar> batch) override;
  std::vector<engine::SeriesExemplars> SelectExemplars(
      const TimeRange& range, const std::vector<Matchers>& selectors) const override;

 private:
  // The memo to use now; null without rules.
  std::shared_ptr<RelabelMemo> Memo();

  engine::Appendable* const appendable_;
  engine::ExemplarStore* const exemplars_;
  const uint64_t memo_bytes_max_;
  Counter* const dropped_samples_;
  Counter* const forgotten_;

  Mutex mutex_;
  RelabelRules rules_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<RelabelMemo> memo_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace firn::server
