#include "storage/page/page_format.h"

#include <fmt/core.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/labels.h"

namespace firn::storage {
namespace {

constexpr char kMagic = 'F';
constexpr char kVersion = 3;  // What is written; all from 1 on are read.
constexpr char kMetricSection = 1;
constexpr char kWindowSection = 2;
constexpr char kBehindAllSections = 3;
// A zero byte inside a metric name, and the end of one: neither breaks the order.
constexpr std::string_view kEscapedZero("\0\xff", 2);
constexpr std::string_view kNameEnd("\0\1", 2);
constexpr size_t kWindowPrefixBytes = 1 + 8 + 4;

std::string WindowPrefix(const WindowId& window) {
  std::string key(1, static_cast<char>(window.tier));
  AppendOrdered64(window.start, &key);
  AppendFixed(__builtin_bswap32(window.generation), &key);
  return key;
}

uint64_t Checksum(std::string_view key, std::string_view head, std::string_view payload) {
  // The key takes part, so that a page in another's place is noticed.
  return Xxh3(payload) ^ (Xxh3(key) + 0x9e3779b97f4a7c15 * Xxh3(head));
}

std::string_view KindName(uint8_t kind) {
  switch (static_cast<PageKind>(kind)) {
    case PageKind::kData:
      return "data";
    case PageKind::kSeries:
      return "series";
    case PageKind::kLabels:
      return "label";
    case PageKind::kClocks:
      return "clock";
    case PageKind::kDirectory:
      return "directory";
    case PageKind::kRoot:
      return "root";
  }
  return "unknown";
}

}  // namespace

KeyRange WindowKeys(const WindowId& window) {
  const std::string prefix = WindowPrefix(window);
  return {.first = prefix, .last = prefix + kBehindAllSections};
}

KeyRange TierKeys(uint8_t tier, TimestampMs start, TimestampMs end) {
  KeyRange range{.first = std::string(1, static_cast<char>(tier)),
                 .last = std::string(1, static_cast<char>(tier))};
  AppendOrdered64(start, &range.first);
  AppendOrdered64(end, &range.last);
  return range;
}

std::string MetricKeyPrefix(const WindowId& window, std::string_view metric) {
  std::string key = WindowPrefix(window);
  key.push_back(kMetricSection);
  for (const char c : metric) {
    if (c == '\0') {
      key.append(kEscapedZero);
    } else {
      key.push_back(c);
    }
  }
  key.append(kNameEnd);
  return key;
}

std::string WindowKeyPrefix(const WindowId& window) {
  return WindowPrefix(window) + kWindowSection;
}

std::string PageKey(std::string_view prefix, PageKind kind, uint32_t number) {
  std::string key;
  key.reserve(prefix.size() + 5);
  key.append(prefix);
  key.push_back(static_cast<char>(kind));
  AppendFixed(__builtin_bswap32(number), &key);
  return key;
}

std::string SealPage(std::string_view key, PageKind kind, std::string_view payload) {
  std::string page;
  page.reserve(kPageHeaderBytes + payload.size());
  page.push_back(kMagic);
  page.push_back(kVersion);
  page.push_back(static_cast<char>(kind));
  page.push_back(0);
  AppendFixed(Checksum(key, page, payload), &page);
  page.append(payload);
  return page;
}

Result<std::string_view> OpenPage(std::string_view key, PageKind kind, std::string_view page) {
  const auto damaged = [&](std::string_view what) {
    return Corruption("{}: {}", DescribePage(key), what);
  };
  if (page.size() < kPageHeaderBytes) return damaged("cut short");
  const std::string_view head = page.substr(0, 4);
  ByteReader reader(page.substr(head.size()));
  const auto checksum = reader.Fixed<uint64_t>();
  if (checksum != Checksum(key, head, reader.rest())) return damaged("bad checksum");
  if (head[0] != kMagic) return damaged("not a page");
  if (head[1] < 1 || head[1] > kVersion) return damaged("written by a newer version");
  if (head[2] != static_cast<char>(kind) || head[3] != 0) return damaged("of another kind");
  return reader.rest();
}

std::optional<WindowId> WindowOfKey(std::string_view key) {
  ByteReader reader(key);
  WindowId window;
  window.tier = reader.Fixed<uint8_t>();
  window.start = reader.Ordered64();
  window.generation = __builtin_bswap32(reader.Fixed<uint32_t>());
  const auto section = reader.Fixed<uint8_t>();
  if (!reader.ok() || (section != kMetricSection && section != kWindowSection)) {
    return std::nullopt;
  }
  return window;
}

std::optional<PageKind> KindOfKey(std::string_view key) {
  constexpr size_t kTailBytes = 5;  // Kind and number.
  if (key.size() < kWindowPrefixBytes + 1 + kTailBytes) return std::nullopt;
  const auto kind = static_cast<uint8_t>(key[key.size() - kTailBytes]);
  if (kind < static_cast<uint8_t>(PageKind::kData) ||
      kind > static_cast<uint8_t>(PageKind::kRoot)) {
    return std::nullopt;
  }
  return static_cast<PageKind>(kind);
}

std::string DescribePage(std::string_view key) {
  if (key.size() < kWindowPrefixBytes + 1 + 5) return "page with a malformed key";
  ByteReader reader(key);
  const auto tier = reader.Fixed<uint8_t>();
  const int64_t start = reader.Ordered64();
  const uint32_t generation = __builtin_bswap32(reader.Fixed<uint32_t>());
  std::string text = fmt::format("tier {} window {} generation {}", tier, start, generation);
  const std::string_view rest = reader.rest();
  if (rest.front() == kMetricSection) {
    std::string name(rest.substr(1, rest.size() - 1 - 5));
    if (name.size() >= kNameEnd.size()) name.resize(name.size() - kNameEnd.size());
    text += fmt::format(" metric {}", QuoteGo(name));
  }
  ByteReader tail(rest.substr(rest.size() - 5));
  const auto kind = tail.Fixed<uint8_t>();
  text += fmt::format(" {} page {}", KindName(kind), __builtin_bswap32(tail.Fixed<uint32_t>()));
  return text;
}

}  // namespace firn::storage
