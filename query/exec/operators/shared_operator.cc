// Expressions that a query holds several times are evaluated once: the first reader keeps the
// rows for those that follow.
#include <utility>

#include "query/exec/operators.h"

namespace firn::query {
namespace {

// Rows beyond this are not kept: a query over many series streams them, and reading them again
// costs less than holding them.
constexpr size_t kKeepBytesMax = 16 << 20;
constexpr size_t kRowBytes = sizeof(Row) + 64;  // With two allocations.
constexpr size_t kPointBytes = 1 + sizeof(double);

}  // namespace

class SharedResult {
 public:
  // Null if the rows are too many to be kept, and then `source`, which is open, is left.
  static Result<std::shared_ptr<SharedResult>> Of(ExecContext* context, OperatorPtr* source) {
    const size_t row = kRowBytes + (*source)->steps() * kPointBytes;
    if ((*source)->size() > kKeepBytesMax / row) return std::shared_ptr<SharedResult>();
    auto out = std::make_shared<SharedResult>();
    FIRN_RETURN_IF_ERROR(out->rows_.Load(context, source->get()));
    out->source_ = std::move(*source);
    return out;
  }

  SeriesNames names() const { return source_->names(); }
  const Row& row(size_t i) const { return rows_.row(i); }
  const SampleCounts& counts() const { return counts_; }
  void set_counts(SampleCounts counts) { counts_ = std::move(counts); }

 private:
  OperatorPtr source_;  // Holds the names.
  Materialized rows_;
  SampleCounts counts_;  // Of the samples that were read for it.
};

namespace {

class SharedOperator : public Operator {
 public:
  explicit SharedOperator(const PlanNode& plan) : Operator(plan.grid), plan_(plan) {}

  Status Open(ExecContext* context) override {
    std::shared_ptr<SharedResult>& slot = context->shared(&plan_);
    if (slot) {
      // As if it had been read again, which is what statistics stand for.
      context->Count(slot->counts());
    } else {
      FIRN_RETURN_IF_ERROR(OpenAlone(context, &slot));
    }
    kept_ = slot;
    NameBy(kept_ ? kept_->names() : alone_->names());
    return OkStatus();
  }

  Status ComputeRow(size_t i, Worker* worker, Row* out) override {
    if (!kept_) return alone_->ComputeRow(i, worker, out);
    *out = kept_->row(i);
    return OkStatus();
  }

 private:
  Status OpenAlone(ExecContext* context, std::shared_ptr<SharedResult>* slot) {
    const SampleCounts before = context->counts();
    FIRN_ASSIGN_OR_RETURN(alone_, MakeAlone(plan_));
    FIRN_RETURN_IF_ERROR(alone_->Open(context));
    FIRN_ASSIGN_OR_RETURN(*slot, SharedResult::Of(context, &alone_));
    if (*slot) (*slot)->set_counts(context->counts().Since(before));
    return OkStatus();
  }

  const PlanNode& plan_;
  std::shared_ptr<SharedResult> kept_;
  OperatorPtr alone_;  // Null if kept_ is there.
};

}  // namespace

OperatorPtr MakeShared(const PlanNode& plan) { return std::make_unique<SharedOperator>(plan); }

}  // namespace firn::query
