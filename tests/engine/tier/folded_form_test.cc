#include "engine/tier/folded_form.h"

#include <bit>
#include <random>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "tests/engine/tier/bucket_shapes.h"

namespace firn::engine {
namespace {

constexpr TimeRange kAlways{kMinTimestamp, kMaxTimestamp};

uint64_t Bits(double v) { return std::bit_cast<uint64_t>(v); }

bool IsChange(double a, double b) { return a != b && !(std::isnan(a) && std::isnan(b)); }

// What a window over entries tells a function.
struct View {
  TimestampMs first_t = 0;
  TimestampMs last_t = 0;
  uint64_t first_v = 0;
  uint64_t last_v = 0;
  uint64_t count = 0;
  uint64_t resets = 0;
  uint64_t changes = 0;
  double lost = 0;
  double extreme = 0;
};

View Look(const SampleColumns& c, const TimeRange& window, TierForm form) {
  View view;
  bool any = false;
  for (size_t i = 0; i < c.t.size(); ++i) {
    if (!window.Contains(c.t[i])) continue;
    view.last_t = c.t[i];
    view.last_v = Bits(c.v[i]);
    const SampleRun run = c.runs.empty() ? SampleRun{} : c.runs[i];
    view.count += run.count;
    if (!any) {
      view.first_t = c.t[i];
      view.first_v = Bits(c.v[i]);
      view.extreme = c.v[i];
    } else if (run.joined) {
      view.resets += run.resets;
      view.changes += run.changes;
      view.lost += run.correction;
    } else {
      view.resets += c.v[i] < c.v[i - 1];
      view.changes += IsChange(c.v[i - 1], c.v[i]);
      view.lost += c.v[i] < c.v[i - 1] ? c.v[i - 1] : 0;
    }
    const bool further = form == TierForm::kMax ? c.v[i] > view.extreme : c.v[i] < view.extreme;
    if (further || std::isnan(view.extreme)) view.extreme = c.v[i];
    any = true;
  }
  return view;
}

void ExpectSameView(const View& a, const View& b, const TierUse& use) {
  if (use.form == TierForm::kMin || use.form == TierForm::kMax) {
    EXPECT_EQ(Bits(a.extreme), Bits(b.extreme)) << a.extreme << " " << b.extreme;
    EXPECT_EQ(a.last_t, b.last_t);
    return;
  }
  EXPECT_EQ(a.first_t, b.first_t);
  EXPECT_EQ(a.last_t, b.last_t);
  EXPECT_EQ(a.first_v, b.first_v);
  EXPECT_EQ(a.last_v, b.last_v);
  if (use.form != TierForm::kRuns) return;
  EXPECT_EQ(a.count, b.count);
  EXPECT_EQ(a.resets, b.resets);
  EXPECT_TRUE(!use.needs_changes || a.changes == b.changes) << a.changes << " " << b.changes;
  const bool near = std::fabs(a.lost - b.lost) <= 1e-12 * std::fabs(a.lost);
  EXPECT_TRUE(near || Bits(a.lost) == Bits(b.lost)) << a.lost << " " << b.lost;
}

struct Windows {
  TimestampMs end;
  DurationMs step;
  DurationMs range;
};

class FoldedFormTest : public testing::Test {
 protected:
  // A series and what its buckets stand for.
  void Make(const Series& s, DurationMs resolution) {
    buckets_ = BuildBuckets(s.t, s.v, resolution);
    coded_ = EncodeBuckets(buckets_, /*with_sums=*/true);
    whole_.floats.buckets = buckets_;
  }
  SampleColumns Unfolded(const TierUse& use, const TimeRange& range) const {
    SampleColumns out;
    AppendForm(whole_, use.form, range, &out);
    return out;
  }
  bool Fold(const Folding& folding, SampleColumns* out) {
    const Result<bool> folded = AppendFolded(coded_.times, coded_.bytes, folding, &scratch_, out);
    EXPECT_TRUE(folded.ok()) << folded.status().ToString();
    return folded.ok() && *folded;
  }

