// Counts what an operator asks for, and keeps metadata in memory.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "engine/api/admin.h"

namespace firn::server {

class FakeAdmin : public engine::Admin {
 public:
  Status Seal() override {
    ++seals_;
    return OkStatus();
  }
  Result<std::string> Snapshot() override { return "20260131T235959.000Z"; }
  Status Compact(bool force) override {
    force ? ++forced_compactions_ : ++compactions_;
    return OkStatus();
  }
  Status CleanTombstones() override {
    ++cleanings_;
    return OkStatus();
  }
  Status ConfirmTime() override {
    ++confirmations_;
    return OkStatus();
  }
  int seals() const { return seals_; }
  int compactions() const { return compactions_; }
  int forced_compactions() const { return forced_compactions_; }
  int cleanings() const { return cleanings_; }
  int confirmations() const { return confirmations_; }
  std::vector<engine::MetricFigure> Metrics() const override {
    return {{"head_series", "Series.", false, "", 3},
            {"refused_total", "Refused.", true, "reason=\"too \\\"old\",x=\"1\"", 4},
            {"refused_total", "Refused.", true, "reason=\"future\"", 5}};
  }
  Status PutMetadata(const std::vector<engine::MetadataEntry>& entries) override {
    MutexLock lock(&metadata_mutex_);
    for (const auto& entry : entries) metadata_[entry.metric] = entry;
    return OkStatus();
  }
  std::vector<engine::MetadataEntry> GetMetadata(std::string_view metric,
                                                 size_t limit) const override {
    MutexLock lock(&metadata_mutex_);
    std::vector<engine::MetadataEntry> entries;
    for (const auto& [name, entry] : metadata_) {
      if (limit > 0 && entries.size() == limit) break;
      if (metric.empty() || metric == name) entries.push_back(entry);
    }
    return entries;
  }

 private:
  mutable Mutex metadata_mutex_;
  std::map<std::string, engine::MetadataEntry> metadata_ ABSL_GUARDED_BY(metadata_mutex_);
  int seals_ = 0;
  int compactions_ = 0;
  int forced_compactions_ = 0;
  int cleanings_ = 0;
  int confirmations_ = 0;
};

}  // namespace firn::server
