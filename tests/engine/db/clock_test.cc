// Clocks that jump, run backwards or stand still: nothing that is stored goes for it, and all
// that is accepted stays.
#include <array>

#include "tests/engine/db/fixture.h"

namespace firn::engine {
namespace {

constexpr TimestampMs kNow = 1'700'000'000'000 / kDayMs * kDayMs;
constexpr DurationMs kYearMs = 365 * kDayMs;
constexpr DurationMs kSteps[] = {kSecondMs, kHourMs, kDayMs, 40 * kDayMs, 10 * kYearMs};
// What a scenario has done when the clock jumps.
enum class Moment { kWritten, kSealed, kMerged, kReopened };
constexpr Moment kMoments[] = {Moment::kWritten, Moment::kSealed, Moment::kMerged,
                               Moment::kReopened};

class ClockTest : public DatabaseFixture {
 protected:
  ClockTest() {
    if (std::filesystem::exists("/dev/shm")) {
      dir_ = std::filesystem::path("/dev/shm") / dir_.filename();
      options_.path = dir_;
    }
    options_.ack_before_fsync = true;
    options_.clock = &clock_;
    options_.head_window_ms = 10 * kSecondMs;
    options_.out_of_order_ms = kSecondMs;
    options_.merge_widths_ms = {40 * kSecondMs};
    options_.tier_window_ms = 80 * kSecondMs;
    options_.tiers = {{20 * kSecondMs, kHourMs}};
    options_.retention_ms = kHourMs;
  }
  ~ClockTest() override {
    db_.reset();
    std::filesystem::remove_all(dir_);
  }

  // A sample every second of [from, until), or the first error.
  Status Write(TimestampMs from, TimestampMs until) {
    FIRN_ASSIGN_OR_RETURN(auto appender, db_->NewAppender());
    const std::vector<LabelView> labels = {{"__name__", "m"}};
    FIRN_ASSIGN_OR_RETURN(const SeriesRef ref, appender->Series(labels));
    for (TimestampMs t = from; t < until; t += kSecondMs) {
      const Sample sample{t, static_cast<double>(t)};
      FIRN_RETURN_IF_ERROR(appender->Append(ref, {&sample, 1}));
    }
    return appender->Commit().status();
  }
  void MustWrite(TimestampMs from, TimestampMs until) {
    const Status status = Write(from, until);
    ASSERT_TRUE(status.ok()) << status.ToString();
    for (TimestampMs t = from; t < until; t += kSecondMs) written_.push_back(t);
  }
  std::vector<TimestampMs> Stored() {
    const auto querier = *db_->NewQuerier();
    auto set = querier->Select({}, {}, {});
    SampleColumns samples;
    if (set.ok() && (*set)->size() == 1) {
      EXPECT_TRUE((*set)->Read(0, {}, &samples).ok());
    }
    return samples.t;
  }
  void Start(Moment moment) {
    db_.reset();
    std::filesystem::remove_all(dir_);
    written_.clear();
    clock_.Set(kNow);
    Open();
    MustWrite(kNow - 200 * kSecondMs, kNow);
    if (moment == Moment::kWritten) return;
    ASSERT_TRUE(db_->Seal().ok());
    if (moment == Moment::kSealed) return;
    ASSERT_TRUE(db_->Compact(true).ok());
    if (moment == Moment::kReopened) Open();
  }
  // All upkeep there is, and a start.
  void DoEverything() {
    ASSERT_TRUE(db_->Compact(true).ok());
    while (*db_->ScrubStep()) {
    }
    Open();
  }

  FakeClock clock_{kNow};
  std::vector<TimestampMs> written_;
};

TEST_F(ClockTest, NothingGoesWhenTheServersClockJumps) {
  for (const Moment moment : kMoments) {
    for (const DurationMs step : kSteps) {
      for (const DurationMs jump : {step, -step}) {
        SCOPED_TRACE(testing::Message() << "jump " << jump << " at " << static_cast<int>(moment));
        Start(moment);
        clock_.Advance(jump);
        DoEverything();
        EXPECT_EQ(Stored(), written_);
        // Senders go on. What is ahead of a clock that was set back is refused, not lost.
        const Status status = Write(kNow, kNow + 30 * kSecondMs);
        EXPECT_EQ(status.ok(), kNow - 1 <= clock_.NowMs() + options_.future_ms)
            << status.ToString();
        EXPECT_TRUE(status.ok() || status.code() == StatusCode::kInvalidArgument);
        clock_.Set(kNow + kMinuteMs);
        if (!status.ok()) {
          MustWrite(kNow, kNow + 30 * kSecondMs);
        } else {
          for (int i = 0; i < 30; ++i) written_.push_back(kNow + i * kSecondMs);
        }
        DoEverything();
        EXPECT_EQ(Stored(), written_);
      }
    }
  }
}

TEST_F(ClockTest, SamplesFromAheadHoldRetentionUntilTheyAreConfirmed) {
  options_.future_ms = 0;  // Nothing else keeps them out.
  for (const Moment moment : {Moment::kSealed, Moment::kReopened}) {
    for (const DurationMs jump : {kHourMs + kMinuteMs, 2 * kDayMs, 10 * kYearMs}) {
      SCOPED_TRACE(testing::Message() << "jump " << jump << " at " << static_cast<int>(moment));
      Start(moment);
      const std::vector<TimestampMs> before = written_;
      MustWrite(kNow + jump, kNow + jump + 30 * kSecondMs);
      DoEverything();
      ASSERT_TRUE(db_->Compact(true).ok());
      const bool held = jump > kDayMs;
      EXPECT_EQ(Metric("retention_held"), held ? 1 : 0);
      if (held) {
        EXPECT_EQ(Stored(), written_) << "nothing may go before somebody says so";
        ASSERT_TRUE(db_->ConfirmTime().ok());
        DoEverything();
      }
      // Retention is an hour of stored time.
      EXPECT_EQ(Stored(), std::vector(written_.begin() + static_cast<ptrdiff_t>(before.size()),
                                      written_.end()));
    }
  }
}

TEST_F(ClockTest, AClockThatStandsStillOrStepsBackEverySecond) {
  for (const DurationMs step : {DurationMs{0}, -kSecondMs, -kMinuteMs}) {
    SCOPED_TRACE(step);
    Start(Moment::kWritten);
    for (int i = 0; i < 12; ++i) {
      clock_.Advance(step);
      if (kNow + (i + 1) * 10 * kSecondMs > clock_.NowMs() + options_.future_ms) break;
      MustWrite(kNow + i * 10 * kSecondMs, kNow + (i + 1) * 10 * kSecondMs);
      ASSERT_TRUE(db_->Compact(false).ok());
    }
    DoEverything();
    EXPECT_EQ(Stored(), written_);
  }
}

}  // namespace
}  // namespace firn::engine
