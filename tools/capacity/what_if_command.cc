#include <memory>

#include <CLI/CLI.hpp>

#include "tools/capacity/answer_json.h"
#include "tools/capacity/answer_text.h"
#include "tools/capacity/capacity_command.h"
#include "tools/capacity/evaluate.h"
#include "tools/capacity/plan.h"
#include "tools/capacity/series_command.h"

namespace firn::tools {
namespace {

struct WhatIfOptions : SeriesCommandOptions {
  PlanTexts plan;
};

std::string Render(const WhatIfOptions& options, const CapacityInputs& inputs,
                   const Forecasts& expected, const std::vector<ScenarioForecasts>& results) {
  if (options.json) return AnswerJson(inputs, expected, results, false) + "\n";
  if (options.csv) return ScenarioCsv(inputs, expected, results);
  return ScenarioText(inputs, expected, results, LookOf(Stream::kOut));
}

int RunWhatIf(const WhatIfOptions& options) {
  constexpr const char* kName = "capacity what-if";
  if (options.plan.empty()) {
    return FailCapacity(
        kName,
        InvalidArgument("what is to change? Give --scale, --add-load, "
                        "--add-capacity, --remove-capacity, --scale-capacity or --new-limit"),
        kExitUsage);
  }
  Progress progress("reading", ProgressUnit::kPercent);
  int exit_code = 0;
  const auto inputs = ReadAsked(kName, options, &progress, &exit_code);
  if (!inputs) return exit_code;
  auto scenarios = MakeScenarios(options.plan, *inputs);
  progress.Clear();
  if (!scenarios.ok()) return FailCapacity(kName, scenarios.status(), kExitUsage);
  if (scenarios->size() > 1) scenarios->push_back(Together(*scenarios, "all of it"));

  ThreadPool pool(HelperThreads(), "firn-forecast");
  ForecastWork work{.pool = &pool, .points_of = 0};
  work.progress = [&](uint64_t done, uint64_t total) { progress.Update(done, total); };
  progress.Begin("forecasting", inputs->series.size());
  const auto expected = ForecastAll(*inputs, {}, work);
  if (!expected.ok()) return FailCapacity(kName, expected.status(), kExitUsage);
  std::vector<ScenarioForecasts> results;
  for (const Scenario& scenario : *scenarios) {
    progress.Begin("forecasting " + scenario.name, inputs->series.size());
    auto forecasts = ForecastAll(*inputs, scenario, work);
    if (!forecasts.ok()) return FailCapacity(kName, forecasts.status(), kExitUsage);
    results.push_back({scenario, *std::move(forecasts)});
  }
  progress.Clear();
  PrintAnswer(options, *inputs, Render(options, *inputs, *expected, results));
  return 0;
}

void AddPlanOptions(CLI::App* command, PlanTexts* plan) {
  constexpr const char* kGroup = "What changes, AMOUNT or AMOUNT@TIME";
  const auto add = [&](const char* name, std::vector<std::string>* texts, const char* help) {
    command->add_option(name, *texts, help)->type_name("AMOUNT")->group(kGroup);
  };
  add("--scale", &plan->scale_load,
      "multiplies the load: 1.3 is 30 % more, 1.3@2027-01 from then on");
  add("--add-load", &plan->add_load, "adds to the load");
  add("--add-capacity", &plan->add_capacity, "adds to the limit: 500GiB@2027-02-15");
  add("--remove-capacity", &plan->remove_capacity, "takes from the limit");
  add("--scale-capacity", &plan->scale_capacity,
      "multiplies the limit: 2@30d, twice as much in 30 days");
  add("--new-limit", &plan->new_limit, "replaces the limit");
  command
      ->add_option("--from", plan->from,
                   "when changes without a time of their own begin (default: now)")
      ->type_name("TIME")
      ->group(kGroup);
}

}  // namespace

void AddWhatIfCommand(CLI::App* capacity, int* exit_code) {
  auto options = std::make_shared<WhatIfOptions>();
  CLI::App* command =
      capacity->add_subcommand("what-if", "Say how a change of load or capacity shifts the date");
  AddQuestionOptions(command, &options->question, true);
  AddPlanOptions(command, &options->plan);
  AddAnswerForms(command, options.get());
  AddSourceOptions(command, &options->source);
  SetHelp(
      command,
      {.examples = {{"firn capacity what-if 'sum(gpu_jobs_running)' --limit 'sum(gpu_slots)' \\\n"
                     "      --scale 1.3 --from 2027-01",
                     "30 % more users from January"},
                    {"firn capacity what-if pg_database_size_bytes --by instance --limit 2TiB \\\n"
                     "      --scale 1.3@2027-01 --add-capacity 1TiB@2027-03 --csv",
                     "Each change by itself, and both"}},
       .exit_codes = SeriesExitCodes(),
       .notes = {"Several changes are shown each by itself and together. Times are 2027-01, "
                 "2027-01-15, 30d (from now) or RFC 3339."}});
  command->callback([options, exit_code] { *exit_code = RunWhatIf(*options); });
}

}  // namespace firn::tools
