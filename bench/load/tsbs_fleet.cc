#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/core.h>

#include "bench/load/fleet.h"

namespace firn::bench {
namespace {

enum class Kind : uint8_t {
  kCount,  // Grows by the size of a normal step.
  kWalk,   // Wanders by normal steps between bounds, whole numbers.
  kFixed,
  kRest,     // Total less the field `of`.
  kPercent,  // The field `of` in percent of the total.
  kPages,    // The field `of` in pages of 4096.
};

struct Field {
  const char* name;
  Kind kind;
  double mean = 0;
  double deviation = 1;
  double low = 0;
  double high = 0;  // Also the total, and a fixed value.
  int of = 0;       // How many fields before.
};

struct Group {
  const char* name;
  const char* tag;
  const char* prefix;
  std::vector<Field> fields;
};

constexpr double kTiB = 1024.0 * 1024 * 1024 * 1024;
constexpr double kGiB = 1024.0 * 1024 * 1024;

Field Walk(const char* name, double mean, double low, double high) {
  return {name, Kind::kWalk, mean, 1, low, high};
}
Field Count(const char* name, double mean) { return {name, Kind::kCount, mean}; }
Field Fixed(const char* name, double value) { return {name, Kind::kFixed, 0, 0, 0, value}; }

std::vector<Field> Walks(std::initializer_list<const char*> names, double mean, double high) {
  std::vector<Field> fields;
  for (const char* name : names) fields.push_back(Walk(name, mean, 0, high));
  return fields;
}

std::vector<Group> HostGroups() {
  std::vector<Group> groups;
  groups.push_back(
      {"cpu", nullptr, nullptr,
       Walks({"usage_user", "usage_system", "usage_idle", "usage_nice", "usage_iowait", "usage_irq",
              "usage_softirq", "usage_steal", "usage_guest", "usage_guest_nice"},
             0, 100)});
  groups.push_back({"diskio",
                    "serial",
                    "694-511-162-",
                    {Count("reads", 50), Count("writes", 50), Count("read_bytes", 100),
                     Count("write_bytes", 100), Count("read_time", 5), Count("write_time", 5),
                     Count("io_time", 5)}});
  groups.push_back({"disk",
                    "path",
                    "/dev/sda",
                    {Fixed("total", kTiB),
                     Walk("free", 50, 0, kTiB),
                     {"used", Kind::kRest, 0, 0, 0, kTiB, 1},
                     {"used_percent", Kind::kPercent, 0, 0, 0, kTiB, 1},
                     Fixed("inodes_total", kTiB / 4096),
                     {"inodes_free", Kind::kPages, 0, 0, 0, kTiB, 4},
                     {"inodes_used", Kind::kPages, 0, 0, 0, kTiB, 4}}});
  groups.push_back(
      {"kernel",
       nullptr,
       nullptr,
       {Fixed("boot_time", 1'451'600'000), Count("interrupts", 5), Count("context_switches", 5),
        Count("processes_forked", 5), Count("disk_pages_in", 5), Count("disk_pages_out", 5)}});
  const double memory = 16 * kGiB;
  groups.push_back({"mem",
                    nullptr,
                    nullptr,
                    {Fixed("total", memory),
                     {"used", Kind::kWalk, 0, memory / 64, 0, memory},
                     {"cached", Kind::kWalk, 0, memory / 64, 0, memory},
                     {"buffered", Kind::kWalk, 0, memory / 64, 0, memory},
                     {"available", Kind::kRest, 0, 0, 0, memory, 3},
                     {"free", Kind::kRest, 0, 0, 0, memory, 4},
                     {"used_percent", Kind::kPercent, 0, 0, 0, memory, 5},
                     {"available_percent", Kind::kPercent, 0, 0, 0, memory, 3},
                     {"buffered_percent", Kind::kPercent, 0, 0, 0, memory, 5}}});
  groups.push_back({"net",
                    "interface",
                    "eth",
                    {Count("bytes_sent", 50), Count("bytes_recv", 50), Count("packets_sent", 50),
                     Count("packets_recv", 50), Count("err_in", 5), Count("err_out", 5),
                     Count("drop_in", 5), Count("drop_out", 5)}});
  return groups;
}

std::vector<Group> ServiceGroups() {
  std::vector<Group> groups;
  groups.push_back(
      {"nginx",
       "port",
       "80",
       {Count("accepts", 5), Count("handled", 5), Count("requests", 5), Walk("active", 5, 0, 100),
        Walk("reading", 5, 0, 100), Walk("writing", 5, 0, 100), Walk("waiting", 5, 0, 100)}});
  groups.push_back(
      {"postgresql", nullptr, nullptr,
       Walks({"numbackends", "xact_commit", "xact_rollback", "blks_read", "blks_hit",
              "tup_returned", "tup_fetched", "tup_inserted", "tup_updated", "tup_deleted",
              "conflicts", "temp_files", "deadlocks", "blk_read_time", "blk_write_time"},
             5, 1000)});
  groups.back().fields.push_back(Walk("temp_bytes", 1024, 0, kGiB));
  std::vector<Field> redis = {Count("uptime_in_seconds", 5),
                              Count("total_connections_received", 5),
                              Count("expired_keys", 50),
                              Count("evicted_keys", 50),
                              Count("keyspace_hits", 50),
                              Count("keyspace_misses", 50),
                              Count("instantaneous_ops_per_sec", 1),
                              Count("instantaneous_input_kbps", 1),
                              Count("instantaneous_output_kbps", 1),
                              Walk("used_memory", 50, 0, 16 * kGiB)};
  for (const Field& field : Walks({"connected_clients",
                                   "used_memory_rss",
                                   "used_memory_peak",
                                   "used_memory_lua",
                                   "rdb_changes_since_last_save",
                                   "sync_full",
                                   "sync_partial_ok",
                                   "sync_partial_err",
                                   "pubsub_channels",
                                   "pubsub_patterns",
                                   "latest_fork_usec",
                                   "connected_slaves",
                                   "master_repl_offset",
                                   "repl_backlog_active",
                                   "repl_backlog_size",
                                   "repl_backlog_histlen",
                                   "mem_fragmentation_ratio",
                                   "used_cpu_sys",
                                   "used_cpu_user",
                                   "used_cpu_sys_children",
                                   "used_cpu_user_children"},
                                  5, 1000)) {
    redis.push_back(field);
  }
  groups.push_back({"redis", "server", "redis_", std::move(redis)});
  return groups;
}

class TsbsTarget : public Target {
 public:
  TsbsTarget(const std::vector<Group>& groups, uint64_t seed, uint32_t number)
      : groups_(groups), number_(number), random_(seed * 104'729 + number) {
    for (const Group& group : groups_) {
      for (const Field& field : group.fields) {
        const bool walks = field.kind == Kind::kWalk;
        const double share = field.high > 1e6 ? 0.5 : random_.Uniform();
        state_.push_back(walks ? field.low + share * (field.high - field.low) : 0);
      }
    }
  }

  std::vector<LabelPairs> Labels() const override {
    const uint32_t n = number_;
    std::vector<LabelPairs> all;
    for (const Group& group : groups_) {
      for (const Field& field : group.fields) {
        LabelPairs labels = {{"__name__", fmt::format("{}_{}", group.name, field.name)},
                             {"arch", n % 3 == 0 ? "x86" : "x64"},
                             {"datacenter", fmt::format("region-{}{}", n % 9, "abcd"[n / 9 % 3])},
                             {"hostname", fmt::format("host_{}", n)},
                             {"os", n % 3 == 1 ? "Ubuntu16.10" : "Ubuntu15.10"},
                             {"rack", fmt::format("{}", n * 37 % 100)},
                             {"region", fmt::format("region-{}", n % 9)},
                             {"service", fmt::format("{}", n * 11 % 20)},
                             {"service_environment", n % 3 == 2 ? "production" : "staging"},
                             {"service_version", n % 2 == 0 ? "0" : "1"},
                             {"team", fmt::format("team-{}", n * 7 % 4)}};
        if (group.tag != nullptr) {
          labels.emplace_back(group.tag, fmt::format("{}{}", group.prefix, n % 97));
        }
        std::sort(labels.begin(), labels.end());
        all.push_back(std::move(labels));
      }
    }
    return all;
  }

  void Scrape(std::vector<double>* values) override {
    values->clear();
    for (const Group& group : groups_) {
      for (const Field& field : group.fields) values->push_back(Next(field, *values));
    }
  }

 private:
  double Next(const Field& field, const std::vector<double>& values) {
    double& state = state_[values.size()];
    switch (field.kind) {
      case Kind::kCount:
        state += std::abs(random_.Normal(field.mean, field.deviation));
        return std::floor(state);
      case Kind::kWalk:
        state =
            std::clamp(state + random_.Normal(field.mean, field.deviation), field.low, field.high);
        return std::floor(state);
      case Kind::kFixed:
        return field.high;
      case Kind::kRest:
        return field.high - values[values.size() - field.of];
      case Kind::kPercent:
        return 100 * values[values.size() - field.of] / field.high;
      case Kind::kPages:
        return std::floor(values[values.size() - field.of] / 4096);
    }
    return 0;
  }

  const std::vector<Group>& groups_;
  const uint32_t number_;
  Random random_;
  std::vector<double> state_;
};

class TsbsFleet : public Fleet {
 public:
  explicit TsbsFleet(uint64_t seed) : seed_(seed), groups_(HostGroups()) {
    for (Group& group : ServiceGroups()) groups_.push_back(std::move(group));
    for (const Group& group : groups_) size_ += static_cast<uint32_t>(group.fields.size());
  }
  uint32_t SeriesOf(uint32_t) const override { return size_; }
  std::unique_ptr<Target> Make(uint32_t target) const override {
    return std::make_unique<TsbsTarget>(groups_, seed_, target);
  }

 private:
  const uint64_t seed_;
  std::vector<Group> groups_;
  uint32_t size_ = 0;
};

}  // namespace

std::unique_ptr<Fleet> MakeTsbsFleet(uint64_t seed) { return std::make_unique<TsbsFleet>(seed); }

}  // namespace firn::bench
