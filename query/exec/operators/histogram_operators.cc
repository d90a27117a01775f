#include <algorithm>
#include <bit>
#include <cmath>

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include "base/number.h"
#include "query/exec/map_operator.h"
#include "query/exec/operators.h"
#include "query/functions/histogram/histogram_estimates.h"

namespace firn::query {
namespace {

// histogram_count and its kin: one number per native histogram; floats have none.
class HistogramPartOperator : public MapOperator {
 public:
  HistogramPartOperator(const StepGrid& grid, OperatorPtr child, std::string_view name)
      : MapOperator(grid, std::move(child), Naming::kDropName), name_(name) {}

 protected:
  Status MapRow(size_t, Worker*, Row* row) override {
    for (size_t s = 0; s < row->steps(); ++s) {
      if (row->kind[s] == PointKind::kHistogram) {
        row->SetFloat(s, Part(*row->h[s]));
      } else {
        row->SetAbsent(s);
      }
    }
    return OkStatus();
  }

 private:
  double Part(const FloatHistogram& h) const {
    if (name_ == "histogram_count") return h.count;
    if (name_ == "histogram_sum") return h.sum;
    if (name_ == "histogram_avg") return h.sum / h.count;
    const double variance = NativeVariance(h);
    return name_ == "histogram_stddev" ? std::sqrt(variance) : variance;
  }

  std::string_view name_;
};

// "0.5", "1.0", "+Inf": a float as OpenMetrics writes it.
std::string OpenMetricsFloat(double v) {
  std::string text = FormatFloatG(v);
  if (text.find_first_of(".eEnN") == std::string::npos) text += ".0";
  return text;
}

// One histogram: its classic buckets, its native series, or both.
struct HistogramGroup {
  Labels labels;
  bool drop_name = false;
  struct Member {
    double upper = 0;
    uint32_t series = 0;
  };
  std::vector<Member> classic;
  std::vector<uint32_t> native;
};

// histogram_quantile, histogram_quantiles and histogram_fraction. Classic buckets are
// brought together by their labels but `le`; native histograms stand for themselves.
class EstimateOperator : public Operator {
 public:
  EstimateOperator(const PlanNode& plan, OperatorPtr child, std::vector<OperatorPtr> scalars)
      : Operator(plan.grid),
        call_(*plan.As<CallPlan>()),
        child_(std::move(child)),
        scalars_(std::move(scalars)) {
    for (const PlanPtr& arg : call_.args) {
      if (arg->type == ValueType::kVector) vector_pos_ = arg->pos;
      if (arg->type == ValueType::kScalar) scalar_pos_.push_back(arg->pos);
    }
  }

  Status Open(ExecContext* context) override {
    context_ = context;
    for (const OperatorPtr& scalar : scalars_) {
      FIRN_ASSIGN_OR_RETURN(std::vector<double> values, ScalarValues(context, scalar.get()));
      values_.push_back(std::move(values));
    }
    FIRN_RETURN_IF_ERROR(child_->Open(context));
    is_fraction_ = call_.function->name == "histogram_fraction";
    if (!is_fraction_) NoteBadPhi();
    FIRN_RETURN_IF_ERROR(rows_.Load(context, child_.get()));
    BuildGroups();
    FindOutputs();
    NameSeries();
    return OkStatus();
  }

  Status ComputeRow(size_t i, Worker* worker, Row* out) override {
    out->Reset(steps());
    if (!merge_.merged()) return ComputeMember(i, out);
    Worker::RowLease row(worker);
    for (const uint32_t member : merge_.members(i)) {
      row->Reset(steps());
      FIRN_RETURN_IF_ERROR(ComputeMember(member, row.get()));
      FIRN_RETURN_IF_ERROR(OverlayRow(*row, out));
    }
    return OkStatus();
  }

 private:
  void NoteBadPhi() {
    for (size_t k = 0; k < values_.size(); ++k) {
      for (const double phi : values_[k]) {
        if (phi >= 0 && phi <= 1) continue;
        context_->notes().Warn(
            scalar_pos_[k], "quantile value should be between 0 and 1, got " + FormatFloatG(phi));
      }
    }
  }

  HistogramGroup& GroupOf(Labels labels, bool drop_name) {
    const auto [it, fresh] = ids_.try_emplace(std::move(labels), groups_.size());
    if (fresh) groups_.emplace_back().labels = it->first;
    groups_[it->second].drop_name |= drop_name;
    return groups_[it->second];
  }

  void BuildGroups() {
    for (uint32_t i = 0; i < child_->size(); ++i) {
      const SeriesInfo& info = child_->series()[i];
      const Row& row = rows_.row(i);
      const bool any_float = std::ranges::find(row.kind, PointKind::kFloat) != row.kind.end();
      if (!row.h.empty()) GroupOf(info.labels, info.drop_name).native.push_back(i);
      if (!any_float) continue;
      const std::string_view le = info.labels.Get(kBucketLabel);
      const std::optional<double> upper = ParseFloat(le);
      if (!upper) {
        context_->notes().Warn(
            vector_pos_, fmt::format("bucket label \"le\" is missing or has a malformed value of "
                                     "{}{}",
                                     QuoteGo(le), ForMetric(NameFor(info.labels))));
        continue;
      }
      Labels labels = LabelsBuilder(info.labels).Del(kBucketLabel).Build();
      GroupOf(std::move(labels), info.drop_name).classic.push_back({*upper, i});
    }
  }

  // Names in annotations are only certain where they are dropped late.
  std::string_view NameFor(const Labels& labels) const {
    return context_->scope().delayed_names ? labels.metric_name() : std::string_view();
  }

