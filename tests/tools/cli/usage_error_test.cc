#include "tools/cli/usage_error.h"

#include <gtest/gtest.h>

namespace firn::tools {
namespace {

TEST(UsageErrorTest, FindsTheWordThatWasMeant) {
  const std::vector<std::string> known = {"query", "serve", "--server", "--step", "--start"};
  EXPECT_EQ(Nearest("qery", known), "query");
  EXPECT_EQ(Nearest("--sever", known), "--server");
  EXPECT_EQ(Nearest("--strat", known), "--start");
  EXPECT_EQ(Nearest("serve", known), "serve");
}

TEST(UsageErrorTest, DoesNotGuessWildly) {
  const std::vector<std::string> known = {"query", "serve", "-h"};
  EXPECT_EQ(Nearest("frobnicate", known), "");
  EXPECT_EQ(Nearest("x", known), "");
  EXPECT_EQ(Nearest("", known), "");
}

}  // namespace
}  // namespace firn::tools
