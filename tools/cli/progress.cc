#include "tools/cli/progress.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include <fmt/core.h>

#include "base/mutex.h"
#include "tools/cli/human.h"
#include "tools/cli/text_layout.h"

namespace firn::tools {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::chrono::milliseconds kDrawInterval(100);
constexpr size_t kBarMin = 10;
constexpr size_t kBarMax = 40;
// Below this nothing useful can be said about the pace.
constexpr DurationMs kPaceAfter = 1 * kSecondMs;

std::string Amount(ProgressUnit unit, uint64_t n) {
  return unit == ProgressUnit::kBytes ? HumanBytes(static_cast<double>(n)) : HumanCount(n);
}

// What follows the bar.
std::string Details(const ProgressState& state) {
  std::string out;
  if (state.total > 0) {
    out += fmt::format(" {:>3} %", std::min<uint64_t>(100, state.done * 100 / state.total));
  }
  if (state.unit != ProgressUnit::kPercent) out += "  " + Amount(state.unit, state.done);
  if (state.elapsed < kPaceAfter || state.done == 0) return out;
  const double per_second =
      static_cast<double>(state.done) * 1000 / static_cast<double>(state.elapsed);
  if (state.unit == ProgressUnit::kBytes) out += fmt::format("  {}/s", HumanBytes(per_second));
  if (state.unit == ProgressUnit::kCount) out += fmt::format("  {}/s", HumanNumber(per_second));
  if (state.total > state.done) {
    const double left_ms = static_cast<double>(state.total - state.done) / per_second * 1000;
    out += "  " + ClockTime(static_cast<DurationMs>(left_ms)) + " left";
  } else if (state.total == 0) {
    out += "  " + ClockTime(state.elapsed);
  }
  return out;
}

}  // namespace

std::string ProgressLine(const ProgressState& state, const TextLook& look) {
  std::string label = Printable(state.label);
  const std::string details = Details(state);
  if (state.total == 0) return label + details;
  const size_t used = DisplayWidth(label) + 1 + DisplayWidth(details);
  if (look.columns < used + kBarMin) return label + details;
  const size_t width = std::min(kBarMax, look.columns - used);
  const size_t full = static_cast<size_t>(
      std::min<double>(static_cast<double>(width), static_cast<double>(state.done) /
                                                       static_cast<double>(state.total) *
                                                       static_cast<double>(width)));
  std::string bar;
  for (size_t i = 0; i < full; ++i) bar += "━";
  std::string rest;
  for (size_t i = full; i < width; ++i) rest += look.colour ? "━" : "─";
  return label + " " + Paint(bar, Style::kCyan, look.colour) +
         Paint(rest, Style::kDim, look.colour) + details;
}

struct Progress::State {
  Mutex mutex;
  const bool shown = IsTerminal(Stream::kError);
  ProgressState progress ABSL_GUARDED_BY(mutex);
  SteadyTime start ABSL_GUARDED_BY(mutex) = std::chrono::steady_clock::now();
  SteadyTime drawn_at ABSL_GUARDED_BY(mutex);
  bool drawn ABSL_GUARDED_BY(mutex) = false;

  void Draw() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (!shown) return;
    const SteadyTime now = std::chrono::steady_clock::now();
    if (drawn && now - drawn_at < kDrawInterval) return;
    progress.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - start).count();
    TextLook look = LookWithColumns(Stream::kError);
    --look.columns;  // A full line would make some terminals begin another.
    fmt::print(stderr, "\r\033[K{}", ProgressLine(progress, look));
    std::fflush(stderr);
    drawn_at = now;
    drawn = true;
  }
  void Clear() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (drawn) fmt::print(stderr, "\r\033[K");
    drawn = false;
  }
};

Progress::Progress(std::string label, ProgressUnit unit) : state_(std::make_unique<State>()) {
  const MutexLock lock(&state_->mutex);
  state_->progress.label = std::move(label);
  state_->progress.unit = unit;
}

Progress::~Progress() { Clear(); }

void Progress::Update(uint64_t done, uint64_t total) {
  const MutexLock lock(&state_->mutex);
  state_->progress.done = done;
  state_->progress.total = total;
  state_->Draw();
}

void Progress::Add(uint64_t done) {
  const MutexLock lock(&state_->mutex);
  state_->progress.done += done;
  state_->Draw();
}

void Progress::Begin(std::string_view label, uint64_t total) {
  const MutexLock lock(&state_->mutex);
  state_->progress.label = label;
  state_->progress.done = 0;
  state_->progress.total = total;
  state_->start = std::chrono::steady_clock::now();
  state_->Draw();
}

void Progress::Clear() {
  const MutexLock lock(&state_->mutex);
  state_->Clear();
}

}  // namespace firn::tools
