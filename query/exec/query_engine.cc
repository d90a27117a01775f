#include "query/exec/query_engine.h"

#include <algorithm>
#include <chrono>

#include "query/exec/collect.h"
#include "query/exec/exec_context.h"
#include "query/exec/operator.h"
#include "query/plan/plan.h"

namespace firn::query {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

double SecondsSince(SteadyTime begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

SteadyTime Deadline(SteadyTime now, const EngineOptions& options, const QueryRequest& request) {
  DurationMs timeout = options.timeout;
  if (request.timeout && *request.timeout > 0) timeout = std::min(timeout, *request.timeout);
  return now + std::chrono::milliseconds(timeout);
}

DurationMs Lookback(const EngineOptions& options, const QueryRequest& request) {
  return request.lookback && *request.lookback > 0 ? *request.lookback : options.lookback;
}

// Of what operators return while they are built or run: the data is at fault, not the text.
Status AsEvaluation(const Status& status) {
  if (status.code() != StatusCode::kInvalidArgument) return status;
  return Status(StatusCode::kEvaluation, std::string(status.message()));
}

// Texts of which the trees are kept. A tree takes up to some hundred times the bytes of its text.
constexpr size_t kKeptTextsMax = 512;
constexpr size_t kKeptTextBytesMax = 64 << 10;

bool HasCompiled(const Expr& root) {
  bool found = false;
  Walk(root, [&](const Expr& expr) {
    const auto* const selector = expr.As<VectorSelector>();
    if (selector == nullptr) return;
    for (const Matcher& matcher : selector->matchers) found |= matcher.is_compiled();
  });
  return found;
}

// Charges what every row of the longest grid needs on every thread, and the values of scalars,
// before any of them is made: a subquery can have any number of steps.
Status ChargeGrids(const PlanNode& root, ExecContext* context) {
  constexpr uint64_t kRowBytes = sizeof(PointKind) + sizeof(double);
  constexpr uint64_t kColumnBytes = sizeof(TimestampMs) + sizeof(double);
  // Rows of a tile or of nested operators, and the samples that a subquery makes of one.
  uint64_t longest = 0;
  uint64_t scalars = 0;
  VisitPlan(root, [&](const PlanNode& node) {
    longest = std::max<uint64_t>(longest, node.grid.count);
    if (node.type == ValueType::kScalar) scalars += node.grid.count;
  });
  const uint64_t points_max = UINT64_MAX / 1024 / context->threads();
  if (longest > points_max || scalars > points_max) {
    return ResourceExhausted("a subquery has too many steps");
  }
  return context->Charge({.bytes = longest * (2 * kRowBytes + kColumnBytes) * context->threads() +
                                   scalars * sizeof(double)});
}

Status Evaluate(const PlanNode& plan, const QueryRequest& request, ExecContext* context,
                SteadyTime begin, QueryResult* result) {
  result->time = request.start;
  if (const auto* text = plan.As<StringPlan>()) {
    result->type = ValueType::kString;
    result->text = text->value;
    return OkStatus();
  }
  if (plan.type == ValueType::kMatrix) {
    FIRN_ASSIGN_OR_RETURN(RangeSourcePtr source, MakeRangeSource(plan));
    FIRN_RETURN_IF_ERROR(source->Open(context));
    result->stats.prepare_seconds = SecondsSince(begin);
    result->type = ValueType::kMatrix;
    return CollectWindow(context, source.get(), &result->matrix);
  }
  FIRN_ASSIGN_OR_RETURN(OperatorPtr root, MakeOperator(plan));
  FIRN_RETURN_IF_ERROR(root->Open(context));
  result->stats.prepare_seconds = SecondsSince(begin);
  if (request.step > 0) {
    result->type = ValueType::kMatrix;
    return CollectMatrix(context, root.get(), &result->matrix);
  }
  if (plan.type == ValueType::kScalar) {
    result->type = ValueType::kScalar;
    Worker::RowLease row(context->main_worker());
    FIRN_RETURN_IF_ERROR(root->ComputeRow(0, context->main_worker(), row.get()));
    result->scalar = row->v[0];
    return OkStatus();
  }
  result->type = ValueType::kVector;
  return CollectVector(context, root.get(), &result->vector);
}

}  // namespace

QueryErrorKind ErrorKind(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
      return QueryErrorKind::kBadData;
    case StatusCode::kDeadlineExceeded:
      return QueryErrorKind::kTimeout;
    case StatusCode::kCancelled:
      return QueryErrorKind::kCanceled;
    case StatusCode::kInternal:
      return QueryErrorKind::kInternal;
    default:
      return QueryErrorKind::kExecution;
  }
}

