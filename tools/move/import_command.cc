#include "tools/move/import_command.h"

#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "base/duration.h"
#include "tools/cli/command_help.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/progress.h"
#include "tools/move/import_run.h"
#include "tools/move/quiet_log.h"
#include "tools/move/sink/directory_sink.h"
#include "tools/move/sink/server_sink.h"
#include "tools/move/source/prometheus_source.h"
#include "tools/move/source/remote_source.h"
#include "tools/move/source/text_source.h"
#include "tools/stored_place.h"

namespace firn::tools {
namespace {

std::vector<ExitCode> ExitCodes() {
  return {{0, "all samples are in the target"},
          {kExitFailed, "failed, or some were rejected or are missing"},
          {kExitUsage, "wrong arguments"},
          {kExitUnreachable, "server unreachable, or directory in use"}};
}

struct Options {
  std::vector<std::string> inputs;
  StoredPlace target;
  std::vector<std::string> labels;  // NAME=VALUE.
  double rate = 0;
  std::string state;
  bool verify = false;
  bool json = false;
  uint64_t memory = uint64_t{256} << 20;
  uint64_t rejected_max = 10'000;
  std::string retry = "5m";
};

int FailUsage(const Status& status) {
  fmt::print(stderr, "firn import: {}\n", status.message());
  return kExitUsage;
}

int Fail(const Status& status) {
  fmt::print(stderr, "firn import: {}\n", status.message());
  switch (status.code()) {
    case StatusCode::kUnavailable:
      return kExitUnreachable;
    case StatusCode::kNotFound:
      return kExitUsage;
    default:
      return kExitFailed;
  }
}

Result<std::unique_ptr<ImportSink>> MakeSink(const Options& options) {
  if (options.target.data.empty()) {
    const auto retry = ParseDuration(options.retry);
    if (!retry.ok()) return NotFound("--retry: {}", retry.status().message());
    return MakeServerSink({.access = options.target.access,
                           .retry_ms = *retry,
                           .rejected_max = options.rejected_max});
  }
  return OpenDirectorySink({.path = options.target.data, .buffer_bytes = options.memory});
}

Result<std::vector<LabelView>> SplitLabels(const std::vector<std::string>& texts) {
  std::vector<LabelView> labels;
  for (const std::string_view text : texts) {
    const size_t sign = text.find('=');
    if (sign == std::string_view::npos || sign == 0) {
      return NotFound("--label {}: not NAME=VALUE", text);
    }
    labels.push_back({text.substr(0, sign), text.substr(sign + 1)});
  }
  return labels;
}

using OpenSource = std::function<Result<std::unique_ptr<ImportSource>>(
    const std::string& input, const std::vector<LabelView>& labels, server::WriteVisitor* sink)>;

Status ImportAll(const Options& options, const OpenSource& open, ImportSink* sink) {
  FIRN_ASSIGN_OR_RETURN(const std::vector<LabelView> labels, SplitLabels(options.labels));
  if (!options.state.empty() && options.inputs.size() > 1) {
    return NotFound("--state is for one input at a time");
  }
  const StoredPlace& target = options.target;
  const ImportRunOptions run{.samples_per_second = options.rate,
                             .state_file = options.state,
                             .target = target.data.empty() ? target.access.url : target.data};
  for (const std::string& input : options.inputs) {
    FIRN_ASSIGN_OR_RETURN(const auto source, open(input, labels, sink));
    Progress progress("import",
                      source->progress().bytes ? ProgressUnit::kBytes : ProgressUnit::kPercent);
    FIRN_ASSIGN_OR_RETURN(const bool worked, RunImport(source.get(), sink, run, &progress));
    progress.Clear();
    if (!worked) fmt::print(stderr, "{}: done already, says {}\n", input, options.state);
  }
  return OkStatus();
}

int Run(Options* parsed, const OpenSource& open) {
  const QuietLog quiet;
  const Status place = ChoosePlace(&parsed->target);
  if (!place.ok()) return FailUsage(place);
  const Options& options = *parsed;
  const auto begin = std::chrono::steady_clock::now();
  auto sink = MakeSink(options);
  if (!sink.ok()) return Fail(sink.status());
  const Status status = ImportAll(options, open, sink->get());
  const DurationMs elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
                                 std::chrono::steady_clock::now() - begin)
                                 .count();
  if (!status.ok()) {
    const ImportCounts counts = (*sink)->counts();
    if (counts.accepted > 0) {
      fmt::print(stderr, "firn import: {} samples were accepted before this:\n", counts.accepted);
    }
    return Fail(status);
  }
  std::vector<MissingSamples> missing;
  if (options.verify) {
    auto verified = VerifyImport(sink->get());
    if (!verified.ok()) return Fail(verified.status().WithContext("verify"));
    missing = *std::move(verified);
  }
  if (options.json) {
    fmt::print("{}", ImportJson(**sink, elapsed, options.verify ? &missing : nullptr));
  } else {
    fmt::print("{}{}", ImportText(**sink, elapsed), options.verify ? MissingText(missing) : "");
  }
  return (*sink)->counts().rejected > 0 || !missing.empty() ? kExitFailed : 0;
}

void AddCommonOptions(CLI::App* command, Options* options) {
  AddPlaceOptions(
      command, &options->target,
      {.data = "data directory to import into, which no server has open; made if missing",
       .server = "URL of a server to send to instead"});
  command->add_option("--rate", options->rate, "samples per second at most")
      ->check(CLI::PositiveNumber)
      ->type_name("NUMBER");
  command
      ->add_option("--state", options->state,
                   "file that keeps how far the import came; another run goes on from there")
      ->type_name("FILE");
  command->add_flag("--verify", options->verify,
                    "count afterwards what the target has of each metric");
  command->add_option("--memory", options->memory, "bytes to collect before storing, with --data")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE")
      ->capture_default_str();
  command
      ->add_option("--rejected-max", options->rejected_max,
                   "give up when a server refused more samples than this")
      ->type_name("NUMBER")
      ->capture_default_str();
  command
      ->add_option("--retry", options->retry,
                   "how long to repeat what a server cannot take at the moment")
      ->type_name("DURATION")
      ->capture_default_str();
  command->add_flag("--json", options->json, "print JSON");
}

struct TextCommand {
  const char* name;
  const char* help;
  TextKind kind;
  std::vector<Example> examples;
};

void AddText(CLI::App* import, const TextCommand& text, int* exit_code) {
  CLI::App* command = import->add_subcommand(text.name, text.help);
  auto options = std::make_shared<Options>();
  command->add_option("FILE", options->inputs, "files to read; - is standard input")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--label", options->labels, "label for all series, in place of one of that name")
      ->type_name("NAME=VALUE");
  AddCommonOptions(command, options.get());
  SetHelp(command, {.examples = text.examples, .exit_codes = ExitCodes()});
  command->callback([options, kind = text.kind, exit_code] {
    *exit_code =
        Run(options.get(), [kind](const std::string& input, const std::vector<LabelView>& labels,
                                  server::WriteVisitor* sink) {
          return OpenTextSource({.kind = kind, .path = input, .labels = labels}, sink);
        });
  });
}

void AddPrometheus(CLI::App* import, int* exit_code) {
  CLI::App* command = import->add_subcommand(
      "prometheus-blocks", "Import the data directory of a Prometheus server, blocks and log");
  auto options = std::make_shared<Options>();
  auto selection = std::make_shared<SelectionOptions>();
  command->add_option("DIR", options->inputs, "data directory, a copy or of a server that stopped")
      ->required()
      ->type_name("DIR");
  AddSelectionOptions(command, selection.get());
  AddCommonOptions(command, options.get());
  SetHelp(command,
          {.examples = {{"firn import prometheus-blocks /var/lib/prometheus/metrics2 \\\n"
                         "      --data ./data --verify",
                         "All of it, into a directory that no server has open"},
                        {"firn import prometheus-blocks ./snapshot --start -90d \\\n"
                         "      --server http://127.0.0.1:9797",
                         "Three months, into a running server with backfill: true"}},
           .exit_codes = ExitCodes(),
           .notes = {"Samples that are older than the server's retention go again soon: look at it "
                     "before."}});
  command->callback([options, selection, exit_code] {
    const auto selected = ReadSelection(*selection);
    if (!selected.ok()) {
      *exit_code = FailUsage(selected.status());
      return;
    }
    *exit_code =
        Run(options.get(), [&](const std::string& input, const std::vector<LabelView>& /*labels*/,
                               server::WriteVisitor* sink) {
          return OpenPrometheusSource({.path = input, .selection = *selected}, sink);
        });
  });
}

// Credentials of the server that is read, beside those of the one that is written to.
void AddSourceAccess(CLI::App* command, ServerAccess* access) {
  command->add_option("--source-user", access->user, "user name for the server that is read");
  command
      ->add_option("--source-password-file", access->password_file,
                   "file with that user's password")
      ->type_name("FILE");
  command
      ->add_option("--source-bearer-token-file", access->bearer_token_file,
                   "file with a token for it, in place of user and password")
      ->type_name("FILE");
  command->add_option("--source-ca-file", access->ca_file, "certificates to trust for it")
      ->type_name("FILE");
}

struct RemoteOptions {
  ServerAccess access;
  SelectionOptions selection;
  std::string slice = "2h";
};

Result<RemoteSourceOptions> ReadRemote(const RemoteOptions& options) {
  RemoteSourceOptions remote{.access = options.access, .selection = {}};
  SelectionOptions text = options.selection;
  if (text.end.empty()) text.end = "now";
  FIRN_ASSIGN_OR_RETURN(remote.selection, ReadSelection(text));
  auto slice = ParseDuration(options.slice);
  if (!slice.ok() || *slice == 0)
    return InvalidArgument("--slice {}: not a duration", options.slice);
  remote.slice_ms = *slice;
  return remote;
}

void AddRemote(CLI::App* import, int* exit_code) {
  CLI::App* command =
      import->add_subcommand("remote", "Import from a running server by Prometheus' remote read");
  auto options = std::make_shared<Options>();
  auto remote = std::make_shared<RemoteOptions>();
  command->add_option("URL", options->inputs, "server to read from, such as http://prometheus:9090")
      ->required()
      ->expected(1)
      ->type_name("URL");
  AddSelectionOptions(command, &remote->selection);
  command->get_option("--start")->required();
  command->add_option("--slice", remote->slice, "how much time is asked for at once")
      ->type_name("DURATION")
      ->capture_default_str();
  AddSourceAccess(command, &remote->access);
  AddCommonOptions(command, options.get());
  SetHelp(command,
          {.examples =
               {{"firn import remote http://prometheus:9090 --start -15d --data ./data",
                 "The last two weeks of a running Prometheus"},
                {"firn import remote http://prometheus:9090 --start 2026-01-01 \\\n"
                 "      --match '{job=\"node\"}' --server http://127.0.0.1:9797 --state node.state",
                 "Some series, slice by slice"}},
           .exit_codes = ExitCodes()});
  command->callback([options, remote, exit_code] {
    const auto read = ReadRemote(*remote);
    if (!read.ok()) {
      *exit_code = FailUsage(read.status());
      return;
    }
    *exit_code =
        Run(options.get(), [&](const std::string& input, const std::vector<LabelView>& /*labels*/,
                               server::WriteVisitor* sink) {
          RemoteSourceOptions source = *read;
          source.access.url = input;
          return MakeRemoteSource(source, sink);
        });
  });
}

}  // namespace

void AddImportCommand(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("import", "Bring samples from elsewhere");
  command->require_subcommand(1);
  AddText(command,
          {"openmetrics",
           "Import OpenMetrics text, each sample with its time",
           TextKind::kOpenMetrics,
           {{"firn import openmetrics a.om b.om --data ./data --label site=north",
             "Two files, straight into a directory"},
            {"firn import openmetrics history.om --server http://127.0.0.1:9797 --verify",
             "Through a running server, and count"}}},
          exit_code);
  AddText(command,
          {"jsonl",
           "Import lines of JSON, as firn and VictoriaMetrics export them",
           TextKind::kJsonLines,
           {{"firn import jsonl export.jsonl --data ./data --state export.state",
             "Goes on where it stopped if it is started again"},
            {"firn import jsonl export.jsonl --server http://127.0.0.1:9797 --rate 200000",
             "Leaves the server time for others"}}},
          exit_code);
  AddPrometheus(command, exit_code);
  AddRemote(command, exit_code);
}

}  // namespace firn::tools
