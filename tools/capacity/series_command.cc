#include "tools/capacity/series_command.h"

#include <cstdio>

#include <CLI/CLI.hpp>

#include "tools/capacity/evaluate.h"

namespace firn::tools {

void AddAnswerForms(CLI::App* command, SeriesCommandOptions* options) {
  auto* json = command->add_flag("--json", options->json, "print JSON");
  command->add_flag("--csv", options->csv, "print CSV")->excludes(json);
}

std::vector<ExitCode> SeriesExitCodes() {
  return {{0, "answered"},
          {kExitFailed, "the history cannot be read or has no such series"},
          {kExitUsage, "wrong arguments"},
          {kExitUnreachable, "server unreachable, or directory in use"}};
}

std::optional<CapacityInputs> ReadAsked(const char* name, const SeriesCommandOptions& options,
                                        Progress* progress, int* exit_code) {
  const auto fail = [&](const Status& status, int code) {
    progress->Clear();
    *exit_code = FailCapacity(name, status, code);
    return std::nullopt;
  };
  const auto question = MakeQuestion(options.question);
  if (!question.ok()) return fail(question.status(), kExitUsage);
  const auto now = PresentOf(options.source);
  if (!now.ok()) return fail(now.status(), kExitUsage);
  const auto source = OpenSource(options.source, progress);
  if (!source.ok()) return fail(source.status(), kExitFailed);
  auto inputs = ReadInputs(*question, *source, *now);
  if (!inputs.ok()) return fail(inputs.status(), kExitFailed);
  return *std::move(inputs);
}

void PrintAnswer(const SeriesCommandOptions& options, const CapacityInputs& inputs,
                 const std::string& text) {
  if (!options.json) PrintNotes(inputs.notes);
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace firn::tools
