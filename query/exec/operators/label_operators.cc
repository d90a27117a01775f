#include <memory>

#include <re2/re2.h>

#include "base/regex/regex_cache.h"
#include "query/exec/map_operator.h"
#include "query/exec/operators.h"

namespace firn::query {
namespace {

// Each call can make a value many times as long, and calls can be nested.
constexpr size_t kValueBytesMax = 1 << 20;
// Of the values that one call makes for all series.
constexpr size_t kAllValueBytesMax = size_t{256} << 20;

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// A replacement in Go's template language, cut into literal text and group numbers once.
class Template {
 public:
  Template(std::string_view text, const re2::RE2& regex) {
    const std::map<std::string, int>& names = regex.NamedCapturingGroups();
    while (!text.empty()) {
      const size_t dollar = text.find('$');
      AddText(text.substr(0, dollar));
      if (dollar == std::string_view::npos) return;
      text.remove_prefix(dollar + 1);
      if (text.starts_with('$')) {
        AddText("$");
        text.remove_prefix(1);
        continue;
      }
      std::string_view rest = text;
      const std::string_view name = TakeName(&rest);
      if (name.empty()) {
        AddText("$");  // Malformed: stays as it is.
        continue;
      }
      text = rest;
      AddGroup(name, names, regex.NumberOfCapturingGroups());
    }
  }

  // Stops behind kValueBytesMax.
  std::string Expand(const std::vector<re2::StringPiece>& groups) const {
    std::string out;
    for (const Part& part : parts_) {
      if (out.size() > kValueBytesMax) break;
      if (part.group < 0) {
        out += part.text;
      } else if (const re2::StringPiece& group = groups[static_cast<size_t>(part.group)];
                 group.data() != nullptr) {
        out.append(group.data(), group.size());
      }
    }
    return out;
  }

 private:
  struct Part {
    std::string text;
    int group = -1;
  };

  void AddText(std::string_view text) {
    if (!text.empty()) parts_.push_back({.text = std::string(text)});
  }

  void AddGroup(std::string_view name, const std::map<std::string, int>& names, int groups) {
    int number = 0;
    bool is_number = true;
    for (const char c : name) {
      is_number = is_number && c >= '0' && c <= '9' && number < 1'000'000;
      if (is_number) number = number * 10 + (c - '0');
    }
    if (is_number && name.size() > 1 && name[0] == '0') is_number = false;
    if (!is_number) {
      const auto it = names.find(std::string(name));
      if (it == names.end()) return;  // An unknown group is empty.
      number = it->second;
    }
    if (number <= groups) parts_.push_back({.text = {}, .group = number});
  }

  // `name` or `{name}`; "" if there is neither.
  static std::string_view TakeName(std::string_view* text) {
    const bool braced = text->starts_with('{');
    if (braced) text->remove_prefix(1);
    size_t n = 0;
    while (n < text->size() && IsWordByte((*text)[n])) ++n;
    const std::string_view name = text->substr(0, n);
    text->remove_prefix(n);
    if (braced) {
      if (!text->starts_with('}')) return {};
      text->remove_prefix(1);
    }
    return name;
  }

  std::vector<Part> parts_;
};

bool IsLabelName(std::string_view name) { return !name.empty() && IsValidUtf8(name); }

// label_replace and label_join: only labels change.
class RelabelOperator : public MapOperator {
 public:
  RelabelOperator(const StepGrid& grid, OperatorPtr child, std::string_view target)
      : MapOperator(grid, std::move(child), Naming::kKeep), target_(target) {}

 protected:
  // The new value of the target label, cut somewhere behind kValueBytesMax; false if the
  // series stays as it is.
  virtual bool Value(const Labels& labels, std::string* value) const = 0;

  bool renames() const override { return true; }
  Status Rename(std::vector<SeriesInfo>* series) override {
    std::string value;
    size_t bytes = 0;
    for (SeriesInfo& info : *series) {
      if (!Value(info.labels, &value)) continue;
      bytes += value.size();
      if (value.size() > kValueBytesMax || bytes > kAllValueBytesMax) {
        return Evaluation(
            "values of label {} grow beyond a limit: {} bytes for one, {} for all series",
            QuoteGo(target_), kValueBytesMax, kAllValueBytesMax);
      }
      info.labels = LabelsBuilder(info.labels).Set(target_, value).Build();
      if (target_ == kMetricName) info.drop_name = false;
    }
    MergeEqual(series);
    return OkStatus();
  }

