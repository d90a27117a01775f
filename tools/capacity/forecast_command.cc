#include <memory>

#include <CLI/CLI.hpp>

#include "tools/capacity/answer_json.h"
#include "tools/capacity/answer_text.h"
#include "tools/capacity/capacity_command.h"
#include "tools/capacity/evaluate.h"
#include "tools/capacity/series_command.h"

namespace firn::tools {
namespace {

struct ForecastCommandOptions : SeriesCommandOptions {
  bool points = false;
  bool plot = false;
};

constexpr size_t kPlotsMax = 20;

std::string Render(const ForecastCommandOptions& options, const CapacityInputs& inputs,
                   const Forecasts& forecasts) {
  if (options.json) return AnswerJson(inputs, forecasts, {}, options.points) + "\n";
  if (options.csv) return AnswerCsv(inputs, forecasts);
  const std::string text = AnswerText(inputs, forecasts, LookOf(Stream::kOut));
  if (!options.plot) return text;
  return text + AnswerPlots(inputs, forecasts, LookWithColumns(Stream::kOut), kPlotsMax);
}

int RunForecast(const ForecastCommandOptions& options) {
  constexpr const char* kName = "capacity forecast";
  Progress progress("reading", ProgressUnit::kPercent);
  int exit_code = 0;
  const auto inputs = ReadAsked(kName, options, &progress, &exit_code);
  if (!inputs) return exit_code;
  ThreadPool pool(HelperThreads(), "firn-forecast");
  ForecastWork work{.pool = &pool, .points_of = options.plot ? kPlotsMax : 0};
  if (options.points) work.points_of = inputs->series.size();
  progress.Begin("forecasting", inputs->series.size());
  work.progress = [&](uint64_t done, uint64_t total) { progress.Update(done, total); };
  const auto forecasts = ForecastAll(*inputs, {}, work);
  progress.Clear();
  if (!forecasts.ok()) return FailCapacity(kName, forecasts.status(), kExitUsage);
  PrintAnswer(options, *inputs, Render(options, *inputs, *forecasts));
  return 0;
}

}  // namespace

void AddForecastCommand(CLI::App* capacity, int* exit_code) {
  auto options = std::make_shared<ForecastCommandOptions>();
  CLI::App* command =
      capacity->add_subcommand("forecast", "Say when series reach their limits, with intervals");
  AddQuestionOptions(command, &options->question, false);
  AddAnswerForms(command, options.get());
  CLI::Option* json = command->get_option("--json");
  command->add_flag("--points", options->points, "with --json: all values of past and future")
      ->needs(json);
  command->add_flag("--plot", options->plot, "also draw past, forecast and limit")
      ->excludes(json)
      ->excludes(command->get_option("--csv"));
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
           .exit_codes = SeriesExitCodes()});
  command->callback([options, exit_code] { *exit_code = RunForecast(*options); });
}

}  // namespace firn::tools
