// Exemplars: single observations kept beside a series, usually with a trace ID. The newest of
// the whole database are kept, up to a number.
#pragma once

#include <span>
#include <vector>

#include "base/labels.h"
#include "base/matcher.h"
#include "base/status.h"
#include "base/time.h"

namespace firn::engine {

// The labels of an exemplar may have this many characters together.
inline constexpr size_t kExemplarRunesMax = 128;

struct Exemplar {
  Labels labels;
  TimestampMs t = 0;
  double v = 0;
};

struct NewExemplar {
  Labels series;
  Exemplar exemplar;
};

struct SeriesExemplars {
  Labels series;
  std::vector<Exemplar> exemplars;  // In time order.
};

// Thread-safe.
class ExemplarStore {
 public:
  virtual ~ExemplarStore() = default;

  // Makes a batch durable according to the acknowledgement mode, then visible. Yields one
  // status for each: OK if it was stored or is known already, OutOfOrder if its series has a
  // newer one, InvalidArgument if its labels are too long or not UTF-8, ResourceExhausted if
  // none are kept at all. Unavailable or Io: nothing was kept.
  virtual Result<std::vector<Status>> AppendExemplars(std::span<const NewExemplar> batch) = 0;

  // Those within `range` whose series matches one of `selectors`, by series in label order.
  virtual std::vector<SeriesExemplars> SelectExemplars(
      const TimeRange& range, const std::vector<Matchers>& selectors) const = 0;
};

}  // namespace firn::engine
