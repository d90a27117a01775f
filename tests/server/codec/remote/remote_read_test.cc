#include "server/codec/remote/remote_read.h"

#include <snappy.h>

#include <cmath>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include <gtest/gtest.h>

#include "server/codec/histogram_proto.h"
#include "server/codec/remote/chunk_writer.h"
#include "tests/server/codec/remote/chunk_reader.h"

namespace firn::server {
namespace {

using protozero::pbf_reader;
using protozero::pbf_writer;

std::string Request(const std::vector<int>& types, int matcher_type = 0, std::string value = "up") {
  std::string message;
  pbf_writer request(message);
  {
    pbf_writer query(request, 1);
    query.add_int64(1, -5);
    query.add_int64(2, 1000);
    pbf_writer matcher(query, 3);
    matcher.add_enum(1, matcher_type);
    matcher.add_string(2, "__name__");
    matcher.add_string(3, value);
  }
  for (const int type : types) request.add_enum(2, type);
  return message;
}

TEST(RemoteReadTest, ReadsQueries) {
  const auto request = DecodeReadRequest(Request({}));
  ASSERT_TRUE(request.ok());
  ASSERT_EQ(request->queries.size(), 1u);
  EXPECT_EQ(request->queries[0].range, (TimeRange{-5, 1000}));
  EXPECT_EQ(request->queries[0].matchers, Matchers{Matcher::Equal("__name__", "up")});
  EXPECT_FALSE(request->streamed);
  EXPECT_EQ(DecodeReadRequest(Request({}, 3, "a|b"))->queries[0].matchers[0].type(),
            MatchType::kNotRegex);
}

TEST(RemoteReadTest, TakesTheFirstKnownTypeOfAnswer) {
  EXPECT_TRUE(DecodeReadRequest(Request({1, 0}))->streamed);
  EXPECT_FALSE(DecodeReadRequest(Request({0, 1}))->streamed);
  EXPECT_TRUE(DecodeReadRequest(Request({7, 1}))->streamed);
  EXPECT_EQ(DecodeReadRequest(Request({7})).status().message(),
            "server does not support any of the requested response types");
}

TEST(RemoteReadTest, NamesWhatIsWrong) {
  EXPECT_EQ(DecodeReadRequest(Request({}, 4)).status().message(),
            "matcher of label \"__name__\": unknown type 4");
  const std::string bad_regex(DecodeReadRequest(Request({}, 2, "(")).status().message());
  EXPECT_TRUE(bad_regex.starts_with("matcher of label \"__name__\": ")) << bad_regex;
  const std::string whole = Request({0});
  for (size_t n = 1; n < whole.size(); ++n) {
    // A copy of its own, so that a sanitizer sees a read past the end.
    const std::string cut = whole.substr(0, n);
    const auto status = DecodeReadRequest(cut).status();
    EXPECT_TRUE(status.ok() || status.code() == StatusCode::kInvalidArgument);
  }
}

TEST(RemoteReadTest, WritesSamplesAndHistograms) {
  FloatHistogram h;
  h.count = 3.5;
  h.sum = 2;
  h.schema = 1;
  h.counter_reset_hint = CounterResetHint::kGauge;
  h.positive_spans = {{-1, 2}};
  h.positive_buckets = {1.5, 2};
  const auto pointer = std::make_shared<const FloatHistogram>(h);
  const TimestampMs t[] = {-1, 5};
  const double v[] = {0, NAN};
  const TimestampMs ht[] = {7};
  const HistogramPtr hs[] = {pointer};
  ReadResponseWriter writer;
  writer.BeginQuery();
  writer.AddSeries(Labels::FromPairs({{"__name__", "up"}, {"x", std::string(300, 'y')}}), t, v, ht,
                   hs);
  writer.EndQuery();
  writer.BeginQuery();
  writer.EndQuery();
  std::string message;
  const std::string block = writer.Finish();
  ASSERT_TRUE(snappy::Uncompress(block.data(), block.size(), &message));
  pbf_reader response(message);
  ASSERT_TRUE(response.next(1));
  pbf_reader result = response.get_message();
  ASSERT_TRUE(result.next(1));
  pbf_reader series = result.get_message();
  EXPECT_FALSE(result.next());
  ASSERT_TRUE(series.next(1));
  pbf_reader label = series.get_message();
  ASSERT_TRUE(label.next(1));
  EXPECT_EQ(label.get_string(), "__name__");
  ASSERT_TRUE(series.next(1));
  series.skip();
  std::vector<std::pair<TimestampMs, double>> samples;
  std::vector<TimedHistogram> histograms;
  while (series.next()) {
    if (series.tag() == 2) {
      pbf_reader sample = series.get_message();
      ASSERT_TRUE(sample.next(1));
      const double value = sample.get_double();
      ASSERT_TRUE(sample.next(2));
      samples.emplace_back(sample.get_int64(), value);
    } else {
      ASSERT_EQ(series.tag(), 4u);
      const auto view = series.get_view();
      histograms.push_back(*DecodeHistogram({view.data(), view.size()}));
    }
  }
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[0], (std::pair<TimestampMs, double>{-1, 0}));
  EXPECT_EQ(samples[1].first, 5);
  ASSERT_EQ(histograms.size(), 1u);
  EXPECT_EQ(histograms[0].t, 7);
  EXPECT_EQ(histograms[0].histogram->positive_buckets, h.positive_buckets);
  EXPECT_EQ(histograms[0].histogram->positive_spans, h.positive_spans);
  EXPECT_EQ(histograms[0].histogram->counter_reset_hint, CounterResetHint::kGauge);
  EXPECT_EQ(histograms[0].histogram->count, 3.5);
  // The second query found nothing, and says so.
  ASSERT_TRUE(response.next(1));
  EXPECT_EQ(response.get_message().length(), 0u);
  EXPECT_FALSE(response.next());
}

TEST(RemoteReadTest, FramesChunks) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  ChunkFrameWriter writer(Labels::FromPairs({{"__name__", "up"}}), 1);
  const TimestampMs t[] = {1000, 2000};
  const double v[] = {1, 2};
  writer.AddFloats(t, v);
  const std::string frame = writer.TakeFrame();
  EXPECT_TRUE(writer.empty());
  ASSERT_GT(frame.size(), 5u);
  const std::string message = frame.substr(5);
  EXPECT_EQ(static_cast<size_t>(frame[0]), message.size());
  const uint32_t crc = Crc32c(message);
  EXPECT_EQ(frame.substr(1, 4),
            std::string({static_cast<char>(crc >> 24), static_cast<char>(crc >> 16),
                         static_cast<char>(crc >> 8), static_cast<char>(crc)}));
  pbf_reader response(message);
  ASSERT_TRUE(response.next(1));
  pbf_reader series = response.get_message();
  ASSERT_TRUE(series.next(1));
  series.skip();
  ASSERT_TRUE(series.next(2));
  pbf_reader chunk = series.get_message();
  ASSERT_TRUE(chunk.next(1));
  EXPECT_EQ(chunk.get_int64(), 1000);
  ASSERT_TRUE(chunk.next(2));
  EXPECT_EQ(chunk.get_int64(), 2000);
  ASSERT_TRUE(chunk.next(3));
  EXPECT_EQ(chunk.get_enum(), 1);
  ASSERT_TRUE(chunk.next(4));
  EXPECT_EQ(chunk.get_string(), EncodeXorChunk(t, v));
  ASSERT_TRUE(response.next(2));
  EXPECT_EQ(response.get_int64(), 1);
}

