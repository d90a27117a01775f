#include "tests/crash/store_workload.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <vector>

#include <fmt/core.h>

#include "base/check.h"
#include "base/hash.h"

namespace firn::storage {

namespace {

constexpr uint64_t kWindowsKept = 3;

// Content is a function of the number, so that nothing needs to be kept to compare it.
std::string EntryText(uint64_t entry) {
  std::string text = fmt::format("entry {} ", entry);
  const size_t length = 20 + Xxh3(text) % 3000;
  while (text.size() < length) text += fmt::format("{:x}", Xxh3(text));
  return text;
}

std::string SeriesText(uint64_t series) { return fmt::format("series {}", series); }
std::string WindowPrefix(uint64_t window) { return fmt::format("w{:08}", window); }
std::string WindowKey(uint64_t window) { return fmt::format("window/{:08}", window); }

std::string PageText(uint64_t window, int page) {
  std::string text = fmt::format("page {} {} ", window, page);
  while (text.size() < 2000) text += fmt::format("{:x}", Xxh3(text));
  return text;
}

std::optional<uint64_t> NumberAfter(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  return std::strtoull(std::string(text.substr(prefix.size())).c_str(), nullptr, 10);
}

}  // namespace

ScratchDir::ScratchDir() {
  const std::filesystem::path memory = "/dev/shm";
  std::string name =
      ((std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path()) /
       "firn_crash_XXXXXX")
          .string();
  FIRN_CHECK(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

ScratchDir::~ScratchDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

int StoreModel::RunRound(Store* store, uint64_t round) {
  int done = 0;
  for (int i = 0; i < 4; ++i) {
    const uint64_t entry = next_entry_++;
    const std::string text = EntryText(entry);
    const std::string series = SeriesText(entry);
    tried_entries_.insert(entry);
    tried_series_.insert(entry);
    const SeriesRecord definition[] = {{entry, series}};
    const Result<uint64_t> number = store->AppendJournal(text, definition);
    if (!number.ok()) continue;
    entries_.emplace(*number, entry);
    series_.insert(entry);
    ++done;
  }
  const std::string bytes = SeriesText(round);
  const MetadataRecord metadata[] = {{"round", bytes}};
  if (store->PutMetadata(metadata).ok()) ++done;
  PublishWindow(store, round, &done);
  if (round % 4 == 3) {
    const uint64_t next = store->next_journal_number();
    floor_ = std::max(floor_, next > 6 ? next - 6 : 0);
    if (store->TruncateJournal(floor_).ok()) ++done;
  }
  acknowledged_ += done;
  return done;
}

void StoreModel::PublishWindow(Store* store, uint64_t window, int* done) {
  std::set<uint64_t> touched = {window};
  std::vector<CatalogChange> changes = {{.key = WindowKey(window), .value = "here"}};
  std::vector<KeyRange> dropped;
  for (const uint64_t old : windows_) {
    if (old + kWindowsKept > window) break;
    touched.insert(old);
    changes.push_back({.key = WindowKey(old), .value = std::nullopt});
    dropped.push_back({WindowPrefix(old) + "/", WindowPrefix(old) + "~"});
  }
  const auto publish = [&]() -> Status {
    FIRN_ASSIGN_OR_RETURN(std::unique_ptr<PageBatch> batch, store->NewPageBatch());
    for (int page = 0; page < 2; ++page) {
      FIRN_RETURN_IF_ERROR(
          batch->Put(fmt::format("{}/{}", WindowPrefix(window), page), PageText(window, page)));
    }
    return store->Publish(std::move(batch), changes, dropped);
  };
  if (publish().ok()) {
    for (const uint64_t w : touched) windows_.erase(w);
    windows_.insert(window);
    ++*done;
    return;
  }
  unsure_windows_.insert(touched.begin(), touched.end());
}

std::string StoreModel::Verify(Store* store) {
  if (store->recovery().degraded) return "degraded: " + store->recovery().text;
  if (std::string wrong = VerifyJournal(store); !wrong.empty()) return wrong;
  return VerifyWindows(store);
}

std::string StoreModel::VerifyJournal(Store* store) {
  std::string wrong;
  std::map<uint64_t, uint64_t> found;
  Status status = store->ReplayJournal([&](uint64_t number, std::string_view text) {
    const std::optional<uint64_t> entry = NumberAfter(text, "entry ");
    if (!entry || text != EntryText(*entry)) {
      wrong = fmt::format("journal {} holds wrong bytes", number);
    } else if (tried_entries_.count(*entry) == 0) {
      wrong = fmt::format("journal {} holds entry {} that nobody wrote", number, *entry);
    }
    found.emplace(number, entry.value_or(0));
    return OkStatus();
  });
  if (!status.ok()) return "replay: " + status.ToString();
  if (!wrong.empty()) return wrong;
  for (const auto& [number, entry] : entries_) {
    if (number < floor_) continue;
    const auto it = found.find(number);
    if (it == found.end()) return fmt::format("acknowledged journal entry {} is gone", number);
    if (it->second != entry) return fmt::format("journal entry {} is another one", number);
  }
  std::set<uint64_t> series;
  status = store->ScanSeries([&](uint64_t number, std::string_view text) {
    if (text != SeriesText(number) || tried_series_.count(number) == 0) {
      wrong = fmt::format("series {} is wrong", number);
    }
    series.insert(number);
    return OkStatus();
  });
  if (!status.ok()) return "series: " + status.ToString();
  if (!wrong.empty()) return wrong;
  for (const uint64_t number : series_) {
    if (series.count(number) == 0) return fmt::format("acknowledged series {} is gone", number);
  }
  for (const auto& [number, entry] : found) {
    if (series.count(entry) == 0) return fmt::format("entry {} without its series", entry);
  }
  entries_ = std::move(found);
  series_ = std::move(series);
  return "";
}

std::string StoreModel::VerifyWindows(Store* store) {
  std::set<uint64_t> catalog;
  Status status = store->ScanCatalog("window/", [&](std::string_view key, std::string_view) {
    catalog.insert(NumberAfter(key, "window/").value_or(0));
    return OkStatus();
  });
  if (!status.ok()) return "catalog: " + status.ToString();
  std::map<uint64_t, int> pages;
  std::string wrong;
  status = store->Pages()->Scan("w", "x", [&](std::string_view key, PinnedPage page) {
    const uint64_t window = NumberAfter(key.substr(0, 9), "w").value_or(0);
    if (page.bytes != PageText(window, key.back() - '0')) wrong = "a page holds wrong bytes";
    ++pages[window];
    return OkStatus();
  });
  if (!status.ok()) return "pages: " + status.ToString();
  if (!wrong.empty()) return wrong;
  for (const auto& [window, count] : pages) {
    if (count != 2) return fmt::format("window {} has {} pages", window, count);
    if (catalog.count(window) == 0) return fmt::format("pages of window {} unknown", window);
  }
  for (const uint64_t window : catalog) {
    if (pages.count(window) == 0) return fmt::format("window {} has no pages", window);
  }
  for (const uint64_t window : windows_) {
    if (unsure_windows_.count(window) == 0 && catalog.count(window) == 0) {
      return fmt::format("acknowledged window {} is gone", window);
    }
  }
  for (const uint64_t window : catalog) {
    if (unsure_windows_.count(window) == 0 && windows_.count(window) == 0) {
      return fmt::format("dropped window {} is back", window);
    }
  }
  windows_ = std::move(catalog);
  unsure_windows_.clear();
  return "";
}

}  // namespace firn::storage
