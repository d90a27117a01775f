#include "engine/head/registry/sender_memory.h"

#include <string>

#include <gtest/gtest.h>

namespace firn::engine {
namespace {

TEST(SenderMemoryTest, RecognisesASeriesThatFollowsAsBefore) {
  SenderMemory memory;
  memory.Remember(1, 2, "labels of two");
  const SenderMemory::Guess guess = memory.Recognise(1, "labels of two and a sample");
  EXPECT_EQ(guess.series, 2u);
  EXPECT_EQ(guess.bytes, 13u);
}

TEST(SenderMemoryTest, DoesNotRecogniseWhatDiffersInAByteOrComesElsewhere) {
  SenderMemory memory;
  memory.Remember(1, 2, "labels of two");
  memory.Remember(2, 3, "labels of three");
  EXPECT_EQ(memory.Recognise(1, "labels of twO and a sample").series, 0u);
  EXPECT_EQ(memory.Recognise(1, "labels of tw").series, 0u) << "shorter";
  EXPECT_EQ(memory.Recognise(1, "").series, 0u);
  EXPECT_EQ(memory.Recognise(2, "labels of two").series, 0u) << "another series comes there";
  EXPECT_EQ(memory.Recognise(3, "labels of two").series, 0u) << "nothing is known to follow";
  EXPECT_EQ(memory.Recognise(0, "labels of two").series, 0u);
  EXPECT_EQ(memory.Recognise(UINT64_MAX, "labels of two").series, 0u);
}

TEST(SenderMemoryTest, TheLastOrderAndTheLastFormCount) {
  SenderMemory memory;
  memory.Remember(1, 2, "two");
  memory.Remember(1, 3, "three");
  EXPECT_EQ(memory.Recognise(1, "two").series, 0u);
  EXPECT_EQ(memory.Recognise(1, "three").series, 3u);
  memory.Remember(1, 3, "three, written otherwise");
  EXPECT_EQ(memory.Recognise(1, "three").series, 0u);
  EXPECT_EQ(memory.Recognise(1, "three, written otherwise").series, 3u);
}

TEST(SenderMemoryTest, ForgetsBlocks) {
  SenderMemory memory;
  memory.Remember(1, 5000, "wire");
  memory.ForgetBlock(5001);
  EXPECT_EQ(memory.Recognise(1, "wire").series, 0u);
  memory.Remember(1, 5000, "wire");
  EXPECT_EQ(memory.Recognise(1, "wire").series, 5000u);
}

TEST(SenderMemoryTest, TakesLabelsOfAnyLength) {
  SenderMemory memory;
  for (const size_t bytes : {1, 16, 128, 129, 240, 241, 5000, 100'000}) {
    std::string wire(bytes, 'x');
    memory.Remember(1, 2, wire);
    EXPECT_EQ(memory.Recognise(1, wire).bytes, bytes);
    wire[bytes / 2] = 'y';
    EXPECT_EQ(memory.Recognise(1, wire).bytes, 0u);
  }
}

}  // namespace
}  // namespace firn::engine