using Points = std::vector<std::pair<TimestampMs, double>>;

void ExpectXorRoundTrip(const Points& points) {
  std::vector<TimestampMs> t;
  std::vector<double> v;
  for (const auto& [time, value] : points) {
    t.push_back(time);
    v.push_back(value);
  }
  const auto read = ReadXorChunk(EncodeXorChunk(t, v));
  ASSERT_EQ(read.size(), points.size());
  for (size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].t, t[i]) << i;
    EXPECT_EQ(std::bit_cast<uint64_t>(read[i].v), std::bit_cast<uint64_t>(v[i])) << i;
  }
}

TEST(XorChunkTest, ReadsBack) {
  ExpectXorRoundTrip({{1'700'000'000'000, 1}});
  ExpectXorRoundTrip({{-5, 1}, {-4, 1}, {100, 1}});
  Points steady;
  Points wild;
  uint64_t random = 12345;
  TimestampMs t = -1'000'000;
  for (int i = 0; i < 500; ++i) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    steady.emplace_back(1'700'000'000'000 + i * 15'000, i / 3);
    // Every class of delta of deltas, and any bits.
    t += 1 + static_cast<TimestampMs>(random >> (20 + 44 * (i % 7) / 7 + (i % 7)));
    wild.emplace_back(t, std::bit_cast<double>(random));
  }
  ExpectXorRoundTrip(steady);
  ExpectXorRoundTrip(wild);
  ExpectXorRoundTrip({{1, NAN}, {2, StaleNan()}, {3, INFINITY}, {4, -0.0}, {5, 0.0}});
}

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return hex;
}

// What the storage library of Prometheus 3.5 makes of the same samples.
TEST(ChunkBytesTest, AreThoseOfPrometheus) {
  const TimestampMs t[] = {1000, 2000, 3000, 4007};
  const double v[] = {1, 1, 2.5, 2.5};
  EXPECT_EQ(Hex(EncodeXorChunk(t, v)), "0004d00f3ff0000000000000e807309bffd80070");
  FloatHistogram gauge;
  gauge.schema = 1;
  gauge.counter_reset_hint = CounterResetHint::kGauge;
  gauge.count = 7.5;
  gauge.sum = -1.25;
  gauge.zero_count = 1;
  gauge.zero_threshold = 0.001;
  gauge.positive_spans = {{-2, 1}, {3, 1}};
  gauge.positive_buckets = {2, 0.5};
  gauge.negative_spans = {{1, 1}};
  gauge.negative_buckets = {4};
  EXPECT_EQ(Hex(EncodeHistogramChunk(1'700'000'000'000, gauge)),
            "0001c0ff3f50624dd2f1a9fc8ca368ce318ff0000c5e7f2b400200f0000000000001ff80000000000005"
            "ffa00000000000020000000000000001ff000000000000020080000000000000");
  FloatHistogram custom;
  custom.schema = kCustomBucketsSchema;
  custom.count = 6;
  custom.sum = 9;
  custom.custom_values = {-1, 0.25, 1, 2.0005, 1e9};
  custom.positive_spans = {{0, 3}};
  custom.positive_buckets = {1, 2, 3};
  EXPECT_EQ(Hex(EncodeHistogramChunk(0, custom)),
            "00010000ee5c66557fe0000000000001cfbf1f49000004189374bc6c839b9aca00000000401800000000"
            "0000000000000000000040220000000000003ff000000000000040000000000000004008000000000000");
  FloatHistogram zeros;
  zeros.schema = 8;
  zeros.count = zeros.zero_count = 3;
  zeros.sum = 9;
  zeros.zero_threshold = 0.5;
  EXPECT_EQ(Hex(EncodeHistogramChunk(-1'700'000'000'000, zeros)),
            "000100f3c41fdfffce8603530008010000000000000801000000000000080440000000000000");
}

}  // namespace
}  // namespace firn::server
