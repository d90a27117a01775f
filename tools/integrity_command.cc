#include "tools/integrity_command.h"

#include <cstdio>
#include <memory>
#include <string>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "engine/db/integrity/repair.h"
#include "engine/db/integrity/verify.h"
#include "tools/cli/command_help.h"
#include "tools/cli/progress.h"

namespace firn::tools {
namespace {

constexpr int kDamaged = 1;
constexpr int kUnreadable = 2;

struct VerifyArguments {
  std::string data;
  bool quick = false;
  bool json = false;
};

struct RepairArguments {
  std::string data;
  std::string output;
  bool in_place = false;
  bool json = false;
};

// A bar for each stage of the work.
engine::IntegrityProgress Staged(Progress* progress) {
  return [progress, known = std::string()](std::string_view stage, uint64_t done,
                                           uint64_t total) mutable {
    if (stage != known) {
      known = stage;
      progress->Begin(stage, total);
    }
    progress->Update(done, total);
  };
}

int Fail(const char* command, const Status& status) {
  const bool busy = status.code() == StatusCode::kUnavailable;
  fmt::print(stderr, "firn {}: {}{}\n", command, status.message(),
             busy ? "; stop that server first, or use a snapshot or a restored backup" : "");
  return kUnreadable;
}

int Verify(const VerifyArguments& arguments) {
  Result<engine::StoreHealth> health = Unavailable("not begun");
  {
    Progress progress("reading", ProgressUnit::kPercent);
    health = engine::VerifyStore(
        {.path = arguments.data, .quick = arguments.quick, .progress = Staged(&progress)});
  }
  if (!health.ok()) return Fail("verify", health.status());
  fmt::print("{}", arguments.json ? HealthJson(*health) : HealthText(*health));
  return health->ok() ? 0 : kDamaged;
}

void AddVerify(CLI::App& app, int* exit_code) {
  auto arguments = std::make_shared<VerifyArguments>();
  CLI::App* command = app.add_subcommand(
      "verify", "Read all of a data directory and say what is damaged; changes nothing");
  command->add_option("DATA", arguments->data, "data directory that no server has open")
      ->required()
      ->type_name("DIR");
  command->add_flag("--quick", arguments->quick,
                    "only what a start reads: catalog, directories of windows, series, journal");
  command->add_flag("--json", arguments->json, "print JSON");
  SetHelp(command, {.examples = {{"firn verify ./data", ""},
                                 {"firn verify ./data --quick --json", "What a start would find"}},
                    .exit_codes = {{0, "all verified"},
                                   {1, "damage found"},
                                   {2, "wrong arguments, or the directory cannot be read"}}});
  command->callback([arguments, exit_code] { *exit_code = Verify(*arguments); });
}

int Repair(const RepairArguments& arguments) {
  Result<engine::StoreHealth> health = Unavailable("not begun");
  {
    Progress progress("reading", ProgressUnit::kPercent);
    health = arguments.in_place ? engine::RepairInPlace(arguments.data, Staged(&progress))
                                : engine::RepairStore({.source = arguments.data,
                                                       .target = arguments.output,
                                                       .progress = Staged(&progress)});
  }
  if (!health.ok()) return Fail("repair", health.status());
  fmt::print("{}", arguments.json ? HealthJson(*health) : HealthText(*health));
  return health->ok() ? 0 : kDamaged;
}

void AddRepair(CLI::App& app, int* exit_code) {
  auto arguments = std::make_shared<RepairArguments>();
  CLI::App* command = app.add_subcommand(
      "repair", "Make a directory of all that verifies in a damaged one, and say what is lost");
  command->add_option("DATA", arguments->data, "data directory that no server has open")
      ->required()
      ->type_name("DIR");
  auto* target = command->add_option_group("Target");
  target->add_option("--output", arguments->output, "directory to make; DATA is not changed")
      ->type_name("DIR");
  target->add_flag("--in-place", arguments->in_place,
                   "put the result in the place of DATA, which becomes DATA.before-repair");
  target->require_option(1);
  command->add_flag("--json", arguments->json, "print JSON");
  SetHelp(command, {.examples = {{"firn repair ./data --output ./repaired", ""},
                                 {"firn repair ./data --in-place", "Keeps ./data.before-repair"}},
                    .exit_codes = {{0, "nothing was damaged"},
                                   {1, "repaired, with the losses that are listed"},
                                   {2, "wrong arguments, or failed"}}});
  command->callback([arguments, exit_code] { *exit_code = Repair(*arguments); });
}

}  // namespace

void AddIntegrityCommands(CLI::App& app, int* exit_code) {
  AddVerify(app, exit_code);
  AddRepair(app, exit_code);
}

}  // namespace firn::tools
