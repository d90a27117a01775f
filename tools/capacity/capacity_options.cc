#include "tools/capacity/capacity_options.h"

#include <algorithm>
#include <cstdio>
#include <thread>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "base/clock.h"
#include "base/duration.h"
#include "base/labels.h"
#include "tools/cli/text_layout.h"
#include "tools/server_query.h"

namespace firn::tools {
namespace {

Result<DurationMs> Length(const char* option, const std::string& text) {
  const auto length = ParseDuration(text);
  if (!length.ok()) return length.status().WithContext(option);
  if (*length <= 0) return InvalidArgument("{}: must be longer than nothing", option);
  return length;
}

}  // namespace

std::vector<std::string> SplitNames(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    std::string_view name = text.substr(0, end);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (!name.empty()) out.emplace_back(name);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

void AddSourceOptions(CLI::App* command, SourceOptions* options) {
  const char* kGroup = "Where the history is";
  command->add_option("--server", options->access.url, "URL of the server")
      ->type_name("URL")
      ->envname("FIRN_CLIENT_SERVER")
      ->capture_default_str()
      ->group(kGroup);
  // No conflict with --server, which the environment may have set for all commands.
  command
      ->add_option("--data", options->data,
                   "data directory to read in place of a server; nobody may have it open")
      ->type_name("DIR")
      ->group(kGroup);
  AddAccessOptions(command, &options->access);
  for (const char* name : {"--user", "--password-file", "--bearer-token-file", "--ca-file"}) {
    command->get_option(name)->group(kGroup);
  }
  command
      ->add_option("--at", options->at, "pretend that it is this time: 2027-01-15, -30d, RFC 3339")
      ->type_name("TIME")
      ->group(kGroup);
}

Result<HistorySource> OpenSource(const SourceOptions& options, Progress* progress) {
  const HistoryProgress update = [progress](uint64_t done, uint64_t total) {
    progress->Update(done, total);
  };
  if (!options.data.empty()) return DirectoryHistory(options.data, update);
  return ServerHistory(options.access, update);
}

Result<TimestampMs> PresentOf(const SourceOptions& options) {
  const TimestampMs now = Clock::System()->NowMs();
  if (options.at.empty()) return now;
  const auto at = ParseMoment(options.at, now);
  if (!at.ok()) return at.status().WithContext("--at");
  return at;
}

void AddQuestionOptions(CLI::App* command, QuestionOptions* options, bool limit_required) {
  command->add_option("EXPRESSION", options->expression, "PromQL of what is used")->required();
  auto* limit = command->add_option("--limit", options->limit,
                                    "what must not be reached: 0.9, 90%, 500GiB, or PromQL whose "
                                    "labels are those of the expression");
  limit->type_name("VALUE|EXPR");
  if (limit_required) limit->required();
  command->add_option("--horizon", options->horizon, "how far to look ahead")
      ->type_name("DURATION")
      ->capture_default_str();
  command->add_option("--history", options->history, "how far to look back")
      ->type_name("DURATION")
      ->capture_default_str();
  command->add_option("--confidence", options->confidence, "share of futures within the interval")
      ->check(CLI::Range(0.01, 0.999))
      ->type_name("SHARE")
      ->capture_default_str();
  command->add_option("--by", options->by, "aggregate to these labels, with commas between them")
      ->type_name("LABELS");
  command->add_option("--aggregate", options->aggregate, "how --by aggregates")
      ->check(CLI::IsMember({"sum", "max", "min", "avg", "count"}))
      ->capture_default_str();
  command->add_option("--unit", options->unit, "of the values, for people; auto goes by names")
      ->check(CLI::IsMember({"auto", "none", "bytes", "ratio"}))
      ->capture_default_str();
  auto* rising = command->add_flag("--rising", options->rising, "the limit is reached from below");
  command->add_flag("--falling", options->falling, "the limit is reached from above")
      ->excludes(rising);
  command->add_option("--step", options->step, "distance of values; auto goes by the history")
      ->type_name("DURATION")
      ->capture_default_str();
  command->add_option("--series-max", options->series_max, "refuse to forecast more series")
      ->check(CLI::PositiveNumber)
      ->type_name("N")
      ->capture_default_str();
}

Result<CapacityQuestion> MakeQuestion(const QuestionOptions& options) {
  CapacityQuestion question{.expression = options.expression, .limit = options.limit};
  question.by = SplitNames(options.by);
  for (const std::string& name : question.by) {
    if (!IsLegacyLabelName(name)) return InvalidArgument("--by: {} is no label", QuoteGo(name));
  }
  question.aggregate = options.aggregate;
  FIRN_ASSIGN_OR_RETURN(question.unit, ParseUnit(options.unit, options.expression));
  FIRN_ASSIGN_OR_RETURN(question.horizon, Length("--horizon", options.horizon));
  FIRN_ASSIGN_OR_RETURN(question.history, Length("--history", options.history));
  if (options.step != "auto") {
    FIRN_ASSIGN_OR_RETURN(question.step, Length("--step", options.step));
  }
  question.confidence = options.confidence;
  if (options.rising) question.direction = Direction::kRising;
  if (options.falling) question.direction = Direction::kFalling;
  question.series_max = options.series_max;
  return question;
}

size_t HelperThreads() { return std::max(2u, std::thread::hardware_concurrency()) - 1; }

int FailCapacity(const char* name, const Status& status, int code) {
  fmt::print(stderr, "firn {}: {}\n", name, status.message());
  return status.code() == StatusCode::kUnavailable ? kExitUnreachable : code;
}

void PrintNotes(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) fmt::print(stderr, "{}\n", Printable(note));
}

}  // namespace firn::tools
