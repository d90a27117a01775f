// Which series and times are to be moved.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/labels.h"
#include "base/matcher.h"
#include "base/status.h"
#include "base/time.h"

namespace CLI {
class App;
}

namespace firn::tools {

struct Selection {
  std::vector<Matchers> selectors;  // A series must match one of them; empty: all series.
  TimeRange range;

  bool Matches(std::span<const LabelView> labels) const;
};

// As given on the command line.
struct SelectionOptions {
  std::vector<std::string> match;
  std::string start;
  std::string end;
};

// Borrows `options` until parsing is over.
void AddSelectionOptions(CLI::App* command, SelectionOptions* options);
// InvalidArgument naming the option.
Result<Selection> ReadSelection(const SelectionOptions& options);

}  // namespace firn::tools