  // One output for each quantile that an argument has at any step.
  void FindOutputs() {
    many_ = call_.function->name == "histogram_quantiles";
    if (!many_) return outputs_.push_back({.argument = 0, .phi = 0});
    for (size_t k = 0; k < values_.size(); ++k) {
      absl::flat_hash_set<uint64_t> seen;
      for (const double phi : values_[k]) {
        if (seen.insert(std::bit_cast<uint64_t>(phi)).second) {
          outputs_.push_back({.argument = k, .phi = phi});
        }
      }
    }
  }

  void NameSeries() {
    const bool delayed = context_->scope().delayed_names;
    for (const HistogramGroup& group : groups_) {
      for (const Output& output : outputs_) {
        SeriesInfo info{.labels = delayed ? group.labels : DropName(group.labels),
                        .drop_name = delayed};
        if (many_) {
          info.labels = LabelsBuilder(info.labels)
                            .Set(StringArg(call_, 1), OpenMetricsFloat(output.phi))
                            .Build();
        }
        series_.push_back(std::move(info));
      }
    }
    merge_.Build(&series_);
  }

  Status ComputeMember(size_t i, Row* out) {
    const HistogramGroup& group = groups_[i / outputs_.size()];
    const Output& output = outputs_[i % outputs_.size()];
    const size_t k = output.argument;
    std::vector<Bucket> buckets;
    for (size_t s = 0; s < steps(); ++s) {
      if (many_ && std::bit_cast<uint64_t>(values_[k][s]) != std::bit_cast<uint64_t>(output.phi)) {
        continue;
      }
      buckets.clear();
      for (const HistogramGroup::Member& member : group.classic) {
        const Row& row = rows_.row(member.series);
        if (row.kind[s] == PointKind::kFloat) buckets.push_back({member.upper, row.v[s]});
      }
      const FloatHistogram* native = nullptr;
      for (const uint32_t member : group.native) {
        const Row& row = rows_.row(member);
        if (row.kind[s] == PointKind::kHistogram) native = row.h[s].get();
      }
      if (native && !buckets.empty()) {
        context_->notes().Warn(vector_pos_,
                               "vector contains a mix of classic and native histograms" +
                                   ForMetric(group.labels.metric_name()));
      } else if (native) {
        out->SetFloat(s, Native(group, *native, k, s));
      } else if (!buckets.empty()) {
        out->SetFloat(s, Classic(group, &buckets, k, s));
      }
    }
    return OkStatus();
  }

  double Native(const HistogramGroup& group, const FloatHistogram& h, size_t k, size_t s) {
    NanFinding finding = NanFinding::kNone;
    const double value = is_fraction_ ? NativeFraction(values_[0][s], values_[1][s], h, &finding)
                                      : NativeQuantile(values_[k][s], h, &finding);
    if (finding == NanFinding::kNone) return value;
    const char* text = finding == NanFinding::kSkewed
                           ? "input to histogram_quantile has NaN observations, result is skewed "
                             "higher"
                       : finding == NanFinding::kResultNan
                           ? "input to histogram_quantile has NaN observations, result is NaN"
                           : "input to histogram_fraction has NaN observations, which are "
                             "excluded from all fractions";
    context_->notes().Info(vector_pos_, text + ForMetric(group.labels.metric_name()));
    return value;
  }

  double Classic(const HistogramGroup& group, std::vector<Bucket>* buckets, size_t k, size_t s) {
    if (is_fraction_) return BucketFraction(values_[0][s], values_[1][s], buckets);
    const BucketQuantileResult result = BucketQuantile(values_[k][s], buckets);
    if (result.forced_monotonic) {
      context_->notes().AddFix(vector_pos_, {.metric = std::string(NameFor(group.labels)),
                                             .bucket_min = result.min_bucket,
                                             .bucket_max = result.max_bucket,
                                             .diff_max = result.max_difference,
                                             .samples = 1,
                                             .t_min = grid_.At(s),
                                             .t_max = grid_.At(s)});
    }
    return result.value;
  }

  const CallPlan& call_;
  OperatorPtr child_;
  std::vector<OperatorPtr> scalars_;
  PosRange vector_pos_;
  std::vector<PosRange> scalar_pos_;
  ExecContext* context_ = nullptr;
  bool is_fraction_ = false;
  bool many_ = false;
  struct Output {
    size_t argument = 0;  // Of values_.
    double phi = 0;       // With several outputs: what the argument must be at a step.
  };
  std::vector<Output> outputs_;
  std::vector<std::vector<double>> values_;
  Materialized rows_;
  absl::flat_hash_map<Labels, size_t, LabelsHash> ids_;
  std::vector<HistogramGroup> groups_;
  SeriesMerge merge_;
};

}  // namespace

Result<OperatorPtr> MakeHistogramCall(const PlanNode& plan) {
  const CallPlan& call = *plan.As<CallPlan>();
  const std::string_view name = call.function->name;
  if (!name.starts_with("histogram_")) return OperatorPtr();
  OperatorPtr child;
  std::vector<OperatorPtr> scalars;
  for (const PlanPtr& arg : call.args) {
    if (arg->type == ValueType::kString) continue;
    FIRN_ASSIGN_OR_RETURN(OperatorPtr made, MakeOperator(*arg));
    if (arg->type == ValueType::kVector) {
      child = std::move(made);
    } else {
      scalars.push_back(std::move(made));
    }
  }
  if (scalars.empty()) {
    return std::make_unique<HistogramPartOperator>(plan.grid, std::move(child), name);
  }
  return std::make_unique<EstimateOperator>(plan, std::move(child), std::move(scalars));
}

}  // namespace firn::query
