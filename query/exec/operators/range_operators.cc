#include <algorithm>
#include <array>

#include "query/exec/map_operator.h"
#include "query/exec/operators.h"
#include "query/functions/mixed_windows.h"
#include "query/functions/vector_loops.h"
#include "query/functions/window_plan.h"

namespace firn::query {
namespace {

void RemoveStaleFloats(engine::SampleColumns* c) {
  if (!BestLoops().any_stale(c->v.data(), c->v.size())) return;
  size_t kept = 0;
  for (size_t i = 0; i < c->t.size(); ++i) {
    if (IsStaleNan(c->v[i])) continue;
    c->t[kept] = c->t[i];
    c->v[kept] = c->v[i];
    if (!c->st.empty()) c->st[kept] = c->st[i];
    ++kept;
  }
  c->t.resize(kept);
  c->v.resize(kept);
  if (!c->st.empty()) c->st.resize(kept);
}

// Removes stale markers, which a range selector does not see. Among runs there are none.
void RemoveStale(engine::SampleColumns* c) {
  RemoveStaleFloats(c);
  size_t kept = 0;
  for (size_t i = 0; i < c->ht.size(); ++i) {
    if (c->h[i]->IsStale()) continue;
    if (kept != i) {
      c->ht[kept] = c->ht[i];
      c->h[kept] = std::move(c->h[i]);
      if (!c->hst.empty()) c->hst[kept] = c->hst[i];
      if (!c->hcount.empty()) c->hcount[kept] = c->hcount[i];
    }
    ++kept;
  }
  c->ht.resize(kept);
  c->h.resize(kept);
  if (!c->hst.empty()) c->hst.resize(kept);
  if (!c->hcount.empty()) c->hcount.resize(kept);
}

class SelectSource : public RangeSource {
 public:
  explicit SelectSource(const PlanNode& plan) : plan_(*plan.As<RangeSelectPlan>()), pos_(plan.pos) {
    windows_.grid = plan_.look.Apply(plan.grid);
    windows_.evaluation = plan.grid;
    windows_.range = plan_.window;
    windows_.offset = plan_.look.offset;
    windows_.extension = plan_.extension;
    windows_.lookback = plan_.lookback;
  }

  Status Open(ExecContext* context) override {
    context_ = context;
    windows_.use_start_timestamps = context->scope().use_start_timestamps;
    if (plan_.range.empty()) return OkStatus();
    FIRN_ASSIGN_OR_RETURN(set_, context->Select(plan_.range, plan_.matchers, plan_.hints));
    NoteGaps(*set_, pos_, context);
    names_ = SeriesNames(set_.get());
    return OkStatus();
  }

  bool counts_samples() const override { return true; }

  Status Read(size_t i, Worker*, engine::SampleColumns* columns) override {
    FIRN_RETURN_IF_ERROR(set_->Read(i, plan_.range, columns).WithContext("expanding series"));
    NoteMadeUp(*columns, pos_, context_);
    RemoveStale(columns);
    if (plan_.detect_resets) DetectHints(columns);
    return OkStatus();
  }

 private:
  const RangeSelectPlan& plan_;
  PosRange pos_;
  ExecContext* context_ = nullptr;
  std::unique_ptr<engine::SeriesSet> set_;
};

class SubquerySource : public RangeSource {
 public:
  SubquerySource(const PlanNode& plan, OperatorPtr child) : child_(std::move(child)) {
    const SubqueryPlan& subquery = *plan.As<SubqueryPlan>();
    windows_.grid = subquery.look.Apply(plan.grid);
    windows_.evaluation = plan.grid;
    windows_.range = subquery.window;
    windows_.offset = subquery.look.offset;
  }

  Status Open(ExecContext* context) override {
    if (!child_) return OkStatus();
    FIRN_RETURN_IF_ERROR(child_->Open(context));
    names_ = child_->names();
    return OkStatus();
  }

  Status Read(size_t i, Worker* worker, engine::SampleColumns* out) override {
    out->Clear();
    Worker::RowLease row(worker);
    FIRN_RETURN_IF_ERROR(child_->ComputeRow(i, worker, row.get()));
    for (size_t s = 0; s < row->steps(); ++s) {
      const TimestampMs t = child_->grid().At(s);
      if (row->kind[s] == PointKind::kFloat) {
        out->t.push_back(t);
        out->v.push_back(row->v[s]);
      } else if (row->kind[s] == PointKind::kHistogram) {
        out->ht.push_back(t);
        out->h.push_back(WithoutHint(row->h[s]));
      }
    }
    return OkStatus();
  }

