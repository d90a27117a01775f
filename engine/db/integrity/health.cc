#include "engine/db/integrity/health.h"

#include <algorithm>
#include <ctime>

#include <fmt/core.h>

#include "base/labels.h"

namespace firn::engine {
namespace {

std::string JsonText(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

std::string JsonList(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ",") + JsonText(text);
  return "[" + out + "]";
}

std::string Named(const WindowHealth& window) {
  const std::string kind = window.resolution == 0
                               ? "raw window"
                               : fmt::format("{} s tier", window.resolution / kSecondMs);
  return fmt::format("{} {} to {} generation {}", kind, UtcText(window.id.start),
                     UtcText(window.id.end), window.id.generation);
}

std::string LossText(const Loss& loss) {
  const std::string what = loss.whole ? "all metrics" : "metric " + QuoteGo(loss.metric);
  return fmt::format("  {}: {} series, {} samples lost, {} to {}: {}\n", what, loss.series,
                     loss.samples, UtcText(loss.range.min), UtcText(loss.range.max), loss.error);
}

std::string LossJson(const Loss& loss) {
  return fmt::format(
      R"({{"metric":{},"whole":{},"from":{},"to":{},"series":{},"samples":{},"error":{}}})",
      JsonText(loss.metric), loss.whole, loss.range.min, loss.range.max, loss.series, loss.samples,
      JsonText(loss.error));
}

std::string WindowJson(const WindowHealth& window) {
  std::string losses;
  for (const Loss& loss : window.losses) losses += (losses.empty() ? "" : ",") + LossJson(loss);
  return fmt::format(
      R"({{"resolution_ms":{},"start":{},"end":{},"generation":{},"series":{},"samples":{},)"
      R"("fate":"{}","losses":[{}],"stray":{}}})",
      window.resolution, window.id.start, window.id.end, window.id.generation, window.series,
      window.samples, FateName(window.fate), losses, JsonList(window.stray));
}

template <typename Get>
uint64_t Sum(const std::vector<WindowHealth>& windows, const Get& get) {
  uint64_t sum = 0;
  for (const WindowHealth& window : windows) {
    for (const Loss& loss : window.losses) sum += get(loss);
  }
  return sum;
}

}  // namespace

std::string_view FateName(Fate fate) {
  switch (fate) {
    case Fate::kKept:
      return "kept";
    case Fate::kPartial:
      return "partial";
    case Fate::kDropped:
      return "dropped";
    case Fate::kRebuilt:
      return "rebuilt";
  }
  return "unknown";
}

bool StoreHealth::ok() const {
  return damage.empty() && std::all_of(windows.begin(), windows.end(),
                                       [](const WindowHealth& window) { return window.ok(); });
}

uint64_t StoreHealth::lost_series() const {
  return Sum(windows, [](const Loss& loss) { return loss.series; });
}

uint64_t StoreHealth::lost_samples() const {
  return Sum(windows, [](const Loss& loss) { return loss.samples; });
}

std::string HealthText(const StoreHealth& health) {
  std::string out;
  for (const std::string& text : health.damage) out += fmt::format("damage: {}\n", text);
  uint64_t samples = 0;
  for (const WindowHealth& window : health.windows) {
    samples += window.samples;
    if (window.ok()) continue;
    out += fmt::format("damage: {}", Named(window));
    if (window.fate != Fate::kKept) out += fmt::format(" ({})", FateName(window.fate));
    out += '\n';
    for (const Loss& loss : window.losses) out += LossText(loss);
    for (const std::string& stray : window.stray) {
      out += fmt::format("  no series is lost: {}\n", stray);
    }
  }
  for (const std::string& text : health.notes) out += fmt::format("note: {}\n", text);
  out += fmt::format(
      "{} windows with {} samples, {} series definitions, {} journal entries with {} samples, {} "
      "exemplars, {} table files of {} bytes: ",
      health.windows.size(), samples, health.series_definitions, health.journal_entries,
      health.journal_samples, health.exemplars, health.table_files, health.table_bytes);
  if (health.ok()) return out + "all verified\n";
  return out + fmt::format("damaged; {} series and {} samples lost in windows\n",
                           health.lost_series(), health.lost_samples());
}

std::string HealthJson(const StoreHealth& health) {
  std::string windows;
  for (const WindowHealth& window : health.windows) {
    if (window.ok() && window.fate == Fate::kKept) continue;
    windows += (windows.empty() ? "" : ",") + WindowJson(window);
  }
  return fmt::format(
      R"({{"ok":{},"windows":{},"table_files":{},"table_bytes":{},"series_definitions":{},)"
      R"("journal_entries":{},"journal_samples":{},"exemplars":{},"metadata":{},)"
      R"("lost_series":{},"lost_samples":{},"damage":{},"notes":{},"damaged_windows":[{}]}})"
      "\n",
      health.ok(), health.windows.size(), health.table_files, health.table_bytes,
      health.series_definitions, health.journal_entries, health.journal_samples, health.exemplars,
      health.metadata, health.lost_series(), health.lost_samples(), JsonList(health.damage),
      JsonList(health.notes), windows);
}

std::string UtcText(TimestampMs t) {
  const int64_t seconds = FloorTo(t, kSecondMs) / kSecondMs;
  const std::time_t time = seconds;
  std::tm utc{};
  constexpr int64_t kYear9999 = 253'402'300'799;
  if (seconds < -62'135'596'800 || seconds > kYear9999 || gmtime_r(&time, &utc) == nullptr) {
    return fmt::format("{} ms", t);
  }
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                     t - seconds * kSecondMs);
}

}  // namespace firn::engine
