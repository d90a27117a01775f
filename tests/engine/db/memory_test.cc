// What an open database takes of memory, and what it gives back.
#include <malloc.h>

#include <chrono>
#include <thread>

#include "tests/engine/db/fixture.h"

namespace firn::engine {
namespace {

constexpr int kManySeries = 10'000;
constexpr DurationMs kWindow = 10'000;

// Bytes that the program holds; none where the allocator is not the usual one.
std::optional<uint64_t> HeapBytes() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return std::nullopt;
#else
  malloc_trim(0);
  return mallinfo2().uordblks;
#endif
}

class MemoryTest : public DatabaseFixture {
 protected:
  MemoryTest() {
    options_.head_window_ms = kWindow;
    options_.out_of_order_ms = 1000;
    options_.future_ms = 0;
    options_.retention_ms = 0;
    options_.tiers.clear();
    options_.merge_widths_ms = {4 * kWindow};
  }

  // One sample of each series; returns the bytes of their labels' text.
  uint64_t Write(int first, int last, TimestampMs t) {
    auto appender = *db_->NewAppender();
    uint64_t text = 0;
    for (int i = first; i < last; ++i) {
      const std::string pod = "api-7f6c9d-" + std::to_string(100'000 + i);
      const std::vector<LabelView> labels = {
          {"__name__", "http_requests_total"}, {"job", "api"}, {"pod", pod}};
      for (const LabelView& label : labels) text += label.name.size() + label.value.size();
      const SeriesRef ref = *appender->Series(labels);
      const Sample sample{t, static_cast<double>(i)};
      EXPECT_TRUE(appender->Append(ref, {&sample, 1}).ok());
    }
    EXPECT_TRUE(appender->Commit().ok());
    return text;
  }

  double Part(const std::string& name, const std::string& part) const {
    for (const MetricFigure& m : db_->Metrics()) {
      if (m.name == name && m.labels == "part=\"" + part + "\"") return m.value;
    }
    ADD_FAILURE() << "no " << name << " of " << part;
    return 0;
  }

  template <typename Condition>
  static bool Eventually(const Condition& condition) {
    for (int i = 0; i < 2000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
};

TEST_F(MemoryTest, SeriesThatFellSilentLeaveMemory) {
  Open();
  Write(0, 1, 1000);
  ASSERT_TRUE(db_->Seal().ok());
  const uint64_t text = Write(1, kManySeries, 11'000);
  EXPECT_EQ(Metric("head_series"), kManySeries);
  const double head_bytes = Metric("head_bytes");
  EXPECT_GT(head_bytes, static_cast<double>(text));
  for (TimestampMs t = 21'000; t < 100'000; t += kWindow) {
    Write(0, 1, t);
    ASSERT_TRUE(db_->Seal().ok());
  }
  EXPECT_EQ(Metric("head_series"), 1);
  EXPECT_LT(Metric("head_bytes"), head_bytes / 100);
  // What is not in the head is on disk.
  const auto querier = *db_->NewQuerier();
  const auto set = querier->Select({}, {Matcher::Equal("job", "api")}, {});
  ASSERT_TRUE(set.ok());
  EXPECT_EQ((*set)->size(), kManySeries);
}

// Hash maps, write buffers and caches keep what they grew to, but nothing grows on.
TEST_F(MemoryTest, SeriesThatComeAndGoLeaveNothingOnTheHeap) {
  if (!HeapBytes()) GTEST_SKIP() << "another allocator";
  options_.memory_limit_bytes = uint64_t{16} << 20;  // Small caches fill up soon.
  Open();
  const auto store_bytes = [&] {
    double bytes = Metric("store_block_cache_bytes") + Part("memory_used_bytes", "label_tables");
    for (const MetricFigure& m : db_->Metrics()) {
      if (m.name == "store_memtable_bytes") bytes += m.value;
    }
    return bytes;
  };
  std::vector<double> after;
  double most = 0;
  TimestampMs t = 1000;
  for (int round = 0; round < 5; ++round) {
    Write((round + 1) * kManySeries, (round + 2) * kManySeries, t);
    most = static_cast<double>(*HeapBytes());
    for (int i = 0; i < 5; ++i) {
      Write(0, 1, t += kWindow);
      ASSERT_TRUE(db_->Compact(true).ok());
    }
    EXPECT_EQ(Metric("head_series"), 1);
    after.push_back(static_cast<double>(*HeapBytes()) - store_bytes());
  }
  // A series with its chunk takes hundreds of bytes, a leak of its labels alone would show.
  const double growth = (after[4] - after[1]) / 3 / kManySeries;
  EXPECT_LT(growth, 30) << after[0] << " " << after[1] << " " << after[4] << " of " << most;
}

TEST_F(MemoryTest, PartsOfTheBudgetSayWhatTheyTake) {
  MemoryBudget whole("everything", uint64_t{256} << 20);
  options_.memory = &whole;
  options_.memory_limit_bytes = whole.limit();
  options_.background_interval_ms = 5;
  Open();
  Write(0, 2000, 1000);
  EXPECT_TRUE(Eventually([&] { return Part("memory_used_bytes", "head") > 100'000; }));
  // Parts are measured one after the other.
  EXPECT_TRUE(Eventually([&] { return Part("memory_used_bytes", "store") > 0; }));
  EXPECT_GE(Part("memory_used_bytes", "all"), Part("memory_used_bytes", "head"));
  EXPECT_EQ(Part("memory_limit_bytes", "all"), static_cast<double>(whole.limit()));
  EXPECT_LT(Part("memory_limit_bytes", "head"), static_cast<double>(whole.limit()));
  db_.reset();
  EXPECT_EQ(whole.used(), 0u) << "a closed database gives all back";
}

TEST_F(MemoryTest, MergesWaitForMemoryButNotForEver) {
  MemoryBudget whole("everything", uint64_t{256} << 20);
  options_.memory = &whole;
  options_.memory_limit_bytes = whole.limit();
  Open();
  for (TimestampMs t = 0; t < 80'000; t += 5000) Write(0, 5, t);
  ASSERT_TRUE(db_->Seal().ok());
  const double sealed = Metric("stored_windows");
  EXPECT_GE(sealed, 8);
  db_.reset();

  MemoryCharge taken(&whole);
  ASSERT_TRUE(taken.Grow(whole.limit()).ok());
  options_.background_interval_ms = 1;
  Open();
  ASSERT_TRUE(Eventually([&] { return Metric("upkeep_waits_total") > 3; }));
  EXPECT_EQ(Metric("stored_windows"), sealed);
  // Somebody else never gives it back.
  EXPECT_TRUE(Eventually([&] { return Metric("stored_windows") < sealed; }));
  EXPECT_GE(Metric("upkeep_waits_total"), 600);
  db_.reset();
}

TEST_F(MemoryTest, AHeadBeyondItsShareRefusesWritesUntilItIsSealed) {
  options_.memory_limit_bytes = uint64_t{1} << 20;
  options_.background_interval_ms = 5;
  options_.out_of_order_ms = 0;
  Open();
  Write(0, 5000, 1000);
  std::string why;
  ASSERT_TRUE(Eventually([&] { return !db_->AcceptsWrites(&why); }));
  EXPECT_NE(why.find("head"), std::string::npos) << why;
  EXPECT_EQ(db_->NewAppender().status().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace firn::engine
