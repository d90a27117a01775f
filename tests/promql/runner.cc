#include "tests/promql/runner.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include <re2/re2.h>

#include "query/parser/parser.h"
#include "tests/promql/at_rewrite.h"
#include "tests/promql/compare.h"
#include "tests/promql/storage_hints.h"

namespace firn::testing {
namespace {

using query::QueryRequest;
using query::QueryResult;
using query::ResultSample;
using query::ResultSeries;

class MemoryScriptStore : public ScriptStore {
 public:
  Status Clear() override {
    store_.Clear();
    return OkStatus();
  }
  Status Load(const std::vector<StoredSeries>& series) override {
    std::vector<StoredSeries> read = series;
    for (StoredSeries& one : read) ApplyStorageHints(&one.samples);
    store_.Add(read);
    return OkStatus();
  }
  const engine::Queryable& queryable() const override { return store_; }

 private:
  MemoryStore store_;
};

std::string CompareInstant(const EvalCommand& eval, const QueryResult& result) {
  if (eval.text) {
    if (result.type != query::ValueType::kString) return "not a string";
    return result.text == *eval.text ? "" : fmt::format("got string {}", QuoteGo(result.text));
  }
  if (eval.scalar) {
    if (result.type != query::ValueType::kScalar) return "not a scalar";
    return AlmostEqual(*eval.scalar, result.scalar) ? "" : fmt::format("got {}", result.scalar);
  }
  if (eval.matrix) {
    if (result.type != query::ValueType::kMatrix) return "not a range vector";
    return CompareMatrix(eval, *eval.matrix, result.matrix);
  }
  if (result.type == query::ValueType::kScalar) {
    // A script may write a scalar as an unlabelled series.
    return CompareVector(eval, {ResultSample{{}, result.scalar, nullptr}}, false);
  }
  if (result.type != query::ValueType::kVector) return "not an instant vector";
  return CompareVector(eval, result.vector, eval.ordered);
}

// The elements of a matrix at time t.
std::vector<ResultSample> At(const std::vector<ResultSeries>& matrix, TimestampMs t) {
  std::vector<ResultSample> out;
  for (const ResultSeries& series : matrix) {
    for (size_t i = 0; i < series.t.size(); ++i) {
      if (series.t[i] == t) out.push_back({series.labels, series.v[i], nullptr});
    }
    for (size_t i = 0; i < series.ht.size(); ++i) {
      if (series.ht[i] == t) out.push_back({series.labels, 0, series.h[i]});
    }
  }
  return out;
}

bool DependsOnQueryRange(std::string_view expr) {
  return std::ranges::any_of(
      std::array{"start()", "end()", "range()", "step()"},
      [&](const char* call) { return expr.find(call) != std::string_view::npos; });
}

std::vector<TimestampMs> OtherTimes(TimestampMs t) {
  if (t == 0) return {-kSecondMs, 0, kSecondMs};
  return {-10 * t, 0, t / 5, t, 10 * t};
}

std::string Because(std::string_view where, const std::string& why) {
  return why.empty() ? why : fmt::format("{}: {}", where, why);
}

}  // namespace

std::unique_ptr<ScriptStore> MakeMemoryScriptStore() {
  return std::make_unique<MemoryScriptStore>();
}

query::EngineOptions UpstreamEngineOptions() {
  query::EngineOptions options;
  options.timeout = 100 * kSecondMs;
  options.samples_max = 10'000;
  options.parser.experimental_functions = true;
  options.parser.extended_range_selectors = true;
  options.parser.binop_fill_modifiers = true;
  options.parser.forecast_functions = true;
  options.delayed_name_removal = true;
  options.use_start_timestamps = true;
  return options;
}

ScriptReport ScriptRunner::RunFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) return {.passed = 0, .failures = {path + ": cannot be read"}};
  return Run(path, text.str());
}

ScriptReport ScriptRunner::Run(const std::string& name, std::string_view text) {
  ScriptReport report;
  const auto fail = [&](size_t line, std::string_view what, std::string_view why) {
    report.failures.push_back(fmt::format("{}:{}: {}: {}", name, line, what, why));
  };
  const Result<std::vector<Command>> commands = ParseScript(text);
  if (!commands.ok()) {
    fail(0, "script", commands.status().message());
    return report;
  }
  if (const Status status = store_->Clear(); !status.ok()) {
    fail(0, "clear", status.message());
    return report;
  }
  for (const Command& command : *commands) {
    if (const Status status = store_->BeforeStatement(); !status.ok()) {
      fail(command.line, "before the command", status.message());
      return report;
    }
    if (const auto* eval = std::get_if<EvalCommand>(&command.what)) {
      const std::string why = Evaluate(*eval);
      if (why.empty()) {
        ++report.passed;
      } else {
        fail(command.line, eval->expr, why);
      }
      continue;
    }
    const auto* load = std::get_if<LoadCommand>(&command.what);
    const Status status = load ? store_->Load(load->series) : store_->Clear();
    if (status.ok()) continue;
    fail(command.line, load ? "load" : "clear", status.message());
    return report;
  }
  return report;
}

