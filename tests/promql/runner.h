// Runs promqltest scripts over any store: every evaluation as written, pinned with `@` at
// several times, and as the middle of a range query.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "engine/api/querier.h"
#include "query/exec/query_engine.h"
#include "tests/promql/script.h"

namespace firn::testing {

// Where the scripts' samples live while they run.
class ScriptStore {
 public:
  virtual ~ScriptStore() = default;
  virtual Status Clear() = 0;
  virtual Status Load(const std::vector<StoredSeries>& series) = 0;
  // Called before each command of a script but the first.
  virtual Status BeforeStatement() { return OkStatus(); }
  virtual const engine::Queryable& queryable() const = 0;
};

std::unique_ptr<ScriptStore> MakeMemoryScriptStore();

// The settings under which the upstream scripts hold.
query::EngineOptions UpstreamEngineOptions();

struct ScriptReport {
  size_t passed = 0;                  // Evaluations, all their variants included.
  std::vector<std::string> failures;  // "file:line: expression: why"
};

class ScriptRunner {
 public:
  // Borrows both.
  ScriptRunner(const query::QueryEngine* engine, ScriptStore* store)
      : engine_(engine), store_(store) {}

  // `name` is only for the report. A script that cannot be read counts as one failure.
  ScriptReport Run(const std::string& name, std::string_view text);
  ScriptReport RunFile(const std::string& path);

 private:
  std::string Evaluate(const EvalCommand& eval);
  std::string Instant(const EvalCommand& eval, const std::string& expr, TimestampMs t);
  std::string MiddleOfRange(const EvalCommand& eval, const std::string& expr, TimestampMs t);
  std::string Range(const EvalCommand& eval);
  Result<query::QueryResult> Query(const query::QueryRequest& request);
  static std::string CheckFailure(const EvalCommand& eval,
                                  const Result<query::QueryResult>& result);

  const query::QueryEngine* engine_;
  ScriptStore* store_;
};

}  // namespace firn::testing
