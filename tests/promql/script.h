// The language of promqltest scripts, as a list of commands.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/labels.h"
#include "base/status.h"
#include "base/time.h"
#include "query/parser/series_description.h"
#include "tests/support/memory_store.h"

namespace firn::testing {

struct ClearCommand {};

struct LoadCommand {
  std::vector<StoredSeries> series;  // With the series that load_with_nhcb adds.
};

enum class ExpectMode : uint8_t { kAny, kNone, kSome };

// What is expected of annotations of one kind.
struct NoteExpectation {
  ExpectMode mode = ExpectMode::kAny;
  struct Text {
    std::string text;
    bool is_regex = false;
  };
  std::vector<Text> texts;  // Empty with kSome: any text will do.
};

struct Grid {
  TimestampMs start = 0;
  TimestampMs end = 0;
  DurationMs step = 0;
};

struct EvalCommand {
  std::string expr;
  bool is_range = false;
  Grid times;  // Of an instant query: start.

  bool fails = false;
  std::optional<NoteExpectation::Text> failure;
  bool ordered = false;
  NoteExpectation warnings;
  NoteExpectation infos;
  std::optional<std::string> text;
  std::optional<double> scalar;
  std::optional<Grid> matrix;  // An instant query that yields a range vector.
  std::vector<query::SeriesDescription> series;
};

struct Command {
  size_t line = 0;
  std::variant<ClearCommand, LoadCommand, EvalCommand> what;
};

// InvalidArgument names the line.
Result<std::vector<Command>> ParseScript(std::string_view text);

// The series of load_with_nhcb: native histograms with custom buckets made of the classic
// series among `classic`. InvalidArgument if their counts contradict each other.
Result<std::vector<StoredSeries>> MakeNhcb(const std::vector<StoredSeries>& classic);

}  // namespace firn::testing
