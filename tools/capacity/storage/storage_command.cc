// `firn capacity storage`: what is stored, what it will take, and what a change would.
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "base/duration.h"
#include "server/app/config_loader.h"
#include "server/codec/json.h"
#include "tools/capacity/capacity_command.h"
#include "tools/capacity/capacity_options.h"
#include "tools/capacity/storage/storage_plan.h"
#include "tools/capacity/storage/storage_text.h"
#include "tools/cli/command_help.h"
#include "tools/inspect/cost_source.h"

namespace firn::tools {
namespace {

struct Options {
  StoredPlace place;
  std::string config;
  std::string retention;
  std::string interval;
  std::vector<std::string> drop;
  size_t limit = 5;
  bool json = false;
  bool csv = false;
};

// Those of a server, else those of a file, else the defaults.
Result<std::vector<engine::TierRetention>> InForce(const engine::CostReport& report,
                                                   const std::string& config_file) {
  if (!report.retention.empty()) return report.retention;
  server::ConfigSources sources;
  sources.config_file = config_file;
  sources.get_environment = [](const char*) -> const char* { return nullptr; };
  FIRN_ASSIGN_OR_RETURN(const server::ServerConfig config, server::LoadConfig(sources));
  std::vector<engine::TierRetention> rules = {{0, config.retention}};
  for (const server::TierConfig& tier : config.tiers) {
    rules.push_back({tier.resolution, tier.retention});
  }
  return rules;
}

Result<StorageAnswer> Answer(const Options& options) {
  StorageAnswer answer;
  FIRN_ASSIGN_OR_RETURN(CostAnswer costs, ReadCosts(options.place, options.limit, options.drop));
  answer.report = std::move(costs.report);
  answer.notes = std::move(costs.notes);
  StorageRules rules;
  FIRN_ASSIGN_OR_RETURN(rules.retention, InForce(answer.report, options.config));
  FIRN_ASSIGN_OR_RETURN(answer.present, PlanStorage(answer.report, rules));
  StorageRules changed = rules;
  FIRN_ASSIGN_OR_RETURN(changed.retention, ReadRetention(options.retention, rules.retention));
  if (!options.interval.empty()) {
    auto interval = ParseDuration(options.interval);
    if (!interval.ok() || *interval == 0) {
      return InvalidArgument("--interval {}: not a duration such as 30s", options.interval);
    }
    changed.interval = *interval;
  }
  changed.drop_selected = !options.drop.empty();
  if (!options.retention.empty() || changed.interval > 0 || changed.drop_selected) {
    FIRN_ASSIGN_OR_RETURN(answer.changed, PlanStorage(answer.report, changed));
  }
  return answer;
}

int Run(Options* parsed) {
  const Status place = ChoosePlace(&parsed->place);
  if (!place.ok()) return FailCapacity("capacity storage", place, kExitUsage);
  const Options& options = *parsed;
  const auto answer = Answer(options);
  if (!answer.ok()) {
    const bool usage = answer.status().code() == StatusCode::kInvalidArgument;
    return FailCapacity("capacity storage", answer.status(), usage ? kExitUsage : kExitFailed);
  }
  PrintNotes(answer->notes);
  if (options.json) {
    fmt::print("{}\n", StorageJson(*answer));
  } else if (options.csv) {
    fmt::print("{}", StorageCsv(*answer));
  } else {
    fmt::print("{}", StorageText(*answer, LookOf(Stream::kOut)));
  }
  return 0;
}

}  // namespace

void AddStorageCommand(CLI::App* capacity, int* exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = capacity->add_subcommand(
      "storage", "Say what disk the stored series need, and what a change would cost or save");
  AddPlaceOptions(command, &options->place);
  command
      ->add_option("--config", options->config,
                   "settings with the retention in force, for --data (default: Firn's defaults)")
      ->type_name("FILE");
  command
      ->add_option("--retention", options->retention,
                   "what if tiers are kept otherwise: raw=30d,1m=1y,1h=5y; 0 is for ever")
      ->type_name("RULES");
  command->add_option("--interval", options->interval, "what if samples come this far apart")
      ->type_name("DURATION");
  command->add_option("--drop", options->drop, "what if these series are not written any more")
      ->type_name("SELECTOR");
  command->add_option("--limit", options->limit, "metrics to name, the most expensive first")
      ->check(CLI::Range(size_t{1}, size_t{1000}))
      ->type_name("NUMBER")
      ->capture_default_str();
  auto* json = command->add_flag("--json", options->json, "print JSON");
  command->add_flag("--csv", options->csv, "print a line of CSV for each tier, plan and metric")
      ->excludes(json);
  SetHelp(
      command,
      {.examples = {{"firn capacity storage --server http://127.0.0.1:9797", ""},
                    {"firn capacity storage --data ./data --retention raw=60d,1m=1y",
                     "What another retention would take"},
                    {"firn capacity storage --data ./data --interval 30s \\\n"
                     "      --drop '{__name__=~\"debug_.*\"}'",
                     "What fewer samples and fewer series would save"}},
       .exit_codes = {{0, "answered"},
                      {kExitFailed, "failed"},
                      {kExitUsage, "wrong arguments, or nothing is stored yet"},
                      {kExitUnreachable, "server unreachable, or directory in use"}},
       .notes = {"What is not sealed yet does not count. A change counts for all of the time "
                 "that is kept, as if it had always been so; bytes per sample are taken to stay "
                 "as they are."}});
  command->callback([options, exit_code] { *exit_code = Run(options.get()); });
}

}  // namespace firn::tools
