#include <snappy.h>

#include <protozero/pbf_writer.hpp>

#include "tests/server/api/fixture.h"

namespace firn::server {
namespace {

using protozero::pbf_writer;

constexpr const char* kType = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

struct SentExemplar {
  TimestampMs t;
  const char* label;
};

struct SentSeries {
  std::vector<std::pair<std::string_view, std::string_view>> labels;
  std::vector<std::pair<TimestampMs, double>> samples;
  std::vector<SentExemplar> exemplars;
  int type = 0;  // Of the metadata; none if 0.
  bool histogram = false;
  std::vector<TimestampMs> starts = {};  // Of the samples.
};

class Message {
 public:
  uint32_t Symbol(std::string_view text) {
    for (uint32_t i = 0; i < symbols_.size(); ++i) {
      // Bytes of the same huge text are not compared.
      const bool same = symbols_[i].data() == text.data() && symbols_[i].size() == text.size();
      if (same || symbols_[i] == text) return i;
    }
    symbols_.push_back(text);
    return static_cast<uint32_t>(symbols_.size() - 1);
  }
  void Add(const SentSeries& sent) {
    pbf_writer request(series_);
    pbf_writer series(request, 5);
    std::vector<uint32_t> refs;
    for (const auto& [name, value] : sent.labels) {
      refs.push_back(Symbol(name));
      refs.push_back(Symbol(value));
    }
    series.add_packed_uint32(1, refs.begin(), refs.end());
    for (size_t i = 0; i < sent.samples.size(); ++i) {
      pbf_writer sample(series, 2);
      sample.add_double(1, sent.samples[i].second);
      sample.add_int64(2, sent.samples[i].first);
      if (i < sent.starts.size()) sample.add_int64(3, sent.starts[i]);
    }
    if (sent.histogram) {
      pbf_writer histogram(series, 3);
      histogram.add_uint64(1, 1);
      histogram.add_uint64(6, 1);
      histogram.add_int64(15, 1000);
    }
    for (const SentExemplar& e : sent.exemplars) {
      pbf_writer exemplar(series, 4);
      const uint32_t pair[] = {Symbol(e.label), Symbol("1")};
      exemplar.add_packed_uint32(1, pair, pair + 2);
      exemplar.add_double(2, 0.5);
      exemplar.add_int64(3, e.t);
    }
    if (sent.type != 0) {
      pbf_writer metadata(series, 5);
      metadata.add_enum(1, sent.type);
      metadata.add_uint32(3, Symbol("Help."));
    }
  }
  std::string Block() const {
    std::string message;
    pbf_writer request(message);
    for (const std::string_view symbol : symbols_) {
      request.add_string(4, symbol.data(), symbol.size());
    }
    message += series_;
    std::string block;
    snappy::Compress(message.data(), message.size(), &block);
    return block;
  }

