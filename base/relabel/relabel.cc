#include "base/relabel/relabel.h"

#include <algorithm>

#include <re2/re2.h>

#include "base/relabel/go_template.h"
#include "base/relabel/unicode_case.h"

namespace firn {
namespace {

constexpr size_t kPatternBytesMax = 64 << 10;
constexpr int64_t kRegexMemoryBytesMax = 8 << 20;

constexpr struct {
  RelabelAction action;
  std::string_view name;
} kActions[] = {
    {RelabelAction::kReplace, "replace"},     {RelabelAction::kKeep, "keep"},
    {RelabelAction::kDrop, "drop"},           {RelabelAction::kKeepEqual, "keepequal"},
    {RelabelAction::kDropEqual, "dropequal"}, {RelabelAction::kHashMod, "hashmod"},
    {RelabelAction::kLabelMap, "labelmap"},   {RelabelAction::kLabelDrop, "labeldrop"},
    {RelabelAction::kLabelKeep, "labelkeep"}, {RelabelAction::kLowercase, "lowercase"},
    {RelabelAction::kUppercase, "uppercase"},
};

bool IsValidName(std::string_view name) { return !name.empty() && IsValidUtf8(name); }

bool NeedsTarget(RelabelAction action) {
  switch (action) {
    case RelabelAction::kReplace:
    case RelabelAction::kHashMod:
    case RelabelAction::kLowercase:
    case RelabelAction::kUppercase:
    case RelabelAction::kKeepEqual:
    case RelabelAction::kDropEqual:
      return true;
    default:
      return false;
  }
}

bool IgnoresReplacement(RelabelAction action) {
  return action == RelabelAction::kLowercase || action == RelabelAction::kUppercase ||
         action == RelabelAction::kKeepEqual || action == RelabelAction::kDropEqual;
}

Status Check(const RelabelConfig& config) {
  const RelabelConfig defaults;
  const RelabelAction action = config.action;
  const std::string_view name = RelabelActionName(action);
  if (action == RelabelAction::kHashMod && config.modulus == 0) {
    return InvalidArgument("relabel configuration for hashmod requires non-zero modulus");
  }
  if (NeedsTarget(action)) {
    if (config.target_label.empty()) {
      return InvalidArgument("relabel configuration for {} action requires 'target_label' value",
                             name);
    }
    if (!IsValidName(config.target_label)) {
      return InvalidArgument("{} is invalid 'target_label' for {} action",
                             QuoteGo(config.target_label), name);
    }
  }
  if (IgnoresReplacement(action) && config.replacement != defaults.replacement) {
    return InvalidArgument("'replacement' can not be set for {} action", name);
  }
  if (action == RelabelAction::kLabelMap && !IsValidName(config.replacement)) {
    return InvalidArgument("{} is invalid 'replacement' for {} action", QuoteGo(config.replacement),
                           name);
  }
  const bool plain = config.separator == defaults.separator && config.modulus == 0 &&
                     config.replacement == defaults.replacement;
  if ((action == RelabelAction::kKeepEqual || action == RelabelAction::kDropEqual) &&
      (!plain || config.regex != defaults.regex)) {
    return InvalidArgument(
        "{} action requires only 'source_labels' and 'target_label', and no other fields", name);
  }
  if ((action == RelabelAction::kLabelDrop || action == RelabelAction::kLabelKeep) &&
      (!plain || !config.source_labels.empty() || !config.target_label.empty())) {
    return InvalidArgument("{} action requires only 'regex', and no other fields", name);
  }
  return OkStatus();
}

// A regular expression that matches whole texts.
class Regex {
 public:
  static Result<Regex> Create(const std::string& pattern) {
    if (pattern.size() > kPatternBytesMax) {
      return InvalidArgument("regular expression of {} bytes is longer than the limit of {}",
                             pattern.size(), kPatternBytesMax);
    }
    RE2::Options options;
    options.set_log_errors(false);
    options.set_dot_nl(true);
    options.set_max_mem(kRegexMemoryBytesMax);
    Regex regex;
    regex.compiled_ = std::make_shared<RE2>("(?s:" + WithPythonGroupNames(pattern) + ")", options);
    if (!regex.compiled_->ok()) {
      return InvalidArgument("error parsing regexp: {}", regex.compiled_->error());
    }
    return regex;
  }

