// Where imported samples go.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "server/codec/write_visitor.h"

namespace firn::tools {

struct ImportCounts {
  uint64_t read = 0;        // Samples that came, histograms among them.
  uint64_t histograms = 0;  // Of those that came.
  uint64_t accepted = 0;    // Taken by the target.
  uint64_t duplicates = 0;  // Known to be of a time that came before; the first counts.
  uint64_t rejected = 0;    // Cannot be stored; `problems` says why.
  uint64_t exemplars = 0;
  uint64_t metadata = 0;
};

// What the target should have of one metric afterwards.
struct MetricTally {
  uint64_t samples = 0;  // Accepted, without stale markers, which queries do not count.
  TimestampMs min = kMaxTimestamp;
  TimestampMs max = kMinTimestamp;
};
using Tallies = std::map<std::string, MetricTally, std::less<>>;

// Collects what it is given and passes it on in portions. One thread at a time.
class ImportSink : public server::WriteVisitor {
 public:
  // Whether so much is held that EndPart should be called.
  virtual bool full() const = 0;
  // Passes on what it was given, of which `position` is the end; it may be still on its way when
  // this returns. Errors of this or of an earlier portion.
  virtual Status EndPart(std::string position) = 0;
  // Waits for all portions that are on their way.
  virtual Status Wait() = 0;
  // The position of the last portion that the target has for good, "" before the first one.
  virtual std::string durable_position() const = 0;
  // Without what is held or on its way.
  virtual ImportCounts counts() const = 0;
  // To be called after Wait() only.
  virtual const Tallies& tallies() const = 0;
  // Some of the reasons for which samples were rejected.
  virtual std::vector<std::string> problems() const = 0;

  // All samples that the target has of each metric of the tallies, within the times of these and
  // without stale markers. Whatever was there before counts as well.
  virtual Result<Tallies> CountStored() = 0;
};

inline constexpr size_t kProblemsMax = 5;

}  // namespace firn::tools
