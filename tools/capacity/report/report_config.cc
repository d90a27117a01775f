#include "tools/capacity/report/report_config.h"

#include <yaml-cpp/yaml.h>

#include <array>
#include <cmath>
#include <set>

#include <fmt/core.h>

#include "base/duration.h"
#include "base/labels.h"
#include "base/number.h"
#include "server/app/yaml_fields.h"

namespace firn::tools {
namespace {

using server::YamlField;

// What may stand in `defaults` and in each resource.
struct Terms {
  DurationMs horizon = 90 * kDayMs;
  DurationMs history = 180 * kDayMs;
  DurationMs step = 0;
  double confidence = 0.9;
};

// A length that is not nothing.
YamlField LengthField(std::string_view name, DurationMs* out) {
  return {name, [out](const YAML::Node& node) -> Status {
            if (!node.IsScalar()) return InvalidArgument("a duration is needed");
            FIRN_ASSIGN_OR_RETURN(*out, ParseDuration(node.Scalar()));
            return *out > 0 ? OkStatus() : InvalidArgument("must be longer than nothing");
          }};
}

YamlField ShareField(std::string_view name, double* out) {
  return {name, [out](const YAML::Node& node) -> Status {
            const auto share = node.IsScalar() ? ParseFloat(node.Scalar()) : std::nullopt;
            if (!share || !(*share > 0 && *share < 1)) {
              return InvalidArgument("a number between 0 and 1 is needed");
            }
            *out = *share;
            return OkStatus();
          }};
}

YamlField WordField(std::string_view name, std::vector<std::string> words, std::string* out) {
  return {name, [words = std::move(words), out](const YAML::Node& node) -> Status {
            const std::string text = node.IsScalar() ? node.Scalar() : "";
            if (std::find(words.begin(), words.end(), text) != words.end()) {
              *out = text;
              return OkStatus();
            }
            std::string all;
            for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
            return InvalidArgument("{} is none of {}", QuoteGo(text), all);
          }};
}

std::vector<YamlField> TermFields(Terms* terms) {
  return {LengthField("horizon", &terms->horizon), LengthField("history", &terms->history),
          LengthField("step", &terms->step), ShareField("confidence", &terms->confidence)};
}

// One amount or a list of them.
YamlField AmountsField(std::string_view name, std::vector<std::string>* out) {
  return {name, [out](const YAML::Node& node) -> Status {
            const auto add = [&](const YAML::Node& one) -> Status {
              if (!one.IsScalar()) return InvalidArgument("an amount is needed");
              const std::string text = one.Scalar();
              if (!ParseQuantity(text.substr(0, text.find('@')))) {
                return InvalidArgument("{} is no amount: write 1.3, 500GiB or 20%", QuoteGo(text));
              }
              out->push_back(text);
              return OkStatus();
            };
            if (!node.IsSequence()) return add(node);
            for (const auto& one : node) FIRN_RETURN_IF_ERROR(add(one));
            return OkStatus();
          }};
}

Result<ReportPlan> ReadPlan(const YAML::Node& node, std::string_view file) {
  ReportPlan plan;
  const std::array fields = {server::TextField("name", &plan.name),
                             AmountsField("scale_load", &plan.texts.scale_load),
                             AmountsField("add_load", &plan.texts.add_load),
                             AmountsField("scale_capacity", &plan.texts.scale_capacity),
                             AmountsField("add_capacity", &plan.texts.add_capacity),
                             AmountsField("remove_capacity", &plan.texts.remove_capacity),
                             AmountsField("new_limit", &plan.texts.new_limit),
                             server::TextField("from", &plan.texts.from)};
  FIRN_RETURN_IF_ERROR(server::ReadYamlMap(node, file, fields));
  const std::string place = server::YamlPlace(file, node);
  if (plan.name.empty()) return InvalidArgument("{}: a plan needs a name", place);
  if (plan.texts.empty()) {
    return InvalidArgument("{}: plan {} changes nothing", place, QuoteGo(plan.name));
  }
  if (!plan.texts.from.empty()) {
    const auto from = ParseMoment(plan.texts.from, 0);
    if (!from.ok()) return from.status().WithContext(place + ": from");
  }
  return plan;
}

Status ReadUnitAndDirection(const std::string& unit, const std::string& direction,
                            CapacityQuestion* question) {
  FIRN_ASSIGN_OR_RETURN(question->unit, ParseUnit(unit, question->expression));
  if (direction == "rising") question->direction = Direction::kRising;
  if (direction == "falling") question->direction = Direction::kFalling;
  return OkStatus();
}

Result<ReportResource> ReadResource(const YAML::Node& node, std::string_view file, Terms terms) {
  ReportResource resource;
  CapacityQuestion& question = resource.question;
  std::string unit = "auto";
  std::string direction = "auto";
  std::vector<YamlField> fields = {
      server::TextField("name", &resource.name),
      server::TextField("group", &resource.group),
      server::TextField("advice", &resource.advice),
      server::TextField("expression", &question.expression),
      server::TextField("limit", &question.limit),
      server::TextListField("by", &question.by),
      WordField("aggregate", {"sum", "max", "min", "avg", "count"}, &question.aggregate),
      WordField("direction", {"auto", "rising", "falling"}, &direction),
      WordField("unit", {"auto", "none", "bytes", "ratio"}, &unit),
      {"what_if", [&](const YAML::Node& list) {
         return server::ReadYamlList(list, file, [&](const YAML::Node& one) -> Status {
           FIRN_ASSIGN_OR_RETURN(ReportPlan plan, ReadPlan(one, file));
           resource.plans.push_back(std::move(plan));
           return OkStatus();
         });
       }}};
  for (YamlField& field : TermFields(&terms)) fields.push_back(std::move(field));
  FIRN_RETURN_IF_ERROR(server::ReadYamlMap(node, file, fields));
  const std::string place = server::YamlPlace(file, node);
  if (resource.name.empty()) return InvalidArgument("{}: a resource needs a name", place);
  if (question.expression.empty()) {
    return InvalidArgument("{}: resource {} needs an expression", place, QuoteGo(resource.name));
  }
  if (question.limit.empty()) {
    return InvalidArgument("{}: resource {} needs a limit", place, QuoteGo(resource.name));
  }
  for (const std::string& label : question.by) {
    if (!IsLegacyLabelName(label))
      return InvalidArgument("{}: by: {} is no label", place, QuoteGo(label));
  }
  FIRN_RETURN_IF_ERROR(ReadUnitAndDirection(unit, direction, &question));
  question.horizon = terms.horizon;
  question.history = terms.history;
  question.step = terms.step;
  question.confidence = terms.confidence;
  return resource;
}

}  // namespace

Result<ReportConfig> ParseReportConfig(std::string_view text, std::string_view file_name) {
  ReportConfig config;
  const auto read = [&](const YAML::Node& root) -> Status {
    Terms defaults;
    std::vector<YAML::Node> resources;
    const std::array fields = {
        server::TextField("title", &config.title),
        YamlField{"defaults",
                  [&](const YAML::Node& node) {
                    return server::ReadYamlMap(node, file_name, TermFields(&defaults));
                  }},
        YamlField{"resources", [&](const YAML::Node& list) {
                    return server::ReadYamlList(list, file_name, [&](const YAML::Node& one) {
                      resources.push_back(one);
                      return OkStatus();
                    });
                  }}};
    FIRN_RETURN_IF_ERROR(server::ReadYamlMap(root, file_name, fields));
    std::set<std::string> names;
    for (const YAML::Node& node : resources) {
      FIRN_ASSIGN_OR_RETURN(ReportResource resource, ReadResource(node, file_name, defaults));
      if (!names.insert(resource.name).second) {
        return InvalidArgument("{}: there is another resource {}",
                               server::YamlPlace(file_name, node), QuoteGo(resource.name));
      }
      config.resources.push_back(std::move(resource));
    }
    return OkStatus();
  };
  FIRN_RETURN_IF_ERROR(server::ParseYaml(text, file_name, read));
  if (config.resources.empty()) return InvalidArgument("{}: there are no resources", file_name);
  return config;
}

}  // namespace firn::tools
