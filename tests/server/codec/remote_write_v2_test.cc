#include <protozero/pbf_writer.hpp>

#include <gtest/gtest.h>

#include "server/codec/remote_write.h"
#include "tests/server/codec/lines.h"

namespace firn::server {
namespace {

using protozero::pbf_writer;

using Texts = std::vector<std::string>;

void AddSymbols(pbf_writer& request, const std::vector<std::string>& symbols) {
  for (const std::string& symbol : symbols) request.add_string(4, symbol);
}

void AddRefs(pbf_writer& message, std::vector<uint32_t> refs) {
  message.add_packed_uint32(1, refs.begin(), refs.end());
}

void AddFullSeries(pbf_writer& request) {
  pbf_writer series(request, 5);
  AddRefs(series, {1, 2, 3, 4});
  {
    pbf_writer sample(series, 2);
    sample.add_double(1, 1.5);
    sample.add_int64(2, 1000);
    sample.add_int64(3, 10);
  }
  {
    pbf_writer sample(series, 2);
    sample.add_double(1, 2.5);
    sample.add_int64(2, 2000);
  }
  {
    pbf_writer histogram(series, 3);
    histogram.add_uint64(1, 3);
    histogram.add_uint64(6, 3);
    histogram.add_int64(15, 3000);
    histogram.add_int64(17, 20);
  }
  {
    pbf_writer exemplar(series, 4);
    AddRefs(exemplar, {3, 4});
    exemplar.add_double(2, 7);
    exemplar.add_int64(3, 900);
  }
  pbf_writer metadata(series, 5);
  metadata.add_enum(1, 1);
  metadata.add_uint32(3, 5);
  metadata.add_uint32(4, 6);
}

const Texts kFullSeries = {
    "series __name__=up,job=a,",
    "sample 1.5 @1000 from 10",
    "sample 2.5 @2000 from 0",
    R"(histogram @3000 from 20 {"count":"3","sum":"0","buckets":[[3,"-0","0","3"]]})",
    "exemplar job=a, 7 @900",
    "metadata counter Help. seconds"};
const std::vector<std::string> kSymbols = {"", "__name__", "up", "job", "a", "Help.", "seconds"};

TEST(RemoteWriteV2Test, ReadsAllThatASeriesCarries) {
  std::string message;
  pbf_writer request(message);
  AddSymbols(request, kSymbols);
  AddFullSeries(request);
  request.add_string(99, "unknown");
  Lines got;
  ASSERT_TRUE(DecodeWriteRequestV2(message, &got).ok());
  EXPECT_EQ(got.lines, kFullSeries);
}

TEST(RemoteWriteV2Test, TakesSymbolsBehindTheirUse) {
  std::string message;
  pbf_writer request(message);
  AddFullSeries(request);
  AddSymbols(request, kSymbols);
  Lines got;
  ASSERT_TRUE(DecodeWriteRequestV2(message, &got).ok());
  EXPECT_EQ(got.lines, kFullSeries);
}

TEST(RemoteWriteV2Test, TakesReferencesOneByOne) {
  std::string message;
  pbf_writer request(message);
  AddSymbols(request, {"", "__name__", "up"});
  {
    pbf_writer series(request, 5);
    series.add_uint32(1, 1);
    series.add_uint32(1, 2);
  }
  Lines got;
  ASSERT_TRUE(DecodeWriteRequestV2(message, &got).ok());
  EXPECT_EQ(got.lines, Texts{"series __name__=up,"});
}

TEST(RemoteWriteV2Test, NamesBrokenReferences) {
  std::string message;
  pbf_writer request(message);
  AddSymbols(request, {"", "__name__", "up"});
  {
    pbf_writer series(request, 5);
    AddRefs(series, {1, 3});
    series.add_message(2, std::string());
  }
  {
    pbf_writer series(request, 5);
    AddRefs(series, {1, 2, 1});
  }
  {
    pbf_writer series(request, 5);
    AddRefs(series, {1, 2});
    pbf_writer exemplar(series, 4);
    AddRefs(exemplar, {4294967295u, 0});
  }
  {
    pbf_writer series(request, 5);
    AddRefs(series, {1, 2});
    pbf_writer metadata(series, 5);
    metadata.add_enum(1, 77);
    metadata.add_uint32(3, 5);
  }
  Lines got;
  ASSERT_TRUE(DecodeWriteRequestV2(message, &got).ok());
  EXPECT_EQ(got.lines,
            (Texts{"unreadable with 1: parsing labels for series [1 3]: labelRefs 0 (name) = 1, 3 "
                   "(value) outside of symbols table (size 3)",
                   "unreadable with 0: parsing labels for series [1 2 1]: invalid labelRefs "
                   "length 3",
                   "series __name__=up,",
                   "problem parsing exemplar: labelRefs 0 (name) = 4294967295, 0 (value) outside "
                   "of symbols table (size 3)",
                   "series __name__=up,", "metadata unknown  "}));
}

TEST(RemoteWriteV2Test, KeepsTheGoodHistogramsOfASeries) {
  std::string message;
  pbf_writer request(message);
  AddSymbols(request, {"", "__name__", "h"});
  {
    pbf_writer series(request, 5);
    AddRefs(series, {1, 2});
    for (const uint64_t count : {5, 6}) {
      pbf_writer histogram(series, 3);
      histogram.add_uint64(1, count);
      histogram.add_uint64(6, 5);
      histogram.add_int64(15, 1);
    }
  }
  Lines got;
  ASSERT_TRUE(DecodeWriteRequestV2(message, &got).ok());
  EXPECT_EQ(got.lines,
            (Texts{"series __name__=h,",
                   R"(histogram @1 {"count":"5","sum":"0","buckets":[[3,"-0","0","5"]]})",
                   "problem 5 observations found in buckets, but the Count field is 6"}));
}

TEST(RemoteWriteV2Test, RefusesEveryTruncation) {
  std::string message;
  pbf_writer request(message);
  AddFullSeries(request);
  for (size_t n = 1; n < message.size(); ++n) {
    // A copy of its own, so that a sanitizer sees a read past the end.
    const std::string cut = message.substr(0, n);
    Lines got;
    EXPECT_EQ(DecodeWriteRequestV2(cut, &got).code(), StatusCode::kInvalidArgument) << n;
  }
}

TEST(RemoteWriteV2Test, SkipsKnownFieldsOfAnUnexpectedType) {
  for (uint32_t tag = 1; tag <= 17; ++tag) {
    std::string fields;
    pbf_writer writer(fields);
    writer.add_uint64(tag, 1);
    writer.add_fixed64(tag, 1);
    writer.add_fixed32(tag, 1);
    writer.add_string(tag, std::string(8, '\0'));
    for (const uint32_t outer : {1, 2, 3, 4, 5}) {
      std::string series;
      pbf_writer(series).add_message(outer, fields);
      std::string message;
      pbf_writer(message).add_message(5, series);
      Lines got;
      const Status status = DecodeWriteRequestV2(message, &got);
      EXPECT_TRUE(status.ok() || status.code() == StatusCode::kInvalidArgument);
    }
  }
}

}  // namespace
}  // namespace firn::server
