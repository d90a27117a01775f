#include "bench/load/dashboards.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>

#include <fmt/core.h>

#include "bench/load/fleet.h"
#include "tools/http_client.h"

namespace firn::bench {

struct Dashboards::Viewer {
  const std::vector<Panel>* panels = nullptr;
  std::string host;
  PanelSpan span;
  std::vector<tools::HttpClient> clients;
  std::atomic<size_t> next = 0;  // Panel to load.
  std::mutex mutex;
  DashboardFigures figures;
  std::map<std::string_view, std::vector<double>> by_panel;
  Random random{0};
  std::thread thread;
};

Dashboards::Dashboards(DashboardOptions options) : options_(std::move(options)) {
  for (uint32_t d = 0; d < options_.dashboards; ++d) {
    auto viewer = std::make_unique<Viewer>();
    viewer->random = Random(d + 1);
    viewer->panels = d % 2 == 0 ? &HostPanels() : &FleetPanels();
    viewer->host = options_.hosts[viewer->random.Below(options_.hosts.size())];
    for (uint32_t c = 0; c < options_.parallel; ++c) {
      viewer->clients.emplace_back(options_.host, options_.port);
    }
    viewers_.push_back(std::move(viewer));
  }
}

Dashboards::~Dashboards() {
  stop_ = true;
  for (const auto& viewer : viewers_) {
    if (viewer->thread.joinable()) viewer->thread.join();
  }
}

void Dashboards::Start() {
  for (const auto& viewer : viewers_) {
    viewer->thread = std::thread([this, v = viewer.get()] { Run(v); });
  }
}

// Takes panels one after another until all are loaded, as one connection of a browser does.
void Dashboards::Load(Viewer* viewer, uint32_t slot) {
  DashboardFigures figures;
  while (true) {
    const size_t index = viewer->next.fetch_add(1);
    if (index >= viewer->panels->size()) break;
    const Panel& panel = (*viewer->panels)[index];
    const PanelRequest request = RequestOf(panel, viewer->host, viewer->span);
    while (true) {
      const auto asked = SteadyClock::now();
      const auto answer = viewer->clients[slot].Post(
          request.path, "application/x-www-form-urlencoded", "", request.form);
      const double ms = 1e3 * Seconds(SteadyClock::now() - asked);
      if (answer.ok() && (answer->status == 503 || answer->status == 429)) {
        figures.refused_ms.push_back(ms);
        if (stop_) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(options_.backoff_ms));
        continue;
      }
      if (answer.ok() && answer->status == 200) {
        figures.ms.push_back(ms);
        figures.bytes += answer->body.size();
        figures.empty += answer->body.find("\"result\":[]") != std::string::npos;
        const std::lock_guard lock(viewer->mutex);
        viewer->by_panel[panel.title].push_back(ms);
      } else if (figures.failed++ == 0) {
        figures.failure = answer.ok() ? fmt::format("status {}: {}", answer->status, answer->body)
                                      : answer.status().ToString();
      }
      break;
    }
  }
  const std::lock_guard lock(viewer->mutex);
  DashboardFigures& all = viewer->figures;
  all.ms.insert(all.ms.end(), figures.ms.begin(), figures.ms.end());
  all.refused_ms.insert(all.refused_ms.end(), figures.refused_ms.begin(), figures.refused_ms.end());
  all.bytes += figures.bytes;
  all.empty += figures.empty;
  all.failed += figures.failed;
  if (all.failure.empty()) all.failure = figures.failure;
}

void Dashboards::Run(Viewer* viewer) {
  const auto period = std::chrono::duration_cast<SteadyClock::duration>(
      std::chrono::duration<double>(options_.refresh_seconds));
  // Nobody opens all dashboards at the same moment.
  auto next = SteadyClock::now() + period * static_cast<int>(viewer->random.Below(1000)) / 1000;
  while (true) {
    while (!stop_ && SteadyClock::now() < next) {
      std::this_thread::sleep_for(std::min<SteadyClock::duration>(next - SteadyClock::now(),
                                                                  std::chrono::milliseconds(50)));
    }
    if (stop_) return;
    const auto begin = SteadyClock::now();
    viewer->span.end_ms = options_.now_ms();
    viewer->span.range_ms = options_.range_ms;
    viewer->next = 0;
    std::vector<std::thread> others;
    for (uint32_t c = 1; c < viewer->clients.size(); ++c) {
      others.emplace_back([this, viewer, c] { Load(viewer, c); });
    }
    Load(viewer, 0);
    for (std::thread& other : others) other.join();
    viewer->figures.loaded_ms.push_back(1e3 * Seconds(SteadyClock::now() - begin));
    next = std::max(next + period, begin);
  }
}

DashboardFigures Dashboards::Stop() {
  stop_ = true;
  DashboardFigures all;
  std::map<std::string, std::vector<double>> by_panel;
  for (const auto& viewer : viewers_) {
    viewer->thread.join();
    const DashboardFigures& one = viewer->figures;
    all.ms.insert(all.ms.end(), one.ms.begin(), one.ms.end());
    all.refused_ms.insert(all.refused_ms.end(), one.refused_ms.begin(), one.refused_ms.end());
    all.loaded_ms.insert(all.loaded_ms.end(), one.loaded_ms.begin(), one.loaded_ms.end());
    all.bytes += one.bytes;
    all.empty += one.empty;
    all.failed += one.failed;
    if (all.failure.empty()) all.failure = one.failure;
    const char* kind = viewer->panels == &HostPanels() ? "host" : "fleet";
    for (const auto& [title, ms] : viewer->by_panel) {
      auto& out = by_panel[fmt::format("{}: {}", kind, title)];
      out.insert(out.end(), ms.begin(), ms.end());
    }
  }
  for (auto& [title, ms] : by_panel) {
    std::sort(ms.begin(), ms.end());
    all.panels.push_back({title, std::move(ms)});
  }
  for (auto* list : {&all.ms, &all.refused_ms, &all.loaded_ms})
    std::sort(list->begin(), list->end());
  return all;
}

}  // namespace firn::bench
