// A bar on standard error while long work goes on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "tools/cli/terminal.h"

namespace firn::tools {

enum class ProgressUnit : uint8_t {
  kCount,  // Samples, series, windows.
  kBytes,
  kPercent,  // Only how far it is.
};

struct ProgressState {
  std::string label;
  ProgressUnit unit = ProgressUnit::kCount;
  uint64_t done = 0;
  uint64_t total = 0;  // 0: nobody knows.
  DurationMs elapsed = 0;
};

// One line of at most look.columns columns: label, bar and share if the total is known, amount,
// pace, and the time that is left.
std::string ProgressLine(const ProgressState& state, const TextLook& look);

// Draws at most ten times a second, and only if standard error is a terminal. The bar goes
// when this does; what is printed to a terminal meanwhile should come after Clear(). Thread-safe.
class Progress {
 public:
  explicit Progress(std::string label, ProgressUnit unit = ProgressUnit::kCount);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // How much is done of how much; 0 for a total that nobody knows.
  void Update(uint64_t done, uint64_t total);
  // Adds to what is done.
  void Add(uint64_t done);
  // A new part of the work; time and amounts begin again.
  void Begin(std::string_view label, uint64_t total);
  // Erases the bar until the next update.
  void Clear();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace firn::tools
