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
#include "tools/cli/terminal.h"
#include "tools/inspect/cost_source.h"
#include "tools/inspect/cost_tables.h"
#include "tools/inspect/directory_tables.h"

namespace firn::tools {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kUnreachable = 3;

struct Options {
  std::string data;
  ServerAccess access;
  std::string selector;
  size_t limit = 20;
  size_t days = 14;
  bool json = false;
};

std::vector<ExitCode> ExitCodes() {
  return {{0, "shown"},
          {kFailed, "something cannot be read, or the server refused"},
          {kUsage, "wrong arguments"},
          {kUnreachable, "directory in use, or server unreachable"}};
}

int Fail(const Status& status) {
  fmt::print(stderr, "firn inspect: {}\n", status.message());
  if (status.code() == StatusCode::kUnavailable) return kUnreachable;
  return status.code() == StatusCode::kInvalidArgument ? kUsage : kFailed;
}

void Print(const Table& table) { fmt::print("{}", table.Text(LookOf(Stream::kOut))); }

using Show = std::function<Status(const engine::DirectoryFigures&, const Options&)>;

int RunOnDirectory(const Options& options, const Show& show) {
  const auto directory = engine::DirectoryFigures::Open(options.data);
  if (!directory.ok()) return Fail(directory.status());
  const Status status = show(**directory, options);
  if (!status.ok()) return Fail(status);
  for (const std::string& problem : (*directory)->problems()) {
    fmt::print(stderr, "firn inspect: {}; see firn verify\n", problem);
  }
  return (*directory)->problems().empty() ? 0 : kFailed;
}

Status ShowWindows(const engine::DirectoryFigures& directory, const Options& options) {
  if (options.json) {
    fmt::print("{}", WindowsJson(directory));
  } else {
    Print(WindowTable(directory));
  }
  return OkStatus();
}

Status ShowPages(const engine::DirectoryFigures& directory, const Options& options) {
  FIRN_ASSIGN_OR_RETURN(const auto pages, directory.Pages());
  if (options.json) {
    fmt::print("{}", PagesJson(pages));
  } else {
    Print(PageTable(pages));
  }
  return OkStatus();
}

Status ShowJournal(const engine::DirectoryFigures& directory, const Options& options) {
  FIRN_ASSIGN_OR_RETURN(const auto records, directory.Records());
  if (options.json) {
    fmt::print("{}", RecordsJson(records));
  } else {
    Print(RecordTable(records));
  }
  return OkStatus();
}

Status ShowSeries(const engine::DirectoryFigures& directory, const Options& options) {
  FIRN_ASSIGN_OR_RETURN(const Matchers matchers, query::ParseSelector(options.selector));
  FIRN_ASSIGN_OR_RETURN(auto series, directory.Series(matchers, {}));
  const size_t all = series.size();
  if (options.limit > 0 && all > options.limit) series.resize(options.limit);
  if (options.json) {
    fmt::print("{}", SeriesJson(series));
    return OkStatus();
  }
  Print(SeriesTable(series));
  if (series.size() < all) {
    fmt::print("the first {} of {} series; --limit 0 shows all\n", series.size(), all);
  }
  return OkStatus();
}

int RunCosts(const Options& options, bool tiers_only) {
  if (options.data.empty() == options.access.url.empty()) {
    return Fail(InvalidArgument("name either a directory or a server with --server"));
  }
  const auto costs = ReadCosts({.data = options.data, .access = options.access}, options.limit, {});
  if (!costs.ok()) return Fail(costs.status());
  for (const std::string& note : costs->notes) fmt::print(stderr, "firn inspect: {}\n", note);
  const engine::CostReport& report = costs->report;
  if (options.json) {
    fmt::print("{}\n", server::CostsJson(report));
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
  return costs->notes.empty() ? 0 : kFailed;
}

CLI::App* AddOne(CLI::App* inspect, const char* name, const char* help,
                 const std::shared_ptr<Options>& options) {
  CLI::App* command = inspect->add_subcommand(name, help);
  command->add_option("DATA", options->data, "data directory that no server has open")
      ->type_name("DIR");
  command->add_flag("--json", options->json, "print JSON");
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
  command->add_option("--server", options->access.url, "URL of a server to ask instead")
      ->type_name("URL")
      ->envname("FIRN_CLIENT_SERVER");
  AddAccessOptions(command, &options->access);
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
  command->callback([options, tiers_only, exit_code] {
    // The environment names a server for all commands; a directory is more to the point.
    if (!options->data.empty()) options->access.url.clear();
    *exit_code = RunCosts(*options, tiers_only);
  });
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
