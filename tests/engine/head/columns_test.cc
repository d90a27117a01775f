#include "engine/head/columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::engine {
namespace {

using ::testing::ElementsAre;

SampleColumns Floats(std::vector<TimestampMs> t, std::vector<double> v) {
  SampleColumns c;
  c.t = std::move(t);
  c.v = std::move(v);
  return c;
}

TEST(MergeColumnsTest, AppendsWhatIsLater) {
  SampleColumns out = Floats({1, 2}, {10, 20});
  MergeColumns(Floats({3, 4}, {30, 40}), &out);
  EXPECT_THAT(out.t, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(out.v, ElementsAre(10, 20, 30, 40));
}

TEST(MergeColumnsTest, KeepsTheFirstOfEqualTimes) {
  SampleColumns out = Floats({1, 3, 5}, {10, 30, 50});
  MergeColumns(Floats({2, 3, 6}, {-2, -3, -6}), &out);
  EXPECT_THAT(out.t, ElementsAre(1, 2, 3, 5, 6));
  EXPECT_THAT(out.v, ElementsAre(10, -2, 30, 50, -6));
}

TEST(MergeColumnsTest, FloatWinsOverHistogramOfTheSameTime) {
  SampleColumns out = Floats({1, 2}, {10, 20});
  SampleColumns in;
  in.ht = {2, 3};
  in.h = {std::make_shared<FloatHistogram>(), std::make_shared<FloatHistogram>()};
  MergeColumns(in, &out);
  EXPECT_THAT(out.t, ElementsAre(1, 2));
  EXPECT_THAT(out.ht, ElementsAre(3));
  EXPECT_EQ(out.h.size(), 1u);
}

TEST(TrimColumnsTest, KeepsBothEnds) {
  SampleColumns c = Floats({1, 2, 3, 4, 5}, {1, 2, 3, 4, 5});
  TrimColumns({2, 4}, &c);
  EXPECT_THAT(c.t, ElementsAre(2, 3, 4));
  EXPECT_THAT(c.v, ElementsAre(2, 3, 4));
  TrimColumns({6, 9}, &c);
  EXPECT_TRUE(c.empty());
}

}  // namespace
}  // namespace firn::engine
