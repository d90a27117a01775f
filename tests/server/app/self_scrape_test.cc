#include "server/app/self_scrape.h"

#include <gtest/gtest.h>

#include "tests/server/api/fake_store.h"

namespace firn::server {
namespace {

class SelfScrapeTest : public testing::Test {
 protected:
  double Value(std::vector<std::pair<std::string, std::string>> labels, TimestampMs t) {
    labels.emplace_back("instance", "127.0.0.1:1");
    labels.emplace_back("job", "firn");
    const auto data = store_.Contents();
    const auto series = data.find(Labels::FromPairs(std::move(labels)));
    return series == data.end() || series->second.floats.count(t) == 0
               ? -1
               : series->second.floats.at(t);
  }

  FakeStore store_;
  MetricsRegistry metrics_;
  FakeClock clock_{5000};
  SelfScrape scrape_{
      {.interval = 1, .instance = "127.0.0.1:1"}, &metrics_, &store_, &store_, &clock_};
};

TEST_F(SelfScrapeTest, StoresEveryMetricAndUp) {
  metrics_.AddCounter("a_total", "A.", {{"x", "1"}})->Add(3);
  metrics_.AddHistogram("h", "H.", {1})->Observe(0.5);
  ASSERT_TRUE(scrape_.ScrapeOnce().ok());
  metrics_.AddCounter("a_total", "A.", {{"x", "1"}})->Add(1);
  clock_.Set(20'000);
  ASSERT_TRUE(scrape_.ScrapeOnce().ok());
  EXPECT_EQ(Value({{"__name__", "a_total"}, {"x", "1"}}, 5000), 3);
  EXPECT_EQ(Value({{"__name__", "a_total"}, {"x", "1"}}, 20'000), 4);
  EXPECT_EQ(Value({{"__name__", "h_bucket"}, {"le", "1"}}, 5000), 1);
  EXPECT_EQ(Value({{"__name__", "h_sum"}}, 5000), 0.5);
  EXPECT_EQ(Value({{"__name__", "up"}}, 20'000), 1);
  ASSERT_EQ(store_.GetMetadata("a_total", 0).size(), 1u);
  EXPECT_EQ(store_.GetMetadata("a_total", 0)[0].type, "counter");
}

TEST_F(SelfScrapeTest, ReportsARefusingStoreAndGoesOnLater) {
  store_.FailCommit(Unavailable("full"));
  EXPECT_EQ(scrape_.ScrapeOnce().code(), StatusCode::kUnavailable);
  EXPECT_TRUE(store_.Contents().empty());
  store_.FailCommit(OkStatus());
  EXPECT_TRUE(scrape_.ScrapeOnce().ok());
  EXPECT_EQ(Value({{"__name__", "up"}}, 5000), 1);
}

TEST_F(SelfScrapeTest, RunsUntilStopped) {
  scrape_.Start();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  TimestampMs now = 5000;
  size_t seen = 0;
  while (seen < 3 && std::chrono::steady_clock::now() < end) {
    clock_.Set(++now);
    const auto data = store_.Contents();
    seen = data.empty() ? 0 : data.begin()->second.floats.size();
  }
  scrape_.Stop();
  EXPECT_GE(seen, 3u);
}

}  // namespace
}  // namespace firn::server
