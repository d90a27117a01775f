#include "server/api/answer.h"
#include "server/api/result_json.h"
#include "tests/server/api/fixture.h"

namespace firn::server {
namespace {

class ReadTest : public ApiFixture {
 protected:
  ReadTest() {
    for (TimestampMs t = 0; t <= 600'000; t += 15'000) {
      store_.Add({{"__name__", "up"}, {"job", "a"}}, t, 1);
      store_.Add({{"__name__", "up"}, {"job", "b<1>"}}, t, static_cast<double>(t) / 1000);
      store_.Add({{"__name__", "http.requests"}, {"http.route", "/x"}}, t, 7);
    }
  }
};

struct Case {
  const char* target;
  int status;
  const char* body;
};

const Case kCases[] = {
    // Grafana's health check, four seconds after 1970.
    {"/api/v1/query?query=1%2B1&time=4", 200,
     R"({"status":"success","data":{"resultType":"scalar","result":[4,"2"]}})"},
    {"/api/v1/query?query=%22a%3Cb%22&time=4.5", 200,
     R"({"status":"success","data":{"resultType":"string","result":[4.500,"a\u003cb"]}})"},
    {"/api/v1/query?query=up&time=60", 200,
     R"({"status":"success","data":{"resultType":"vector","result":[)"
     R"({"metric":{"__name__":"up","job":"a"},"value":[60,"1"]},)"
     R"({"metric":{"__name__":"up","job":"b<1>"},"value":[60,"60"]}]}})"},
    {"/api/v1/query?query=up&time=60&limit=1", 200,
     R"({"status":"success","data":{"resultType":"vector","result":[)"
     R"({"metric":{"__name__":"up","job":"a"},"value":[60,"1"]}]},)"
     R"("warnings":["results truncated due to limit"]})"},
    {"/api/v1/query?query=nothing&time=60", 200,
     R"({"status":"success","data":{"resultType":"vector","result":[]}})"},
    {"/api/v1/query?query=up%7Bjob=%22a%22%7D%5B30s%5D&time=60", 200,
     R"({"status":"success","data":{"resultType":"matrix","result":[)"
     R"({"metric":{"__name__":"up","job":"a"},"values":[[45,"1"],[60,"1"]]}]}})"},
    {"/api/v1/query_range?query=up%7Bjob!=%22a%22%7D&start=60.5&end=61.25&step=0.5", 200,
     R"({"status":"success","data":{"resultType":"matrix","result":[)"
     R"({"metric":{"__name__":"up","job":"b<1>"},"values":[[60.500,"60"],[61,"60"]]}]}})"},
    {"/api/v1/query_range?query=1&start=0&end=2&step=1&unknown=x&timeout=60s", 200,
     R"({"status":"success","data":{"resultType":"matrix","result":[)"
     R"({"metric":{},"values":[[0,"1"],[1,"1"],[2,"1"]]}]}})"},
    {"/api/v1/query?query=up&time=x", 400,
     R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"time\": invalid time )"
     R"(value for 'time': cannot parse \"x\" to a valid timestamp"})"},
    {"/api/v1/query_range?query=up&end=1&step=1", 400,
     R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"start\": cannot )"
     R"(parse \"\" to a valid timestamp"})"},
    {"/api/v1/query_range?query=up&start=2&end=1&step=1", 400,
     R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"end\": end )"
     R"(timestamp must not be before start time"})"},
    {"/api/v1/query_range?query=up&start=1&end=2&step=0", 400,
     R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"step\": zero or )"
     R"(negative query resolution step widths are not accepted. Try a positive integer"})"},
    {"/api/v1/query_range?query=up&start=0&end=11001&step=1", 400,
     R"({"status":"error","errorType":"bad_data","error":"exceeded maximum resolution of 11,000 )"
     R"x(points per timeseries. Try decreasing the query resolution (?step=XX)"})x"},
    {"/api/v1/query?query=up&limit=-1", 400,
     R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"limit\": limit )"
     R"(must be non-negative"})"},
    {"/api/v1/query_exemplars?query=test&start=1700000000000&end=1700003600000", 200,
     R"({"status":"success","data":[]})"},
    {"/api/v1/query_exemplars?query=1&start=1&end=2", 204, ""},
    {"/api/v1/query_exemplars?query=up&start=2&end=1", 400,
     R"({"status":"error","errorType":"bad_data","error":"end timestamp must not be before start )"
     R"(timestamp"})"},
    {"/api/v1/format_query?query=up%2Bup", 200, R"({"status":"success","data":"up + up"})"},
    {"/api/v1/parse_query?query=1", 200,
     R"({"status":"success","data":{"type":"numberLiteral","val":"1"}})"},
    {"/api/v1/labels", 200, R"({"status":"success","data":["__name__","http.route","job"]})"},
    {"/api/v1/labels?match[]=up", 200, R"({"status":"success","data":["__name__","job"]})"},
    {"/api/v1/labels?match[]=%7B%7D&limit=0", 200,
     R"({"status":"success","data":["__name__","http.route","job"]})"},
    {"/api/v1/labels?start=99999999999&end=99999999999", 200, R"({"status":"success","data":[]})"},
    {"/api/v1/label/job/values", 200, R"({"status":"success","data":["a","b\u003c1\u003e"]})"},
    {"/api/v1/label/job/values?match[]=up%7Bjob=%22a%22%7D&match[]=%7Bjob=~%22b.*%22%7D", 200,
     R"({"status":"success","data":["a","b\u003c1\u003e"]})"},
    {"/api/v1/label/__name__/values?limit=1", 200,
     R"({"status":"success","data":["http.requests"],"warnings":["results truncated due to limit"]})"},
    {"/api/v1/label/U__http_2e_route/values", 200, R"({"status":"success","data":["/x"]})"},
    {"/api/v1/label/http%2Eroute/values", 200, R"({"status":"success","data":["/x"]})"},
    {"/api/v1/label/%ff/values", 400,
     R"({"status":"error","errorType":"bad_data","error":"invalid label name: \"\\xff\""})"},
    {"/api/v1/series?match[]=up%7Bjob=%22a%22%7D&match[]=%7B__name__=~%22u.%22,job=%22a%22%7D", 200,
     R"({"status":"success","data":[{"__name__":"up","job":"a"}]})"},
    {"/api/v1/series?match[]=%7B__name__!=%22%22,%7D&limit=1", 200,
     R"({"status":"success","data":[{"__name__":"http.requests","http.route":"/x"}],)"
     R"("warnings":["results truncated due to limit"]})"},
    {"/api/v1/series", 400,
     R"({"status":"error","errorType":"bad_data","error":"no match[] parameter provided"})"},
    {"/api/v1/series?match[]=%7B%7D", 400,
     R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"match[]\": match[] )"
     R"(must contain at least one non-empty matcher"})"},
    {"/api/v1/rules?exclude_alerts=true", 200, R"({"status":"success","data":{"groups":[]}})"},
    {"/api/v1/alerts", 200, R"({"status":"success","data":{"alerts":[]}})"},
    {"/api/v1/metadata?limit=x", 400,
     R"({"status":"error","errorType":"bad_data","error":"limit must be a number"})"},
    {"/api/v1/metadata", 200, R"({"status":"success","data":{}})"},
    {"/api/v1/status/config", 200, R"({"status":"success","data":{"yaml":"retention: 30d\n"}})"},
    {"/api/v1/status/buildinfo", 200,
     R"({"status":"success","data":{"version":"3.14.0","revision":"abcdef","branch":"",)"
     R"("buildUser":"","buildDate":"20260102-03:04:05","goVersion":"","application":"Firn",)"
     R"("applicationVersion":"1.2.3"}})"},
    {"/api/v1/status/tsdb?limit=1", 200,
     R"({"status":"success","data":{"headStats":{"numSeries":3,"numLabelPairs":0,"chunkCount":0,)"
     R"("minTime":0,"maxTime":0},"seriesCountByMetricName":[{"name":"up","value":2}],)"
     R"("labelValueCountByLabelName":[],"memoryInBytesByLabelName":[],)"
     R"("seriesCountByLabelValuePair":[],"storedSampleCountByMetricName":[],)"
     R"("storedBytesByMetricName":[{"name":"up","value":77}]}})"},
    {"/api/v1/status/tsdb/blocks", 200,
     R"({"status":"success","data":{"blocks":[{"ulid":"0-1000-1","minTime":1000,"maxTime":2000,)"
     R"("stats":{"numSamples":3,"numSeries":2,"numBytes":77},"resolution":"raw",)"
     R"("firstSample":1100,"lastSample":1900},{"ulid":"1-0-1","minTime":0,"maxTime":0,)"
     R"("stats":{"numSamples":0,"numSeries":0,"numBytes":0},"resolution":"1m","firstSample":0,)"
     R"("lastSample":0}]}})"},
    {"/api/v1/status/tsdb?limit=0", 400,
     R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"limit\": limit )"
     R"(must be a positive number"})"},
    {"/api/v1/status/flags", 200,
     R"({"status":"success","data":{"data":"/d","query-timeout":"2m"}})"},
    {"/api/v1/status/walreplay", 200,
     R"({"status":"success","data":{"min":3,"max":9,"current":7}})"},
    {"/api/v1/status/active_queries", 200, R"({"status":"success","data":[]})"},
    {"/api/v1/targets?state=active", 200,
     R"({"status":"success","data":{"activeTargets":[],"droppedTargets":[],)"
     R"("droppedTargetCounts":{}}})"},
    {"/api/v1/targets/metadata", 200, R"({"status":"success","data":[]})"},
    {"/api/v1/scrape_pools", 200, R"({"status":"success","data":{"scrapePools":[]}})"},
    {"/api/v1/notifications", 200, R"({"status":"success","data":[]})"},
    {"/api/v1/alertmanagers", 200,
     R"({"status":"success","data":{"activeAlertmanagers":[],"droppedAlertmanagers":[]}})"},
    {"/api/v1/status/self_metrics?metric_name_pattern=firn_refused_total", 200,
     R"({"status":"success","data":[{"name":"firn_refused_total","help":"Refused.",)"
     R"("type":"COUNTER","metric":[{"label":[{"name":"reason","value":"too \"old"},)"
     R"({"name":"x","value":"1"}],"counter":{"value":4}},{"label":[{"name":"reason",)"
     R"("value":"future"}],"counter":{"value":5}}]}]})"},
    {"/api/v1/status/self_metrics?metric_name_pattern=(", 400,
     "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"invalid parameter "
     "\\\"metric_name_pattern\\\": error parsing regexp: missing ): (?s)(\"}"},
    {"/-/healthy", 200, "Firn is Healthy.\n"},
    {"/-/ready", 200, "Firn is Ready.\n"},
};