  bool Matches(std::string_view text) const {
    return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *compiled_);
  }
  // Fills the groups, the whole match first; those that took no part are empty.
  bool Match(std::string_view text, std::vector<std::string_view>* groups) const {
    const int count = 1 + compiled_->NumberOfCapturingGroups();
    std::vector<re2::StringPiece> pieces(static_cast<size_t>(count));
    const re2::StringPiece piece(text.data(), text.size());
    if (!compiled_->Match(piece, 0, text.size(), RE2::ANCHOR_BOTH, pieces.data(), count)) {
      return false;
    }
    groups->clear();
    for (const re2::StringPiece& p : pieces) groups->emplace_back(p.data(), p.size());
    return true;
  }
  GoTemplate Template(std::string_view text) const {
    return {text, compiled_->NamedCapturingGroups(), compiled_->NumberOfCapturingGroups()};
  }

 private:
  std::shared_ptr<const RE2> compiled_;
};

}  // namespace

std::string_view RelabelActionName(RelabelAction action) {
  for (const auto& known : kActions) {
    if (known.action == action) return known.name;
  }
  return "?";
}

std::optional<RelabelAction> ParseRelabelAction(std::string_view name) {
  const std::string lower = ToLowerUtf8(name);
  for (const auto& known : kActions) {
    if (known.name == lower) return known.action;
  }
  return std::nullopt;
}

class RelabelRules::Rule {
 public:
  Rule(RelabelConfig config, Regex regex, RelabelHash hash)
      : config_(std::move(config)),
        regex_(std::move(regex)),
        hash_(hash),
        target_(regex_.Template(config_.target_label)),
        replacement_(regex_.Template(config_.replacement)) {}

  bool Apply(LabelsBuilder* labels) const {
    switch (config_.action) {
      case RelabelAction::kKeep:
        return regex_.Matches(Source(*labels));
      case RelabelAction::kDrop:
        return !regex_.Matches(Source(*labels));
      case RelabelAction::kKeepEqual:
        return labels->Get(config_.target_label) == Source(*labels);
      case RelabelAction::kDropEqual:
        return labels->Get(config_.target_label) != Source(*labels);
      case RelabelAction::kReplace:
        Replace(labels);
        return true;
      case RelabelAction::kHashMod:
        labels->Set(config_.target_label, std::to_string(hash_(Source(*labels)) % config_.modulus));
        return true;
      case RelabelAction::kLowercase:
        labels->Set(config_.target_label, ToLowerUtf8(Source(*labels)));
        return true;
      case RelabelAction::kUppercase:
        labels->Set(config_.target_label, ToUpperUtf8(Source(*labels)));
        return true;
      case RelabelAction::kLabelMap:
      case RelabelAction::kLabelDrop:
      case RelabelAction::kLabelKeep:
        ByName(labels);
        return true;
    }
    return true;
  }

 private:
  std::string Source(const LabelsBuilder& labels) const {
    std::string text;
    for (const std::string& name : config_.source_labels) {
      if (&name != &config_.source_labels.front()) text += config_.separator;
      text += labels.Get(name);
    }
    return text;
  }

  void Replace(LabelsBuilder* labels) const {
    const std::string source = Source(*labels);
    std::vector<std::string_view> groups;
    if (!regex_.Match(source, &groups)) return;
    std::string target;
    target_.Expand(groups, &target);
    if (!IsValidName(target)) return;
    std::string value;
    replacement_.Expand(groups, &value);
    labels->Set(target, value);
  }

  void ByName(LabelsBuilder* labels) const {
    std::vector<std::string_view> groups;
    // Of the labels before the rule: what it adds is not looked at.
    const Labels before = labels->Build();
    for (const auto& [name, value] : before) {
      const bool matches = regex_.Match(name, &groups);
      if (config_.action == RelabelAction::kLabelMap) {
        if (!matches) continue;
        std::string target;
        replacement_.Expand(groups, &target);
        labels->Set(target, value);
      } else if (matches == (config_.action == RelabelAction::kLabelDrop)) {
        labels->Del(name);
      }
    }
  }

  RelabelConfig config_;
  Regex regex_;
  RelabelHash hash_;
  GoTemplate target_;
  GoTemplate replacement_;
};

Result<RelabelRules> RelabelRules::Create(const std::vector<RelabelConfig>& configs,
                                          RelabelHash hash) {
  RelabelRules result;
  if (configs.empty()) return result;
  auto rules = std::make_shared<std::vector<Rule>>();
  for (const RelabelConfig& config : configs) {
    FIRN_RETURN_IF_ERROR(Check(config));
    FIRN_CHECK(hash != nullptr || config.action != RelabelAction::kHashMod);
    FIRN_ASSIGN_OR_RETURN(Regex regex, Regex::Create(config.regex));
    rules->emplace_back(config, std::move(regex), hash);
  }
  result.rules_ = std::move(rules);
  return result;
}

bool RelabelRules::Apply(LabelsBuilder* labels) const {
  if (rules_ == nullptr) return true;
  return std::all_of(rules_->begin(), rules_->end(),
                     [&](const Rule& rule) { return rule.Apply(labels); });
}

}  // namespace firn
