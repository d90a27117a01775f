// Moves samples from a source to a sink: pace, state, verification.
#pragma once

#include <string>
#include <vector>

#include "tools/move/sink/import_sink.h"
#include "tools/move/source/import_source.h"

namespace firn::tools {

class Progress;

struct ImportRunOptions {
  double samples_per_second = 0;  // 0: no limit.
  std::string state_file;         // "": none.
  std::string target;             // As ImportState::target.
};

// Goes on behind what the state file says is done, keeps that file up to date, and returns when
// the target has everything for good. False if an earlier run had finished already.
// InvalidArgument if the state file is one of another source or target; errors of both sides.
Result<bool> RunImport(ImportSource* source, ImportSink* sink, const ImportRunOptions& options,
                       Progress* progress);

struct MissingSamples {
  std::string metric;
  uint64_t sent = 0;
  uint64_t stored = 0;
};
// Metrics of which the target has fewer samples than it accepted.
Result<std::vector<MissingSamples>> VerifyImport(ImportSink* sink);

// For people and for programs.
std::string ImportText(const ImportSink& sink, DurationMs elapsed);
std::string ImportJson(const ImportSink& sink, DurationMs elapsed,
                       const std::vector<MissingSamples>* missing);
std::string MissingText(const std::vector<MissingSamples>& missing);

}  // namespace firn::tools