QueryEngine::QueryEngine(const EngineOptions& options, ThreadPool* pool)
    : options_(options), pool_(pool), parsed_(kKeptTextsMax, kKeptTextBytesMax) {}

Result<ExprPtr> QueryEngine::Parse(std::string_view text) const {
  if (ExprPtr kept = parsed_.Find(text)) return kept;
  FIRN_ASSIGN_OR_RETURN(ExprPtr expr, ParseExpr(text, options_.parser));
  // Compiled expressions are kept elsewhere, within limits of their own.
  if (!HasCompiled(*expr)) parsed_.Keep(text, expr);
  return expr;
}

Status QueryEngine::Check(const QueryRequest& request, const Expr& expr) const {
  if (request.step < 0) return InvalidArgument("negative query resolution step");
  if (request.step == 0) return OkStatus();
  if (expr.type != ValueType::kVector && expr.type != ValueType::kScalar) {
    return InvalidArgument(
        "invalid expression type \"{}\" for range query, must be Scalar or instant Vector",
        ValueTypeName(expr.type));
  }
  // Unsigned, since the distance of two times may not fit a signed number.
  const uint64_t span = request.end < request.start ? 0
                                                    : static_cast<uint64_t>(request.end) -
                                                          static_cast<uint64_t>(request.start);
  if (span / static_cast<uint64_t>(request.step) > options_.steps_max) {
    return InvalidArgument(
        "exceeded maximum resolution of {} points per timeseries. Try decreasing the query "
        "resolution (?step=XX)",
        WithThousands(options_.steps_max));
  }
  return OkStatus();
}

Result<QueryResult> QueryEngine::Run(const QueryRequest& request, const engine::Querier& querier,
                                     const std::atomic<bool>* cancelled) const {
  const SteadyTime begin = std::chrono::steady_clock::now();
  QueryResult result;
  ExprPtr expr = request.expr;
  if (!expr) {
    FIRN_ASSIGN_OR_RETURN(expr, Parse(request.text));
  }
  FIRN_RETURN_IF_ERROR(Check(request, *expr));
  result.stats.parse_seconds = SecondsSince(begin);

  PlanContext plan_context{.start = request.start,
                           .end = request.step > 0 ? request.end : request.start,
                           .step = request.step,
                           .lookback = Lookback(options_, request),
                           .default_subquery_step = options_.default_subquery_step,
                           .resolution_max = request.resolution_max};
  FIRN_ASSIGN_OR_RETURN(const PlanPtr plan, MakePlan(expr, plan_context));
  result.memory =
      std::make_unique<MemoryBudget>("this query", options_.memory_max, options_.memory);
  if (plan->grid.count == 0) {
    result.type = ValueType::kMatrix;
    return result;
  }

  ExecScope scope;
  scope.querier = &querier;
  scope.cancelled = cancelled;
  scope.pool = pool_;
  scope.deadline = Deadline(begin, options_, request);
  scope.samples_max = options_.samples_max;
  scope.memory = result.memory.get();
  scope.series_max = options_.series_max;
  scope.delayed_names = options_.delayed_name_removal;
  scope.use_start_timestamps = options_.use_start_timestamps;
  scope.type_and_unit_labels = options_.type_and_unit_labels;
  scope.count_per_step = request.per_step_stats;
  scope.grid = QueryGrid(plan_context);
  scope.start = plan_context.start;
  scope.end = plan_context.end;
  scope.step = request.step;
  scope.lookback = plan_context.lookback;
  ExecContext context(scope);
  FIRN_RETURN_IF_ERROR(context.CheckTime());
  FIRN_RETURN_IF_ERROR(ChargeGrids(*plan, &context));
  const SteadyTime prepared = std::chrono::steady_clock::now();
  FIRN_RETURN_IF_ERROR(AsEvaluation(Evaluate(*plan, request, &context, prepared, &result)));
  result.stats.eval_seconds = SecondsSince(prepared) - result.stats.prepare_seconds;
  SampleCounts counts = context.counts();
  result.stats.total_queryable_samples = counts.total;
  result.stats.samples_per_step = std::move(counts.per_step);
  result.stats.peak_samples = context.peak_samples();
  result.stats.peak_bytes = result.memory->peak();
  result.memory->SetUsed(context.answer_bytes());  // The operators are gone.
  result.warnings = context.notes().Warnings(request.text);
  result.infos = context.notes().Infos(request.text);
  return result;
}

}  // namespace firn::query