  Status MapRow(size_t, Worker*, Row*) override { return OkStatus(); }

 private:
  std::string target_;
};

class LabelReplaceOperator : public RelabelOperator {
 public:
  LabelReplaceOperator(const StepGrid& grid, OperatorPtr child, std::string_view target,
                       std::string_view source, std::shared_ptr<const re2::RE2> regex,
                       std::string_view replacement)
      : RelabelOperator(grid, std::move(child), target),
        source_(source),
        regex_(std::move(regex)),
        template_(replacement, *regex_) {}

 protected:
  bool Value(const Labels& labels, std::string* value) const override {
    const std::string_view source = labels.Get(source_);
    std::vector<re2::StringPiece> groups(static_cast<size_t>(regex_->NumberOfCapturingGroups()) +
                                         1);
    const re2::StringPiece text(source.empty() ? "" : source.data(), source.size());
    if (!regex_->Match(text, 0, source.size(), re2::RE2::ANCHOR_BOTH, groups.data(),
                       static_cast<int>(groups.size()))) {
      return false;
    }
    *value = template_.Expand(groups);
    return true;
  }

 private:
  std::string source_;
  std::shared_ptr<const re2::RE2> regex_;
  Template template_;
};

class LabelJoinOperator : public RelabelOperator {
 public:
  LabelJoinOperator(const StepGrid& grid, OperatorPtr child, std::string_view target,
                    std::string_view separator, std::vector<std::string> sources)
      : RelabelOperator(grid, std::move(child), target),
        separator_(separator),
        sources_(std::move(sources)) {}

 protected:
  bool Value(const Labels& labels, std::string* value) const override {
    value->clear();
    for (size_t i = 0; i < sources_.size() && value->size() <= kValueBytesMax; ++i) {
      if (i > 0) *value += separator_;
      *value += labels.Get(sources_[i]);
    }
    return true;
  }

 private:
  std::string separator_;
  std::vector<std::string> sources_;
};

Result<OperatorPtr> MakeLabelReplace(const PlanNode& plan, const CallPlan& call) {
  const std::string_view target = StringArg(call, 1);
  const std::string_view source = StringArg(call, 3);
  const std::string_view pattern = StringArg(call, 4);
  std::shared_ptr<const re2::RE2> regex =
      RegexCache::Shared().Get("^(?s:" + std::string(pattern) + ")$");
  if (!regex->ok()) {
    return Evaluation("invalid regular expression in label_replace(): {}", pattern);
  }
  if (!IsLabelName(target)) {
    return Evaluation("invalid destination label name in label_replace(): {}", target);
  }
  FIRN_ASSIGN_OR_RETURN(OperatorPtr child, MakeOperator(*call.args[0]));
  return std::make_unique<LabelReplaceOperator>(plan.grid, std::move(child), target, source,
                                                std::move(regex), StringArg(call, 2));
}

Result<OperatorPtr> MakeLabelJoin(const PlanNode& plan, const CallPlan& call) {
  const std::string_view target = StringArg(call, 1);
  std::vector<std::string> sources;
  for (size_t i = 3; i < call.args.size(); ++i) {
    if (!IsLabelName(StringArg(call, i))) {
      return Evaluation("invalid source label name in label_join(): {}", StringArg(call, i));
    }
    sources.emplace_back(StringArg(call, i));
  }
  if (!IsLabelName(target)) {
    return Evaluation("invalid destination label name in label_join(): {}", target);
  }
  FIRN_ASSIGN_OR_RETURN(OperatorPtr child, MakeOperator(*call.args[0]));
  return std::make_unique<LabelJoinOperator>(plan.grid, std::move(child), target,
                                             StringArg(call, 2), std::move(sources));
}

}  // namespace

Result<OperatorPtr> MakeLabelCall(const PlanNode& plan) {
  const CallPlan& call = *plan.As<CallPlan>();
  if (call.function->name == "label_replace") return MakeLabelReplace(plan, call);
  if (call.function->name == "label_join") return MakeLabelJoin(plan, call);
  return OperatorPtr();
}

}  // namespace firn::query
