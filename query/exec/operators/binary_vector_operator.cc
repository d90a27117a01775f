#include <algorithm>
#include <optional>

#include "query/exec/arithmetic.h"
#include "query/exec/matching.h"
#include "query/exec/operators.h"

namespace firn::query {
namespace {

constexpr uint32_t kNone = UINT32_MAX;

// Remembers the last problem noted.
class LastNote : public NoteSink {
 public:
  void Warn(std::string text) override { Set(true, std::move(text)); }
  void Info(std::string text) override { Set(false, std::move(text)); }
  bool found() const { return found_; }
  bool is_warning() const { return is_warning_; }
  const std::string& text() const { return text_; }
  void Clear() { found_ = false; }

 private:
  void Set(bool is_warning, std::string text) {
    found_ = true;
    is_warning_ = is_warning;
    text_ = std::move(text);
  }
  bool found_ = false;
  bool is_warning_ = false;
  std::string text_;
};

// A problem at a step; of one step only that of the last element counts.
struct Problem {
  size_t step = 0;
  uint32_t origin = 0;
  bool is_warning = false;
  std::string text;
};

struct OutSeries {
  SeriesInfo info;
  uint32_t origin = 0;  // Position of the element on the many side, for the order.
  Row row;
};

struct GroupResult {
  std::vector<OutSeries> series;
  std::vector<Problem> problems;
};

// What all groups of one operator share.
struct Matched {
  Matched(const Binary& b, const VectorMatching& m) : binary(b), matching(m) {}
  const Binary& binary;
  const VectorMatching& matching;
  bool delayed_names = false;
  bool swapped = false;  // The many side is the right one.
  const Operator* many = nullptr;
  const Operator* one = nullptr;
  const Materialized* many_rows = nullptr;
  const Materialized* one_rows = nullptr;
  std::vector<uint8_t> skipped;  // Steps at which one side is empty.
  std::optional<double> fill_many;
  std::optional<double> fill_one;
};

bool IsArithmetic(BinaryOp op) {
  return !IsComparison(op) && op != BinaryOp::kTrimUpper && op != BinaryOp::kTrimLower;
}

// Evaluates one match group at all steps.
class GroupMatcher {
 public:
  GroupMatcher(const Matched& op, const Labels& labels, const std::vector<uint32_t>& many,
               const std::vector<uint32_t>& one, size_t steps)
      : op_(op), labels_(labels), many_(many), one_(one), steps_(steps), cache_(many.size() + 1) {}

  Status Run(GroupResult* out) {
    out_ = out;
    for (size_t s = 0; s < steps_; ++s) {
      if (!op_.skipped[s]) FIRN_RETURN_IF_ERROR(Step(s));
    }
    return OkStatus();
  }

 private:
  struct Cached {
    uint32_t one = kNone - 1;  // No valid position: nothing cached.
    uint32_t out = 0;
  };

  Status Step(size_t s) {
    uint32_t one = kNone;
    for (const uint32_t i : one_) {
      if (op_.one_rows->row(i).kind[s] == PointKind::kAbsent) continue;
      if (one != kNone) return Duplicate(i, one);
      one = i;
    }
    inserted_any_ = false;
    if (one == kNone && !op_.fill_one) return OkStatus();
    bool matched = false;
    for (size_t k = 0; k < many_.size(); ++k) {
      if (op_.many_rows->row(many_[k]).kind[s] == PointKind::kAbsent) continue;
      matched = true;
      FIRN_RETURN_IF_ERROR(Pair(s, k, one));
    }
    if (!matched && one != kNone && op_.fill_many) return Pair(s, many_.size(), one);
    return OkStatus();
  }

  // `k` is a position in many_, its size standing for a filled-in sample; so does kNone.
  Status Pair(size_t s, size_t k, uint32_t one) {
    const Operand many = k < many_.size() ? Operand::At(op_.many_rows->row(many_[k]), s)
                                          : Operand{*op_.fill_many, nullptr};
    const Operand single =
        one != kNone ? Operand::At(op_.one_rows->row(one), s) : Operand{*op_.fill_one, nullptr};
    const uint32_t origin =
        k < many_.size() ? many_[k] : static_cast<uint32_t>(op_.many->size()) + one;
    Operand value;
    note_.Clear();
    const Verdict verdict = CombineSamples(op_.binary.op, op_.swapped ? single : many,
                                           op_.swapped ? many : single, &note_, &value);
    if (note_.found()) {
      out_->problems.push_back({s, origin, note_.is_warning(), note_.text()});
    }
    if (verdict == Verdict::kInvalid) return OkStatus();
    const uint32_t out = OutOf(k, one, origin);
    if (inserted_at_[out] == s || (op_.matching.card == MatchCard::kOneToOne && inserted_any_)) {
      return Ambiguous();
    }
    inserted_at_[out] = s;
    inserted_any_ = true;
    Row& row = out_->series[out].row;
    if (IsComparison(op_.binary.op) && op_.binary.return_bool) {
      row.SetFloat(s, verdict == Verdict::kKeep ? 1 : 0);
    } else if (verdict == Verdict::kDrop) {
      return OkStatus();
    } else if (value.h) {
      row.SetHistogram(s, std::move(value.h));
    } else {
      row.SetFloat(s, value.v);
    }
    return OkStatus();
  }

