#include "tests/server/api/fixture.h"

namespace firn::server {
namespace {

constexpr TimestampMs kNow = 1'000'000;  // Of the fixture's clock.

class FederateTest : public ApiFixture {
 protected:
  FederateTest() {
    store_.Add({{"__name__", "up"}, {"job", "b\"\n"}, {"instance", "i"}}, kNow - 1000, 1);
    store_.Add({{"__name__", "up"}, {"job", "a"}}, kNow - 2000, 0.5);
    store_.Add({{"__name__", "up"}, {"job", "a"}}, kNow - 1500, 1e6);
    store_.Add({{"__name__", "up"}, {"job", "late"}}, kNow - 400'000, 1);
    store_.Add({{"__name__", "up"}, {"job", "ended"}}, kNow - 10, 1);
    store_.Add({{"__name__", "up"}, {"job", "ended"}}, kNow - 5, StaleNan());
    store_.Add({{"__name__", "a.b"}, {"l.m", "v"}}, kNow, 2);
  }
};

TEST_F(FederateTest, WritesTheNewestSampleOfEachSeriesOnce) {
  const Reply reply = Get("/federate?match[]=up&match[]=%7Bjob=%22a%22%7D");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.content_type, "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
  EXPECT_EQ(reply.body,
            "# TYPE up untyped\n"
            "up{instance=\"i\",job=\"b\\\"\\n\"} 1 999000\n"
            "up{job=\"a\",instance=\"\"} 1e+06 998500\n");
}

TEST_F(FederateTest, SpeaksOpenMetrics) {
  const Reply reply =
      Call(Method::kGet, "/federate?match[]=up%7Bjob=%22a%22%7D", "", "",
           {{"Accept",
             "text/plain;q=0.3, application/openmetrics-text;version=1.0.0;q=0.75,*/*;q=0.1"}});
  EXPECT_EQ(reply.content_type,
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores");
  EXPECT_EQ(reply.body, "# TYPE up unknown\nup{job=\"a\",instance=\"\"} 1e+06 998.500\n# EOF\n");
}

TEST_F(FederateTest, EscapesNamesThatOldReadersRefuse) {
  EXPECT_EQ(Get("/federate?match[]=%7B%22a.b%22%7D").body,
            "# TYPE a_b untyped\na_b{l_m=\"v\",instance=\"\"} 2 1000000\n");
  EXPECT_EQ(Call(Method::kGet, "/federate?match[]=%7B%22a.b%22%7D", "", "",
                 {{"Accept", "text/plain; version=0.0.4; escaping=allow-utf-8"}})
                .body,
            "# TYPE \"a.b\" untyped\n{\"a.b\",\"l.m\"=\"v\",instance=\"\"} 2 1000000\n");
}

TEST_F(FederateTest, WritesCustomBucketsAsAClassicHistogram) {
  FloatHistogram h;
  h.schema = kCustomBucketsSchema;
  h.custom_values = {0.5, 1, 2};
  h.positive_spans = {{1, 1}, {1, 1}};
  h.positive_buckets = {2, 3};
  h.count = 5;
  h.sum = 7.5;
  store_.AddHistogram({{"__name__", "h"}, {"instance", "i"}}, kNow, h);
  h = {};
  h.count = h.zero_count = 1;
  store_.AddHistogram({{"__name__", "exponential"}, {"instance", "i"}}, kNow, h);
  EXPECT_EQ(Get("/federate?match[]=%7B__name__=~%22h|exp.*%22%7D").body,
            "# TYPE h untyped\n"
            "h_bucket{instance=\"i\",le=\"0.5\"} 0 1000000\n"
            "h_bucket{instance=\"i\",le=\"1\"} 2 1000000\n"
            "h_bucket{instance=\"i\",le=\"2\"} 2 1000000\n"
            "h_bucket{instance=\"i\",le=\"+Inf\"} 5 1000000\n"
            "h_sum{instance=\"i\"} 7.5 1000000\n"
            "h_count{instance=\"i\"} 5 1000000\n");
}

TEST_F(FederateTest, RefusesBadSelectorsAndTakesNone) {
  EXPECT_EQ(Get("/federate?match[]=up%7B").status, 400);
  EXPECT_EQ(Get("/federate?match[]=%7B%7D").status, 400);
  const Reply none = Get("/federate");
  EXPECT_EQ(none.status, 200);
  EXPECT_EQ(none.body, "");
}

}  // namespace
}  // namespace firn::server