Result<QueryResult> ScriptRunner::Query(const QueryRequest& request) {
  FIRN_ASSIGN_OR_RETURN(const std::unique_ptr<engine::Querier> querier,
                        store_->queryable().NewQuerier());
  return engine_->Run(request, *querier, nullptr);
}

std::string ScriptRunner::CheckFailure(const EvalCommand& eval, const Result<QueryResult>& result) {
  if (!eval.fails) return result.ok() ? "" : std::string(result.status().message());
  if (result.ok()) return "should have failed";
  const std::string message(result.status().message());
  if (!eval.failure) return "";
  const bool matches = eval.failure->is_regex ? re2::RE2::PartialMatch(message, eval.failure->text)
                                              : message == eval.failure->text;
  return matches ? "" : "failed with " + message;
}

std::string ScriptRunner::Evaluate(const EvalCommand& eval) {
  if (eval.is_range) return Range(eval);
  const TimestampMs t = eval.times.start;
  if (std::string why = Instant(eval, eval.expr, t); !why.empty()) return why;
  const Result<query::ExprPtr> expr = query::ParseExpr(eval.expr, engine_->options().parser);
  if (!expr.ok()) return "";  // Expected to fail, and did.
  const std::optional<std::string> pinned = PinnedText(*expr, t);
  if (!pinned) return "";
  for (const TimestampMs other : OtherTimes(t)) {
    if (std::string why = Instant(eval, *pinned, other); !why.empty()) {
      return Because(fmt::format("{} at {} ms", *pinned, other), why);
    }
  }
  return "";
}

std::string ScriptRunner::Instant(const EvalCommand& eval, const std::string& expr, TimestampMs t) {
  QueryRequest request;
  request.text = expr;
  request.start = request.end = t;
  const Result<QueryResult> result = Query(request);
  if (std::string why = CheckFailure(eval, result); !why.empty()) return why;
  if (eval.fails) return "";
  if (std::string why = CompareNotes("warning", eval.warnings, result->warnings); !why.empty()) {
    return why;
  }
  if (std::string why = CompareNotes("info", eval.infos, result->infos); !why.empty()) return why;
  if (std::string why = CompareInstant(eval, *result); !why.empty()) return why;
  if (eval.text || eval.matrix || DependsOnQueryRange(expr)) return "";
  return Because("as a range query", MiddleOfRange(eval, expr, t));
}

std::string ScriptRunner::MiddleOfRange(const EvalCommand& eval, const std::string& expr,
                                        TimestampMs t) {
  QueryRequest request;
  request.text = expr;
  request.start = t - kMinuteMs;
  request.end = t + kMinuteMs;
  request.step = kMinuteMs;
  const Result<QueryResult> result = Query(request);
  if (!result.ok()) return std::string(result.status().message());
  if (eval.ordered) return "";  // Range queries have an order of their own.
  const std::vector<ResultSample> middle = At(result->matrix, t);
  if (!eval.scalar) return CompareVector(eval, middle, false);
  if (middle.size() != 1 || !middle[0].labels.empty()) return "not a scalar";
  return AlmostEqual(*eval.scalar, middle[0].v) ? "" : fmt::format("got {}", middle[0].v);
}

std::string ScriptRunner::Range(const EvalCommand& eval) {
  QueryRequest request;
  request.text = eval.expr;
  request.start = eval.times.start;
  request.end = eval.times.end;
  request.step = eval.times.step;
  const Result<QueryResult> result = Query(request);
  if (std::string why = CheckFailure(eval, result); !why.empty()) return why;
  if (eval.fails) return "";
  if (eval.ordered) return "a matrix has no order to expect";
  if (std::string why = CompareNotes("warning", eval.warnings, result->warnings); !why.empty()) {
    return why;
  }
  if (std::string why = CompareNotes("info", eval.infos, result->infos); !why.empty()) return why;
  return CompareMatrix(eval, eval.times, result->matrix);
}

}  // namespace firn::testing
