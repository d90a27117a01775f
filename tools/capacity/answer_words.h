// Forecasts in few words, the same in tables, Markdown and HTML.
#pragma once

#include <string>
#include <vector>

#include "tools/capacity/question.h"
#include "tools/cli/terminal.h"
#include "tools/plot/terminal_plot.h"

namespace firn::tools {

// How soon something has to be done, by which reports are sorted.
enum class Urgency : uint8_t {
  kReached,   // The limit is reached now.
  kLikely,    // More futures reach it within the horizon than do not.
  kPossible,  // Some do.
  kNone,      // None does.
  kUnknown,   // Nothing can be said: too short a history, no limit.
};
Urgency UrgencyOf(const query::Forecast& forecast);
// How an urgency is shown.
struct UrgencyLook {
  const char* name;       // "reached", "likely", "possible", "not expected", "unknown".
  const char* css_class;  // The same in one word.
  Style style;
};
const UrgencyLook& LookFor(Urgency urgency);

// All of it seen from `now`, which is CapacityInputs::now.
struct AnswerWords {
  std::string series;    // `{instance="a"}`, or "all" for no labels.
  std::string current;   // "72.1 GiB"
  std::string limit;     // "100 GiB", "-" without one.
  std::string growth;    // "+1.2 GiB"; per week.
  std::string date;      // "2026-02-20", "now", "not in 90 d", "-".
  std::string in;        // "23 days"
  std::string interval;  // "17-34 days", "17 to >90 days"
  std::string chance;    // "96 %": within the horizon.
  std::string seasons;   // "day, week"
  std::string mase;      // "0.62", "-" without a back-test.
  std::string coverage;  // "91 %"
  std::string sentence;  // "in 23 days, 90 %: 17-34 days; not within 90 days in 4 % of runs"
  Urgency urgency = Urgency::kUnknown;
};
AnswerWords WordsOf(const CapacityInputs& inputs, const CapacityInput& input,
                    const query::Forecast& forecast);

// "shifts the date by +23 days (2026-02-20 -> 2026-03-15)", for the medians of two forecasts.
std::string ShiftWords(const query::Forecast& before, const query::Forecast& after,
                       DurationMs horizon);

// Labels of a series as a name; "all" for none.
std::string SeriesName(const Labels& labels);

// Names by what tells the series apart, and what all of them have in common ("" if that is
// nothing).
struct SeriesNames {
  std::vector<std::string> names;
  std::string common;
};
SeriesNames ShortNames(const CapacityInputs& inputs);

// For axes of plots, so that the largest value has few digits.
AxisUnit AxisFor(const CapacityInput& input, Unit unit);

}  // namespace firn::tools
