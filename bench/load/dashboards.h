// People who look at dashboards: each loads twelve panels at a time, over and over.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/load/figures.h"
#include "bench/load/panels.h"

namespace firn::bench {

struct DashboardOptions {
  std::string host = "127.0.0.1";
  std::string port = "9797";
  uint32_t dashboards = 40;
  uint32_t parallel = 6;        // Panels of one dashboard that load at a time.
  double refresh_seconds = 30;  // 0: again as soon as all panels are there.
  int64_t range_ms = 3'600'000;
  int64_t backoff_ms = 100;         // Before a refused panel is asked again.
  std::vector<std::string> hosts;   // Instances; the dashboards of single hosts take one each.
  std::function<int64_t()> now_ms;  // The end of what is looked at.
};

struct PanelFigures {
  std::string title;
  std::vector<double> ms;  // Of good answers.
};

struct DashboardFigures {
  std::vector<PanelFigures> panels;
  std::vector<double> ms;          // Of all good answers.
  std::vector<double> refused_ms;  // Of answers 429 and 503.
  std::vector<double> loaded_ms;   // From the start of a refresh to its last panel.
  uint64_t bytes = 0;
  uint64_t empty = 0;   // Good answers without a series.
  uint64_t failed = 0;  // Any other answer, or none.
  std::string failure;  // The first of them.
};

// Runs in threads of its own from Start to Stop.
class Dashboards {
 public:
  explicit Dashboards(DashboardOptions options);
  ~Dashboards();

  void Start();
  // Ends after the panels that are under way; once.
  DashboardFigures Stop();

 private:
  struct Viewer;
  void Run(Viewer* viewer);
  void Load(Viewer* viewer, uint32_t slot);

  const DashboardOptions options_;
  std::atomic<bool> stop_{false};
  std::vector<std::unique_ptr<Viewer>> viewers_;
};

}  // namespace firn::bench
