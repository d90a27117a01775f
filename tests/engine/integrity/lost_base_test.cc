// A journal of which an entry is gone whose values others are differences to.
#include <array>

#include "base/bytes.h"
#include "engine/db/integrity/repair.h"
#include "engine/db/integrity/verify.h"
#include "engine/head/journal/journal_entry.h"
#include "storage/kv/store.h"
#include "tests/engine/integrity/integrity_fixture.h"

namespace firn::engine {
namespace {

class LostBaseTest : public IntegrityFixture {
 protected:
  // Entry 5 depends on 3, which is lost, for one series and on 4 for the other; entry 6 on 2, which
  // is forgotten since all that depends on it is in pages.
  void MakeJournal() {
    storage::StoreOptions options;
    options.path = damaged_.string();
    const auto store = storage::Store::Open(options);
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    std::vector<storage::RawRecord> series;
    for (uint64_t number = 1; number <= 2; ++number) {
      const Labels labels = Labels::FromPairs({{"__name__", "m"}, {"n", std::to_string(number)}});
      series.push_back({Key(number), std::string(labels.packed())});
    }
    ASSERT_TRUE((*store)->Import(storage::RecordKind::kSeries, series).ok());
    JournalEntryWriter writer;
    writer.Add(2, {kStart, 2000});
    std::vector<storage::RawRecord> entries;
    entries.push_back({Key(4), std::string(writer.Finish())});
    writer.Clear();
    writer.AddSince({.entry = 3, .value = 1000}, 1, {kStart + 1000, 1100});
    writer.AddSince({.entry = 4, .value = 2000}, 2, {kStart + 1000, 2100});
    entries.push_back({Key(5), std::string(writer.Finish())});
    writer.Clear();
    writer.AddSince({.entry = 2, .value = 1000}, 1, {kStart + 2000, 1200});
    entries.push_back({Key(6), std::string(writer.Finish())});
    ASSERT_TRUE((*store)->Import(storage::RecordKind::kJournal, entries).ok());
    ASSERT_TRUE((*store)->TruncateJournal(3).ok());
    ASSERT_TRUE((*store)->Close().ok());
  }

  static std::string Key(uint64_t number) {
    std::string key;
    AppendBigEndian64(number, &key);
    return key;
  }

  void ExpectTheRest(const std::filesystem::path& path, std::string_view report) {
    auto db = TryOpen(path);
    ASSERT_TRUE(db.ok()) << db.status().ToString();
    EXPECT_EQ((*db)->RecoveryReport(), report);
    const auto got = Ask(**db);
    ASSERT_TRUE(got.ok());
    ASSERT_EQ(got->raw.size(), 1u);
    EXPECT_EQ(got->raw.begin()->second.samples.size(), 2u);
  }
};

TEST_F(LostBaseTest, IsToldAndTheRestIsServed) {
  MakeJournal();
  ExpectTheRest(damaged_, "1 samples in the journal are differences to values that are missing");
}

TEST_F(LostBaseTest, IsFoundByVerifyAndLeftOutByRepair) {
  MakeJournal();
  const auto health = VerifyStore({.path = damaged_.string()});
  ASSERT_TRUE(health.ok()) << health.status().ToString();
  const std::string lost = UtcText(kStart + 1000);
  ASSERT_EQ(health->damage.size(), 1u) << HealthText(*health);
  EXPECT_EQ(health->damage[0],
            "journal: 1 samples of " + lost + " to " + lost +
                " are differences to values of entries that are lost; what of them is in no window "
                "is lost too");
  const std::filesystem::path repaired = root_ / "repaired";
  const auto done = RepairStore({.source = damaged_.string(), .target = repaired.string()});
  ASSERT_TRUE(done.ok()) << done.status().ToString();
  const auto after = VerifyStore({.path = repaired.string()});
  ASSERT_TRUE(after.ok() && after->ok()) << HealthText(*after);
  ExpectTheRest(repaired, "");
}

}  // namespace
}  // namespace firn::engine
