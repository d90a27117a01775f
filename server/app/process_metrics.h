// Figures about the process: CPU, memory, descriptors, threads.
#pragma once

#include <vector>

#include "base/time.h"
#include "server/http/metrics.h"

namespace firn::server {

// `start_time` is when the process started.
void CollectProcessMetrics(TimestampMs start_time, std::vector<MetricFamily>* families);

// Bytes that the cgroup or, without a limit there, the machine has; 0 if unknown.
uint64_t MemoryBytesAvailable();

}  // namespace firn::server
