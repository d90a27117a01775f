#include "tools/move/output/export_command.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "tools/cli/command_help.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/human.h"
#include "tools/cli/progress.h"
#include "tools/move/output/export_source.h"
#include "tools/move/output/export_state.h"
#include "tools/move/output/export_writer.h"
#include "tools/move/quiet_log.h"
#include "tools/stored_place.h"

namespace firn::tools {
namespace {

struct Options {
  StoredPlace place;
  SelectionOptions selection;
  std::string output = "-";
  std::string state;
  double rate = 0;
  bool json = false;
};

int Fail(int code, const Status& status) {
  fmt::print(stderr, "firn export: {}\n", status.message());
  return status.code() == StatusCode::kUnavailable ? kExitUnreachable : code;
}

Status Export(const Options& options, const Selection& selection, ExportWriter* writer) {
  Progress progress("export");
  FIRN_RETURN_IF_ERROR(options.place.data.empty()
                           ? ExportServer(options.place.access, selection, options.selection.match,
                                          &progress, writer)
                           : ExportDirectory(options.place.data, selection, &progress, writer));
  return writer->Finish();
}

// On standard error, since standard output may be the file.
void Report(const Options& options, const ExportCounts& counts) {
  if (options.json) {
    fmt::print(stderr,
               R"({{"series":{},"samples":{},"histograms":{},"left_out":{}}})"
               "\n",
               counts.series, counts.samples, counts.histograms, counts.left_out);
    return;
  }
  fmt::print(stderr, "{} samples, {} of them histograms\n", HumanCount(counts.samples),
             HumanCount(counts.histograms));
  if (counts.left_out > 0) {
    fmt::print(stderr,
               "{} of them are left out: OpenMetrics has no form for native histograms and for "
               "marks of the end of a series; jsonl has\n",
               HumanCount(counts.left_out));
  }
}

Status FileFailed(const Options& options) {
  return Io("{}: {}", options.output, std::strerror(errno));
}

// At its beginning, emptied, or behind what an earlier run is known to have written.
Result<FILE*> OpenOutput(const Options& options, uint64_t bytes) {
  if (options.output == "-") return stdout;
  FILE* const file = std::fopen(options.output.c_str(), bytes == 0 ? "wb" : "r+b");
  if (file == nullptr) return FileFailed(options);
  if (bytes == 0) return file;
  std::unique_ptr<FILE, int (*)(FILE*)> owned(file, &std::fclose);
  if (std::fseek(file, 0, SEEK_END) != 0) return FileFailed(options);
  if (std::ftell(file) < static_cast<long>(bytes)) {
    return InvalidArgument(
        "{} is shorter than when the export was interrupted. Remove {} to begin "
        "anew",
        options.output, options.state);
  }
  if (ftruncate(fileno(file), static_cast<off_t>(bytes)) != 0 ||
      std::fseek(file, 0, SEEK_END) != 0) {
    return FileFailed(options);
  }
  return owned.release();
}

std::optional<ExportState> StateOf(const Options& options, ExportFormat format) {
  if (options.state.empty()) return std::nullopt;
  std::string source = options.place.data.empty() ? options.place.access.url : options.place.data;
  for (const std::string& match : options.selection.match) source += " --match " + match;
  if (!options.selection.start.empty()) source += " --start " + options.selection.start;
  if (!options.selection.end.empty()) source += " --end " + options.selection.end;
  const char* const form =
      format == ExportFormat::kOpenMetrics ? " as OpenMetrics" : " as lines of JSON";
  return ExportState(options.state, std::move(source), options.output + form);
}

// Where to go on; at the beginning without an earlier run.
Result<ExportPosition> Begin(const ExportState* state, const TimeRange& range, bool* finished) {
  ExportPosition position;
  position.range = range;
  if (state == nullptr) return position;
  FIRN_ASSIGN_OR_RETURN(auto earlier, state->Load(finished));
  return earlier ? *std::move(earlier) : position;
}

int Run(Options* parsed, ExportFormat format) {
  const QuietLog quiet;
  const Status place = ChoosePlace(&parsed->place);
  if (!place.ok()) return Fail(kExitUsage, place);
  const Options& options = *parsed;
  if (!options.state.empty() && options.output == "-") {
    return Fail(kExitUsage, InvalidArgument("--state needs a file as --output"));
  }
  auto selection = ReadSelection(options.selection);
  if (!selection.ok()) return Fail(kExitUsage, selection.status());
  auto state = StateOf(options, format);
  bool finished = false;
  const auto position = Begin(state ? &*state : nullptr, selection->range, &finished);
  if (!position.ok()) return Fail(kExitFailed, position.status());
  if (finished) {
    fmt::print(stderr, "{}: done already, says {}\n", options.output, options.state);
    return 0;
  }
  const auto file = OpenOutput(options, position->bytes);
  if (!file.ok()) return Fail(kExitFailed, file.status());
  ExportWriter writer(format, *file, options.rate);
  if (state) writer.KeepState(&*state, *position);
  selection->range = position->range;
  const Status status = Export(options, *selection, &writer);
  if (!status.ok()) return Fail(kExitFailed, status);
  Report(options, writer.counts());
  return 0;
}

struct FormatCommand {
  const char* name;
  const char* help;
  ExportFormat format;
  std::vector<Example> examples;
};

void AddFormat(CLI::App* parent, const FormatCommand& form, int* exit_code) {
  CLI::App* command = parent->add_subcommand(form.name, form.help);
  auto options = std::make_shared<Options>();
  AddPlaceOptions(command, &options->place);
  AddSelectionOptions(command, &options->selection);
  command->add_option("--output", options->output, "file to write; - is standard output")
      ->type_name("FILE")
      ->capture_default_str();
  command
      ->add_option("--state", options->state,
                   "file that says how far the export came, so that another run goes on from there")
      ->type_name("FILE");
  command->add_option("--rate", options->rate, "samples per second at most")
      ->check(CLI::PositiveNumber)
      ->type_name("NUMBER");
  command->add_flag("--json", options->json, "print the counts as JSON, on standard error");
  SetHelp(command, {.examples = form.examples,
                    .exit_codes = {{0, "all of it is written"},
                                   {kExitFailed, "failed; what is written is not all"},
                                   {kExitUsage, "wrong arguments"},
                                   {kExitUnreachable, "server unreachable, or directory in use"}}});
  command->callback(
      [options, format = form.format, exit_code] { *exit_code = Run(options.get(), format); });
}

}  // namespace

void AddExportCommand(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("export", "Write samples for other programs");
  command->require_subcommand(1);
  AddFormat(command,
            {"openmetrics",
             "Export OpenMetrics text, as promtool reads it",
             ExportFormat::kOpenMetrics,
             {{"firn export openmetrics --data ./data --start -30d > month.om", ""},
              {"firn export openmetrics --server http://127.0.0.1:9797 \\\n"
               "      --match '{job=\"node\"}' --output node.om",
               "Some series of a running server"}}},
            exit_code);
  AddFormat(command,
            {"jsonl",
             "Export lines of JSON: all that is stored, histograms too",
             ExportFormat::kJsonLines,
             {{"firn export jsonl --data ./data --output all.jsonl --state all.state",
               "Goes on where it was interrupted when it is run again"},
              {"firn export jsonl --server http://127.0.0.1:9797 | gzip > all.jsonl.gz", ""}}},
            exit_code);
}

}  // namespace firn::tools
