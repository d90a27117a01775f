// Windows that are stored without passing through the head.
#include "tests/engine/db/fixture.h"

namespace firn::engine {
namespace {

class LoadingTest : public DatabaseFixture {
 protected:
  LoadingTest() {
    options_.head_window_ms = 1000;
    options_.out_of_order_ms = 500;
    options_.future_ms = 0;
    options_.merge_widths_ms = {4000, 16'000};
    options_.tiers = {{500, 0}};
    options_.tier_window_ms = 16'000;
  }

  static Labels Named(const std::string& instance) {
    return Labels::FromPairs({{"__name__", "m"}, {"instance", instance}});
  }
  static SampleColumns Floats(std::vector<TimestampMs> t, std::vector<double> v) {
    SampleColumns samples;
    samples.t = std::move(t);
    samples.v = std::move(v);
    return samples;
  }
  Status Load(const std::string& instance, SampleColumns samples) {
    return db_->AddWindow(0, 16'000,
                          [&](const AddSeries& add) { return add(Named(instance), samples); });
  }
  SampleColumns Read(const std::string& instance) {
    SampleColumns samples;
    const auto querier = db_->NewQuerier();
    SelectHints hints;
    hints.resolution_max = 0;
    const auto set = (*querier)->Select({}, {Matcher::Equal("instance", instance)}, hints);
    EXPECT_TRUE(set.ok());
    if ((*set)->size() == 1) {
      EXPECT_TRUE((*set)->Read(0, {}, &samples).ok());
    }
    return samples;
  }
};

TEST_F(LoadingTest, IsVisibleAtOnceAndAfterReopening) {
  Open();
  ASSERT_TRUE(Load("a", Floats({10, 15'999}, {1, 2})).ok());
  EXPECT_EQ(Read("a").t, (std::vector<TimestampMs>{10, 15'999}));
  Open();
  EXPECT_EQ(Read("a").v, (std::vector<double>{1, 2}));
}

TEST_F(LoadingTest, WhatIsStoredAlreadyCountsAlsoAfterAMerge) {
  Open();
  ASSERT_TRUE(Load("a", Floats({10, 20}, {1, 2})).ok());
  ASSERT_TRUE(Load("a", Floats({5, 10, 30}, {0, 99, 3})).ok());
  for (const bool merged : {false, true}) {
    if (merged) {
      ASSERT_TRUE(db_->Compact(true).ok());
    }
    const SampleColumns samples = Read("a");
    EXPECT_EQ(samples.t, (std::vector<TimestampMs>{5, 10, 20, 30}));
    EXPECT_EQ(samples.v, (std::vector<double>{0, 1, 2, 3}));
  }
  EXPECT_EQ(Metric("stored_windows"), 1);
}

TEST_F(LoadingTest, TiersAreMadeOfIt) {
  Open();
  ASSERT_TRUE(Load("a", Floats({10, 600, 15'000}, {1, 2, 3})).ok());
  ASSERT_TRUE(db_->Compact(true).ok());
  EXPECT_GT(Metric("tier_page_bytes"), 0);
}

TEST_F(LoadingTest, LeavesNothingBehindAfterAnError) {
  Open();
  EXPECT_EQ(Load("a", Floats({10, 16'000}, {1, 2})).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Load("a", Floats({10, 10}, {1, 2})).code(), StatusCode::kInvalidArgument);
  const Status failed = db_->AddWindow(0, 1000, [&](const AddSeries& add) {
    EXPECT_TRUE(add(Named("a"), Floats({1}, {1})).ok());
    return Cancelled("no more");
  });
  EXPECT_EQ(failed.code(), StatusCode::kCancelled);
  EXPECT_EQ(db_->AddWindow(5, 5, [](const AddSeries&) { return OkStatus(); }).code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(Metric("stored_windows"), 0);
  EXPECT_TRUE(Read("a").empty());
}

TEST_F(LoadingTest, AWindowWithoutSamplesIsNone) {
  Open();
  ASSERT_TRUE(Load("a", {}).ok());
  EXPECT_EQ(Metric("stored_windows"), 0);
}

}  // namespace
}  // namespace firn::engine
