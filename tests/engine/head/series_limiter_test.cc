#include "engine/head/registry/series_limiter.h"

#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/time.h"

namespace firn::engine {
namespace {

Labels Make(const std::string& metric, const std::string& instance, const std::string& path) {
  return Labels::FromPairs({{"__name__", metric}, {"instance", instance}, {"path", path}});
}

class SeriesLimiterTest : public testing::Test {
 protected:
  Status Admit(const Labels& labels) {
    const std::vector<LabelView> views(labels.begin(), labels.end());
    return limiter_.Admit(views);
  }
  // What the refusal says; empty if it is admitted.
  std::string Refusal(const Labels& labels) {
    const Status status = Admit(labels);
    if (!status.ok()) {
      EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
    }
    return std::string(status.message());
  }

  FakeClock clock_{1'700'000'000'000};
  SeriesLimiter limiter_{&clock_};
};

TEST_F(SeriesLimiterTest, WithoutLimitsTakesAll) {
  limiter_.Restart({});
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(Admit(Make("m", "i", std::to_string(i))).ok());
  }
}

TEST_F(SeriesLimiterTest, NamesTheLimitAndWhatReachedIt) {
  struct {
    SeriesLimits limits;
    Labels fits;
    Labels refused;
    std::string text;
  } const cases[] = {
      {{.active_max = 2},
       Make("m", "a", "/x"),
       Make("n", "b", "/z"),
       "the limit of 2 active series is reached (series_max)"},
      {{.per_metric_max = 2},
       Make("m", "b", "/y"),
       Make("m", "c", "/z"),
       "metric m has reached the limit of 2 active series (series_max_per_metric)"},
      {{.per_label = {{"job", 1}, {"instance", 2}}},
       Make("n", "a", "/y"),
       Make("o", "a", "/z"),
       "series with instance=\"a\" have reached the limit of 2 (series_max_per_label)"},
      {{.label_values_max = 2},
       Make("n", "a", "/y"),
       Make("m", "b", "/z"),
       "label path has reached the limit of 2 values (label_values_max); give it fewer values or "
       "drop it by relabelling"},
      {{.new_per_hour_max = 2},
       Make("n", "b", "/y"),
       Make("o", "c", "/z"),
       "2 series became known within an hour, the limit (new_series_per_hour_max)"},
  };
  for (size_t kind = 0; kind < std::size(cases); ++kind) {
    const auto& c = cases[kind];
    limiter_.Restart(c.limits);
    clock_.Set(clock_.NowMs() + 2 * kHourMs);
    EXPECT_EQ(Refusal(Make("m", "a", "/1")), "") << c.text;
    EXPECT_EQ(Refusal(c.fits), "") << c.text;
    EXPECT_EQ(Refusal(c.refused), c.text);
    EXPECT_EQ(limiter_.refused()[kind], 1u) << c.text;
  }
}

TEST_F(SeriesLimiterTest, ForgottenSeriesMakeRoom) {
  limiter_.Restart({.per_metric_max = 1, .label_values_max = 2});
  EXPECT_EQ(Refusal(Make("m", "a", "/x")), "");
  EXPECT_NE(Refusal(Make("m", "a", "/y")), "");
  limiter_.Forget(Make("m", "a", "/x"));
  EXPECT_EQ(Refusal(Make("m", "b", "/y")), "");
  EXPECT_EQ(Refusal(Make("n", "c", "/z")), "");
  EXPECT_NE(Refusal(Make("o", "d", "/z")), "");
}

TEST_F(SeriesLimiterTest, NewSeriesAreForgottenAfterAnHour) {
  limiter_.Restart({.new_per_hour_max = 3});
  EXPECT_EQ(Refusal(Make("m", "a", "1")), "");
  clock_.Set(clock_.NowMs() + 30 * kMinuteMs);
  EXPECT_EQ(Refusal(Make("m", "a", "2")), "");
  EXPECT_EQ(Refusal(Make("m", "a", "3")), "");
  EXPECT_NE(Refusal(Make("m", "a", "4")), "");
  clock_.Set(clock_.NowMs() - 10 * kMinuteMs);  // Set back: nothing is forgotten early.
  EXPECT_NE(Refusal(Make("m", "a", "4")), "");
  clock_.Set(clock_.NowMs() + 41 * kMinuteMs);
  EXPECT_EQ(Refusal(Make("m", "a", "4")), "");
  EXPECT_NE(Refusal(Make("m", "a", "5")), "");
}

// The counts are those of the series that are active, counted anew.
TEST_F(SeriesLimiterTest, CountsAsASlowModelDoes) {
  const SeriesLimits limits{.active_max = 60,
                            .per_metric_max = 25,
                            .per_label = {{"instance", 20}},
                            .label_values_max = 9};
  limiter_.Restart(limits);
  std::mt19937_64 random(7);
  std::vector<Labels> active;
  size_t refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (!active.empty() && random() % 5 < 2) {
      const size_t at = random() % active.size();
      limiter_.Forget(active[at]);
      active.erase(active.begin() + static_cast<ptrdiff_t>(at));
      continue;
    }
    const Labels labels = Make(std::string(1, static_cast<char>('a' + random() % 4)),
                               std::to_string(random() % 5), std::to_string(random() % 12));
    size_t same_metric = 0;
    size_t same_instance = 0;
    std::set<std::string> paths;
    for (const Labels& other : active) {
      same_metric += other.Get("__name__") == labels.Get("__name__") ? 1 : 0;
      same_instance += other.Get("instance") == labels.Get("instance") ? 1 : 0;
      paths.insert(std::string(other.Get("path")));
    }
    const bool fits = active.size() < 60 && same_metric < 25 && same_instance < 20 &&
                      (paths.size() < 9 || paths.contains(std::string(labels.Get("path"))));
    ASSERT_EQ(Admit(labels).ok(), fits) << i;
    refused += fits ? 0 : 1;
    if (fits) active.push_back(labels);
    if (i % 1000 == 0) {  // As a reload does.
      limiter_.Restart(limits);
      for (const Labels& one : active) limiter_.Count(one);
    }
  }
  EXPECT_GT(refused, 100u);
}

}  // namespace
}  // namespace firn::engine
