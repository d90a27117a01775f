#include <snappy.h>

#include <protozero/pbf_writer.hpp>

#include "tests/server/api/fixture.h"

namespace firn::server {
namespace {

using protozero::pbf_writer;

class WriteTest : public ApiFixture {
 protected:
  void AddSeries(std::vector<std::pair<std::string, std::string>> labels, TimestampMs t, double v) {
    pbf_writer request(message_);
    pbf_writer series(request, 1);
    for (const auto& [name, value] : labels) {
      pbf_writer label(series, 1);
      label.add_string(1, name);
      label.add_string(2, value);
    }
    pbf_writer sample(series, 2);
    sample.add_double(1, v);
    sample.add_int64(2, t);
  }
  Reply Post(std::vector<NameValue> headers = {}, const char* path = "/api/v1/write") {
    std::string block;
    snappy::Compress(message_.data(), message_.size(), &block);
    message_.clear();
    return Call(Method::kPost, path, "", block, std::move(headers));
  }
  double Sample(std::vector<std::pair<std::string, std::string>> labels, TimestampMs t) {
    const auto data = store_.Contents();
    const auto series = data.find(Labels::FromPairs(std::move(labels)));
    if (series == data.end() || series->second.floats.count(t) == 0) return -1;
    return series->second.floats.at(t);
  }
  uint64_t Count(const char* name, MetricLabels labels) {
    return metrics_.AddCounter(name, "", std::move(labels))->value();
  }

  std::string message_;
};

TEST_F(WriteTest, StoresABatchWithLabelsInAnyOrder) {
  AddSeries({{"job", "a"}, {"__name__", "up"}}, 1000, 1);
  AddSeries({{"__name__", "up"}, {"job", "b"}}, 1000, 2);
  const Reply reply =
      Post({{"Content-Type", "application/x-protobuf"}, {"Content-Encoding", "snappy"}});
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.body, "");
  EXPECT_EQ(Sample({{"__name__", "up"}, {"job", "a"}}, 1000), 1);
  EXPECT_EQ(Sample({{"__name__", "up"}, {"job", "b"}}, 1000), 2);
  EXPECT_EQ(Count("firn_ingest_samples_total", {{"type", "float"}}), 2u);
}

TEST_F(WriteTest, TakesTheAlias) {
  AddSeries({{"__name__", "up"}}, 1000, 1);
  EXPECT_EQ(Post({}, "/api/v1/push").status, 204);
  EXPECT_EQ(Sample({{"__name__", "up"}}, 1000), 1);
}

TEST_F(WriteTest, SkipsSeriesWithInvalidLabelsAndKeepsTheRest) {
  AddSeries({{"job", "a"}}, 1000, 1);
  AddSeries({{"__name__", "up"}, {"x", "1"}, {"x", "2"}}, 1000, 1);
  AddSeries({{"__name__", "up"}}, 1000, 3);
  EXPECT_EQ(Post().status, 204);
  EXPECT_EQ(store_.Contents().size(), 1u);
  EXPECT_EQ(Count("firn_ingest_series_skipped_total", {{"reason", "invalid_labels"}}), 2u);
  EXPECT_EQ(Count("firn_ingest_samples_total", {{"type", "float"}}), 1u);
}

TEST_F(WriteTest, RefusesTheWholeBatchForOneBadSample) {
  store_.Add({{"__name__", "old"}}, 5000, 1);
  AddSeries({{"__name__", "up"}}, 1000, 1);
  AddSeries({{"__name__", "old"}}, 4000, 1);
  const Reply reply = Post();
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body, "out of order sample for series old\n");
  EXPECT_EQ(store_.Contents().size(), 1u);
  EXPECT_EQ(Count("firn_ingest_requests_failed_total", {{"reason", "out of order"}}), 1u);
}

TEST_F(WriteTest, StoresWhatASeriesLimitAllows) {
  store_.RefuseSeriesNamed("new");
  AddSeries({{"__name__", "new"}}, 1000, 1);
  AddSeries({{"__name__", "up"}}, 1000, 1);
  const Reply reply = Post();
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body, "1 series refused, the others were stored: too many series\n");
  EXPECT_EQ(Sample({{"__name__", "up"}}, 1000), 1);
}

TEST_F(WriteTest, AsksForARetryWhenTheStoreIsBusyOrFails) {
  store_.FailAppender(Unavailable("overloaded"));
  AddSeries({{"__name__", "up"}}, 1000, 1);
  Reply reply = Post();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.Header("Retry-After"), "1");
  EXPECT_EQ(reply.body, "overloaded\n");
  store_.FailAppender(OkStatus());
  store_.FailCommit(Io("disk failed"));
  AddSeries({{"__name__", "up"}}, 1000, 1);
  EXPECT_EQ(Post().status, 500);
  EXPECT_TRUE(store_.Contents().empty());
}

TEST_F(WriteTest, NegotiatesByHeaders) {
  const struct {
    std::vector<NameValue> headers;
    int status;
  } kCases[] = {
      {{}, 204},
      {{{"Content-Type", "application/x-protobuf;proto=prometheus.WriteRequest"}}, 204},
      {{{"Content-Type", "application/x-protobuf; proto=io.prometheus.write.v2.Request"}}, 204},
      {{{"Content-Type", "application/x-protobuf;proto=io.prometheus.write.v3.Request"}}, 415},
      {{{"Content-Type", "application/json"}}, 415},
      {{{"Content-Encoding", "gzip"}}, 415},
      {{{"Content-Encoding", "snappy"}}, 204},
  };
  for (const auto& c : kCases) {
    AddSeries({{"__name__", "up"}}, 1000, 1);
    EXPECT_EQ(Post(c.headers).status, c.status) << (c.headers.empty() ? "" : c.headers[0].second);
  }
  EXPECT_EQ(Get("/api/v1/write").status, 405);
}

TEST_F(WriteTest, RefusesWhatIsNoWriteRequest) {
  EXPECT_EQ(Call(Method::kPost, "/api/v1/write", "", "\xff\xff\xff\xff\x0f").status, 400);
  EXPECT_EQ(Call(Method::kPost, "/api/v1/write", "", "").status, 400);
  message_ = "\x0a\x7f";
  EXPECT_EQ(Post().status, 400);
}

TEST_F(WriteTest, RemembersMetadata) {
  pbf_writer request(message_);
  {
    pbf_writer metadata(request, 3);
    metadata.add_enum(1, 1);
    metadata.add_string(2, "up_total");
    metadata.add_string(4, "Help.");
  }
  EXPECT_EQ(Post().status, 204);
  ASSERT_EQ(store_.GetMetadata("up_total", 0).size(), 1u);
  EXPECT_EQ(store_.GetMetadata("up_total", 0)[0].type, "counter");
}

}  // namespace
}  // namespace firn::server
