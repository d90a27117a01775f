#include "server/http/message.h"

#include <gtest/gtest.h>

#include "server/http/gzip.h"
#include "server/http/router.h"

namespace firn::server {
namespace {

TEST(MessageTest, SplitsBeforeDecodingSoThatEscapedSlashesStay) {
  HttpRequest request;
  ASSERT_TRUE(ParseTarget("/api/v1/label/a%2Fb%20c/values?x=1+2&x=%2B&y", &request).ok());
  EXPECT_EQ(request.path, "/api/v1/label/a/b c/values");
  ASSERT_EQ(request.path_segments.size(), 5u);
  EXPECT_EQ(request.path_segments[3], "a/b c");
  EXPECT_EQ(request.Params("x"), (std::vector<std::string_view>{"1 2", "+"}));
  ASSERT_NE(request.Param("y"), nullptr);
  EXPECT_EQ(*request.Param("y"), "");
  EXPECT_EQ(request.Param("z"), nullptr);
}

TEST(MessageTest, RefusesBrokenEscapes) {
  for (const char* text : {"%", "%4", "%zz", "a%4", "%%41", "%'\xef", "%\xff\xff"}) {
    EXPECT_FALSE(PercentDecode(text, false).ok()) << text;
  }
  EXPECT_EQ(*PercentDecode("%41+", false), "A+");
  EXPECT_EQ(*PercentDecode("%41+", true), "A ");
}

TEST(MessageTest, FindsTokensWithWeights) {
  EXPECT_TRUE(HasToken("gzip", "gzip"));
  EXPECT_TRUE(HasToken("br, GZIP;q=0.5", "gzip"));
  EXPECT_TRUE(HasToken("zstd,gzip", "gzip"));
  EXPECT_FALSE(HasToken("gzip;q=0", "gzip"));
  EXPECT_FALSE(HasToken("gzip; q=0.000", "gzip"));
  EXPECT_FALSE(HasToken("xgzip, gzipx", "gzip"));
  EXPECT_FALSE(HasToken("", "gzip"));
}

struct NoHandler : Handler {
  void Handle(const HttpRequest&, ResponseWriter&) override {}
};

Route MakeRoute(std::string pattern) {
  Route route;
  route.pattern = std::move(pattern);
  route.methods = {Method::kGet, Method::kPost};
  route.handler = std::make_unique<NoHandler>();
  return route;
}

TEST(RouterTest, MatchesExactPathsAndOneSegmentPerHole) {
  Router router;
  router.Add(MakeRoute("/a/b"));
  router.Add(MakeRoute("/label/{name}/values"));
  std::vector<std::string> params;
  EXPECT_NE(router.Find({"a", "b"}, &params), nullptr);
  EXPECT_EQ(router.Find({"a", "b", ""}, &params), nullptr);
  EXPECT_EQ(router.Find({"label", "", "values"}, &params), nullptr);
  ASSERT_NE(router.Find({"label", "job", "values"}, &params), nullptr);
  EXPECT_EQ(params, std::vector<std::string>{"job"});
  EXPECT_EQ(AllowHeader(*router.routes()[0]), "GET, HEAD, POST, OPTIONS");
}

TEST(RouterTest, WritesErrorsOfTheApiAsJson) {
  EXPECT_EQ(ErrorResponse("/api/v1/x", 404, "not_found", "no \"x\"\n").body,
            R"({"status":"error","errorType":"not_found","error":"no \"x\"\u000a"})");
  EXPECT_EQ(ErrorResponse("/x", 404, "not_found", "404 page not found").body,
            "404 page not found\n");
}

}  // namespace
}  // namespace firn::server