TEST_F(ReadTest, AnswersAsTheTableSays) {
  for (const Case& c : kCases) {
    const Reply reply = Get(c.target);
    EXPECT_EQ(reply.status, c.status) << c.target;
    EXPECT_EQ(reply.body, c.body) << c.target;
    EXPECT_EQ(reply.body.find("null"), std::string::npos) << c.target;
  }
}

// Grafana posts with the parameters in the body, in the URL with an empty body, or in both.
TEST_F(ReadTest, AnswersPostsLikeGets) {
  for (const Case& c : kCases) {
    const std::string_view target = c.target;
    if (!target.starts_with("/api/") || c.status == 404) continue;
    const size_t question = std::min(target.find('?'), target.size());
    const std::string_view path = target.substr(0, question);
    const std::string_view form = target.substr(std::min(question + 1, target.size()));
    EXPECT_EQ(Call(Method::kPost, target).body, c.body) << target;
    EXPECT_EQ(Call(Method::kPost, path, form).body, c.body) << target;
    EXPECT_EQ(Call(Method::kPost, std::string(path) + "?custom=1&stats=", form).body, c.body)
        << target;
  }
}

TEST_F(ReadTest, PointsAtParseErrors) {
  const Reply reply = Get("/api/v1/query?query=up%2B");
  EXPECT_EQ(reply.status, 400);
  EXPECT_TRUE(reply.body.starts_with(R"({"status":"error","errorType":"bad_data","error":)"
                                     R"("invalid parameter \"query\": 1:)"))
      << reply.body;
  EXPECT_EQ(reply.content_type, "application/json");
}

