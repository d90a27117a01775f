#include "tools/inspect/inspect_command.h"

#include <cstdio>
#include <functional>
#include <memory>
#include <string>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "query/parser/parser.h"
#include "server/api/status/costs_json.h"
#include "tools/cli/command_help.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/terminal.h"
#include "tools/inspect/cost_source.h"
#include "tools/inspect/cost_tables.h"
#include "tools/inspect/directory_tables.h"

namespace firn::tools {
namespace {

struct Options {
  StoredPlace place;
  std::string selector;
  size_t limit = 20;
  size_t days = 14;
  bool json = false;
  bool csv = false;
};

std::vector<ExitCode> ExitCodes() {
  return {{0, "shown"},
          {kExitFailed, "something cannot be read, or the server refused"},
          {kExitUsage, "wrong arguments"},
          {kExitUnreachable, "directory in use, or server unreachable"}};
}

int Fail(const Status& status) {
  fmt::print(stderr, "firn inspect: {}\n", status.message());
  if (status.code() == StatusCode::kUnavailable) return kExitUnreachable;
  return status.code() == StatusCode::kInvalidArgument ? kExitUsage : kExitFailed;
}

void Print(const Table& table) { fmt::print("{}", table.Text(LookOf(Stream::kOut))); }

// `table` and `records` make what they are named after, of which one is wanted.
template <typename MakeTable, typename MakeRecords>
void PrintAs(const Options& options, const MakeTable& table, const MakeRecords& records) {
  if (options.json) {
    fmt::print("{}", records().Json());
  } else if (options.csv) {
    fmt::print("{}", records().Csv());
  } else {
    Print(table());
  }
}

using Show = std::function<Status(const engine::DirectoryFigures&, const Options&)>;

int RunOnDirectory(const Options& options, const Show& show) {
  const auto directory = engine::DirectoryFigures::Open(options.place.data);
  if (!directory.ok()) return Fail(directory.status());
  const Status status = show(**directory, options);
  if (!status.ok()) return Fail(status);
  for (const std::string& problem : (*directory)->problems()) {
    fmt::print(stderr, "firn inspect: {}; see firn verify\n", problem);
  }
  return (*directory)->problems().empty() ? 0 : kExitFailed;
}

Status ShowWindows(const engine::DirectoryFigures& directory, const Options& options) {
  PrintAs(
      options, [&] { return WindowTable(directory.windows()); },
      [&] { return WindowRecords(directory.windows()); });
  return OkStatus();
}

Status ShowPages(const engine::DirectoryFigures& directory, const Options& options) {
  FIRN_ASSIGN_OR_RETURN(const auto pages, directory.Pages());
  PrintAs(
      options, [&] { return PageTable(pages); }, [&] { return PageRecords(pages); });
  return OkStatus();
}

Status ShowJournal(const engine::DirectoryFigures& directory, const Options& options) {
  FIRN_ASSIGN_OR_RETURN(const auto records, directory.Records());
  PrintAs(
      options, [&] { return RecordTable(records); }, [&] { return OtherRecords(records); });
  return OkStatus();
}

Status ShowSeries(const engine::DirectoryFigures& directory, const Options& options) {
  FIRN_ASSIGN_OR_RETURN(const Matchers matchers, query::ParseSelector(options.selector));
  FIRN_ASSIGN_OR_RETURN(auto series, directory.Series(matchers, {}));
  const size_t all = series.size();
  if (options.limit > 0 && all > options.limit) series.resize(options.limit);
  PrintAs(
      options, [&] { return SeriesTable(series); }, [&] { return SeriesRecords(series); });
  if (series.size() < all) {
    // Beside the answer, which may be for a program.
    fmt::print(stderr, "the first {} of {} series; --limit 0 shows all\n", series.size(), all);
  }
  return OkStatus();
}

int RunCosts(Options* parsed, bool tiers_only) {
  const Status place = ChoosePlace(&parsed->place, "DATA");
  if (!place.ok()) return Fail(place);
  const Options& options = *parsed;
  const auto costs = ReadCosts(options.place, options.limit, {});
  if (!costs.ok()) return Fail(costs.status());
  for (const std::string& note : costs->notes) fmt::print(stderr, "firn inspect: {}\n", note);
  const engine::CostReport& report = costs->report;
  if (options.json) {
    fmt::print("{}\n", server::CostsJson(report));
  } else if (options.csv) {
    fmt::print("{}", (tiers_only ? TierRecords(report) : CostRecords(report, options.days)).Csv());
  } else if (tiers_only) {
    Print(TierTable(report));
  } else {
    Print(CostTable(report, CostKind::kMetrics));
    fmt::print("\n");
    Print(CostTable(report, CostKind::kLabels));
    fmt::print("\n");
    Print(CostTable(report, CostKind::kPairs));
    fmt::print("\n");
    Print(DayTable(report, options.days));
  }
  return costs->notes.empty() ? 0 : kExitFailed;
}

CLI::App* AddOne(CLI::App* inspect, const char* name, const char* help,
                 const std::shared_ptr<Options>& options) {
  CLI::App* command = inspect->add_subcommand(name, help);
  command->add_option("DATA", options->place.data, "data directory that no server has open")
      ->type_name("DIR");
  auto* json = command->add_flag("--json", options->json, "print JSON");
  command->add_flag("--csv", options->csv, "print CSV, of the figures as they are")->excludes(json);
  return command;
}

void AddDirectory(CLI::App* inspect, const char* name, const char* help, const Show& show,
                  int* exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = AddOne(inspect, name, help, options);
  command->get_option("DATA")->required();
  SetHelp(command, {.examples = {{fmt::format("firn inspect {} ./data", name), ""}},
                    .exit_codes = ExitCodes()});
  command->callback([options, show, exit_code] { *exit_code = RunOnDirectory(*options, show); });
}

void AddSeries(CLI::App* inspect, int* exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = AddOne(inspect, "series", "Series with their samples and bytes", options);
  command->get_option("DATA")->required();
  command->add_option("SELECTOR", options->selector, "such as 'up{job=\"node\"}'")
      ->required()
      ->type_name("SELECTOR");
  command->add_option("--limit", options->limit, "series to show; 0 for all")
      ->type_name("NUMBER")
      ->capture_default_str();
  SetHelp(command, {.examples = {{"firn inspect series ./data 'node_cpu_seconds_total'", ""}},
                    .exit_codes = ExitCodes(),
                    .notes = {"Bytes are those of the series' own columns, before pages are packed "
                              "and without what series share."}});
  command->callback([options, exit_code] { *exit_code = RunOnDirectory(*options, ShowSeries); });
}

void AddCosts(CLI::App* inspect, bool tiers_only, int* exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      tiers_only
          ? AddOne(inspect, "tiers", "Samples and bytes of each resolution", options)
          : AddOne(inspect, "cardinality", "What costs what, by metric, label and day", options);
  AddServerOptions(command, &options->place.access, PlaceHelp().server);
  if (!tiers_only) {
    command->add_option("--limit", options->limit, "lines of each table; 0 for all")
        ->type_name("NUMBER")
        ->capture_default_str();
    command->add_option("--days", options->days, "days of the last table")
        ->type_name("NUMBER")
        ->capture_default_str();
  }
  const std::string name = tiers_only ? "tiers" : "cardinality";
  SetHelp(command,
          {.examples = {{"firn inspect " + name + " ./data", ""},
                        {"firn inspect " + name + " --server http://127.0.0.1:9797", ""}},
           .exit_codes = ExitCodes(),
           .notes = {"What is not sealed yet does not count. Bytes are those on disk; what series "
                     "of a metric or window share is spread over them. Those of coarser tiers are "
                     "estimated: their pages are taken to be packed as well as the others."}});
  command->callback(
      [options, tiers_only, exit_code] { *exit_code = RunCosts(options.get(), tiers_only); });
}

}  // namespace

void AddInspectCommand(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("inspect", "Show what is stored and what it costs");
  command->require_subcommand(1);
  AddCosts(command, false, exit_code);
  AddCosts(command, true, exit_code);
  AddDirectory(command, "windows", "Windows of all tiers", ShowWindows, exit_code);
  AddDirectory(command, "pages", "Pages by kind", ShowPages, exit_code);
  AddSeries(command, exit_code);
  AddDirectory(command, "journal", "Records besides pages: journal, series, catalog and so on",
               ShowJournal, exit_code);
}

}  // namespace firn::tools
