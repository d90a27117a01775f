#include "bench/query/figures.h"

#include <malloc.h>
#include <sys/resource.h>

#include <fstream>
#include <string>

namespace firn::bench {
namespace {

// A field of /proc/self/status that is given in kB.
uint64_t StatusBytes(const std::string& field) {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(field + ":")) return std::stoull(line.substr(field.size() + 1)) * 1024;
  }
  return 0;
}

}  // namespace

double ProcessCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

PeakMemory::PeakMemory() {
  malloc_trim(0);  // What is free already would hide what is taken.
  std::ofstream("/proc/self/clear_refs") << "5";
  before_ = StatusBytes("VmRSS");
}

uint64_t PeakMemory::RisenBytes() const {
  const uint64_t peak = StatusBytes("VmHWM");
  return peak > before_ ? peak - before_ : 0;
}

CpuCounter::~CpuCounter() {
  const auto iterations = static_cast<double>(state_->iterations());
  state_->counters["cpu_ms"] = (ProcessCpuSeconds() - begin_) * 1000 / iterations;
}

}  // namespace firn::bench
