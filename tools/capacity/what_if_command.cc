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
#include "tools/capacity/plan.h"
#include "tools/cli/command_help.h"

namespace firn::tools {
namespace {

struct WhatIfOptions {
  SourceOptions source;
  QuestionOptions question;
  PlanTexts plan;
  bool json = false;
  bool csv = false;
};

Result<CapacityInputs> Read(const WhatIfOptions& options, const CapacityQuestion& question,
                            TimestampMs now) {
  Progress progress("reading", ProgressUnit::kPercent);
  FIRN_ASSIGN_OR_RETURN(const HistorySource source, OpenSource(options.source, &progress));
  return ReadInputs(question, source, now);
}

int RunWhatIf(const WhatIfOptions& options) {
  constexpr const char* kName = "capacity what-if";
  if (options.plan.empty()) {
    return FailCapacity(
        kName,
        InvalidArgument("what is to change? Give --scale, --add-load, "
                        "--add-capacity, --remove-capacity, --scale-capacity or --new-limit"),
        kCapacityUsage);
  }
  const auto question = MakeQuestion(options.question);
  if (!question.ok()) return FailCapacity(kName, question.status(), kCapacityUsage);
  const auto now = PresentOf(options.source);
  if (!now.ok()) return FailCapacity(kName, now.status(), kCapacityUsage);
  const auto inputs = Read(options, *question, *now);
  if (!inputs.ok()) return FailCapacity(kName, inputs.status(), kCapacityFailed);
  auto scenarios = MakeScenarios(options.plan, *inputs);
  if (!scenarios.ok()) return FailCapacity(kName, scenarios.status(), kCapacityUsage);
  if (scenarios->size() > 1) scenarios->push_back(Together(*scenarios, "all of it"));

  ThreadPool pool(std::max(1u, std::thread::hardware_concurrency()), "firn-forecast");
  const auto expected = ForecastAll(*inputs, {}, &pool);
  if (!expected.ok()) return FailCapacity(kName, expected.status(), kCapacityUsage);
  std::vector<ScenarioForecasts> results;
  for (const Scenario& scenario : *scenarios) {
    auto forecasts = ForecastAll(*inputs, scenario, &pool);
    if (!forecasts.ok()) return FailCapacity(kName, forecasts.status(), kCapacityUsage);
    results.push_back({scenario, *std::move(forecasts)});
  }
  if (!options.json) PrintNotes(inputs->notes);
  const std::string text = options.json ? AnswerJson(*inputs, *expected, results, false) + "\n"
                           : options.csv
                               ? ScenarioCsv(*inputs, *expected, results)
                               : ScenarioText(*inputs, *expected, results, LookOf(Stream::kOut));
  std::fwrite(text.data(), 1, text.size(), stdout);
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
  auto* json = command->add_flag("--json", options->json, "print JSON");
  command->add_flag("--csv", options->csv, "print CSV")->excludes(json);
  AddSourceOptions(command, &options->source);
  SetHelp(
      command,
      {.examples = {{"firn capacity what-if 'sum(gpu_jobs_running)' --limit 'sum(gpu_slots)' \\\n"
                     "      --scale 1.3 --from 2027-01",
                     "30 % more users from January"},
                    {"firn capacity what-if pg_database_size_bytes --by instance --limit 2TiB \\\n"
                     "      --scale 1.3@2027-01 --add-capacity 1TiB@2027-03 --csv",
                     "Each change by itself, and both"}},
       .exit_codes = {{0, "answered"},
                      {1, "the history cannot be read or has no such series"},
                      {2, "wrong arguments"},
                      {3, "server unreachable, or directory in use"}},
       .notes = {"Several changes are shown each by itself and together. Times are 2027-01, "
                 "2027-01-15, 30d (from now) or RFC 3339."}});
  command->callback([options, exit_code] { *exit_code = RunWhatIf(*options); });
}

}  // namespace firn::tools
