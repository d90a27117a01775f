#include "tools/move/selection.h"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "query/parser/parser.h"
#include "tools/server_query.h"

namespace firn::tools {

namespace {

bool Holds(const Matcher& matcher, std::span<const LabelView> labels) {
  for (const LabelView& label : labels) {
    if (label.name == matcher.name()) return matcher.Matches(label.value);
  }
  return matcher.MatchesEmpty();
}

Result<TimestampMs> TimeOf(std::string_view option, const std::string& text) {
  const auto time = ParseTimeArgument(text);
  if (time.ok()) return *time;
  return time.status().WithContext(option);
}

}  // namespace

bool Selection::Matches(std::span<const LabelView> labels) const {
  return selectors.empty() ||
         std::any_of(selectors.begin(), selectors.end(), [&](const Matchers& matchers) {
           return std::all_of(matchers.begin(), matchers.end(),
                              [&](const Matcher& m) { return Holds(m, labels); });
         });
}

void AddSelectionOptions(CLI::App* command, SelectionOptions* options) {
  command
      ->add_option("--match", options->match,
                   "only series that match one of these, such as '{job=\"node\"}'")
      ->type_name("SELECTOR");
  command
      ->add_option("--start", options->start,
                   "no samples before: -30d, 2026-01-31, RFC 3339 or Unix seconds")
      ->type_name("TIME");
  command->add_option("--end", options->end, "no samples after; same forms as --start")
      ->type_name("TIME");
}

Result<Selection> ReadSelection(const SelectionOptions& options) {
  Selection selection;
  for (const std::string& text : options.match) {
    auto matchers = query::ParseSelector(text);
    if (!matchers.ok()) return matchers.status().WithContext("--match " + text);
    selection.selectors.push_back(*std::move(matchers));
  }
  if (!options.start.empty()) {
    FIRN_ASSIGN_OR_RETURN(selection.range.min, TimeOf("--start", options.start));
  }
  if (!options.end.empty()) {
    FIRN_ASSIGN_OR_RETURN(selection.range.max, TimeOf("--end", options.end));
  }
  if (selection.range.empty()) return InvalidArgument("--end is before --start");
  return selection;
}

}  // namespace firn::tools
