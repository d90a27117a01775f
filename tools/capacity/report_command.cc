#include <cstdio>
#include <fstream>
#include <memory>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "base/duration.h"
#include "server/app/yaml_fields.h"
#include "tools/capacity/capacity_command.h"
#include "tools/capacity/capacity_options.h"
#include "tools/capacity/report/report.h"
#include "tools/capacity/report/report_html.h"
#include "tools/capacity/report/report_text.h"
#include "tools/cli/command_help.h"
#include "tools/cli/text_layout.h"

namespace firn::tools {
namespace {

constexpr const char* kName = "capacity report";
constexpr int kRunsOut = 4;

struct ReportOptions {
  std::string file;
  SourceOptions source;
  std::string format = "table";
  std::string output;
  std::string fail_within;
  std::string fail_at = "median";
};

Result<ReportConfig> ReadConfig(const std::string& path) {
  FIRN_ASSIGN_OR_RETURN(const std::string text, server::ReadTextFile(path));
  return ParseReportConfig(text, path);
}

Result<Report> Run(const ReportOptions& options, const ReportConfig& config, TimestampMs now) {
  Progress requests("reading", ProgressUnit::kPercent);
  // The bar counts resources; single requests are too quick to be shown.
  FIRN_ASSIGN_OR_RETURN(const HistorySource source,
                        options.source.data.empty()
                            ? ServerHistory(options.source.access, nullptr)
                            : DirectoryHistory(options.source.data, nullptr));
  ThreadPool pool(HelperThreads(), "firn-forecast");
  return MakeReport(config, source, now, &pool,
                    [&](size_t done) { requests.Update(done, config.resources.size()); });
}

std::string Render(const ReportOptions& options, const Report& report) {
  if (options.format == "json") return ReportJson(report) + "\n";
  if (options.format == "csv") return ReportCsv(report);
  if (options.format == "markdown") return ReportMarkdown(report);
  if (options.format == "html") return ReportHtml(report);
  return ReportText(report, options.output.empty() ? LookOf(Stream::kOut) : TextLook{});
}

bool Write(const ReportOptions& options, const std::string& text) {
  if (options.output.empty()) {
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  }
  std::ofstream file(options.output, std::ios::binary);
  file << text;
  file.close();
  if (!file) fmt::print(stderr, "firn {}: {}: cannot be written\n", kName, options.output);
  return !file.fail();
}

// What the exit code says, and why on standard error.
int Judge(const ReportOptions& options, const Report& report, DurationMs within) {
  size_t failed = 0;
  for (const ResourceForecast& resource : report.resources) {
    if (resource.status.ok()) continue;
    ++failed;
    // The table has them, but may have gone into a file.
    fmt::print(stderr, "firn {}: {}: {}\n", kName, Printable(resource.resource.name),
               Printable(resource.status.message()));
  }
  if (within > 0) {
    const FailAt at = options.fail_at == "lower" ? FailAt::kLower : FailAt::kMedian;
    const auto rows = RowsWithin(report, within, at);
    for (const ReportRow& row : rows) {
      fmt::print(stderr, "firn {}: {} runs out within {}\n", kName, Printable(RowName(report, row)),
                 LengthWords(within));
    }
    if (!rows.empty()) return kRunsOut;
  }
  return failed > 0 ? kExitFailed : 0;
}

int RunReport(const ReportOptions& options) {
  DurationMs within = 0;
  if (!options.fail_within.empty()) {
    const auto parsed = ParseDuration(options.fail_within);
    if (!parsed.ok()) {
      return FailCapacity(kName, parsed.status().WithContext("--fail-within"), kExitUsage);
    }
    within = *parsed;
  }
  const auto now = PresentOf(options.source);
  if (!now.ok()) return FailCapacity(kName, now.status(), kExitUsage);
  const auto config = ReadConfig(options.file);
  if (!config.ok()) return FailCapacity(kName, config.status(), kExitUsage);
  const auto report = Run(options, *config, *now);
  if (!report.ok()) return FailCapacity(kName, report.status(), kExitFailed);
  if (!Write(options, Render(options, *report))) return kExitFailed;
  return Judge(options, *report, within);
}

}  // namespace

void AddReportCommand(CLI::App* capacity, int* exit_code) {
  auto options = std::make_shared<ReportOptions>();
  CLI::App* command =
      capacity->add_subcommand("report", "Forecast the resources of a file, the most urgent first");
  command->add_option("FILE", options->file, "YAML file of resources, limits and plans")
      ->required()
      ->type_name("FILE");
  command->add_option("--format", options->format, "form of the report")
      ->check(CLI::IsMember({"table", "csv", "json", "markdown", "html"}))
      ->capture_default_str();
  for (const char* format : {"csv", "json", "markdown", "html"}) {
    command->add_flag_callback(
        fmt::format("--{}", format), [options, format] { options->format = format; },
        fmt::format("the same as --format {}", format));
  }
  command->add_option("--output", options->output, "file to write (default: standard output)")
      ->type_name("FILE");
  command
      ->add_option("--fail-within", options->fail_within,
                   "exit with 4 if a limit is reached or will be within this time")
      ->type_name("DURATION");
  command
      ->add_option("--fail-at", options->fail_at,
                   "which date counts for that: the median, or the cautious end of the interval")
      ->check(CLI::IsMember({"median", "lower"}))
      ->capture_default_str();
  AddSourceOptions(command, &options->source);
  SetHelp(command,
          {.examples = {{"firn capacity report platform.yml", ""},
                        {"firn capacity report platform.yml --html --output capacity.html",
                         "A page to hand on"},
                        {"firn capacity report platform.yml --fail-within 14d --fail-at lower",
                         "In cron and CI"}},
           .exit_codes = {{0, "reported"},
                          {1, "a resource cannot be forecast, or the report cannot be written"},
                          {2, "wrong arguments, or a mistake in FILE, told with its line"},
                          {3, "server unreachable, or directory in use"},
                          {4, "something runs out within --fail-within; counts more than 1"}},
           .notes = {"FILE is described in docs/capacity-planning.md; "
                     "docs/examples/capacity-platform.yml is one to begin with."}});
  command->callback([options, exit_code] { *exit_code = RunReport(*options); });
}

}  // namespace firn::tools
