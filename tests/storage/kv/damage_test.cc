// Damages the files of a store at rest, in every way and place: it must refuse, report, fail
// the read or hold equal data. It must never lose anything silently, nor delete a file.
#include <fstream>
#include <iostream>
#include <random>
#include <set>
#include <thread>

#include "tests/storage/kv/store_fixture.h"
#include "tests/support/copy_at_rest.h"
#include "tests/support/soak.h"

namespace firn::storage {
namespace {

namespace fs = std::filesystem;

class DamageTest : public StoreFixture {
 protected:
  void SetUp() override {
    StoreFixture::SetUp();
    // Thousands of opens: in memory where there is some.
    if (!fs::exists("/dev/shm")) return;
    std::string name = "/dev/shm/firn_damage_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    memory_ = name;
    options_.path = (memory_ / "data").string();
  }
  void TearDown() override {
    StoreFixture::TearDown();
    if (!memory_.empty()) fs::remove_all(memory_);
  }

  // A store with tables and something in its log, as kill -9 leaves it: a copy taken while
  // the store was open, after the guard was written.
  void MakeStore() {
    options_.journal_memtable_bytes = 64 << 10;
    Open();
    for (int round = 0; round < 6; ++round) {
      const uint64_t series = 10 + round;
      for (int i = 0; i < 4; ++i) {
        Append("entry " + Noise(round * 4 + i, 8000), {{series, "definition"}});
      }
      const std::string window = "w" + std::to_string(round);
      ASSERT_TRUE(
          Publish({{window, Noise(100 + round, 3000)}}, {{.key = window, .value = "here"}}).ok());
    }
    Append("last");
    store_->Tick();
    journal_ = Journal();
    pages_ = ReadPages();
    catalog_ = Catalog();
    pristine_ = fs::path(options_.path).string() + ".pristine";
    ASSERT_TRUE(CopyAtRest(options_.path, pristine_, [this] { store_->Tick(); }));
    store_.reset();
  }

  void Restore() {
    store_.reset();
    fs::remove_all(options_.path);
    fs::copy(pristine_, options_.path, fs::copy_options::recursive);
  }

  std::vector<std::string> FilesLike(std::string_view part) const {
    std::vector<std::string> names;
    for (const auto& file : fs::directory_iterator(pristine_)) {
      const std::string name = file.path().filename().string();
      if (file.is_regular_file() && name.find(part) != std::string::npos) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string PathTo(const std::string& name) const { return options_.path + "/" + name; }

  static void FlipBit(const std::string& path, uint64_t bit) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(bit / 8));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(bit / 8));
    file.put(static_cast<char>(byte ^ (1 << bit % 8)));
  }

  enum class Outcome { kRefused, kDegraded, kReadError, kEqual, kSilentLoss };

  // Opens and compares everything.
  Outcome Judge() {
    std::set<std::string> before;
    for (const auto& file : fs::directory_iterator(options_.path)) {
      if (file.path().extension() == ".sst") before.insert(file.path().filename().string());
    }
    const Status opened = TryOpen();
    if (!opened.ok()) {
      EXPECT_FALSE(opened.message().empty());
      for (const std::string& name : before) {
        EXPECT_TRUE(fs::exists(PathTo(name))) << name << " was deleted: " << opened.ToString();
      }
      return Outcome::kRefused;
    }
    if (store_->recovery().degraded) return Outcome::kDegraded;
    Entries journal;
    Status read = store_->ReplayJournal([&](uint64_t number, std::string_view entry) {
      journal.emplace_back(number, entry);
      return OkStatus();
    });
    PageMap pages;
    if (read.ok()) {
      read = store_->Pages()->Scan("", "\xff", [&](std::string_view key, PinnedPage page) {
        pages.emplace(key, page.bytes);
        return OkStatus();
      });
    }
    std::map<std::string, std::string> catalog;
    if (read.ok()) {
      read = store_->ScanCatalog("", [&](std::string_view key, std::string_view value) {
        catalog.emplace(key, value);
        return OkStatus();
      });
    }
    if (!read.ok()) return Outcome::kReadError;
    const bool equal = journal == journal_ && pages == pages_ && catalog == catalog_;
    return equal ? Outcome::kEqual : Outcome::kSilentLoss;
  }

  // Counts outcomes; a silent loss fails the test.
  void Count(const std::string& what) {
    const Outcome outcome = Judge();
    EXPECT_NE(outcome, Outcome::kSilentLoss) << what;
    ++outcomes_[outcome];
  }
  void Print(std::string_view title) {
    std::cout << title << ": refused " << outcomes_[Outcome::kRefused] << ", degraded "
              << outcomes_[Outcome::kDegraded] << ", read error " << outcomes_[Outcome::kReadError]
              << ", equal " << outcomes_[Outcome::kEqual] << ", silent "
              << outcomes_[Outcome::kSilentLoss] << "\n";
  }

