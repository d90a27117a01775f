#include "engine/head/head_windows.h"

#include <gtest/gtest.h>

namespace firn::engine {
namespace {

HeadWindows::Horizon Until(TimestampMs t) { return {.fresh = t, .late = t}; }

TEST(HeadWindowsTest, FloorsNegativeTimes) {
  const HeadWindows windows(1000);
  EXPECT_EQ(windows.IndexOf(0), 0);
  EXPECT_EQ(windows.IndexOf(999), 0);
  EXPECT_EQ(windows.IndexOf(-1), -1);
  EXPECT_EQ(windows.IndexOf(-1000), -1);
  EXPECT_EQ(windows.IndexOf(-1001), -2);
}

TEST(HeadWindowsTest, FreezesWhatEndsBeforeTheHorizonAndHasSamples) {
  HeadWindows windows(1000);
  windows.Touch(0, 5);
  windows.Touch(1, 6);
  EXPECT_FALSE(windows.OldestDue(Until(999)));
  EXPECT_TRUE(windows.OldestDue(Until(1000)));
  const auto frozen = windows.Freeze(Until(1000), 9);
  ASSERT_EQ(frozen.size(), 1u);
  EXPECT_EQ(frozen[0].slot, (WindowSlot{0, 0}));
  EXPECT_EQ(frozen[0].end, 1000);
  EXPECT_EQ(frozen[0].journal_end, 9u);
  EXPECT_FALSE(windows.OldestDue(Until(1000)));
}

TEST(HeadWindowsTest, FreezesTheOldestFirst) {
  HeadWindows windows(1000);
  for (const int64_t window : {7, 3, 5}) windows.Touch(window, 1);
  const auto first = windows.Freeze(Until(kMaxTimestamp), 2, 2);
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].slot.window, 3);
  EXPECT_EQ(first[1].slot.window, 5);
  EXPECT_EQ(windows.FirstNeeded(9), 1u);
  const auto rest = windows.Freeze(Until(kMaxTimestamp), 3, 2);
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].slot.window, 7);
}

TEST(HeadWindowsTest, SamplesAfterAFreezeGoToANewEpoch) {
  HeadWindows windows(1000);
  EXPECT_EQ(windows.Touch(0, 1), (WindowSlot{0, 0}));
  windows.Freeze(Until(kMaxTimestamp), 2);
  EXPECT_EQ(windows.Touch(0, 3), (WindowSlot{0, 1}));
}

TEST(HeadWindowsTest, WhatComesLateWaitsForItsOwnHorizon) {
  HeadWindows windows(1000);
  windows.Touch(0, 1);
  EXPECT_EQ(windows.Freeze({.fresh = 1000, .late = 0}, 2).size(), 1u);
  windows.Touch(0, 3);
  EXPECT_FALSE(windows.OldestDue({.fresh = 5000, .late = 999}));
  EXPECT_TRUE(windows.Freeze({.fresh = 5000, .late = 999}, 4).empty());
  const auto late = windows.Freeze({.fresh = 5000, .late = 1000}, 5);
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late[0].slot.epoch, 1u);
  windows.Touch(0, 6);
  windows.Unfreeze(late[0]);
  EXPECT_TRUE(windows.OldestDue({.fresh = 1000, .late = 0})) << "a failure does not wait";
}

TEST(HeadWindowsTest, JournalIsNeededUntilItsWindowsAreSealed) {
  HeadWindows windows(1000);
  EXPECT_EQ(windows.FirstNeeded(7), 7u);
  windows.Touch(0, 3);
  windows.Touch(1, 5);
  EXPECT_EQ(windows.FirstNeeded(7), 3u);
  const auto frozen = windows.Freeze(Until(1000), 7);
  EXPECT_EQ(windows.FirstNeeded(7), 3u);
  windows.Sealed(frozen[0].slot);
  EXPECT_EQ(windows.FirstNeeded(7), 5u);
}

TEST(HeadWindowsTest, AnUnfrozenWindowIsFrozenAgainWithItsOldEntries) {
  HeadWindows windows(1000);
  windows.Touch(0, 3);
  const auto failed = windows.Freeze(Until(kMaxTimestamp), 7);
  windows.Unfreeze(failed[0]);
  EXPECT_EQ(windows.FirstNeeded(7), 3u);
  const auto again = windows.Freeze(Until(kMaxTimestamp), 8);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].slot.epoch, 1u);
}

}  // namespace
}  // namespace firn::engine
