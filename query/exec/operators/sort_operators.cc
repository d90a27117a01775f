#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "query/exec/operators.h"

namespace firn::query {
namespace {

constexpr std::string_view kIneffective =
    "sort is ineffective for range queries since results are always ordered by labels";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The longest run of digits or of non-digits at the start; removes it.
std::string_view TakeRun(std::string_view* text) {
  size_t n = 0;
  while (n < text->size() && IsDigit((*text)[n]) == IsDigit((*text)[0])) ++n;
  const std::string_view run = text->substr(0, n);
  text->remove_prefix(n);
  return run;
}

std::optional<uint64_t> AsNumber(std::string_view run) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(run.data(), run.data() + run.size(), number);
  if (run.empty() || error != std::errc() || end != run.data() + run.size()) return std::nullopt;
  return number;
}

// Natural order: "a2" before "a10".
int CompareNatural(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const std::string_view x = TakeRun(&a);
    const std::string_view y = TakeRun(&b);
    const std::optional<uint64_t> m = AsNumber(x);
    const std::optional<uint64_t> n = AsNumber(y);
    if (m && n) {
      if (*m != *n) return *m < *n ? -1 : 1;
    } else if (const int order = x.compare(y); order != 0) {
      return order;
    }
  }
  return a.empty() ? (b.empty() ? 0 : -1) : 1;
}

class SortOperator : public Operator {
 public:
  SortOperator(const PlanNode& plan, OperatorPtr child)
      : Operator(plan.grid), call_(*plan.As<CallPlan>()), pos_(plan.pos), child_(std::move(child)) {
    for (size_t i = 1; i < call_.args.size(); ++i) labels_.emplace_back(StringArg(call_, i));
  }

  Status Open(ExecContext* context) override {
    FIRN_RETURN_IF_ERROR(child_->Open(context));
    if (context->scope().start != context->scope().end) {
      context->notes().Warn(pos_, std::string(kIneffective));
    }
    const std::string_view name = call_.function->name;
    by_label_ = name.starts_with("sort_by_label");
    descending_ = name.ends_with("_desc");
    order_.resize(child_->size());
    std::iota(order_.begin(), order_.end(), 0u);
    // Results of range queries are ordered by labels whatever happens here.
    if (steps() == 1) FIRN_RETURN_IF_ERROR(by_label_ ? SortByLabel() : SortByValue(context));
    for (const uint32_t i : order_) series_.push_back(child_->series()[i]);
    return OkStatus();
  }

  Status ComputeRow(size_t i, Worker* worker, Row* out) override {
    FIRN_RETURN_IF_ERROR(child_->ComputeRow(order_[i], worker, out));
    if (by_label_) return OkStatus();
    for (size_t s = 0; s < steps(); ++s) {
      if (out->kind[s] == PointKind::kHistogram) out->SetAbsent(s);
    }
    return OkStatus();
  }

 private:
  Status SortByValue(ExecContext* context) {
    Materialized rows;
    FIRN_RETURN_IF_ERROR(rows.Load(context, child_.get()));
    std::ranges::stable_sort(order_, [&](uint32_t a, uint32_t b) {
      const double x = rows.row(a).v[0];
      const double y = rows.row(b).v[0];
      if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) && std::isnan(y);
      return descending_ ? x > y : x < y;
    });
    rows.Release(context);
    return OkStatus();
  }

  Status SortByLabel() {
    const std::vector<SeriesInfo>& series = child_->series();
    const auto compare = [&](uint32_t a, uint32_t b) {
      for (const std::string& label : labels_) {
        const int order = CompareNatural(series[a].labels.Get(label), series[b].labels.Get(label));
        if (order != 0) return order;
      }
      const auto order = series[a].labels <=> series[b].labels;
      return order < 0 ? -1 : order > 0 ? 1 : 0;
    };
    std::ranges::stable_sort(order_, [&](uint32_t a, uint32_t b) {
      return descending_ ? compare(b, a) < 0 : compare(a, b) < 0;
    });
    return OkStatus();
  }

  const CallPlan& call_;
  PosRange pos_;
  OperatorPtr child_;
  std::vector<std::string> labels_;
  bool by_label_ = false;
  bool descending_ = false;
  std::vector<uint32_t> order_;
};

}  // namespace

Result<OperatorPtr> MakeSortCall(const PlanNode& plan) {
  const CallPlan& call = *plan.As<CallPlan>();
  if (!call.function->name.starts_with("sort")) return OperatorPtr();
  FIRN_ASSIGN_OR_RETURN(OperatorPtr child, MakeOperator(*call.args[0]));
  return std::make_unique<SortOperator>(plan, std::move(child));
}

}  // namespace firn::query
