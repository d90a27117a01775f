// What rate, increase and delta have in common, whatever the samples are.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"
#include "query/functions/range_function.h"

namespace firn::query {

enum class RateKind : uint8_t { kRate, kIncrease, kDelta };

struct RateEdges {
  // Where the counter is known to have begun at 0, inside the window.
  std::optional<TimestampMs> zero_t;
  TimestampMs first_t = 0;  // Of the first and last sample in the window,
  TimestampMs last_t = 0;
  TimestampMs start = 0;  // ... and of the window itself.
  TimestampMs end = 0;
  size_t gaps = 0;  // Samples in the window less one.
  double first_v = 0;
  DurationMs range = 0;  // What rate divides by.
};

// How far the samples of a window reach, in seconds, and how far beyond them it is taken to
// go on.
struct Stretch {
  double sampled = 0;
  double to_start = 0;
  double to_end = 0;
};

// A series whose next sample is overdue at an edge is taken to begin or end half a gap out.
Stretch StretchOf(const RateEdges& w);
// When a counter at `first` that gained `gained` over `sampled` seconds was 0, in seconds
// before. REQUIRES: gained > 0, first >= 0.
inline double SecondsSinceZero(double sampled, double first, double gained) {
  return sampled * (first / gained);
}
double StretchFactor(RateKind kind, const Stretch& s, DurationMs range);

// The factor by which what a window gained is scaled up to its edges; no counter is
// taken to have been below zero.
double ExtrapolationFactor(RateKind kind, const RateEdges& w, double gained);

// A name that does not look like a counter's is worth a hint.
void NoteNonCounter(std::string_view metric, NoteSink* notes);

// rate, increase and delta of windows extended by `anchored` or `smoothed`.
Status ExtendedRate(RateKind kind, const RangeCall& call, const RangeSamples& x,
                    std::string_view metric, NoteSink* notes, Row* out);

}  // namespace firn::query