 private:
  std::vector<std::string_view> symbols_ = {""};  // Of texts that outlive this.
  std::string series_;
};

class WriteV2Test : public ApiFixture {
 protected:
  Reply Post(const std::vector<SentSeries>& series) {
    Message message;
    for (const SentSeries& one : series) message.Add(one);
    return Call(Method::kPost, "/api/v1/write", "", message.Block(), {{"Content-Type", kType}});
  }
  // Samples, histograms and exemplars that the answer claims were written.
  static std::string Written(const Reply& reply) {
    return reply.Header("X-Prometheus-Remote-Write-Samples-Written") + " " +
           reply.Header("X-Prometheus-Remote-Write-Histograms-Written") + " " +
           reply.Header("X-Prometheus-Remote-Write-Exemplars-Written");
  }
};

TEST_F(WriteV2Test, StoresEverythingAndSaysHowMuch) {
  const Reply reply = Post(
      {{{{"__name__", "a_total"}}, {{1000, 1}, {2000, 2}}, {{1500, "trace"}, {1600, "trace"}}, 1},
       {{{"__name__", "h"}}, {}, {}, 3, true}});
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.body, "");
  EXPECT_EQ(Written(reply), "2 1 2");
  EXPECT_EQ(store_.Contents().size(), 2u);
  EXPECT_EQ(store_.GetMetadata("a_total", 0).at(0).type, "counter");
  EXPECT_EQ(store_.GetMetadata("h", 0).at(0).help, "Help.");
  EXPECT_EQ(Get("/api/v1/query_exemplars?query=rate(a_total[1m])&start=0&end=1.55").body,
            R"({"status":"success","data":[{"seriesLabels":{"__name__":"a_total"},"exemplars":)"
            R"([{"labels":{"trace":"1"},"value":"0.5","timestamp":1.500}]}]})");
}

TEST_F(WriteV2Test, KeysMetadataByTheMetricThatASeriesIsPartOf) {
  EXPECT_EQ(Post({{{{"__name__", "lat_bucket"}, {"le", "1"}}, {{1, 1}}, {}, 3},
                  {{{"__name__", "lat_sum"}}, {{1, 1}}, {}, 3},
                  {{{"__name__", "gauge_sum"}}, {{1, 1}}, {}, 2}})
                .status,
            204);
  EXPECT_EQ(store_.GetMetadata("", 0).size(), 2u);
  EXPECT_EQ(store_.GetMetadata("lat", 0).at(0).type, "histogram");
  EXPECT_EQ(store_.GetMetadata("gauge_sum", 0).at(0).type, "gauge");
}

TEST_F(WriteV2Test, KeepsWhatIsGoodAndReportsTheRest) {
  store_.Add({{"__name__", "old"}}, 5000, 1);
  store_.RefuseSeriesNamed("new");
  const Reply reply = Post({{{{"__name__", "up"}}, {{1000, 1}}, {{1, "bad"}}},
                            {{{"job", "a"}}, {{1000, 1}}, {}},
                            {{{"__name__", "old"}, {"x", ""}}, {{1000, 1}}, {}},
                            {{{"__name__", "none"}}, {}, {}},
                            {{{"__name__", "new"}}, {{1, 1}}, {}},
                            {{{"__name__", "old"}}, {{4000, 1}, {6000, 1}}, {{2, "x"}, {1, "x"}}}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(Written(reply), "2 0 1");
  EXPECT_EQ(reply.body,
            "invalid metric name or labels, got {job=\"a\"}: no metric name\n"
            "invalid metric name or labels, got old: duplicate label\n"
            "TimeSeries must contain at least one sample or histogram for series none\n"
            "too many series\n"
            "out of order sample for series old\n"
            "out of order exemplar for series old\n");
  EXPECT_EQ(store_.Contents().size(), 2u);
}

// Symbols are sent once and named often: what is made of them must not take all memory.
TEST_F(WriteV2Test, RefusesHugeLabelsInFewWords) {
  const std::string huge((size_t{1} << 24) + 1, 'x');
  SentSeries repeated{{{"job", "a"}}, {{1000, 1}}, {{1000, "trace"}}};
  for (int i = 0; i < 10'000; ++i) repeated.labels.emplace_back("x", huge);
  const Reply reply = Post({repeated,
                            {{{"__name__", huge}}, {{1000, 1}}, {{1000, "trace"}}},
                            {{{"__name__", "up"}, {"a", huge}}, {}, {{1000, "trace"}}},
                            {{{"__name__", "up"}}, {{1000, 1}}, {{1000, huge.c_str()}}}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(Written(reply), "1 0 0");
  EXPECT_LT(reply.body.size(), 100'000u);
}

TEST_F(WriteV2Test, BoundsWhatItReports) {
  const std::vector<SentSeries> series(150, {{{"__name__", "up"}}, {}, {}});
  const Reply reply = Post(series);
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(std::count(reply.body.begin(), reply.body.end(), '\n'), 101);
  EXPECT_TRUE(reply.body.ends_with("\n... and 50 more\n")) << reply.body;
}

TEST_F(WriteV2Test, StoresNothingWhenTheStoreFails) {
  store_.FailCommit(Io("disk"));
  Reply reply = Post({{{{"__name__", "up"}}, {{1000, 1}}, {{1, "x"}}, 1}});
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(Written(reply), "0 0 0");
  EXPECT_TRUE(store_.SelectExemplars({}, {{}}).empty());
  EXPECT_TRUE(store_.GetMetadata("", 0).empty());
  store_.FailCommit(OkStatus());
  store_.FailAppender(Unavailable("overloaded"));
  reply = Post({{{{"__name__", "up"}}, {{1000, 1}}, {}}});
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.Header("Retry-After"), "1");
  EXPECT_EQ(Written(reply), "0 0 0");
}

TEST_F(WriteV2Test, DoesNotFailForExemplars) {
  store_.FailExemplars(Io("disk"));
  const Reply reply = Post({{{{"__name__", "up"}}, {{1000, 1}}, {{1, "x"}}}});
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(Written(reply), "1 0 0");
}

TEST_F(WriteV2Test, PutsAZeroWhereCountingBegan) {
  SentSeries counter = {
      {{"__name__", "c_total"}}, {{1000, 5}, {2000, 6}, {3000, 1}, {4000, 2}}, {}};
  // One run, a restart between two samples, and a start that cannot be.
  counter.starts = {500, 500, 2500, 4000};
  const Reply reply = Post({counter});
  EXPECT_EQ(Written(reply), "4 0 0");
  const std::map<TimestampMs, double> want = {{500, 0},  {1000, 5}, {2000, 6},
                                              {2500, 0}, {3000, 1}, {4000, 2}};
  EXPECT_EQ(store_.Contents().begin()->second.floats, want);
}

TEST_F(WriteV2Test, CountsNothingForAMalformedBody) {
  const Reply reply = Call(Method::kPost, "/api/v1/write", "", std::string("\x02\x04\x2a\x7f", 4),
                           {{"Content-Type", kType}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(Written(reply), "0 0 0");
  EXPECT_TRUE(reply.body.starts_with("protobuf: ")) << reply.body;
}

TEST_F(WriteV2Test, ReadsTheMessageTypeInAnyLegalSpelling) {
  for (const char* type :
       {"application/x-protobuf; proto=io.prometheus.write.v2.Request",
        "Application/X-Protobuf ; charset=x;proto=io.prometheus.write.v2.Request"}) {
    Message message;
    message.Add({{{"__name__", "up"}}, {{1000, 1}}, {}});
    const Reply reply = Call(Method::kPost, "/api/v1/write", "", message.Block(),
                             {{"Content-Type", type}, {"Content-Encoding", "snappy"}});
    EXPECT_EQ(reply.status, 204) << type;
    EXPECT_EQ(Written(reply), "1 0 0") << type;
  }
}

}  // namespace
}  // namespace firn::server