 private:
  // Steps are no longer neighbours in the series, so what a hint said of them is void.
  static HistogramPtr WithoutHint(const HistogramPtr& h) {
    if (h->counter_reset_hint == CounterResetHint::kUnknown ||
        h->counter_reset_hint == CounterResetHint::kGauge) {
      return h;
    }
    auto copy = std::make_shared<FloatHistogram>(*h);
    copy->counter_reset_hint = CounterResetHint::kUnknown;
    return copy;
  }

  OperatorPtr child_;  // Null if there is no evaluation time.
};

bool KeepsName(std::string_view function) {
  return function == "last_over_time" || function == "first_over_time";
}

RangeSamples Spans(const engine::SampleColumns& c) {
  return {.t = c.t,
          .v = c.v,
          .st = c.st,
          .ht = c.ht,
          .h = c.h,
          .hst = c.hst,
          .runs = c.runs,
          .hcount = c.hcount};
}

// With types as labels it is the type that tells a counter, not the name.
class TypedNotes : public NoteSink {
 public:
  TypedNotes(const Labels& labels, NoteSink* notes) : labels_(labels), notes_(notes) {}
  void Warn(std::string text) override { notes_->Warn(std::move(text)); }
  void Info(std::string text) override {
    if (!text.starts_with("metric might not be a counter")) notes_->Info(std::move(text));
  }
  // REQUIRES: the call was rate or increase of floats.
  void CheckType() const {
    const std::string_view type = labels_.Get("__type__");
    if (type == "counter" || type == "histogram") return;
    notes_->Info(
        fmt::format("metric might not be a counter, __type__ label is not set to \"counter\" or "
                    "\"histogram\", got {}: {}",
                    QuoteGo(type), QuoteGo(labels_.metric_name())));
  }

 private:
  const Labels& labels_;
  NoteSink* notes_;
};

class RangeFunctionOperator : public Operator {
 public:
  RangeFunctionOperator(const PlanNode& plan, RangeSourcePtr source, const PosRange& source_pos,
                        std::vector<OperatorPtr> scalars, RangeKernel kernel)
      : Operator(plan.grid),
        function_(plan.As<CallPlan>()->function->name),
        source_pos_(source_pos),
        source_(std::move(source)),
        scalars_(std::move(scalars)),
        kernel_(kernel) {}

  Status Open(ExecContext* context) override {
    context_ = context;
    FIRN_RETURN_IF_ERROR(source_->Open(context));
    for (const OperatorPtr& scalar : scalars_) {
      FIRN_ASSIGN_OR_RETURN(std::vector<double> values, ScalarValues(context, scalar.get()));
      values_.push_back(std::move(values));
    }
    for (const std::vector<double>& values : values_) params_.emplace_back(values);
    call_ = source_->windows();
    call_.params = params_;
    call_.check_time = [context] { return context->CheckTime(); };
    const Naming naming = KeepsName(function_) ? Naming::kKeep : Naming::kDrop;
    const bool delayed = context->scope().delayed_names;
    const SeriesNames names = source_->names().After(naming, delayed);
    plans_.resize(context->threads());
    if (delayed || !source_->names().MayCollide(naming)) {
      NameBy(names);
    } else {
      series_ = names.All();
      merge_.Build(&series_);
    }
    return OkStatus();
  }

  Status ComputeRow(size_t i, Worker* worker, Row* out) override {
    if (!merge_.merged()) return ComputeMember(i, worker, out);
    out->Reset(steps());
    bool found = false;
    Worker::RowLease row(worker);
    for (const uint32_t member : merge_.members(i)) {
      FIRN_RETURN_IF_ERROR(ComputeMember(member, worker, row.get()));
      if (row->empty()) continue;
      // Range functions may not yield equal label sets, be it at different times.
      if (found) return SameLabelsetError();
      found = true;
      FIRN_RETURN_IF_ERROR(OverlayRow(*row, out));
    }
    return OkStatus();
  }

 private:
  Status ComputeMember(size_t i, Worker* worker, Row* out) {
    out->Reset(steps());
    Worker::ColumnsLease columns(worker);
    FIRN_RETURN_IF_ERROR(source_->Read(i, worker, columns.get()));
    if (columns->empty()) return OkStatus();
    RangeSamples samples = Spans(*columns);
    samples.plan = &plans_[worker->index()];
    samples.plan->Prepare(call_, samples.t);
    if (source_->counts_samples()) CountWindows(samples);
    NotesAt notes(&context_->notes(), source_pos_);
    const std::string_view metric = source_->names().metric_name(i);
    if (!context_->scope().type_and_unit_labels) {
      return kernel_(call_, samples, metric, &notes, out);
    }
    const Labels labels = source_->names().labels(i);
    TypedNotes typed(labels, &notes);
    FIRN_RETURN_IF_ERROR(kernel_(call_, samples, metric, &typed, out));
    const bool counts = function_ == "rate" || function_ == "increase";
    if (counts && std::ranges::find(out->kind, PointKind::kFloat) != out->kind.end()) {
      typed.CheckType();
    }
    return OkStatus();
  }

