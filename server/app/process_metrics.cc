#include "server/app/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

namespace firn::server {

namespace {

void Add(std::string_view name, std::string_view help, MetricType type, double value,
         std::vector<MetricFamily>* families) {
  families->push_back({std::string(name), std::string(help), type, {{"", {}, value}}});
}

double CountOpenFiles() {
  DIR* directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  double count = -3;  // ".", ".." and the directory itself.
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count;
}

double Seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

}  // namespace

void CollectProcessMetrics(TimestampMs start_time, std::vector<MetricFamily>* families) {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  Add("process_cpu_seconds_total", "User and system time spent.", MetricType::kCounter,
      Seconds(usage.ru_utime) + Seconds(usage.ru_stime), families);
  uint64_t virtual_pages = 0;
  uint64_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> virtual_pages >> resident_pages;
  const auto page_bytes = static_cast<double>(::sysconf(_SC_PAGESIZE));
  Add("process_resident_memory_bytes", "Memory in RAM.", MetricType::kGauge,
      static_cast<double>(resident_pages) * page_bytes, families);
  Add("process_virtual_memory_bytes", "Address space in use.", MetricType::kGauge,
      static_cast<double>(virtual_pages) * page_bytes, families);
  Add("process_open_fds", "Open file descriptors.", MetricType::kGauge, CountOpenFiles(), families);
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  Add("process_max_fds", "Limit on open file descriptors.", MetricType::kGauge,
      static_cast<double>(files.rlim_cur), families);
  Add("process_start_time_seconds", "When the process started, since 1970.", MetricType::kGauge,
      static_cast<double>(start_time) / 1000, families);
}

uint64_t MemoryBytesAvailable() {
  uint64_t limit = 0;
  // Holds the word "max", and so no number, without a limit.
  if (std::ifstream file("/sys/fs/cgroup/memory.max"); file >> limit && limit > 0) return limit;
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && page_bytes > 0 ? static_cast<uint64_t>(pages) * page_bytes : 0;
}

}  // namespace firn::server
