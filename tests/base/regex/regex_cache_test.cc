#include "base/regex/regex_cache.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <re2/re2.h>

namespace firn {
namespace {

TEST(RegexCacheTest, GivesTheSameAgainWhileItIsRecent) {
  RegexCache cache;
  const auto first = cache.Get("a.*b");
  EXPECT_TRUE(re2::RE2::FullMatch("acb", *first));
  EXPECT_EQ(cache.Get("a.*b"), first);
  for (int i = 0; i < 1000; ++i) {
    cache.Get("x" + std::to_string(i) + "+");
    if (i % 10 == 0) cache.Get("a.*b");
  }
  EXPECT_EQ(cache.Get("a.*b"), first);
  EXPECT_EQ(cache.size(), 32u);
  const auto old = cache.Get("y+");
  for (int i = 0; i < 32; ++i) cache.Get("z" + std::to_string(i) + "+");
  EXPECT_NE(cache.Get("y+"), old);
  EXPECT_TRUE(re2::RE2::FullMatch("yy", *old));
}

TEST(RegexCacheTest, WhatDoesNotCompileOrIsLongIsNotKept) {
  RegexCache cache;
  EXPECT_FALSE(cache.Get("a(b")->ok());
  EXPECT_FALSE(cache.Get("a(b")->error().empty());
  const std::string lengthy(300, 'a');
  EXPECT_TRUE(re2::RE2::FullMatch(lengthy, *cache.Get(lengthy)));
  // More than a MiB, less than eight.
  const auto large = cache.Get("\\pL{300}");
  EXPECT_TRUE(large->ok()) << large->error();
  EXPECT_EQ(cache.size(), 0u);
}

TEST(RegexCacheTest, ServesManyThreads) {
  RegexCache cache;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&cache] {
      for (int i = 0; i < 500; ++i) {
        const std::string text = "n" + std::to_string(i % 50);
        EXPECT_TRUE(re2::RE2::FullMatch(text, *cache.Get(text + "|other")));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(cache.size(), 32u);
}

}  // namespace
}  // namespace firn
