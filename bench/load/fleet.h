// The machines that a load pretends to scrape: which series each has, and their values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace firn::bench {

using LabelPairs = std::vector<std::pair<std::string, std::string>>;

// A small generator whose numbers are the same everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next();
  uint64_t Below(uint64_t n) { return Next() % n; }
  double Uniform();  // In [0, 1).
  double Normal(double mean, double deviation);

 private:
  uint64_t state_;
};

// One scraped target. One thread at a time.
class Target {
 public:
  virtual ~Target() = default;
  // Labels of all series, sorted by name, none empty.
  virtual std::vector<LabelPairs> Labels() const = 0;
  // Goes on to the next scrape and replaces `values` by one value per series.
  virtual void Scrape(std::vector<double>* values) = 0;
};

// Makes targets; the same number gives the same target in every process.
class Fleet {
 public:
  virtual ~Fleet() = default;
  virtual uint32_t SeriesOf(uint32_t target) const = 0;
  virtual std::unique_ptr<Target> Make(uint32_t target) const = 0;
};

// Constants, counters, gauges and noise under nine labels, 500 series a target.
std::unique_ptr<Fleet> MakePlainFleet(uint64_t seed);
// The devops set of the Time Series Benchmark Suite: 101 fields a host.
std::unique_ptr<Fleet> MakeTsbsFleet(uint64_t seed);
// Classic histograms of request durations, 12 buckets each.
std::unique_ptr<Fleet> MakeHistogramFleet(uint64_t seed);
// Replays recorded pages of exporters, each target from another point of the recording.
// `path`: lines of exporter, `c` or `g`, series and values, with tabs between them.
// InvalidArgument if the file cannot be read or is not that.
Result<std::unique_ptr<Fleet>> MakeCaptureFleet(const std::string& path, uint64_t seed);

}  // namespace firn::bench
