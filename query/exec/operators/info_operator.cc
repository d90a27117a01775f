#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <re2/re2.h>

#include "query/exec/matching.h"
#include "query/exec/operators.h"

namespace firn::query {
namespace {

constexpr std::string_view kDefaultName = "target_info";
constexpr std::array<std::string_view, 2> kIdentifying = {"instance", "job"};
constexpr uint32_t kNone = UINT32_MAX;

// info(v, {...}): adds the labels of info series with equal `instance` and `job`.
class InfoOperator : public Operator {
 public:
  InfoOperator(const PlanNode& plan, OperatorPtr base)
      : Operator(plan.grid), select_node_(*plan.As<CallPlan>()->args[1]), base_(std::move(base)) {}

  Status Open(ExecContext* context) override {
    FIRN_RETURN_IF_ERROR(base_->Open(context));
    FIRN_RETURN_IF_ERROR(base_rows_.Load(context, base_.get()));
    FIRN_RETURN_IF_ERROR(ReadMatchers());
    FIRN_RETURN_IF_ERROR(SelectInfos(context));
    FIRN_RETURN_IF_ERROR(ChooseNewest());
    for (uint32_t i = 0; i < base_->size(); ++i) FIRN_RETURN_IF_ERROR(Enrich(i));
    base_rows_.Release(context);
    info_rows_.Release(context);
    return context->Charge(RowsHolding(rows_));
  }

  Status ComputeRow(size_t i, Worker*, Row* out) override {
    *out = rows_[i];
    return OkStatus();
  }

 private:
  SelectPlan& select() { return std::get<SelectPlan>(select_node_.node); }

  Status ReadMatchers() {
    bool positive = false;
    for (const Matcher& matcher : select().matchers) {
      if (matcher.name() != kMetricName) {
        data_matchers_.push_back(matcher);
        continue;
      }
      positive |= matcher.type() == MatchType::kEqual || matcher.type() == MatchType::kRegex;
      name_matchers_.push_back(matcher);
    }
    if (name_matchers_.empty()) {
      name_matchers_.push_back(Matcher::Equal(std::string(kMetricName), std::string(kDefaultName)));
    } else if (!positive) {
      FIRN_ASSIGN_OR_RETURN(
          Matcher any, Matcher::Create(MatchType::kRegex, std::string(kMetricName), ".+_info"));
      name_matchers_.push_back(std::move(any));
    }
    for (const SeriesInfo& info : base_->series()) {
      bool is_info = true;
      for (const Matcher& matcher : name_matchers_)
        is_info = is_info && matcher.Matches(info.labels);
      passes_.push_back(is_info);
    }
    return OkStatus();
  }

  // Selects the info series that may belong to a base series, valued by their sample times.
  Status SelectInfos(ExecContext* context) {
    std::map<std::string_view, std::set<std::string>> values;
    for (size_t i = 0; i < base_->size(); ++i) {
      if (passes_[i]) continue;
      for (const std::string_view name : kIdentifying) {
        const std::string_view value = base_->series()[i].labels.Get(name);
        if (!value.empty()) values[name].emplace(value);
      }
    }
    if (values.empty()) return OkStatus();
    Matchers matchers = name_matchers_;
    matchers.insert(matchers.end(), data_matchers_.begin(), data_matchers_.end());
    for (const auto& [name, all] : values) {
      std::string pattern;
      for (const std::string& value : all) {
        if (!pattern.empty()) pattern += '|';
        pattern += re2::RE2::QuoteMeta(value);
      }
      FIRN_ASSIGN_OR_RETURN(Matcher matcher,
                            Matcher::Create(MatchType::kRegex, std::string(name), pattern));
      matchers.push_back(std::move(matcher));
    }
    select().matchers = std::move(matchers);
    infos_ = MakeSelect(select_node_);
    FIRN_RETURN_IF_ERROR(infos_->Open(context));
    return info_rows_.Load(context, infos_.get());
  }

  // What info and base series have in common.
  static std::string Key(std::string_view info_name, const Labels& labels) {
    std::string key;
    AppendPackedString(info_name, &key);
    for (const std::string_view name : kIdentifying) AppendPackedString(labels.Get(name), &key);
    return key;
  }

