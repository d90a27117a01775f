// What all pages share: keys that keep one metric of one window together, and a header with
// a checksum over key and payload. Layout: docs/format/page.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "storage/page/page_io.h"
#include "storage/page/window.h"

namespace firn::storage {

// In the order of their keys: first those of a metric, then those of the window.
enum class PageKind : uint8_t {
  kData = 1,       // Coded columns of series.
  kSeries = 2,     // Where the columns of a segment's series lie.
  kLabels = 3,     // Label table of a segment.
  kClocks = 4,     // Distinct time columns of the window.
  kDirectory = 5,  // Metrics of the window.
  kRoot = 6,       // Summary; written last: without it the window does not exist.
};

inline constexpr size_t kPageHeaderBytes = 12;
// A page is closed when its payload reaches this.
inline constexpr size_t kPagePayloadTarget = 64 << 10;

// Keys of the pages of one metric, or of those of the window itself.
std::string MetricKeyPrefix(const WindowId& window, std::string_view metric);
std::string WindowKeyPrefix(const WindowId& window);
std::string PageKey(std::string_view prefix, PageKind kind, uint32_t number);

// Header and payload, to be stored under `key`.
std::string SealPage(std::string_view key, PageKind kind, std::string_view payload);
// The payload. Corruption if header or checksum do not fit.
Result<std::string_view> OpenPage(std::string_view key, PageKind kind, std::string_view page);

// The window that a page under `key` is part of, without its end; none if no page has such a key.
std::optional<WindowId> WindowOfKey(std::string_view key);

// What the page under `key` holds; none if no page has such a key.
std::optional<PageKind> KindOfKey(std::string_view key);

// "tier 0 window 1700000000000 generation 2 metric \"up\" data page 7", for messages.
std::string DescribePage(std::string_view key);
// `status` with that before its message; costs nothing if it is OK.
inline Status AtPage(std::string_view key, Status status) {
  return status.ok() ? status : status.WithContext(DescribePage(key));
}

}  // namespace firn::storage
