// What the sub-commands share that ask for the series of one expression: forecast and what-if.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/capacity/capacity_options.h"
#include "tools/cli/command_help.h"
#include "tools/cli/progress.h"

namespace firn::tools {

struct SeriesCommandOptions {
  SourceOptions source;
  QuestionOptions question;
  bool json = false;
  bool csv = false;
};

// --json and --csv, which exclude each other. Borrows `options` until parsing is over.
void AddAnswerForms(CLI::App* command, SeriesCommandOptions* options);
std::vector<ExitCode> SeriesExitCodes();

// The histories and limits that the options ask for. After an error, which is printed as one of
// "firn NAME", nothing; `*exit_code` is then what to end with.
std::optional<CapacityInputs> ReadAsked(const char* name, const SeriesCommandOptions& options,
                                        Progress* progress, int* exit_code);

// To standard output. Notes go to standard error but for JSON, of which they are part.
void PrintAnswer(const SeriesCommandOptions& options, const CapacityInputs& inputs,
                 const std::string& text);

}  // namespace firn::tools