  // Of several info series of one name and target the one with the newest sample counts.
  Status ChooseNewest() {
    if (!infos_) return OkStatus();
    // Of steps without a base nothing is said.
    std::vector<uint8_t> wanted(steps());
    for (size_t i = 0; i < base_rows_.size(); ++i) {
      const std::vector<PointKind>& kind = base_rows_.row(i).kind;
      for (size_t s = 0; s < steps(); ++s) wanted[s] |= kind[s] != PointKind::kAbsent;
    }
    for (uint32_t i = 0; i < infos_->size(); ++i) {
      const Labels& labels = infos_->series()[i].labels;
      names_.emplace(labels.metric_name());
      std::vector<uint32_t>& chosen = chosen_[Key(labels.metric_name(), labels)];
      if (chosen.empty()) chosen.assign(steps(), kNone);
      const Row& row = info_rows_.row(i);
      for (size_t s = 0; s < steps(); ++s) {
        if (row.kind[s] == PointKind::kAbsent || !wanted[s]) continue;
        if (chosen[s] != kNone) {
          const double other = info_rows_.row(chosen[s]).v[s];
          if (other > row.v[s]) continue;
          if (other == row.v[s]) return Duplicate(chosen[s], i, row.v[s]);
        }
        chosen[s] = i;
      }
    }
    return OkStatus();
  }

  Status Duplicate(uint32_t a, uint32_t b, double seconds) const {
    const auto t = static_cast<TimestampMs>(seconds * 1000);
    return Evaluation("found duplicate series for info metric: existing {} @ {}, new {} @ {}",
                      BracedLabels(infos_->series()[a].labels), t,
                      BracedLabels(infos_->series()[b].labels), t);
  }

  Status Enrich(uint32_t i) {
    const SeriesInfo& base = base_->series()[i];
    const Row& row = base_rows_.row(i);
    std::vector<const std::vector<uint32_t>*> linked;
    if (!passes_[i]) {
      for (const std::string& name : names_) {
        const auto it = chosen_.find(Key(name, base.labels));
        if (it != chosen_.end()) linked.push_back(&it->second);
      }
    }
    std::vector<uint32_t> last;
    std::vector<uint32_t> now(linked.size());
    size_t out = kNone;
    bool known = false;
    for (size_t s = 0; s < steps(); ++s) {
      if (row.kind[s] == PointKind::kAbsent) continue;
      for (size_t k = 0; k < linked.size(); ++k) now[k] = (*linked[k])[s];
      if (!known || now != last) {
        FIRN_ASSIGN_OR_RETURN(out, OutOf(base, passes_[i], now));
        last = now;
        known = true;
      }
      if (out == kNone) continue;
      if (rows_[out].kind[s] != PointKind::kAbsent) return SameLabelsetError();
      if (row.kind[s] == PointKind::kFloat) {
        rows_[out].SetFloat(s, row.v[s]);
      } else {
        rows_[out].SetHistogram(s, row.h[s]);
      }
    }
    return OkStatus();
  }

  bool Wanted(std::string_view label) const {
    return data_matchers_.empty() ||
           std::ranges::any_of(data_matchers_,
                               [&](const Matcher& matcher) { return matcher.name() == label; });
  }

  // The result series of a base series with these info series; kNone if it is left out.
  Result<size_t> OutOf(const SeriesInfo& base, bool passes, const std::vector<uint32_t>& infos) {
    LabelsBuilder builder(base.labels);
    std::map<std::string_view, std::string_view> added;
    bool matched = passes;
    for (const uint32_t info : infos) {
      if (info == kNone) continue;
      matched = true;
      for (const LabelView label : infos_->series()[info].labels) {
        if (label.name == kMetricName || !Wanted(label.name)) continue;
        // What the base has is its own, whatever info series say of it.
        if (base.labels.Has(label.name)) continue;
        const auto [it, fresh] = added.try_emplace(label.name, label.value);
        if (!fresh && it->second != label.value) {
          return Evaluation("conflicting label: {}", label.name);
        }
      }
    }
    if (!matched) {
      for (const Matcher& matcher : data_matchers_) {
        if (!matcher.MatchesEmpty()) return size_t{kNone};
      }
    }
    for (const auto& [name, value] : added) builder.Set(name, value);
    const auto [it, fresh] = outs_.try_emplace(builder.Build(), series_.size());
    if (fresh) {
      series_.push_back({.labels = it->first, .drop_name = base.drop_name});
      rows_.emplace_back().Reset(steps());
    }
    return it->second;
  }

  PlanNode select_node_;
  OperatorPtr base_;
  OperatorPtr infos_;
  Materialized base_rows_;
  Materialized info_rows_;
  Matchers name_matchers_;
  Matchers data_matchers_;
  std::vector<uint8_t> passes_;  // Base series that are info series themselves.
  std::set<std::string> names_;  // Of the info metrics found.
  std::map<std::string, std::vector<uint32_t>> chosen_;  // By key, then step.
  std::map<Labels, size_t> outs_;
  std::vector<Row> rows_;
};

}  // namespace

Result<OperatorPtr> MakeInfoCall(const PlanNode& plan) {
  const CallPlan& call = *plan.As<CallPlan>();
  if (call.function->name != "info") return OperatorPtr();
  FIRN_ASSIGN_OR_RETURN(OperatorPtr base, MakeOperator(*call.args[0]));
  return std::make_unique<InfoOperator>(plan, std::move(base));
}

}  // namespace firn::query
