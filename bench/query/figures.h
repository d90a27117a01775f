// What a benchmark reports beside the wall clock.
#pragma once

#include <cstdint>

#include <benchmark/benchmark.h>

namespace firn::bench {

// CPU time of the whole process, all threads, in seconds.
double ProcessCpuSeconds();

// Resets the mark of the highest resident memory, then tells by how many bytes it rose since.
class PeakMemory {
 public:
  PeakMemory();
  uint64_t RisenBytes() const;

 private:
  uint64_t before_;
};

// Over all iterations of a benchmark: reports `cpu_ms` per iteration on all threads.
class CpuCounter {
 public:
  explicit CpuCounter(benchmark::State* state) : state_(state), begin_(ProcessCpuSeconds()) {}
  ~CpuCounter();

 private:
  benchmark::State* state_;
  double begin_;
};

}  // namespace firn::bench
