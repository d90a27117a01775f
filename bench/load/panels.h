// What the panels of two dashboards ask, as Grafana asks it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace firn::bench {

struct Panel {
  std::string_view title;
  std::string_view expression;  // $host stands for an instance.
  bool instant = false;         // Of stat panels and tables; else over the span of the dashboard.
};

// Twelve of one host each, twelve of all hosts together, over the series of the capture fleet.
const std::vector<Panel>& HostPanels();
const std::vector<Panel>& FleetPanels();

struct PanelSpan {
  int64_t end_ms = 0;
  int64_t range_ms = 3'600'000;
  int64_t step_ms = 15'000;
};

struct PanelRequest {
  std::string path;
  std::string form;
};

// Both ends rounded down to the step, as Grafana does it.
PanelRequest RequestOf(const Panel& panel, std::string_view host, const PanelSpan& span);

}  // namespace firn::bench
