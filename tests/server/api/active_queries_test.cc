#include "server/api/status/active_queries.h"

#include "tests/server/api/fixture.h"

namespace firn::server {
namespace {

ActiveQuery Named(const char* text) {
  ActiveQuery query;
  query.text = text;
  return query;
}

TEST(ActiveQueriesTest, ListsAQueryAsLongAsItRuns) {
  ActiveQueries queries;
  std::atomic<bool> first_cancelled = false;
  std::atomic<bool> second_cancelled = false;
  const ActiveQueries::Entry first = queries.Add(Named("a"), &first_cancelled);
  {
    const ActiveQueries::Entry second = queries.Add(Named("b"), &second_cancelled);
    ASSERT_EQ(queries.List().size(), 2u);
    EXPECT_EQ(queries.List()[1].text, "b");
    EXPECT_TRUE(queries.Cancel(queries.List()[1].id));
    EXPECT_TRUE(second_cancelled);
  }
  EXPECT_FALSE(first_cancelled);
  EXPECT_EQ(queries.List().size(), 1u);
  EXPECT_FALSE(queries.Cancel(2));
}

class CancelTest : public ApiFixture {
 protected:
  Reply Cancel(const char* parameters) {
    return Call(Method::kPost, std::string("/api/v1/admin/queries/cancel") + parameters);
  }
};

TEST_F(CancelTest, EndsARunningQuery) {
  store_.Add({{"__name__", "up"}}, 0, 1);
  Reply list;
  Reply cancel;
  store_.OnSelect([&](const engine::SelectHints&) {
    list = Get("/api/v1/status/active_queries");
    cancel = Cancel("?id=1");
  });
  const Reply reply = Get("/api/v1/query_range?query=up&start=1&end=2.5&step=0.5");
  EXPECT_TRUE(list.body.starts_with(
      R"({"status":"success","data":[{"id":"1","query":"up","remoteAddress":"","start":1,)"
      R"("end":2.500,"step":0.5,"duration":0.)"))
      << list.body;
  EXPECT_EQ(cancel.status, 204);
  EXPECT_EQ(reply.status, 499);
  EXPECT_TRUE(reply.body.starts_with(R"({"status":"error","errorType":"canceled")")) << reply.body;
  EXPECT_EQ(Cancel("?id=1").status, 404);
}

TEST_F(CancelTest, NamesABadId) {
  for (const char* parameters :
       {"", "?id=", "?id=x", "?id=-1", "?id=1x", "?id=99999999999999999999"}) {
    const Reply reply = Cancel(parameters);
    EXPECT_EQ(reply.status, 400) << parameters;
    EXPECT_NE(reply.body.find(R"(invalid parameter \"id\")"), std::string::npos) << reply.body;
  }
  EXPECT_EQ(Get("/api/v1/admin/queries/cancel?id=1").status, 405);
}

TEST_F(CancelTest, TellsFeaturesAndVersion) {
  const Reply features = Get("/api/v1/features");
  EXPECT_NE(features.body.find(R"("promql_functions":{"abs":true,)"), std::string::npos)
      << features.body;
  EXPECT_NE(features.body.find(R"("anchored":false)"), std::string::npos) << features.body;
  EXPECT_TRUE(Get("/version").body.starts_with(R"({"version":"3.14.0",)"));
}

}  // namespace
}  // namespace firn::server
