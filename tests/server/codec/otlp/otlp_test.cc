#include <protozero/pbf_writer.hpp>

#include <gtest/gtest.h>

#include "server/codec/otlp/otlp_decode.h"
#include "server/codec/otlp/otlp_translate.h"
#include "tests/server/codec/lines.h"

namespace firn::server {
namespace {

using protozero::pbf_writer;
using Texts = std::vector<std::string>;

Texts Json(std::string_view text, const OtlpOptions& options = {}) {
  Lines got;
  const Status status =
      DecodeOtlpJson(text, [&](const OtlpResource& r) { return TranslateOtlp(options, r, &got); });
  if (!status.ok()) return {std::string(status.message())};
  return got.lines;
}

// A request with the given metrics and resource attributes.
Texts Metrics(std::string_view metrics, std::string_view attributes = "",
              const OtlpOptions& options = {}) {
  return Json(fmt::format(R"({{"resourceMetrics":[{{"resource":{{"attributes":[{}]}},)"
                          R"("scopeMetrics":[{{"scope":{{"name":"lib","version":"1",)"
                          R"("attributes":[{{"key":"a.b","value":{{"boolValue":true}}}}]}},)"
                          R"("metrics":[{}]}}]}}]}})",
                          attributes, metrics),
              options);
}

constexpr const char* kService = R"({"key":"service.name","value":{"stringValue":"api"}},)"
                                 R"({"key":"service.namespace","value":{"stringValue":"shop"}},)"
                                 R"({"key":"service.instance.id","value":{"stringValue":"i1"}})";

TEST(OtlpTest, ReadsGaugesAndSums) {
  EXPECT_EQ(
      Metrics(R"({"name":"mem.use","unit":"By","description":"Use.","gauge":{"dataPoints":[)"
              R"({"timeUnixNano":"1500000000","asInt":"-7","attributes":[)"
              R"({"key":"a.b","value":{"stringValue":"x"}},{"key":"a_b","value":{"intValue":)"
              R"("5"}},{"key":"e","value":{"stringValue":""}}]},)"
              R"({"timeUnixNano":2000000000,"asDouble":0.5,"flags":1}]}},)"
              R"({"name":"req","sum":{"isMonotonic":true,"aggregationTemporality":2,)"
              R"("dataPoints":[{"timeUnixNano":"3000000000","startTimeUnixNano":)"
              R"("1000000000","asDouble":3,"exemplars":[{"timeUnixNano":"2500000000",)"
              R"("asDouble":1,"traceId":"ab","spanId":"cd","filteredAttributes":[{"key":"k",)"
              R"("value":{"doubleValue":1.5}}]}]}]}})",
              kService),
      (Texts{"series __name__=mem_use_bytes,a_b=x;5,instance=i1,job=shop/api,", "sample -7 @1500",
             "series __name__=mem_use_bytes,instance=i1,job=shop/api,", "sample nan @2000",
             "metadata mem_use_bytes: gauge Use. bytes",
             "series __name__=req_total,instance=i1,job=shop/api,", "sample 3 @3000 from 1000",
             "exemplar trace_id=ab,span_id=cd,k=1.5, 1 @2500", "metadata req_total: counter  "}));
}

TEST(OtlpTest, ReadsHistograms) {
  const char* const histogram =
      R"({"name":"lat","unit":"s","histogram":{"aggregationTemporality":2,"dataPoints":[)"
      R"({"timeUnixNano":"1000000000","count":"6","sum":4.5,"bucketCounts":["1","2","3"],)"
      R"("explicitBounds":[0.5,1],"exemplars":[{"timeUnixNano":"900000000","asDouble":0.7},)"
      R"({"timeUnixNano":"800000000","asDouble":9}]}]}})";
  EXPECT_EQ(
      Metrics(histogram),
      (Texts{"series __name__=lat_seconds_sum,", "sample 4.5 @1000",
             "series __name__=lat_seconds_count,", "sample 6 @1000",
             "series __name__=lat_seconds_bucket,le=0.5,", "sample 1 @1000",
             "series __name__=lat_seconds_bucket,le=1,", "sample 3 @1000", "exemplar  0.7 @900",
             "series __name__=lat_seconds_bucket,le=+Inf,", "sample 6 @1000", "exemplar  9 @800",
             "metadata lat_seconds: histogram  seconds"}));
  OtlpOptions custom;
  custom.custom_buckets = true;
  EXPECT_EQ(Metrics(histogram, "", custom),
            (Texts{"series __name__=lat_seconds,",
                   R"(histogram @1000 {"count":"6","sum":"4.5","buckets":[[3,"-Inf","0.5","1"],)"
                   R"([0,"0.5","1","2"],[0,"1","+Inf","3"]]})",
                   "exemplar  9 @800", "exemplar  0.7 @900",
                   "metadata lat_seconds: histogram  seconds"}));
}

TEST(OtlpTest, ReadsExponentialHistograms) {
  const auto histogram = [](int scale) {
    return fmt::format(
        R"({{"name":"e","exponentialHistogram":{{"aggregationTemporality":2,"dataPoints":[)"
        R"({{"timeUnixNano":"1000000000","count":"11","sum":2,"scale":{},"zeroCount":"1",)"
        R"("positive":{{"offset":-1,"bucketCounts":["1","0","2"]}},)"
        R"("negative":{{"offset":7,"bucketCounts":["3","4"]}}}}]}}}})",
        scale);
  };
  EXPECT_EQ(Metrics(histogram(0)),
            (Texts{"series __name__=e,",
                   R"(histogram @1000 {"count":"11","sum":"2","buckets":[[1,"-512","-256","4"],)"
                   R"([1,"-256","-128","3"],[3,"-1e-128","1e-128","1"],[0,"0.5","1","1"],)"
                   R"([0,"2","4","2"]]})",
                   "metadata e: histogram  "}));
  // Each step halves the resolution: indices -1, 1 become -1, 0 and 7, 8 become 3, 4.
  const Texts fine = Metrics(histogram(9));
  ASSERT_EQ(fine.size(), 3u) << fine[0];
  EXPECT_NE(fine[1].find(R"(,"1"],[0,"1","1.0027112750502025","2"]])"), std::string::npos)
      << fine[1];
  EXPECT_EQ(Metrics(histogram(60)).size(), 3u);
  EXPECT_EQ(Metrics(histogram(-5))[0],
            "resourceMetrics[0]: metric \"e\": cannot convert exponential to native histogram: "
            "scale must be >= -4, was -5");
}

TEST(OtlpTest, ReadsSummaries) {
  EXPECT_EQ(Metrics(R"({"name":"s","summary":{"dataPoints":[{"timeUnixNano":"1000000000",)"
                    R"("count":"5","sum":7,"quantileValues":[{"quantile":0.5,"value":1},)"
                    R"({"quantile":0.99,"value":3}]}]}})"),
            (Texts{"series __name__=s_sum,", "sample 7 @1000", "series __name__=s_count,",
                   "sample 5 @1000", "series __name__=s,quantile=0.5,", "sample 1 @1000",
                   "series __name__=s,quantile=0.99,", "sample 3 @1000", "metadata s: summary  "}));
}

constexpr const char* kTwoGauges =
    R"({"name":"a","gauge":{"dataPoints":[{"timeUnixNano":"100000000000","asInt":"1"},)"
    R"({"timeUnixNano":"500000000000","asInt":"2"}]}})";

TEST(OtlpTest, DescribesTargets) {
  const std::string attributes =
      std::string(kService) + R"(,{"key":"host.name","value":{"stringValue":"h"}})";
  const Texts got = Metrics(kTwoGauges, attributes);
  EXPECT_EQ(Texts(got.begin() + 5, got.end()),
            (Texts{"series __name__=target_info,host_name=h,instance=i1,job=shop/api,",
                   "sample 1 @100000", "sample 1 @250000", "sample 1 @400000", "sample 1 @500000",
                   "metadata target_info: gauge Target metadata "}));
  OtlpOptions keep;
  keep.keep_identifying = true;
  EXPECT_EQ(Metrics(kTwoGauges, attributes, keep).at(5),
            "series __name__=target_info,host_name=h,instance=i1,job=shop/api,"
            "service_instance_id=i1,service_name=api,service_namespace=shop,");
  // Nothing but the service, or no service at all: nothing to join with.
  EXPECT_EQ(Metrics(kTwoGauges, kService).size(), 5u);
  EXPECT_EQ(Metrics(kTwoGauges, R"({"key":"host.name","value":{"stringValue":"h"}})").size(), 5u);
  // A request that spans ages does not become as many samples.
  const Texts ages =
      Metrics(R"({"name":"a","gauge":{"dataPoints":[{"timeUnixNano":"0","asInt":"1"},)"
              R"({"timeUnixNano":"18446744073709551615","asInt":"2"}]}})",
              attributes);
  EXPECT_EQ(ages.size(), 5u + 10'001 + 2);
}

TEST(OtlpTest, PromotesWhatItIsTold) {
  const std::string attributes = std::string(kService) +
                                 R"(,{"key":"host.name","value":{"stringValue":"h"}},)"
                                 R"({"key":"secret","value":{"stringValue":"s"}})";
  OtlpOptions options;
  options.promoted = {"host.name"};
  EXPECT_EQ(Metrics(kTwoGauges, attributes, options)[0],
            "series __name__=a,host_name=h,instance=i1,job=shop/api,");
  options.promoted = {"secret"};
  options.promote_all = true;
  options.promote_scope = true;
  EXPECT_EQ(Metrics(kTwoGauges, attributes, options)[0],
            "series __name__=a,host_name=h,instance=i1,job=shop/api,otel_scope_a_b=true,"
            "otel_scope_name=lib,otel_scope_version=1,service_instance_id=i1,service_name=api,"
            "service_namespace=shop,");
}

TEST(OtlpTest, RefusesDeltasUnlessToldOtherwise) {
  const char* const delta =
      R"({"name":"d","sum":{"isMonotonic":true,"aggregationTemporality":1,"dataPoints":[)"
      R"({"timeUnixNano":"1000000000","asInt":"3"}]}})";
  EXPECT_EQ(Metrics(delta)[0],
            "resourceMetrics[0]: invalid temporality and type combination for metric \"d\"");
  OtlpOptions options;
  options.allow_delta = true;
  EXPECT_EQ(Metrics(delta, "", options)[1], "sample 3 @1000");
}

TEST(OtlpTest, WritesValuesAsText) {
  const char* const values =
      R"({"name":"v","gauge":{"dataPoints":[{"timeUnixNano":"1000000","asInt":1,"attributes":[)"
      R"({"key":"a","value":{"arrayValue":{"values":[{"intValue":1},{"stringValue":"x\""},)"
      R"({"kvlistValue":{"values":[{"key":"k","value":{"boolValue":false}}]}},{}]}}},)"
      R"({"key":"b","value":{"bytesValue":"AQI="}},{"key":"c","value":{"doubleValue":1e-7}},)"
      R"({"key":"d","value":{"doubleValue":"NaN"}},{"key":"e","value":{}}]}]}})";
  EXPECT_EQ(Metrics(values)[0],
            "series __name__=v,a=[1,\"x\\\"\",{\"k\":false},null],b=AQI=,c=1e-7,d=NaN,");
  EXPECT_EQ(Base64("\x01\x02"), "AQI=");
  EXPECT_EQ(Base64("abcd"), "YWJjZA==");
  EXPECT_EQ(HexText("\x01\xfe"), "01fe");
}

TEST(OtlpTest, SaysWhatIsWrongAndWhere) {
  const std::pair<std::string, const char*> kBad[] = {
      {R"({"name":5})", "metrics[0]: name: expected a string"},
      {R"({"gauge":[]})", "metrics[0]: gauge: expected an object"},
      {R"({"gauge":{"dataPoints":{}}})", "metrics[0]: gauge: dataPoints: expected an array"},
      {R"({"sum":{"dataPoints":[{},{"timeUnixNano":"x"}]}})",
       "metrics[0]: sum: dataPoints[1]: timeUnixNano: expected a whole number"},
      {R"({"sum":{"dataPoints":[{"timeUnixNano":-1}]}})",
       "metrics[0]: sum: dataPoints[0]: timeUnixNano: expected a whole number"},
      {R"({"sum":{"isMonotonic":1}})", "metrics[0]: sum: isMonotonic: expected true or false"},
      {R"({"gauge":{"dataPoints":[{"asDouble":"x"}]}})",
       "metrics[0]: gauge: dataPoints[0]: asDouble: expected a number"},
      {R"({"gauge":{"dataPoints":[{"attributes":[{"key":"a","value":{"intValue":"z"}}]}]}})",
       "metrics[0]: gauge: dataPoints[0]: attributes[0]: value: intValue: expected a whole number"},
      {R"({"histogram":{"dataPoints":[{"bucketCounts":["1","x"]}]}})",
       "metrics[0]: histogram: dataPoints[0]: bucketCounts[1]: count: expected a whole number"},
      {R"({"exponentialHistogram":{"dataPoints":[{"positive":{"offset":99999999999}}]}})",
       "metrics[0]: exponentialHistogram: dataPoints[0]: positive: offset: expected a whole "
       "number"},
  };
  for (const auto& [metric, error] : kBad) {
    EXPECT_EQ(Metrics(metric)[0], std::string("resourceMetrics[0]: scopeMetrics[0]: ") + error)
        << metric;
  }
  EXPECT_TRUE(Json("{")[0].starts_with("JSON: "));
  EXPECT_EQ(Json("[]")[0], "expected an object");
  EXPECT_EQ(Metrics(R"({"name":"..","gauge":{"dataPoints":[{"asInt":1}]}})")[0],
            "resourceMetrics[0]: metric \"..\": nothing of the name is left");
  std::string deep = R"({"stringValue":"x"})";
  for (int i = 0; i < 20; ++i) deep = R"({"arrayValue":{"values":[)" + deep + "]}}";
  EXPECT_NE(
      Metrics(R"({"gauge":{"dataPoints":[{"attributes":[{"key":"a","value":)" + deep + "}]}]}}")[0]
          .find("nested deeper than 16"),
      std::string::npos);
}

// The same request in protobuf.
std::string ProtoRequest() {
  const auto attribute = [](pbf_writer& out, int tag, const char* key, const char* value) {
    pbf_writer pair(out, tag);
    pair.add_string(1, key);
    pbf_writer any(pair, 2);
    any.add_string(1, value);
  };
  std::string message;
  pbf_writer request(message);
  pbf_writer resource_metrics(request, 1);
  {
    pbf_writer resource(resource_metrics, 1);
    attribute(resource, 1, "service.name", "api");
    attribute(resource, 1, "host", "h");
  }
  pbf_writer scope_metrics(resource_metrics, 2);
  {
    pbf_writer metric(scope_metrics, 2);
    metric.add_string(1, "a");
    metric.add_string(2, "Help.");
    pbf_writer sum(metric, 7);
    {
      pbf_writer point(sum, 1);
      point.add_fixed64(2, 500'000'000);
      point.add_fixed64(3, 1'000'000'000);
      point.add_sfixed64(6, -7);
      attribute(point, 7, "x", "y");
      pbf_writer exemplar(point, 5);
      exemplar.add_fixed64(2, 900'000'000);
      exemplar.add_double(3, 1.5);
      exemplar.add_bytes(5, "\x01\xff");
    }
    sum.add_enum(2, 2);
    sum.add_bool(3, true);
  }
  {
    pbf_writer metric(scope_metrics, 2);
    metric.add_string(1, "h");
    pbf_writer histogram(metric, 9);
    {
      pbf_writer point(histogram, 1);
      point.add_fixed64(3, 1'000'000'000);
      point.add_fixed64(4, 3);
      point.add_double(5, 2.5);
      const uint64_t counts[] = {1, 2};
      const double bounds[] = {0.5};
      point.add_packed_fixed64(6, counts, counts + 2);
      point.add_packed_double(7, bounds, bounds + 1);
    }
    histogram.add_enum(2, 2);
  }
  {
    pbf_writer metric(scope_metrics, 2);
    metric.add_string(1, "e");
    pbf_writer histogram(metric, 10);
    {
      pbf_writer point(histogram, 1);
      point.add_fixed64(3, 1'000'000'000);
      point.add_fixed64(4, 3);
      point.add_sint32(6, 1);
      point.add_fixed64(7, 1);
      point.add_double(14, 0.25);
      pbf_writer positive(point, 8);
      positive.add_sint32(1, 2);
      const uint64_t counts[] = {2};
      positive.add_packed_uint64(2, counts, counts + 1);
    }
    histogram.add_enum(2, 2);
  }
  {
    pbf_writer metric(scope_metrics, 2);
    metric.add_string(1, "s");
    pbf_writer summary(metric, 11);
    pbf_writer point(summary, 1);
    point.add_fixed64(3, 1'000'000'000);
    point.add_fixed64(4, 3);
    point.add_double(5, 2.5);
    point.add_uint32(8, 1);
    pbf_writer quantile(point, 6);
    quantile.add_double(1, 0.5);
    quantile.add_double(2, 9);
  }
  return message;
}

Texts Proto(std::string_view message) {
  Lines got;
  const Status status =
      DecodeOtlpProto(message, [&](const OtlpResource& r) { return TranslateOtlp({}, r, &got); });
  if (!status.ok()) return {std::string(status.message())};
  return got.lines;
}

TEST(OtlpTest, ReadsProtobuf) {
  EXPECT_EQ(Proto(ProtoRequest()),
            (Texts{"series __name__=a_total,job=api,x=y,",
                   "sample -7 @1000 from 500",
                   "exemplar trace_id=01ff, 1.5 @900",
                   "metadata a_total: counter Help. ",
                   "series __name__=h_sum,job=api,",
                   "sample 2.5 @1000",
                   "series __name__=h_count,job=api,",
                   "sample 3 @1000",
                   "series __name__=h_bucket,job=api,le=0.5,",
                   "sample 1 @1000",
                   "series __name__=h_bucket,job=api,le=+Inf,",
                   "sample 3 @1000",
                   "metadata h: histogram  ",
                   "series __name__=e,job=api,",
                   R"(histogram @1000 {"count":"3","sum":"0","buckets":[[3,"-0.25","0.25","1"],)"
                   R"([0,"2","2.8284271247461903","2"]]})",
                   "metadata e: histogram  ",
                   "series __name__=s_sum,job=api,",
                   "sample nan @1000",
                   "series __name__=s_count,job=api,",
                   "sample nan @1000",
                   "series __name__=s,job=api,quantile=0.5,",
                   "sample nan @1000",
                   "metadata s: summary  ",
                   "series __name__=target_info,host=h,job=api,",
                   "sample 1 @1000",
                   "metadata target_info: gauge Target metadata "}));
}

TEST(OtlpTest, RefusesEveryTruncationOfProtobuf) {
  const std::string whole = ProtoRequest();
  for (size_t n = 1; n < whole.size(); ++n) {
    // A copy of its own, so that a sanitizer sees a read past the end.
    const std::string cut = whole.substr(0, n);
    const Texts got = Proto(cut);
    ASSERT_EQ(got.size(), 1u) << n;
    EXPECT_TRUE(got[0].starts_with("protobuf: ")) << n;
  }
}

}  // namespace
}  // namespace firn::server
