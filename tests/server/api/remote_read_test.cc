#include <snappy.h>

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "base/bytes.h"
#include "server/codec/remote/remote_read.h"
#include "tests/server/api/fixture.h"

namespace firn::server {
namespace {

using protozero::pbf_reader;
using protozero::pbf_writer;

class ReadApiTest : public ApiFixture {
 protected:
  ReadApiTest() {
    for (TimestampMs t = 0; t < 300; ++t) store_.Add({{"__name__", "up"}, {"job", "a"}}, t, 1);
    store_.Add({{"__name__", "up"}, {"job", "b"}}, 10, 2);
    FloatHistogram h;
    h.count = h.zero_count = 3;
    for (const TimestampMs t : {5, 7}) store_.AddHistogram({{"__name__", "h"}}, t, h);
    store_.Add({{"__name__", "h"}}, 6, 1);
  }
  Reply Read(const std::vector<const char*>& metrics, int type, int matcher_type = 0) {
    std::string message;
    pbf_writer request(message);
    for (const char* metric : metrics) {
      pbf_writer query(request, 1);
      query.add_int64(1, 5);
      query.add_int64(2, 1000);
      pbf_writer matcher(query, 3);
      matcher.add_enum(1, matcher_type);
      matcher.add_string(2, "__name__");
      matcher.add_string(3, metric);
    }
    request.add_enum(2, type);
    std::string block;
    snappy::Compress(message.data(), message.size(), &block);
    return Call(Method::kPost, "/api/v1/read", "", block);
  }
  // "query: series labels, chunks as type/min-max".
  static std::vector<std::string> Frames(std::string_view body) {
    std::vector<std::string> out;
    ByteReader in(body);
    while (!in.AtEnd()) {
      const uint64_t length = in.Varint();
      const uint32_t crc = __builtin_bswap32(in.Fixed<uint32_t>());
      const std::string_view message = in.Bytes(length);
      if (!in.ok()) {
        out.emplace_back("cut short");
        break;
      }
      EXPECT_EQ(crc, Crc32c(message));
      out.push_back(Frame(message));
    }
    return out;
  }
  static std::string Frame(std::string_view message) {
    std::string text;
    int64_t index = 0;
    pbf_reader response(message.data(), message.size());
    while (response.next()) {
      if (response.tag() == 2) {
        index = response.get_int64();
        continue;
      }
      pbf_reader series = response.get_message();
      while (series.next()) {
        const bool is_label = series.tag() == 1;
        pbf_reader part = series.get_message();
        if (is_label) {
          while (part.next()) {
            const bool is_name = part.tag() == 1;
            const std::string label = part.get_string();
            if (!is_name) text += label + " ";
          }
          continue;
        }
        int64_t numbers[4] = {};
        while (part.next()) {
          const auto tag = part.tag();
          if (tag < 4) {
            numbers[tag] = part.get_int64();
          } else {
            part.skip();
          }
        }
        text += fmt::format("{}/{}-{} ", numbers[3], numbers[1], numbers[2]);
      }
    }
    return fmt::format("{}: {}", index, text);
  }
};

TEST_F(ReadApiTest, SendsSamples) {
  const Reply reply = Read({"up", "nothing", "h"}, 0);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.content_type, "application/x-protobuf");
  EXPECT_EQ(reply.Header("Content-Encoding"), "snappy");
  std::string message;
  ASSERT_TRUE(snappy::Uncompress(reply.body.data(), reply.body.size(), &message));
  std::string shape;
  pbf_reader response(message);
  while (response.next(1)) {
    shape += "query ";
    pbf_reader result = response.get_message();
    while (result.next(1)) {
      size_t counts[5] = {};
      pbf_reader series = result.get_message();
      while (series.next()) {
        ++counts[series.tag()];
        series.skip();
      }
      shape += fmt::format("{}+{} ", counts[2], counts[4]);
    }
  }
  EXPECT_EQ(shape, "query 295+0 1+0 query query 1+2 ");
}

TEST_F(ReadApiTest, StreamsChunks) {
  const Reply reply = Read({"up", "nothing", "h"}, 1);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.content_type,
            "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse");
  EXPECT_EQ(Frames(reply.body),
            (std::vector<std::string>{"0: up a 1/5-124 1/125-244 1/245-299 ", "0: up b 1/10-10 ",
                                      "2: h 3/5-5 1/6-6 3/7-7 "}));
  EXPECT_EQ(Read({"nothing"}, 1).body, "");
}

TEST_F(ReadApiTest, SplitsLargeSeriesIntoFrames) {
  FloatHistogram h;
  h.schema = 3;
  h.positive_spans = {{0, 2000}};
  h.positive_buckets.assign(2000, 1.5);
  for (TimestampMs t = 5; t < 205; ++t) store_.AddHistogram({{"__name__", "wide"}}, t, h);
  const auto frames = Frames(Read({"wide"}, 1).body);
  ASSERT_EQ(frames.size(), 4u);
  for (const std::string& frame : frames) EXPECT_TRUE(frame.starts_with("0: wide 3/")) << frame;
}

TEST_F(ReadApiTest, RefusesWhatItCannotRead) {
  EXPECT_EQ(Read({"up"}, 5).status, 400);
  EXPECT_EQ(Read({"("}, 0, 2).status, 400);
  EXPECT_EQ(Call(Method::kPost, "/api/v1/read", "", "x").body, "snappy: corrupt input\n");
  EXPECT_EQ(Get("/api/v1/read").status, 405);
}

}  // namespace
}  // namespace firn::server
