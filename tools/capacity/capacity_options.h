// Options that the sub-commands of `firn capacity` share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/capacity/history/history_source.h"
#include "tools/capacity/question.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/progress.h"
#include "tools/server_access.h"

namespace CLI {
class App;
}

namespace firn::tools {

struct SourceOptions {
  ServerAccess access{.url = "http://127.0.0.1:9797"};
  std::string data;  // A directory in place of a server.
  std::string at;    // "": now.
};
// --server, --data, --at and credentials. Borrows `options` until parsing is over.
void AddSourceOptions(CLI::App* command, SourceOptions* options);
// Shows requests on `progress`, which must outlive the source.
Result<HistorySource> OpenSource(const SourceOptions& options, Progress* progress);
// When "now" is.
Result<TimestampMs> PresentOf(const SourceOptions& options);

struct QuestionOptions {
  std::string expression;
  std::string limit;
  std::string by;  // Names with commas between them.
  std::string aggregate = "sum";
  std::string unit = "auto";
  std::string horizon = "90d";
  std::string history = "180d";
  std::string step = "auto";
  double confidence = 0.9;
  bool rising = false;
  bool falling = false;
  size_t series_max = 10'000;
};
// The expression as an argument and all options. `limit_required`: there must be a --limit.
void AddQuestionOptions(CLI::App* command, QuestionOptions* options, bool limit_required);
// InvalidArgument names the option.
Result<CapacityQuestion> MakeQuestion(const QuestionOptions& options);

// "a, b" as its parts.
std::vector<std::string> SplitNames(std::string_view text);

// Threads beside the calling one for forecasts, which take nothing but CPU.
size_t HelperThreads();

// Prints "firn NAME: message" and returns the exit code for it: 3 if a server or directory cannot
// be reached, else `code`.
int FailCapacity(const char* name, const Status& status, int code);
// Notes go to standard error, so that the answer can be piped.
void PrintNotes(const std::vector<std::string>& notes);

}  // namespace firn::tools
