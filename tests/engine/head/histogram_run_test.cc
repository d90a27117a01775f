#include "engine/head/histogram_run.h"

#include <iterator>
#include <map>

#include "tests/support/random_histograms.h"
#include "tests/support/soak.h"

namespace firn::engine {
namespace {

using Model = std::map<TimestampMs, HistogramPtr>;

// `out` may also have some of those outside `range`.
void ExpectHolds(const Model& model, const TimeRange& range, const SampleColumns& out) {
  ASSERT_EQ(out.ht.size(), out.h.size());
  auto wanted = model.lower_bound(range.min);
  for (size_t i = 0; i < out.ht.size(); ++i) {
    ASSERT_TRUE(i == 0 || out.ht[i - 1] < out.ht[i]) << i;
    const auto known = model.find(out.ht[i]);
    ASSERT_NE(known, model.end()) << out.ht[i];
    ExpectSame(*out.h[i], *known->second);
    if (!range.Contains(out.ht[i])) continue;
    ASSERT_NE(wanted, model.end());
    ASSERT_EQ((wanted++)->first, out.ht[i]);
  }
  ASSERT_EQ(wanted, model.upper_bound(range.max));
}

void ExpectHolds(const Model& model, const TimeRange& range, const HistogramRun& run) {
  SampleColumns out;
  ASSERT_TRUE(run.Read(range, &out).ok());
  ExpectHolds(model, range, out);
}

class RandomHistogramRunTest : public testing::TestWithParam<uint64_t> {};

TEST_P(RandomHistogramRunTest, HoldsWhatAMapWould) {
  const uint64_t seed = SoakSeed(GetParam());
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const auto values = RandomHistograms(random, 200);
  const uint64_t late = GetParam() % 3 == 0 ? 2 : 20;  // One in so many.
  HistogramRun run;
  Model model;
  TimestampMs now = 1'000'000;
  for (int step = 0; step < 600; ++step) {
    const bool is_late = random() % late == 0;
    if (!is_late) now += 1 + static_cast<TimestampMs>(random() % 20'000);
    const TimestampMs t = is_late ? now - static_cast<TimestampMs>(random() % 2'000'000) : now;
    const HistogramPtr& value = values[random() % values.size()];
    ASSERT_EQ(run.Insert(t, value), model.emplace(t, value).second) << step;
    ASSERT_EQ(run.last_t(), model.rbegin()->first);
    if (random() % 40 == 0) ExpectSame(*run.last(), *model.rbegin()->second);
    if (random() % 100 == 0) run.Pack();
    if (random() % 30 != 0) continue;
    const TimestampMs from = now - static_cast<TimestampMs>(random() % 3'000'000);
    ExpectHolds(model, {from, from + static_cast<TimestampMs>(random() % 1'000'000)}, run);
    ASSERT_FALSE(HasFatalFailure()) << step;
  }
  ExpectHolds(model, {}, run);
  ExpectSame(*run.last(), *model.rbegin()->second);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomHistogramRunTest, testing::Range<uint64_t>(0, 12));

TEST(HistogramRunTest, AppendsToWhatIsThere) {
  HistogramRun run;
  EXPECT_TRUE(run.empty());
  auto h = std::make_shared<FloatHistogram>();
  EXPECT_TRUE(run.Insert(20, h));
  SampleColumns out;
  out.ht = {10};
  out.h = {h};
  ASSERT_TRUE(run.Read({}, &out).ok());
  EXPECT_EQ(out.ht, (std::vector<TimestampMs>{10, 20}));
  EXPECT_EQ(out.h.size(), 2u);
}

// A latency of 24 buckets: the object has more than 400 bytes.
HistogramPtr Latency(int scrape) {
  FloatHistogram h;
  h.schema = 3;
  h.positive_spans = {{-20, 24}};
  for (int i = 0; i < 24; ++i) h.positive_buckets.push_back(scrape * (i % 5) + i);
  h.count = 50.0 * scrape;
  h.sum = 0.37 * scrape;
  return std::make_shared<const FloatHistogram>(std::move(h));
}

TEST(HistogramRunTest, TakesATenthOfTheObjects) {
  HistogramRun run;
  for (int i = 0; i < 120; ++i) run.Insert(i * 15'000, Latency(i));
  run.Pack();
  EXPECT_LT(run.AllocatedBytes(), 120u * 45);
}

// Each one before all others, as somebody sends who reads a log from its end.
TEST(HistogramRunTest, LateOnesDoNotStayObjects) {
  HistogramRun run;
  Model model;
  for (int i = 400; i > 0; --i) {
    const HistogramPtr h = Latency(i);
    ASSERT_TRUE(run.Insert(i * 15'000, h));
    model.emplace(i * 15'000, h);
  }
  ExpectHolds(model, {}, run);
  EXPECT_LT(run.AllocatedBytes(), 400u * 250);
}

}  // namespace
}  // namespace firn::engine
