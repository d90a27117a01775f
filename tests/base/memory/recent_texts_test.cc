#include "base/memory/recent_texts.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace firn {
namespace {

std::shared_ptr<const int> Number(int n) { return std::make_shared<const int>(n); }

TEST(RecentTextsTest, KeepsTheMostRecent) {
  RecentTexts<int> texts(2, 100);
  EXPECT_EQ(texts.Find("a"), nullptr);
  texts.Keep("a", Number(1));
  texts.Keep("b", Number(2));
  EXPECT_EQ(*texts.Find("a"), 1);
  texts.Keep("c", Number(3));
  EXPECT_EQ(texts.Find("b"), nullptr);
  EXPECT_EQ(*texts.Find("a"), 1);
  EXPECT_EQ(*texts.Find("c"), 3);
  EXPECT_EQ(texts.size(), 2u);
}

TEST(RecentTextsTest, TheFirstOfATextStays) {
  RecentTexts<int> texts(2, 100);
  texts.Keep("a", Number(1));
  texts.Keep("a", Number(2));
  EXPECT_EQ(*texts.Find("a"), 1);
}

TEST(RecentTextsTest, KeepsSoManyBytesOfTexts) {
  RecentTexts<int> texts(100, 10);
  texts.Keep("12345", Number(1));
  texts.Keep("abcde", Number(2));
  EXPECT_EQ(texts.size(), 2u);
  texts.Keep("x", Number(3));
  EXPECT_EQ(texts.Find("12345"), nullptr);
  EXPECT_EQ(*texts.Find("abcde"), 2);
  texts.Keep("much too long", Number(4));
  EXPECT_EQ(texts.Find("much too long"), nullptr);
  EXPECT_EQ(texts.size(), 2u);
  texts.Keep("0123456789", Number(5));
  EXPECT_EQ(texts.size(), 1u);
}

TEST(RecentTextsTest, ServesManyThreads) {
  RecentTexts<std::string> texts(20, 1000);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&texts] {
      for (int i = 0; i < 2000; ++i) {
        const std::string text = std::to_string(i % 50);
        const auto found = texts.Find(text);
        if (found == nullptr) {
          texts.Keep(text, std::make_shared<const std::string>(text));
        } else {
          EXPECT_EQ(*found, text);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(texts.size(), 20u);
}

}  // namespace
}  // namespace firn
