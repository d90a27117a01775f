#include "server/codec/remote/write_request.h"

#include <gtest/gtest.h>

#include "server/codec/remote_write.h"

namespace firn::server {
namespace {

// What the decoder of requests makes of it.
struct Heard : WriteVisitor {
  Status OnSeries(const WriteSeries& series) override {
    for (const LabelView& l : series.labels) text += fmt::format("{}={} ", l.name, l.value);
    for (const Sample& s : series.samples) text += fmt::format("@{}:{} ", s.t, s.v);
    for (const TimedHistogram& h : series.histograms) {
      text += fmt::format("h@{}:{} ", h.t, h.histogram->count);
    }
    for (const WriteExemplar& e : series.exemplars) {
      text += fmt::format("x@{}:{}:{} ", e.t, e.v, e.labels[0].value);
    }
    return OkStatus();
  }
  Status OnMetadata(const WriteMetadata& m) override {
    text += fmt::format("{}:{}:{}:{} ", m.metric, m.type, m.help, m.unit);
    return OkStatus();
  }
  std::string text;
};

std::string Hear(const std::string& block) {
  const auto message = DecodeSnappy(block, 1 << 20);
  Heard heard;
  if (!message.ok()) return message.status().ToString();
  const Status status = DecodeWriteRequest(message->view(), &heard);
  return status.ok() ? heard.text : status.ToString();
}

TEST(WriteRequestTest, IsReadBackByTheReceiver) {
  WriteRequestWriter writer;
  const std::vector<LabelView> labels = {{"job", "a"}, {"__name__", "m"}};
  const std::vector<Sample> samples = {{-5, 1.5}, {1000, 0}};
  FloatHistogram h;
  h.count = 3;
  h.positive_spans = {{0, 1}};
  h.positive_buckets = {3};
  const std::vector<TimedHistogram> histograms = {{7, std::make_shared<FloatHistogram>(h), 0}};
  const std::vector<LabelView> trace = {{"trace_id", "t"}};
  const std::vector<WriteExemplar> exemplars = {{trace, 2.5, 900}};
  writer.AddSeries(labels, samples, {}, exemplars);
  writer.AddSeries(labels, {}, histograms, {});
  writer.AddMetadata({"m", "counter", "Help.", "bytes"});
  EXPECT_GT(writer.size(), 0u);
  EXPECT_EQ(Hear(writer.Finish()),
            "__name__=m job=a @-5:1.5 @1000:0 x@900:2.5:t __name__=m job=a h@7:3 "
            "m:counter:Help.:bytes ");
  EXPECT_EQ(writer.size(), 0u);
  writer.AddSeries(labels, samples, {}, {});
  EXPECT_EQ(Hear(writer.Finish()), "__name__=m job=a @-5:1.5 @1000:0 ");
}

}  // namespace
}  // namespace firn::server