  std::vector<Bucket> buckets_;
  CodedBuckets coded_;
  TierColumns whole_;
  BucketColumns scratch_;
};

constexpr const char* kFunctions[] = {"rate",           "changes",       "resets",
                                      "min_over_time",  "max_over_time", "last_over_time",
                                      "count_over_time"};

TEST_F(FoldedFormTest, TellsEachWindowWhatBucketsTell) {
  std::mt19937 random(5);
  size_t fewer = 0;
  for (const auto& [name, next] : kShapes) {
    if (std::string_view(name) == "stale") continue;
    for (const DurationMs resolution : {kMinuteMs / 4, kMinuteMs, kHourMs}) {
      Make(Scrape(random(), next), resolution);
      for (const char* function : kFunctions) {
        const auto times = [&](DurationMs n) { return n * resolution; };
        const Windows w{times(1'700'000'000'000 / resolution + random() % 50),
                        times(random() % 4 == 0 ? 0 : 1 + random() % 30), times(1 + random() % 40)};
        SCOPED_TRACE(fmt::format("{} {} {}: end {} step {} range {}", name, resolution, function,
                                 w.end, w.step, w.range));
        const TierUse use = *UseFor(function, w.range);
        SampleColumns folded;
        ASSERT_TRUE(Fold({.use = use,
                          .grid = WindowGrid(w.end, w.step, w.range),
                          .range = kAlways,
                          .kept = kAlways},
                         &folded));
        const SampleColumns all = Unfolded(use, kAlways);
        EXPECT_LE(folded.t.size(), all.t.size());
        fewer += folded.t.size() < all.t.size();
        ASSERT_EQ(folded.runs.size(), all.runs.empty() ? 0 : folded.t.size());
        for (int i = 0; i < (w.step == 0 ? 1 : 100); ++i) {
          const TimestampMs end = w.end + i * w.step;
          const TimeRange window{end - w.range + 1, end};
          ExpectSameView(Look(folded, window, use.form), Look(all, window, use.form), use);
        }
      }
    }
  }
  EXPECT_GT(fewer, 100u);
}

TEST_F(FoldedFormTest, IsTheUnfoldedFormWhereWindowsAreNotKnown) {
  std::mt19937 random(6);
  for (const auto& [name, next] : kShapes) {
    if (std::string_view(name) == "stale") continue;
    Make(Scrape(random(), next), kMinuteMs);
    const TimestampMs middle = buckets_[buckets_.size() / 2].first_t;
    for (const char* function : kFunctions) {
      SCOPED_TRACE(fmt::format("{} {}", name, function));
      const TierUse use = *UseFor(function, kHourMs);
      // Cuts a bucket at either end.
      const TimeRange range{middle + 20'000, middle + 6'000'000};
      SampleColumns folded;
      ASSERT_TRUE(
          Fold({.use = use, .grid = std::nullopt, .range = range, .kept = kAlways}, &folded));
      const SampleColumns all = Unfolded(use, range);
      EXPECT_GT(folded.t.size(), 90u);
      EXPECT_EQ(folded.t, all.t);
      ASSERT_EQ(folded.v.size(), all.v.size());
      for (size_t i = 0; i < all.v.size(); ++i) EXPECT_EQ(Bits(folded.v[i]), Bits(all.v[i]));
      ASSERT_EQ(folded.runs.size(), all.runs.size());
      for (size_t i = 0; i < all.runs.size(); ++i) {
        EXPECT_EQ(folded.runs[i].count, all.runs[i].count);
        EXPECT_EQ(folded.runs[i].joined, all.runs[i].joined);
        EXPECT_EQ(folded.runs[i].resets, all.runs[i].resets);
        EXPECT_EQ(Bits(folded.runs[i].correction), Bits(all.runs[i].correction));
        EXPECT_TRUE(!use.needs_changes || folded.runs[i].changes == all.runs[i].changes);
      }
    }
  }
}

TEST_F(FoldedFormTest, LeavesOutBucketsThatBeginElsewhere) {
  Make(Scrape(1, kShapes[2].second), kMinuteMs);
  const TimeRange kept{buckets_[100].first_t, buckets_[199].first_t};
  for (const bool folds : {false, true}) {
    std::optional<WindowGrid> grid;
    if (folds) grid.emplace(buckets_[150].end, kHourMs, kHourMs);
    SampleColumns out;
    ASSERT_TRUE(Fold(
        {.use = *UseFor("rate", kHourMs), .grid = grid, .range = kAlways, .kept = kept}, &out));
    EXPECT_EQ(out.t.front(), buckets_[100].first_t);
    EXPECT_EQ(out.t.back(), buckets_[199].last_t);
    uint64_t samples = 0;
    for (const SampleRun& run : out.runs) samples += run.count;
    EXPECT_EQ(samples, 400u);
  }
}

TEST_F(FoldedFormTest, NeedsBucketsForSumsAndStaleMarkers) {
  const auto folds = [&](const char* function) {
    SampleColumns out;
    const bool folded = Fold({.use = *UseFor(function, kHourMs),
                              .grid = std::nullopt,
                              .range = kAlways,
                              .kept = kAlways},
                             &out);
    EXPECT_EQ(folded, !out.empty());
    return folded;
  };
  Make(Scrape(1, kShapes[1].second), kMinuteMs);
  EXPECT_TRUE(folds("rate"));
  EXPECT_FALSE(folds("avg_over_time"));
  EXPECT_FALSE(folds("sum_over_time"));
  Make(Scrape(1, kShapes[8].second), kMinuteMs);
  EXPECT_FALSE(folds("rate"));
}

TEST_F(FoldedFormTest, DamagedBytesAreAnErrorOrAreReadAsBucketsAre) {
  std::mt19937 random(7);
  size_t damaged = 0;
  for (const auto& [name, next] : kShapes) {
    Make(Scrape(random(), next), 5 * kMinuteMs);
    const std::string bytes = coded_.bytes;
    for (int i = 0; i < 400; ++i) {
      coded_.bytes = bytes;
      coded_.bytes[random() % std::min<size_t>(bytes.size(), 40)] ^= static_cast<char>(random());
      if (i % 8 == 0) coded_.bytes.resize(random() % bytes.size());
      const TierUse use = *UseFor(kFunctions[random() % std::size(kFunctions)], kHourMs);
      SampleColumns out;
      const Result<bool> folded = AppendFolded(
          coded_.times, coded_.bytes,
          {.use = use, .grid = std::nullopt, .range = kAlways, .kept = kAlways}, &scratch_, &out);
      DecodedBuckets decoded;
      const bool intact = DecodeBuckets(coded_.times, coded_.bytes, 5 * kMinuteMs, &decoded).ok();
      damaged += !intact;
      EXPECT_TRUE(!intact || folded.ok()) << name << ": " << folded.status().ToString();
      if (!intact || !folded.ok() || !*folded) continue;
      TierColumns columns;
      columns.floats = std::move(decoded);
      SampleColumns all;
      AppendForm(columns, use.form, kAlways, &all);
      EXPECT_EQ(out.t, all.t) << name;
    }
  }
  EXPECT_GT(damaged, 1000u);
}

}  // namespace
}  // namespace firn::engine