  uint32_t OutOf(size_t k, uint32_t one, uint32_t origin) {
    Cached& cached = cache_[k];
    if (cached.one == one) return cached.out;
    SeriesInfo info = ResultInfo(k, one);
    const auto [it, fresh] =
        outs_.try_emplace(info.labels, static_cast<uint32_t>(out_->series.size()));
    if (fresh) {
      out_->series.push_back({.info = std::move(info), .origin = origin, .row = {}});
      out_->series.back().row.Reset(steps_);
      inserted_at_.push_back(SIZE_MAX);
    }
    cached = {one, it->second};
    return it->second;
  }

  SeriesInfo ResultInfo(size_t k, uint32_t one) const {
    const SeriesInfo filled{.labels = labels_};
    const SeriesInfo& many = k < many_.size() ? op_.many->series()[many_[k]] : filled;
    const Labels& single = one != kNone ? op_.one->series()[one].labels : labels_;
    const bool drop = IsArithmetic(op_.binary.op);
    const bool bool_drop = op_.binary.return_bool && !op_.delayed_names;
    LabelsBuilder builder(drop || bool_drop ? DropName(many.labels) : many.labels);
    if (op_.matching.card == MatchCard::kOneToOne) {
      if (op_.matching.on) {
        builder.Keep(op_.matching.labels);
      } else {
        builder.Drop(op_.matching.labels);
      }
    }
    for (const std::string& label : op_.matching.include) builder.Set(label, single.Get(label));
    const bool mark = op_.delayed_names && !drop && (op_.binary.return_bool || many.drop_name);
    return {.labels = builder.Build(), .drop_name = mark};
  }

  Status Duplicate(uint32_t a, uint32_t b) const {
    std::string x = BracedLabels(op_.one->series()[a].labels);
    std::string y = BracedLabels(op_.one->series()[b].labels);
    if (y < x) std::swap(x, y);
    return Evaluation(
        "found duplicate series for the match group {} on the {} hand-side of the operation: [{}, "
        "{}];many-to-many matching not allowed: matching labels must be unique on one side",
        BracedLabels(labels_), op_.swapped ? "left" : "right", x, y);
  }

  Status Ambiguous() const {
    if (op_.matching.card == MatchCard::kOneToOne) {
      return Evaluation(
          "multiple matches for labels: many-to-one matching must be explicit "
          "(group_left/group_right)");
    }
    return Evaluation("multiple matches for labels: grouping labels must ensure unique matches");
  }

  const Matched& op_;
  const Labels& labels_;
  const std::vector<uint32_t>& many_;
  const std::vector<uint32_t>& one_;
  size_t steps_;
  std::vector<Cached> cache_;  // By position in many_; the last one is the filled-in sample.
  absl::flat_hash_map<Labels, uint32_t, LabelsHash> outs_;
  std::vector<size_t> inserted_at_;  // By result: the last step that had it.
  bool inserted_any_ = false;        // The current step has a result.
  LastNote note_;
  GroupResult* out_ = nullptr;
};

class VectorBinaryOperator : public Operator {
 public:
  VectorBinaryOperator(const PlanNode& plan, OperatorPtr lhs, OperatorPtr rhs)
      : Operator(plan.grid),
        binary_(*plan.As<BinaryPlan>()->binary),
        pos_(plan.pos),
        lhs_(std::move(lhs)),
        rhs_(std::move(rhs)) {}

  Status Open(ExecContext* context) override {
    FIRN_RETURN_IF_ERROR(lhs_->Open(context));
    FIRN_RETURN_IF_ERROR(rhs_->Open(context));
    const VectorMatching& matching = *binary_.matching;
    const bool fills = matching.fill_left || matching.fill_right;
    Materialized left;
    Materialized right;
    // Also if the other side is empty: what is wrong with one side is said in any case.
    FIRN_RETURN_IF_ERROR(left.Load(context, lhs_.get()));
    FIRN_RETURN_IF_ERROR(right.Load(context, rhs_.get()));
    if ((lhs_->size() == 0 || rhs_->size() == 0) && !fills) {
      left.Release(context);
      right.Release(context);
      return OkStatus();
    }
    const bool swapped = matching.card == MatchCard::kOneToMany;
    Matched op(binary_, matching);
    op.delayed_names = context->scope().delayed_names;
    op.swapped = swapped;
    op.many = swapped ? rhs_.get() : lhs_.get();
    op.one = swapped ? lhs_.get() : rhs_.get();
    op.many_rows = swapped ? &right : &left;
    op.one_rows = swapped ? &left : &right;
    // As upstream has it, the fills do not change sides with group_right.
    op.fill_many = matching.fill_left;
    op.fill_one = matching.fill_right;
    op.skipped = Skipped(left, right, fills);
    FIRN_RETURN_IF_ERROR(MatchGroups(context, op));
    left.Release(context);
    right.Release(context);
    return context->Charge(RowsHolding(rows_));
  }

