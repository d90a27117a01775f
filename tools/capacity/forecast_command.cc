#include <cstdio>
#include <memory>
#include <thread>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "tools/capacity/answer_json.h"
#include "tools/capacity/answer_text.h"
#include "tools/capacity/capacity_command.h"
#include "tools/capacity/capacity_options.h"
#include "tools/capacity/evaluate.h"
#include "tools/cli/command_help.h"

namespace firn::tools {
namespace {

struct ForecastCommandOptions {
  SourceOptions source;
  QuestionOptions question;
  bool json = false;
  bool points = false;
  bool csv = false;
  bool plot = false;
};

Result<CapacityInputs> Read(const ForecastCommandOptions& options, const CapacityQuestion& question,
                            TimestampMs now) {
  Progress progress("reading", ProgressUnit::kPercent);
  FIRN_ASSIGN_OR_RETURN(const HistorySource source, OpenSource(options.source, &progress));
  return ReadInputs(question, source, now);
}

int RunForecast(const ForecastCommandOptions& options) {
  constexpr const char* kName = "capacity forecast";
  const auto question = MakeQuestion(options.question);
  if (!question.ok()) return FailCapacity(kName, question.status(), kCapacityUsage);
  const auto now = PresentOf(options.source);
  if (!now.ok()) return FailCapacity(kName, now.status(), kCapacityUsage);
  const auto inputs = Read(options, *question, *now);
  if (!inputs.ok()) return FailCapacity(kName, inputs.status(), kCapacityFailed);
  ThreadPool pool(std::max(1u, std::thread::hardware_concurrency()), "firn-forecast");
  const auto forecasts = ForecastAll(*inputs, {}, &pool);
  if (!forecasts.ok()) return FailCapacity(kName, forecasts.status(), kCapacityUsage);
  std::string text;
  if (options.json) {
    text = AnswerJson(*inputs, *forecasts, {}, options.points) + "\n";
  } else if (options.csv) {
    text = AnswerCsv(*inputs, *forecasts);
  } else {
    text = AnswerText(*inputs, *forecasts, LookOf(Stream::kOut));
    if (options.plot) {
      constexpr size_t kPlotsMax = 20;
      text += AnswerPlots(*inputs, *forecasts, LookWithColumns(Stream::kOut), kPlotsMax);
    }
  }
  // In JSON they are part of the answer.
  if (!options.json) PrintNotes(inputs->notes);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace

void AddForecastCommand(CLI::App* capacity, int* exit_code) {
  auto options = std::make_shared<ForecastCommandOptions>();
  CLI::App* command =
      capacity->add_subcommand("forecast", "Say when series reach their limits, with intervals");
  AddQuestionOptions(command, &options->question, false);
  auto* plot = command->add_flag("--plot", options->plot, "also draw past, forecast and limit");
  auto* json = command->add_flag("--json", options->json, "print JSON");
  command->add_flag("--points", options->points, "with --json: all values of past and future")
      ->needs(json);
  command->add_flag("--csv", options->csv, "print CSV")->excludes(json)->excludes(plot);
  json->excludes(plot);
  AddSourceOptions(command, &options->source);
  SetHelp(command,
          {.examples =
               {{"firn capacity forecast 'node_filesystem_size_bytes - "
                 "node_filesystem_avail_bytes' \\\n"
                 "      --limit node_filesystem_size_bytes --plot",
                 "Disks against their own sizes"},
                {"firn capacity forecast 'rate(node_cpu_seconds_total{mode!=\"idle\"}[1h])' \\\n"
                 "      --by instance --limit 'count by (instance) "
                 "(node_cpu_seconds_total{mode=\"idle\"})'",
                 "CPU of machines against their cores"},
                {"firn capacity forecast 'pg_stat_activity_count' --by datname --limit 200 \\\n"
                 "      --history 1y --horizon 180d --data ./data --json",
                 "Connections, from a directory at rest, for a program"}},
           .exit_codes = {{0, "answered"},
                          {1, "the history cannot be read or has no such series"},
                          {2, "wrong arguments"},
                          {3, "server unreachable, or directory in use"}}});
  command->callback([options, exit_code] { *exit_code = RunForecast(*options); });
}

}  // namespace firn::tools
