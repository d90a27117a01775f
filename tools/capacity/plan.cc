#include "tools/capacity/plan.h"

#include <algorithm>

#include <fmt/core.h>

#include "base/labels.h"
#include "tools/capacity/quantity.h"
#include "tools/cli/human.h"
#include "tools/plot/ticks.h"

namespace firn::tools {
namespace {

using query::PlannedChange;

struct Change {
  double amount = 0;
  TimestampMs from = 0;
  std::string when = {};  // " from 2027-01-01", "" for now.
};

Result<Change> ParseChange(const std::string& text, const PlanTexts& texts, TimestampMs now) {
  const size_t at = text.find('@');
  const auto amount = ParseQuantity(std::string_view(text).substr(0, at));
  if (!amount) {
    return InvalidArgument("{} is no amount: write 1.3, 500GiB or 20%, and @2027-01 behind it",
                           QuoteGo(text));
  }
  const std::string when = at == std::string::npos ? texts.from : text.substr(at + 1);
  Change change{.amount = *amount, .from = now};
  if (when.empty()) return change;
  FIRN_ASSIGN_OR_RETURN(change.from, ParseMoment(when, now));
  change.when = " from " + DateText(static_cast<double>(change.from) / 1000);
  return change;
}

class ScenarioMaker {
 public:
  ScenarioMaker(const PlanTexts& texts, const CapacityInputs& inputs)
      : texts_(texts), inputs_(inputs), unit_(inputs.question.unit) {
    for (const CapacityInput& input : inputs.series) {
      (input.direction == query::LimitDirection::kFalling ? falling_ : rising_) = true;
    }
  }

  Status ScaleLoad(const std::string& text) {
    FIRN_ASSIGN_OR_RETURN(const Change c, Parse(text));
    if (c.amount < 0) return InvalidArgument("{}: load cannot be scaled below nothing", text);
    if (falling_) {
      return InvalidArgument(
          "what is left cannot be scaled as the load; forecast what is used, against its size");
    }
    Add(fmt::format("load x {}{}", HumanNumber(c.amount), c.when)).load_changes = {
        PlannedChange{.from = c.from, .factor = c.amount}};
    return OkStatus();
  }
  Status AddLoad(const std::string& text) {
    FIRN_ASSIGN_OR_RETURN(const Change c, Parse(text));
    FIRN_RETURN_IF_ERROR(OneDirection());
    // More load is less that is left.
    Add(fmt::format("load {}{}", FormatChange(c.amount, unit_), c.when)).load_changes = {
        PlannedChange{.from = c.from, .add = falling_ ? -c.amount : c.amount}};
    return OkStatus();
  }
  Status AddCapacity(const std::string& text, double sign) {
    FIRN_ASSIGN_OR_RETURN(const Change c, Parse(text));
    FIRN_RETURN_IF_ERROR(OneDirection());
    const PlannedChange change{.from = c.from, .add = sign * c.amount};
    Scenario& scenario = Add(fmt::format("capacity {}{}", FormatChange(change.add, unit_), c.when));
    (falling_ ? scenario.load_changes : scenario.limit_changes) = {change};
    return OkStatus();
  }
  Status ScaleCapacity(const std::string& text) {
    FIRN_ASSIGN_OR_RETURN(const Change c, Parse(text));
    if (c.amount < 0) return InvalidArgument("{}: capacity cannot be scaled below nothing", text);
    if (falling_)
      return InvalidArgument("what is left says nothing of the whole capacity; use --add-capacity");
    Add(fmt::format("capacity x {}{}", HumanNumber(c.amount), c.when)).limit_changes = {
        PlannedChange{.from = c.from, .factor = c.amount}};
    return OkStatus();
  }
  Status NewLimit(const std::string& text) {
    FIRN_ASSIGN_OR_RETURN(const Change c, Parse(text));
    Add(fmt::format("limit {}{}", FormatQuantity(c.amount, unit_), c.when)).limit_changes = {
        PlannedChange{.from = c.from, .factor = 0, .add = c.amount}};
    return OkStatus();
  }

  std::vector<Scenario> Take() { return std::move(scenarios_); }

 private:
  Result<Change> Parse(const std::string& text) const {
    return ParseChange(text, texts_, inputs_.now);
  }
  Status OneDirection() const {
    if (!(rising_ && falling_)) return OkStatus();
    return InvalidArgument(
        "some series reach their limits from above and some from below; say --rising or --falling");
  }
  Scenario& Add(std::string name) {
    return scenarios_.emplace_back(Scenario{.name = std::move(name)});
  }

  const PlanTexts& texts_;
  const CapacityInputs& inputs_;
  const Unit unit_;
  bool rising_ = false;
  bool falling_ = false;
  std::vector<Scenario> scenarios_;
};

}  // namespace

Result<std::vector<Scenario>> MakeScenarios(const PlanTexts& texts, const CapacityInputs& inputs) {
  ScenarioMaker maker(texts, inputs);
  for (const std::string& t : texts.scale_load) FIRN_RETURN_IF_ERROR(maker.ScaleLoad(t));
  for (const std::string& t : texts.add_load) FIRN_RETURN_IF_ERROR(maker.AddLoad(t));
  for (const std::string& t : texts.scale_capacity) FIRN_RETURN_IF_ERROR(maker.ScaleCapacity(t));
  for (const std::string& t : texts.add_capacity) FIRN_RETURN_IF_ERROR(maker.AddCapacity(t, 1));
  for (const std::string& t : texts.remove_capacity) FIRN_RETURN_IF_ERROR(maker.AddCapacity(t, -1));
  for (const std::string& t : texts.new_limit) FIRN_RETURN_IF_ERROR(maker.NewLimit(t));
  return maker.Take();
}

Scenario Together(const std::vector<Scenario>& scenarios, std::string name) {
  Scenario all{.name = std::move(name)};
  for (const Scenario& s : scenarios) {
    all.load_changes.insert(all.load_changes.end(), s.load_changes.begin(), s.load_changes.end());
    all.limit_changes.insert(all.limit_changes.end(), s.limit_changes.begin(),
                             s.limit_changes.end());
  }
  // In the order in which they happen, whatever kind they are.
  const auto earlier = [](const PlannedChange& a, const PlannedChange& b) {
    return a.from < b.from;
  };
  std::stable_sort(all.load_changes.begin(), all.load_changes.end(), earlier);
  std::stable_sort(all.limit_changes.begin(), all.limit_changes.end(), earlier);
  return all;
}

}  // namespace firn::tools
