// Kills a process that writes to a store at a random moment, again and again in one
// directory, and compares what is left with what it was told. This program is its own child.
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <iostream>
#include <set>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/check.h"
#include "base/hash.h"
#include "tests/crash/store_workload.h"
#include "tests/support/soak.h"

namespace firn::storage {
namespace {

constexpr int kWriters = 2;
constexpr uint64_t kEntriesMax = 1 << 16;

// What the child was told, in memory that outlives it.
struct Told {
  std::atomic<uint64_t> ready;               // Children that opened the store.
  std::atomic<uint64_t> appended[kWriters];  // Entries acknowledged so far.
  std::atomic<uint64_t> number[kWriters][kEntriesMax];
  std::atomic<uint64_t> floor;    // Entries below may be gone.
  std::atomic<uint64_t> windows;  // Publications acknowledged so far.
  std::atomic<uint64_t> bad;      // Calls that failed without reason.
};

std::string EntryText(uint64_t writer, uint64_t i) {
  std::string text = fmt::format("{}/{}/", writer, i);
  const size_t bytes = 50 + Xxh3(text) % 4000;
  while (text.size() < bytes) text += fmt::format("{:x}", Xxh3(text));
  return text;
}

std::string WindowName(uint64_t window) { return fmt::format("w{:08}", window); }

StoreOptions KillOptions(const std::string& path) {
  StoreOptions options;
  options.path = path;
  options.block_cache_bytes = 4 << 20;
  options.journal_memtable_bytes = 128 << 10;  // Flushes and log switches come often.
  options.min_free_disk_bytes = 0;
  return options;
}

Told* MapTold(const std::string& path) {
  FILE* const file = std::fopen(path.c_str(), "r+");
  FIRN_CHECK(file != nullptr);
  void* const memory =
      mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
  FIRN_CHECK(memory != MAP_FAILED);
  std::fclose(file);
  return static_cast<Told*>(memory);
}

void AppendForever(Store* store, Told* told, uint64_t writer) {
  for (uint64_t i = told->appended[writer]; i < kEntriesMax; ++i) {
    const std::string text = EntryText(writer, i);
    const SeriesRecord series[] = {{writer * kEntriesMax + i, text}};
    const Result<uint64_t> number = store->AppendJournal(text, series);
    if (!number.ok()) {
      ++told->bad;
      return;
    }
    told->number[writer][i] = *number;
    told->appended[writer] = i + 1;
  }
}

// Each publication adds a window of two pages and drops the one three before it.
bool PublishOne(Store* store, uint64_t window) {
  Result<std::unique_ptr<PageBatch>> batch = store->NewPageBatch();
  if (!batch.ok()) return false;
  const std::string name = WindowName(window);
  for (const char* page : {"/a", "/b"}) {
    if (!(*batch)->Put(name + page, EntryText(99, window) + page).ok()) return false;
  }
  std::vector<CatalogChange> changes = {{.key = name, .value = "here"}};
  std::vector<KeyRange> dropped;
  if (window > 3) {
    const std::string old = WindowName(window - 3);
    changes.push_back({.key = old, .value = std::nullopt});
    dropped.push_back({old + "/", old + "~"});
  }
  return store->Publish(*std::move(batch), changes, dropped).ok();
}

int ChildMain(const std::string& path, const std::string& told_path) {
  Told* const told = MapTold(told_path);
  Result<std::unique_ptr<Store>> opened = Store::Open(KillOptions(path));
  if (!opened.ok()) return 1;
  Store* const store = opened->get();
  ++told->ready;
  std::vector<std::thread> writers;
  for (uint64_t w = 0; w < kWriters; ++w) {
    writers.emplace_back([=] { AppendForever(store, told, w); });
  }
  for (uint64_t window = told->windows + 1;; ++window) {
    if (!PublishOne(store, window)) ++told->bad;
    told->windows = window;
    if (window % 8 == 0) {
      const uint64_t next = store->next_journal_number();
      const uint64_t keep = std::max<uint64_t>(told->floor, next > 500 ? next - 500 : 0);
      told->floor = keep;
      if (!store->TruncateJournal(keep).ok()) ++told->bad;
    }
    store->Tick();
  }
}

std::string CheckJournal(const Store& store, const Told& told) {
  std::string wrong;
  std::set<std::pair<uint64_t, uint64_t>> found;
  const Status status = store.ReplayJournal([&](uint64_t number, std::string_view text) {
    uint64_t writer = 0;
    uint64_t i = 0;
    if (std::sscanf(std::string(text.substr(0, 40)).c_str(), "%lu/%lu/", &writer, &i) != 2 ||
        writer >= kWriters || text != EntryText(writer, i)) {
      wrong = fmt::format("entry {} is wrong", number);
      return OkStatus();
    }
    const uint64_t acknowledged = told.appended[writer];
    if (i > acknowledged) wrong = fmt::format("entry {} was never written", number);
    if (i < acknowledged && told.number[writer][i] != number) {
      wrong = fmt::format("entry {} has another number", number);
    }
    found.emplace(writer, i);
    return OkStatus();
  });
  if (!status.ok()) return status.ToString();
  for (uint64_t w = 0; w < kWriters; ++w) {
    for (uint64_t i = 0; i < told.appended[w]; ++i) {
      if (told.number[w][i] >= told.floor && found.count({w, i}) == 0) {
        return fmt::format("acknowledged entry {} of writer {} is gone", i, w);
      }
    }
  }
  return wrong;
}

std::string CheckSeries(const Store& store, const Told& told) {
  std::set<uint64_t> series;
  const Status status = store.ScanSeries([&](uint64_t number, std::string_view) {
    series.insert(number);
    return OkStatus();
  });
  if (!status.ok()) return status.ToString();
  for (uint64_t w = 0; w < kWriters; ++w) {
    for (uint64_t i = 0; i < told.appended[w]; ++i) {
      if (series.count(w * kEntriesMax + i) == 0) {
        return fmt::format("series {} of writer {} is gone", i, w);
      }
    }
  }
  return "";
}

std::string CheckWindows(const Store& store, const Told& told) {
  std::vector<std::string> catalog;
  std::vector<std::string> pages;
  Status status = store.ScanCatalog("w", [&](std::string_view key, std::string_view) {
    catalog.emplace_back(key);
    return OkStatus();
  });
  if (!status.ok()) return status.ToString();
  status = store.Pages()->Scan("w", "x", [&](std::string_view key, PinnedPage page) {
    const std::string name(key.substr(0, 9));
    const uint64_t window = std::strtoull(name.c_str() + 1, nullptr, 10);
    if (page.bytes != EntryText(99, window) + std::string(key.substr(9))) {
      return Corruption("page {} is wrong", key);
    }
    if (pages.empty() || pages.back() != name) pages.push_back(name);
    return OkStatus();
  });
  if (!status.ok()) return status.ToString();
  if (pages != catalog) {
    return fmt::format("catalog has {}, pages are of {}", fmt::join(catalog, " "),
                       fmt::join(pages, " "));
  }
  const uint64_t last = told.windows;
  const auto expected = [](uint64_t newest) {
    std::vector<std::string> names;
    for (uint64_t w = newest > 3 ? newest - 2 : 1; w <= newest; ++w) names.push_back(WindowName(w));
    return names;
  };
  if (catalog == expected(last) || catalog == expected(last + 1)) return "";
  return fmt::format("{} windows, the last one acknowledged is {}", catalog.size(), last);
}

TEST(KillTest, AcknowledgedDataSurvivesKillsAtAnyMoment) {
  ScratchDir dir;
  const std::string path = (dir.path() / "data").string();
  const std::string told_path = (dir.path() / "told").string();
  std::ofstream(told_path).close();
  std::filesystem::resize_file(told_path, sizeof(Told));
  Told* const told = MapTold(told_path);
  const int kills = ScaledRuns(40);
  int under_load = 0;
  for (int kill_number = 0; kill_number < kills; ++kill_number) {
    const uint64_t ready = told->ready;
    const uint64_t appended = told->appended[0] + told->appended[1];
    const char* const arguments[] = {"kill_test", "--child", path.c_str(), told_path.c_str(),
                                     nullptr};
    pid_t child = 0;
    ASSERT_EQ(posix_spawn(&child, "/proc/self/exe", nullptr, nullptr,
                          const_cast<char* const*>(arguments), environ),
              0);
    // Some kills fall into opening, the others into the work after it.
    const auto now = [] { return std::chrono::steady_clock::now(); };
    const uint64_t dice = Xxh3(std::to_string(SoakSeed(static_cast<uint64_t>(kill_number))));
    auto end = now() + std::chrono::seconds(20);
    if (dice % 8 != 0) {
      while (told->ready == ready && now() < end) std::this_thread::yield();
      ASSERT_GT(told->ready, ready) << "the child does not open the store";
    }
    end = now() + std::chrono::microseconds(dice / 8 % 60'000);
    while (now() < end) std::this_thread::yield();
    ASSERT_EQ(kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
    if (told->appended[0] + told->appended[1] > appended) ++under_load;

    Result<std::unique_ptr<Store>> store = Store::Open(KillOptions(path));
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    ASSERT_FALSE((*store)->recovery().degraded) << (*store)->recovery().text;
    ASSERT_EQ(CheckJournal(**store, *told), "") << "kill " << kill_number;
    ASSERT_EQ(CheckSeries(**store, *told), "") << "kill " << kill_number;
    ASSERT_EQ(CheckWindows(**store, *told), "") << "kill " << kill_number;
    // An entry or window that turned up unacknowledged counts from now on.
    const uint64_t next = told->windows + 1;
    ASSERT_TRUE((*store)
                    ->ScanCatalog(WindowName(next),
                                  [&](std::string_view, std::string_view) {
                                    told->windows = next;
                                    return OkStatus();
                                  })
                    .ok());
    ASSERT_TRUE((*store)
                    ->ReplayJournal([&](uint64_t number, std::string_view text) {
                      uint64_t writer = 0;
                      uint64_t i = 0;
                      std::sscanf(std::string(text.substr(0, 40)).c_str(), "%lu/%lu/", &writer, &i);
                      if (i == told->appended[writer]) {
                        told->number[writer][i] = number;
                        told->appended[writer] = i + 1;
                      }
                      return OkStatus();
                    })
                    .ok());
  }
  EXPECT_EQ(told->bad, 0u);
  std::cout << kills << " kills, " << under_load << " under load, "
            << told->appended[0] + told->appended[1] << " entries and " << told->windows
            << " windows acknowledged\n";
  EXPECT_GT(under_load, kills / 2);
  munmap(told, sizeof(Told));
}

}  // namespace
}  // namespace firn::storage

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "--child") {
    return firn::storage::ChildMain(argv[2], argv[3]);
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
