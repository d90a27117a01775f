// Evaluates PromQL over a Querier.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/memory/memory_budget.h"
#include "base/memory/recent_texts.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "base/time.h"
#include "engine/api/querier.h"
#include "query/exec/query_result.h"
#include "query/parser/ast.h"
#include "query/parser/parser.h"

namespace firn::query {

struct EngineOptions {
  DurationMs lookback = 5 * kMinuteMs;
  DurationMs default_subquery_step = kMinuteMs;
  DurationMs timeout = 2 * kMinuteMs;
  uint64_t samples_max = 50'000'000;  // Held in memory at once by one query.
  uint64_t memory_max = 0;            // Bytes held by one query; 0: no limit.
  // Memory of all queries, which that of each is part of; may be null. Must outlive the engine
  // and all results.
  MemoryBudget* memory = nullptr;
  uint64_t series_max = 0;    // Matched by all selectors of a query; 0: no limit.
  size_t steps_max = 11'000;  // Points per series of a range query.
  ParserOptions parser;
  bool delayed_name_removal = false;
  bool use_start_timestamps = false;
  // `__type__` decides what counts as a counter, not the name's suffix.
  bool type_and_unit_labels = false;
};

struct QueryRequest {
  std::string text;
  ExprPtr expr;  // If set, `text` is not parsed; positions refer to the text it came from.
  TimestampMs start = 0;
  TimestampMs end = 0;                 // Instant query: equal to start.
  DurationMs step = 0;                 // 0: instant query.
  std::optional<DurationMs> lookback;  // Values <= 0 mean the engine's.
  std::optional<DurationMs> timeout;   // The smaller of this and the engine's holds.
  bool per_step_stats = false;
  std::optional<DurationMs> resolution_max;  // See engine::SelectHints.
};

// How the HTTP API names a failure.
enum class QueryErrorKind : uint8_t {
  kBadData,    // kInvalidArgument: the text or the parameters; 400.
  kTimeout,    // kDeadlineExceeded; 503.
  kCanceled,   // kCancelled; 499.
  kExecution,  // kEvaluation, kResourceExhausted (a limit) and errors of storage; 422.
  kInternal,   // kInternal: a fault of our own; 500.
};
QueryErrorKind ErrorKind(const Status& status);

// Thread-safe. Between queries it only keeps what recent texts mean.
class QueryEngine {
 public:
  // Borrows `pool`, which must outlive the engine; null: queries run on the caller's thread
  // alone. The calling thread always works too, so a busy pool delays but never blocks.
  explicit QueryEngine(const EngineOptions& options, ThreadPool* pool = nullptr);

  // ParseExpr with the engine's options. Dashboards send the same texts again and again.
  Result<ExprPtr> Parse(std::string_view text) const;

  // Evaluates the request over the snapshot. `cancelled` may be null; once it is true the
  // query ends with kCancelled. Errors by kind: see QueryErrorKind.
  Result<QueryResult> Run(const QueryRequest& request, const engine::Querier& querier,
                          const std::atomic<bool>* cancelled) const;

  const EngineOptions& options() const { return options_; }
  // Of the helpers; may be null.
  ThreadPool* pool() const { return pool_; }

 private:
  Status Check(const QueryRequest& request, const Expr& expr) const;

  EngineOptions options_;
  ThreadPool* pool_;
  mutable RecentTexts<Expr> parsed_;
};

}  // namespace firn::query
