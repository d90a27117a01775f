// What a load measures: times, and the CPU and memory of the server's process.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace firn::bench {

using SteadyClock = std::chrono::steady_clock;

double Seconds(SteadyClock::duration d);
// User and system time of a process so far, in seconds; 0 if it cannot be read.
double CpuSeconds(int pid);
// 0 if it cannot be read.
double ResidentMiB(int pid);
// 0 if there is none.
double Quantile(const std::vector<double>& sorted, double q);

}  // namespace firn::bench
