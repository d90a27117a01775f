// The pages by which a window is opened: its metrics, and its root. Layout:
// docs/format/page.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "storage/page/window.h"

namespace firn::storage {

struct MetricEntry {
  std::string name;
  uint64_t series = 0;
  uint64_t float_samples = 0;
  uint64_t histogram_samples = 0;
  uint64_t bytes = 0;     // Of its pages.
  uint32_t segments = 0;  // Each has a series page and a label page.
  uint32_t data_pages = 0;
};

// Appends one entry to the payload of a directory page.
void AppendMetricEntry(const MetricEntry& entry, std::string* payload);
// Appends all entries of a page.
Status DecodeMetricEntries(std::string_view payload, std::vector<MetricEntry>* out);

struct WindowRoot {
  WindowId window;
  WindowSummary summary;
  uint32_t directory_pages = 0;
  std::vector<uint32_t> first_clocks;  // Of each clock page, ascending from 0.
};

std::string EncodeRoot(const WindowRoot& root);
Result<WindowRoot> DecodeRoot(std::string_view payload);

}  // namespace firn::storage