TEST_F(ReadTest, NamesEvaluationErrorsExecution) {
  const Reply reply = Get("/api/v1/query?time=60&query=up%20%2B%20on()%20up");
  EXPECT_EQ(reply.status, 422);
  EXPECT_TRUE(reply.body.starts_with(R"({"status":"error","errorType":"execution","error":")"))
      << reply.body;
}

TEST_F(ReadTest, GivesStatistics) {
  const Reply reply = Get("/api/v1/query_range?query=up&start=0&end=30&step=15&stats=all");
  EXPECT_NE(reply.body.find(R"("samples":{"totalQueryableSamples":6,)"), std::string::npos)
      << reply.body;
  EXPECT_EQ(Get("/api/v1/query?query=up&time=1").body.find("stats"), std::string::npos);
}

TEST(ResultJsonTest, DatesTheStepsOfStatistics) {
  query::QueryResult result;
  result.type = query::ValueType::kMatrix;
  result.stats.samples_per_step = {2, 3};
  Reply reply;
  ReplyWriter writer(&reply);
  JsonAnswer answer(&writer);
  StatsOptions options;
  options.wanted = options.per_step = true;
  options.start = 1500;
  options.step = 500;
  WriteQueryResult(std::move(result), 0, options, &answer);
  answer.Finish(OkStatus());
  EXPECT_NE(reply.body.find(R"("totalQueryableSamplesPerStep":[[1.500,2],[2,3]]}}}})"),
            std::string::npos)
      << reply.body;
}

TEST_F(ReadTest, PassesOnWhichResolutionIsWanted) {
  std::vector<std::optional<DurationMs>> seen;
  store_.OnSelect([&](const engine::SelectHints& hints) { seen.push_back(hints.resolution_max); });
  for (const char* wanted : {"", "auto", "0s", "5m", "3600"}) {
    for (const char* call : {"query?time=1", "query_range?start=1&end=2&step=1"}) {
      const Reply reply =
          Get(fmt::format("/api/v1/{}&query=up&max_source_resolution={}", call, wanted));
      EXPECT_EQ(reply.status, 200) << reply.body;
    }
  }
  const std::optional<DurationMs> automatic;
  EXPECT_EQ(seen, (std::vector<std::optional<DurationMs>>{automatic, automatic, automatic,
                                                          automatic, 0, 0, 5 * kMinuteMs,
                                                          5 * kMinuteMs, kHourMs, kHourMs}));
  for (const char* wrong : {"-5m", "coarse"}) {
    const Reply reply = Get(fmt::format("/api/v1/query?query=up&max_source_resolution={}", wrong));
    EXPECT_EQ(reply.status, 400);
    EXPECT_NE(reply.body.find("max_source_resolution"), std::string::npos) << reply.body;
  }
}

TEST_F(ReadTest, CountsQueueingAgainstTheTimeout) {
  EXPECT_EQ(Get("/api/v1/query?query=up&timeout=0.000").status, 503);
  EXPECT_EQ(Get("/api/v1/query?query=up&timeout=10s").status, 200);
}

TEST_F(ReadTest, WritesHistograms) {
  FloatHistogram h;
  h.count = 3;
  h.sum = 4.5;
  h.positive_spans = {{0, 1}};
  h.positive_buckets = {3};
  store_.AddHistogram({{"__name__", "h"}}, 60'000, h);
  EXPECT_EQ(Get("/api/v1/query?query=h&time=60").body,
            R"({"status":"success","data":{"resultType":"vector","result":[{"metric":)"
            R"({"__name__":"h"},"histogram":[60,{"count":"3","sum":"4.5","buckets":)"
            R"([[0,"0.5","1","3"]]}]}]}})");
  EXPECT_EQ(Get("/api/v1/query_range?query=h&start=60&end=60&step=1").body,
            R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":)"
            R"({"__name__":"h"},"histograms":[[60,{"count":"3","sum":"4.5","buckets":)"
            R"([[0,"0.5","1","3"]]}]]}]}})");
}

TEST_F(ReadTest, StreamsLargeAnswersWhole) {
  const Reply reply = Get("/api/v1/query_range?query=up&start=0&end=600&step=0.06");
  EXPECT_GT(reply.body.size(), 200'000u);
  EXPECT_TRUE(reply.body.ends_with("[600,\"600\"]]}]}}"));
}

TEST_F(ReadTest, ListsMetadata) {
  ASSERT_TRUE(store_.PutMetadata({{"a", "counter", "A <b>.", "seconds"}, {"b", "", "", ""}}).ok());
  EXPECT_EQ(Get("/api/v1/metadata?limit=-1").body,
            R"({"status":"success","data":{"a":[{"type":"counter","unit":"seconds","help":)"
            R"("A \u003cb\u003e."}],"b":[{"type":"unknown","unit":"","help":""}]}})");
  EXPECT_EQ(Get("/api/v1/metadata?metric=b&limit=40000").body,
            R"({"status":"success","data":{"b":[{"type":"unknown","unit":"","help":""}]}})");
  EXPECT_EQ(Get("/api/v1/metadata?limit=1").body.find("\"b\""), std::string::npos);
}

TEST_F(ReadTest, ExposesMetricsOfEngineAndServer) {
  Get("/api/v1/query?query=up&time=60");
  const Reply reply = Get("/metrics");
  EXPECT_EQ(reply.content_type, "text/plain; version=0.0.4; charset=utf-8");
  for (const char* line :
       {"firn_head_series 3\n", "firn_refused_total{reason=\"too \\\"old\",x=\"1\"} 4\n",
        "firn_refused_total{reason=\"future\"} 5\n", "# TYPE firn_refused_total counter\n",
        "firn_query_samples_total 2\n", "firn_query_duration_seconds_count 1\n"}) {
    EXPECT_NE(reply.body.find(line), std::string::npos) << line;
  }
}

TEST_F(ReadTest, SealsOnPostOnly) {
  EXPECT_EQ(Get("/api/v1/admin/tsdb/seal").status, 405);
  EXPECT_EQ(Call(Method::kPost, "/api/v1/admin/tsdb/seal").status, 204);
  EXPECT_EQ(store_.seals(), 1);
  EXPECT_EQ(Get("/api/v1/admin/tsdb/snapshot").status, 405);
  EXPECT_EQ(Call(Method::kPost, "/api/v1/admin/tsdb/snapshot").body,
            R"({"status":"success","data":{"name":"20260131T235959.000Z"}})");
}

TEST_F(ReadTest, SaysWhyWritesAreRefused) {
  store_.FailAppender(Unavailable("disk full"));
  EXPECT_EQ(Get("/-/ready").body, "Firn is Ready.\nWrites are refused: disk full\n");
}

class OpeningTest : public ReadTest {
 protected:
  Reply Ask(Method method, std::string_view target, std::string body = "") {
    return CallOf(opening_, method, target, "", std::move(body));
  }
};

TEST_F(OpeningTest, OnlyWhatNeedsNoStoreIsAnswered) {
  EXPECT_EQ(Ask(Method::kGet, "/-/healthy").status, 200);
  EXPECT_NE(Ask(Method::kGet, "/metrics").body.find("firn_"), std::string::npos);
  EXPECT_EQ(Ask(Method::kGet, "/api/v1/status/walreplay").body,
            R"({"status":"success","data":{"min":3,"max":9,"current":7}})");
  EXPECT_EQ(Ask(Method::kGet, "/-/ready").body, "the store is being opened\n");
}

TEST_F(OpeningTest, SendersAndReadersAreToldToComeAgain) {
  const std::pair<Method, const char*> requests[] = {{Method::kGet, "/-/ready"},
                                                     {Method::kPost, "/api/v1/query_range"},
                                                     {Method::kGet, "/api/v1/label/a/values"},
                                                     {Method::kPost, "/api/v1/write"},
                                                     {Method::kPut, "/api/v1/admin/tsdb/snapshot"},
                                                     {Method::kHead, "/federate"},
                                                     {Method::kGet, "/nowhere"}};
  for (const auto& [method, target] : requests) {
    const Reply reply = Ask(method, target, "x");
    EXPECT_EQ(reply.status, 503) << target;
    EXPECT_EQ(reply.headers, (std::vector<NameValue>{{"Retry-After", "1"}})) << target;
  }
  EXPECT_EQ(Ask(Method::kPost, "/api/v1/write").body,
            R"({"status":"error","errorType":"unavailable","error":"the store is being opened"})");
}

TEST_F(OpeningTest, NoRequestIsRefusedForWhatItsLaterRouteWouldTake) {
  std::vector<std::string> params;
  const Route* const rest = opening_.Find({"anything"}, &params);
  ASSERT_NE(rest, nullptr);
  for (const auto& route : router_.routes()) {
    for (const Method method : route->methods) EXPECT_TRUE(rest->Allows(method)) << route->pattern;
    EXPECT_LE(route->body_bytes_max, rest->body_bytes_max) << route->pattern;
  }
  // Whoever is known: a sender without the right to read must not take it for a refusal.
  EXPECT_EQ(rest->role, Role::kProbe);
}

class WaitedTest : public ReadTest {
 protected:
  // The answer to a query that came a while ago.
  Reply Ask(std::string_view target, std::chrono::seconds ago, bool cancelled = false) {
    HttpRequest request;
    EXPECT_TRUE(ParseTarget(target, &request).ok());
    request.cancelled = cancelled;
    request.received = std::chrono::steady_clock::now() - ago;
    Reply reply;
    ReplyWriter writer(&reply);
    const Route* route = router_.Find(request.path_segments, &request.path_params);
    route->handler->Handle(request, writer);
    return reply;
  }
};

TEST_F(WaitedTest, StopsWhenTheClientHasGone) {
  EXPECT_EQ(Ask("/api/v1/query?query=up&time=60", std::chrono::seconds(0), true).status, 499);
}

TEST_F(WaitedTest, TheTimeInTheQueueCounts) {
  const std::string target = "/api/v1/query?query=up&time=60";
  const auto all = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::milliseconds(engine_.options().timeout));
  EXPECT_EQ(Ask(target, all / 2).status, 200);
  EXPECT_EQ(Ask(target, all).status, 503);
  EXPECT_EQ(Ask(target + "&timeout=10s", std::chrono::seconds(9)).status, 200);
  EXPECT_EQ(Ask(target + "&timeout=10s", std::chrono::seconds(10)).status, 503);
  EXPECT_EQ(Ask(target + "&timeout=10h", all).status, 503);
}

}  // namespace
}  // namespace firn::server
