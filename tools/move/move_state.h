// A small file that says how far an import or export came, so that another run goes on from there.
#pragma once

#include <string>

#include "base/status.h"

namespace firn::tools {

struct MoveState {
  std::string source;  // What is read; of an import as ImportSource::identity().
  std::string target;  // Where the samples go.
  std::string position;
  bool finished = false;
};

// NotFound if there is no such file, Corruption if it is not one of these.
Result<MoveState> LoadMoveState(const std::string& path);
// Replaces the file at once and as a whole.
Status SaveMoveState(const std::string& path, const MoveState& state);

}  // namespace firn::tools