  Status ComputeRow(size_t i, Worker*, Row* out) override {
    *out = rows_[i];
    return OkStatus();
  }

 private:
  std::vector<uint8_t> Present(const Materialized& side) const {
    std::vector<uint8_t> present(steps());
    for (size_t i = 0; i < side.size(); ++i) {
      for (size_t s = 0; s < steps(); ++s) {
        present[s] |= side.row(i).kind[s] != PointKind::kAbsent;
      }
    }
    return present;
  }

  // Steps at which nothing can match, so that nothing is checked either.
  std::vector<uint8_t> Skipped(const Materialized& left, const Materialized& right,
                               bool fills) const {
    std::vector<uint8_t> skipped = Present(left);
    const std::vector<uint8_t> right_present = Present(right);
    for (size_t s = 0; s < steps(); ++s) {
      const bool both = skipped[s] && right_present[s];
      const bool any = skipped[s] || right_present[s];
      skipped[s] = fills ? !any : !both;
    }
    return skipped;
  }

  Status MatchGroups(ExecContext* context, const Matched& op) {
    GroupTable table(op.matching);
    const std::vector<uint32_t> many_groups = table.Assign(op.many->series());
    const std::vector<uint32_t> one_groups = table.Assign(op.one->series());
    std::vector<std::vector<uint32_t>> many(table.size());
    std::vector<std::vector<uint32_t>> one(table.size());
    for (uint32_t i = 0; i < many_groups.size(); ++i) many[many_groups[i]].push_back(i);
    for (uint32_t i = 0; i < one_groups.size(); ++i) one[one_groups[i]].push_back(i);
    std::vector<GroupResult> results(table.size());
    const auto compute = [&](Worker*, size_t chunk) -> Status {
      const size_t begin = chunk * kChunkSeries;
      const size_t end = std::min(begin + kChunkSeries, table.size());
      for (size_t g = begin; g < end; ++g) {
        GroupMatcher matcher(op, table.labels(static_cast<uint32_t>(g)), many[g], one[g], steps());
        FIRN_RETURN_IF_ERROR(matcher.Run(&results[g]));
      }
      return OkStatus();
    };
    FIRN_RETURN_IF_ERROR(context->Parallel(ChunkCount(table.size()), compute));
    NoteProblems(context, results);
    return Join(&results);
  }

  void NoteProblems(ExecContext* context, const std::vector<GroupResult>& results) const {
    std::vector<const Problem*> last(steps());
    for (const GroupResult& result : results) {
      for (const Problem& problem : result.problems) {
        const Problem*& at = last[problem.step];
        if (at == nullptr || problem.origin >= at->origin) at = &problem;
      }
    }
    for (const Problem* problem : last) {
      if (problem == nullptr) continue;
      if (problem->is_warning) {
        context->notes().Warn(pos_, problem->text);
      } else {
        context->notes().Info(pos_, problem->text);
      }
    }
  }

  // Series of different groups may have got equal labels from group_x(...).
  Status Join(std::vector<GroupResult>* results) {
    std::vector<OutSeries> all;
    for (GroupResult& result : *results) {
      for (OutSeries& series : result.series) all.push_back(std::move(series));
    }
    std::ranges::stable_sort(all, {}, &OutSeries::origin);
    absl::flat_hash_map<Labels, size_t, LabelsHash> known;
    for (OutSeries& series : all) {
      const auto [it, fresh] = known.try_emplace(series.info.labels, series_.size());
      if (fresh) {
        series_.push_back(std::move(series.info));
        rows_.push_back(std::move(series.row));
      } else {
        FIRN_RETURN_IF_ERROR(OverlayRow(series.row, &rows_[it->second]));
      }
    }
    return OkStatus();
  }

  const Binary& binary_;
  PosRange pos_;
  OperatorPtr lhs_;
  OperatorPtr rhs_;
  std::vector<Row> rows_;
};

}  // namespace

Result<OperatorPtr> MakeVectorBinary(const PlanNode& plan) {
  const BinaryPlan& binary = *plan.As<BinaryPlan>();
  FIRN_ASSIGN_OR_RETURN(OperatorPtr lhs, MakeOperator(*binary.lhs));
  FIRN_ASSIGN_OR_RETURN(OperatorPtr rhs, MakeOperator(*binary.rhs));
  return std::make_unique<VectorBinaryOperator>(plan, std::move(lhs), std::move(rhs));
}

}  // namespace firn::query
