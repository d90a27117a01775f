// Exemplars in memory behind the engine's interface.
#pragma once

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "engine/api/exemplar.h"

namespace firn::server {

class FakeExemplarStore : public engine::ExemplarStore {
 public:
  // One newest exemplar decides per series; labels of "bad" are refused.
  Result<std::vector<Status>> AppendExemplars(std::span<const engine::NewExemplar> batch) override {
    if (!exemplar_status_.ok()) return exemplar_status_;
    MutexLock lock(&mutex_);
    std::vector<Status> statuses;
    for (const engine::NewExemplar& added : batch) {
      auto& kept = exemplars_[added.series];
      if (added.exemplar.labels.Has("bad")) {
        statuses.push_back(InvalidArgument("bad exemplar"));
      } else if (!kept.empty() && added.exemplar.t < kept.back().t) {
        statuses.push_back(OutOfOrder("out of order exemplar"));
      } else {
        kept.push_back(added.exemplar);
        statuses.push_back(OkStatus());
      }
    }
    return statuses;
  }
  std::vector<engine::SeriesExemplars> SelectExemplars(
      const TimeRange& range, const std::vector<Matchers>& selectors) const override {
    MutexLock lock(&mutex_);
    std::vector<engine::SeriesExemplars> found;
    for (const auto& [labels, kept] : exemplars_) {
      if (std::none_of(selectors.begin(), selectors.end(),
                       [&l = labels](const Matchers& m) { return MatchesAll(m, l); })) {
        continue;
      }
      engine::SeriesExemplars one{labels, {}};
      for (const auto& exemplar : kept) {
        if (range.Contains(exemplar.t)) one.exemplars.push_back(exemplar);
      }
      if (!one.exemplars.empty()) found.push_back(std::move(one));
    }
    return found;
  }
  void FailExemplars(Status status) { exemplar_status_ = std::move(status); }

 private:
  mutable Mutex mutex_;
  std::map<Labels, std::vector<engine::Exemplar>> exemplars_ ABSL_GUARDED_BY(mutex_);
  Status exemplar_status_;
};

}  // namespace firn::server
