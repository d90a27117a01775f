#include "tests/server/api/fixture.h"

namespace firn::server {
namespace {

class AdminTest : public ApiFixture {
 protected:
  AdminTest() {
    store_.Add({{"__name__", "up"}, {"job", "a"}}, 10'000, 1);
    store_.Add({{"__name__", "up"}, {"job", "a"}}, 20'000, 1);
    store_.Add({{"__name__", "up"}, {"job", "b"}}, 10'000, 1);
  }
  Reply Post(std::string_view target) { return Call(Method::kPost, target); }
  size_t Samples() {
    size_t samples = 0;
    for (const auto& [labels, series] : store_.Contents()) samples += series.floats.size();
    return samples;
  }
};

TEST_F(AdminTest, CompactsOnPostOnly) {
  EXPECT_EQ(Call(Method::kGet, "/api/v1/admin/tsdb/compact").status, 405);
  EXPECT_EQ(Post("/api/v1/admin/tsdb/compact").status, 204);
  EXPECT_EQ(store_.compactions(), 1);
  EXPECT_EQ(Post("/api/v1/admin/tsdb/compact?force=true").status, 204);
  EXPECT_EQ(store_.forced_compactions(), 1);
  EXPECT_EQ(Post("/api/v1/admin/tsdb/compact?force=perhaps").status, 400);
}

TEST_F(AdminTest, DeletesWhatMatchesWithinTheRange) {
  EXPECT_EQ(Post("/api/v1/admin/tsdb/delete_series?match[]=up%7Bjob%3D%22a%22%7D&end=15").status,
            204);
  EXPECT_EQ(Samples(), 2u);
  EXPECT_EQ(Post("/api/v1/admin/tsdb/delete_series?match[]=up").status, 204);
  EXPECT_EQ(Samples(), 0u);
}

TEST_F(AdminTest, DeletesNothingWithoutASelector) {
  const Reply none = Post("/api/v1/admin/tsdb/delete_series");
  EXPECT_EQ(none.status, 400);
  EXPECT_NE(none.body.find("no match[] parameter provided"), std::string::npos);
  EXPECT_EQ(Post("/api/v1/admin/tsdb/delete_series?match[]=%7Bx%3D~%22.*%22%7D").status, 400);
  EXPECT_EQ(Post("/api/v1/admin/tsdb/delete_series?match[]=up%7B").status, 400);
  EXPECT_EQ(Samples(), 3u);
}

TEST_F(AdminTest, CleansAndConfirms) {
  EXPECT_EQ(Post("/api/v1/admin/tsdb/clean_tombstones").status, 204);
  EXPECT_EQ(store_.cleanings(), 1);
  EXPECT_EQ(Post("/api/v1/admin/tsdb/confirm_time").status, 204);
  EXPECT_EQ(store_.confirmations(), 1);
}

}  // namespace
}  // namespace firn::server