  // Every window counts the samples that it sees.
  void CountWindows(const RangeSamples& samples) {
    uint64_t total = 0;
    const bool by_step = context_->counts_steps(grid_);
    if (!by_step && samples.ht.empty()) return context_->CountRead(samples.plan->seen());
    ForEachMixedWindow(call_, samples, [&](size_t step, const MixedWindow& w) {
      uint64_t seen = w.floats();
      for (size_t i = w.h0; i < w.h1; ++i) seen += SampleWeight(*samples.h[i]);
      total += seen;
      if (by_step) context_->CountAt(step, seen);
    });
    if (!by_step) context_->CountRead(total);
  }

  std::string_view function_;
  PosRange source_pos_;
  RangeSourcePtr source_;
  std::vector<OperatorPtr> scalars_;
  RangeKernel kernel_;
  ExecContext* context_ = nullptr;
  std::vector<std::vector<double>> values_;
  std::vector<std::span<const double>> params_;
  RangeCall call_;
  SeriesMerge merge_;
  std::vector<WindowPlan> plans_;  // By worker.
};

// Error if `function` cannot make sense of samples outside its window.
Status CheckExtension(const PlanNode& source, std::string_view function) {
  const auto* select = source.As<RangeSelectPlan>();
  if (select == nullptr || select->extension == RangeExtension::kNone) return OkStatus();
  static constexpr std::array<std::string_view, 5> kAnchored = {"changes", "delta", "increase",
                                                                "rate", "resets"};
  static constexpr std::array<std::string_view, 3> kSmoothed = {"delta", "increase", "rate"};
  if (select->extension == RangeExtension::kAnchored) {
    if (std::ranges::find(kAnchored, function) != kAnchored.end()) return OkStatus();
  } else if (std::ranges::find(kSmoothed, function) != kSmoothed.end()) {
    return OkStatus();
  }
  return ExtensionError(select->extension, function);
}

}  // namespace

Status ExtensionError(RangeExtension extension, std::string_view function) {
  if (extension == RangeExtension::kAnchored) {
    return Evaluation(
        "anchored modifier can only be used with: changes, delta, increase, rate, resets - not "
        "with {}",
        function);
  }
  return Evaluation("smoothed modifier can only be used with: delta, increase, rate - not with {}",
                    function);
}

Result<RangeSourcePtr> MakeRangeSource(const PlanNode& plan) {
  if (plan.As<RangeSelectPlan>()) return std::make_unique<SelectSource>(plan);
  const auto* subquery = plan.As<SubqueryPlan>();
  FIRN_CHECK(subquery != nullptr);
  OperatorPtr child;
  if (subquery->expr) {
    FIRN_ASSIGN_OR_RETURN(child, MakeOperator(*subquery->expr));
  }
  return std::make_unique<SubquerySource>(plan, std::move(child));
}

Result<OperatorPtr> MakeRangeCall(const PlanNode& plan) {
  const CallPlan& call = *plan.As<CallPlan>();
  const PlanNode* range = nullptr;
  std::vector<OperatorPtr> scalars;
  for (const PlanPtr& arg : call.args) {
    if (arg->type == ValueType::kMatrix) range = arg.get();
  }
  if (range == nullptr) return OperatorPtr();
  FIRN_RETURN_IF_ERROR(CheckExtension(*range, call.function->name));
  const RangeKernel kernel = FindRangeKernel(call.function->name);
  if (kernel == nullptr) return OperatorPtr();
  for (const PlanPtr& arg : call.args) {
    if (arg.get() == range) continue;
    FIRN_ASSIGN_OR_RETURN(OperatorPtr scalar, MakeOperator(*arg));
    scalars.push_back(std::move(scalar));
  }
  FIRN_ASSIGN_OR_RETURN(RangeSourcePtr source, MakeRangeSource(*range));
  return std::make_unique<RangeFunctionOperator>(plan, std::move(source), call.args[0]->pos,
                                                 std::move(scalars), kernel);
}

}  // namespace firn::query