  fs::path memory_;
  fs::path pristine_;
  Entries journal_;
  PageMap pages_;
  std::map<std::string, std::string> catalog_;
  std::map<Outcome, int> outcomes_;
};

TEST_F(DamageTest, UndamagedCopyIsEqual) {
  MakeStore();
  Restore();
  EXPECT_EQ(Judge(), Outcome::kEqual);
}

TEST_F(DamageTest, CutManifestIsRefusedAtEveryLength) {
  MakeStore();
  const std::vector<std::string> manifests = FilesLike("MANIFEST");
  ASSERT_EQ(manifests.size(), 1u);
  const uint64_t size = fs::file_size(pristine_ / manifests[0]);
  ASSERT_GT(size, 1000u);
  for (uint64_t cut = 0; cut < size; cut += 1 + size / 150) {
    Restore();
    fs::resize_file(PathTo(manifests[0]), cut);
    const Status opened = TryOpen();
    ASSERT_EQ(opened.code(), StatusCode::kCorruption) << "cut at " << cut;
    EXPECT_NE(opened.message().find(manifests[0]), std::string_view::npos);
    EXPECT_NE(opened.message().find("repair"), std::string_view::npos);
    EXPECT_EQ(FilesLike(".sst").size(), [&] {
      size_t tables = 0;
      for (const auto& file : fs::directory_iterator(options_.path)) {
        tables += file.path().extension() == ".sst" ? 1 : 0;
      }
      return tables;
    }());
  }
}

TEST_F(DamageTest, FlippedBitsAreNeverASilentLoss) {
  MakeStore();
  std::mt19937_64 random(SoakSeed(42));
  for (const std::string kind : {"MANIFEST", "CURRENT", "GUARD", ".log", ".sst"}) {
    outcomes_.clear();
    const std::vector<std::string> names = FilesLike(kind);
    ASSERT_FALSE(names.empty()) << kind;
    for (int i = 0; i < ScaledRuns(60); ++i) {
      const std::string& name = names[random() % names.size()];
      const uint64_t size = fs::file_size(pristine_ / name);
      if (size == 0) continue;
      const uint64_t bit = random() % (8 * size);
      Restore();
      FlipBit(PathTo(name), bit);
      Count(name + " bit " + std::to_string(bit));
    }
    Print("bit flips in " + kind);
  }
}

TEST_F(DamageTest, CutOrMissingFilesAreNeverASilentLoss) {
  MakeStore();
  std::mt19937_64 random(SoakSeed(43));
  for (const std::string kind : {"CURRENT", "GUARD", ".log", ".sst"}) {
    outcomes_.clear();
    const std::vector<std::string> names = FilesLike(kind);
    for (int i = 0; i < ScaledRuns(40); ++i) {
      const std::string& name = names[random() % names.size()];
      const uint64_t size = fs::file_size(pristine_ / name);
      if (size == 0) continue;
      Restore();
      const uint64_t cut = random() % size;
      fs::resize_file(PathTo(name), cut);
      Count(name + " cut at " + std::to_string(cut));
    }
    for (const std::string& name : names) {
      if (fs::file_size(pristine_ / name) == 0) continue;
      Restore();
      fs::remove(PathTo(name));
      Count(name + " removed");
    }
    Print("cuts of " + kind);
  }
}

TEST_F(DamageTest, LostLogIsReportedWithItsCountAndRememberedAfterwards) {
  MakeStore();
  Restore();
  uint64_t newest = 0;
  std::string log;
  for (const std::string& name : FilesLike(".log")) {
    const uint64_t number = std::stoull(name);
    if (number >= newest) {
      newest = number;
      log = name;
    }
  }
  ASSERT_GT(fs::file_size(pristine_ / log), 10u);
  fs::resize_file(PathTo(log), fs::file_size(pristine_ / log) - 5);  // As if torn.
  Open();
  ASSERT_TRUE(store_->recovery().degraded);
  EXPECT_GE(store_->recovery().lost_sequences, 1u);
  EXPECT_NE(store_->recovery().text.find("acknowledged writes are missing"), std::string::npos);
  const uint64_t lost = store_->recovery().lost_sequences;
  Append("life goes on");
  Open();
  EXPECT_FALSE(store_->recovery().degraded);
  EXPECT_EQ(store_->recovery().lost_sequences_total, lost);
}

TEST_F(DamageTest, OlderCopyOfCurrentOrMissingGuardIsRefused) {
  MakeStore();
  Restore();
  Open();  // RocksDB begins a new MANIFEST with each open.
  store_.reset();
  fs::copy_file(pristine_ / "CURRENT", PathTo("CURRENT"), fs::copy_options::overwrite_existing);
  EXPECT_EQ(TryOpen().code(), StatusCode::kCorruption);
  Restore();
  fs::remove(PathTo("GUARD"));
  const Status opened = TryOpen();
  EXPECT_EQ(opened.code(), StatusCode::kCorruption);
  EXPECT_NE(opened.message().find("GUARD is missing"), std::string_view::npos);
  Restore();
  fs::remove(PathTo("GUARD"));
  fs::remove(PathTo("CURRENT"));
  EXPECT_EQ(TryOpen().code(), StatusCode::kCorruption);  // Not a new store: tables are there.
}

}  // namespace
}  // namespace firn::storage
