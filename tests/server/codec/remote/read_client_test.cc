#include "server/codec/remote/read_client.h"

#include <gtest/gtest.h>

#include "server/codec/remote/remote_read.h"
#include "server/codec/remote_write.h"

namespace firn::server {
namespace {

struct Heard : WriteVisitor {
  Status OnSeries(const WriteSeries& series) override {
    for (const LabelView& l : series.labels) text += fmt::format("{}={} ", l.name, l.value);
    for (const Sample& s : series.samples) text += fmt::format("@{}:{} ", s.t, s.v);
    for (const TimedHistogram& h : series.histograms) {
      text += fmt::format("h@{}:{} ", h.t, h.histogram->count);
    }
    return OkStatus();
  }
  Status OnMetadata(const WriteMetadata& /*metadata*/) override { return OkStatus(); }
  std::string text;
};

std::string SomeFrames() {
  const Labels labels = Labels::FromPairs({{"__name__", "m"}, {"job", "a"}});
  ChunkFrameWriter writer(labels, 0);
  const std::vector<TimestampMs> t = {10, 20, 30};
  const std::vector<double> v = {1, 2.5, 3};
  writer.AddFloats(t, v);
  std::string frames = writer.TakeFrame();
  FloatHistogram h;
  h.count = 7;
  h.positive_spans = {{0, 1}};
  h.positive_buckets = {7};
  writer.AddHistogram(25, h);
  return frames + writer.TakeFrame();
}

TEST(ReadClientTest, RequestIsReadByTheServer) {
  Matchers matchers = {Matcher::Equal("job", "a"),
                       *Matcher::Create(MatchType::kNotRegex, "x", "b.*")};
  const auto message = DecodeSnappy(EncodeReadRequest({-5, 1000}, matchers), 1 << 20);
  ASSERT_TRUE(message.ok());
  const auto request = DecodeReadRequest(message->view());
  ASSERT_TRUE(request.ok()) << request.status().ToString();
  EXPECT_TRUE(request->streamed);
  ASSERT_EQ(request->queries.size(), 1u);
  EXPECT_EQ(request->queries[0].range, (TimeRange{-5, 1000}));
  EXPECT_EQ(request->queries[0].matchers, matchers);
}

TEST(ReadClientTest, FramesOfTheServerAreRead) {
  Heard heard;
  ASSERT_TRUE(ReadChunkFrames(SomeFrames(), {}, &heard).ok());
  EXPECT_EQ(heard.text, "__name__=m job=a @10:1 @20:2.5 @30:3 __name__=m job=a h@25:7 ");
}

TEST(ReadClientTest, SamplesOutsideOfTheRangeAreLeftOut) {
  Heard heard;
  ASSERT_TRUE(ReadChunkFrames(SomeFrames(), {15, 24}, &heard).ok());
  EXPECT_EQ(heard.text, "__name__=m job=a @20:2.5 ");
}

TEST(ReadClientTest, RefusesWhatIsCutShortOrChanged) {
  const std::string frames = SomeFrames();
  Heard heard;
  size_t refused = 0;
  for (size_t size = 1; size < frames.size(); ++size) {
    refused += ReadChunkFrames(frames.substr(0, size), {}, &heard).ok() ? 0 : 1;
  }
  EXPECT_EQ(refused, frames.size() - 2);  // One of the cuts lies between the frames.
  for (size_t i = 0; i < frames.size(); ++i) {
    std::string changed = frames;
    changed[i] = static_cast<char>(changed[i] ^ 4);
    EXPECT_FALSE(ReadChunkFrames(changed, {}, &heard).ok()) << i;
  }
}

}  // namespace
}  // namespace firn::server
