// A small store of counters, and queries over it.
#pragma once

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "query/exec/query_engine.h"
#include "tests/support/memory_store.h"

namespace firn::query {

inline constexpr DurationMs kInterval = 15 * kSecondMs;

// `series` counters m_total{instance="i", job="i % 7"}, an hour of samples each.
inline firn::testing::MemoryStore MakeStore(size_t series) {
  std::vector<firn::testing::StoredSeries> all;
  for (size_t i = 0; i < series; ++i) {
    firn::testing::StoredSeries one;
    one.labels = Labels::FromPairs(
        {{"__name__", "m_total"}, {"instance", std::to_string(i)}, {"job", std::to_string(i % 7)}});
    for (size_t k = 0; k <= 240; ++k) {
      one.samples.t.push_back(static_cast<TimestampMs>(k) * kInterval);
      one.samples.v.push_back(0.1 * static_cast<double>((k + 1) * (i + 1)));
    }
    all.push_back(std::move(one));
  }
  firn::testing::MemoryStore store;
  store.Add(all);
  return store;
}

inline QueryRequest Instant(std::string text, TimestampMs t = kHourMs) {
  QueryRequest request;
  request.text = std::move(text);
  request.start = request.end = t;
  return request;
}

inline QueryRequest Range(std::string text, TimestampMs end = kHourMs,
                          DurationMs step = kInterval) {
  QueryRequest request = Instant(std::move(text), 0);
  request.end = end;
  request.step = step;
  return request;
}

inline Result<QueryResult> RunQuery(const EngineOptions& options, const QueryRequest& request,
                                    const firn::testing::MemoryStore& store,
                                    ThreadPool* pool = nullptr,
                                    const std::atomic<bool>* cancelled = nullptr) {
  const QueryEngine engine(options, pool);
  const auto querier = store.NewQuerier();
  return engine.Run(request, **querier, cancelled);
}

}  // namespace firn::query
