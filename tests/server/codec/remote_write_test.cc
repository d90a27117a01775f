#include "server/codec/remote_write.h"

#include <snappy.h>

#include <functional>
#include <limits>
#include <protozero/pbf_writer.hpp>

#include <gtest/gtest.h>

namespace firn::server {
namespace {

using protozero::pbf_writer;

struct Collected : WriteVisitor {
  struct Series {
    std::vector<std::pair<std::string, std::string>> labels;
    std::vector<std::pair<TimestampMs, double>> samples;
    std::vector<TimedHistogram> histograms;
    std::vector<std::string> exemplars;
    std::vector<TimestampMs> starts;
    std::vector<std::string> problems;
    std::string metadata;
  };
  Status OnSeries(const WriteSeries& s) override {
    Series& out = series.emplace_back();
    for (const LabelView& label : s.labels) out.labels.emplace_back(label.name, label.value);
    for (const Sample& sample : s.samples) out.samples.emplace_back(sample.t, sample.v);
    out.histograms.assign(s.histograms.begin(), s.histograms.end());
    for (const WriteExemplar& e : s.exemplars) {
      std::vector<std::pair<std::string, std::string>> pairs;
      for (const LabelView& label : e.labels) pairs.emplace_back(label.name, label.value);
      out.exemplars.push_back(
          fmt::format("{} {} @{}", Labels::FromPairs(std::move(pairs)).ToString(), e.v, e.t));
    }
    out.starts.assign(s.starts.begin(), s.starts.end());
    for (const Status& problem : s.problems) out.problems.emplace_back(problem.message());
    if (s.metadata != nullptr) {
      out.metadata = fmt::format("{} {} {}", s.metadata->type, s.metadata->help, s.metadata->unit);
    }
    return stop_after != 0 && series.size() == stop_after ? Unavailable("stop") : OkStatus();
  }
  Status OnMetadata(const WriteMetadata& m) override {
    metadata.push_back(fmt::format("{} {} {} {}", m.metric, m.type, m.help, m.unit));
    return OkStatus();
  }
  std::vector<Series> series;
  std::vector<std::string> metadata;
  size_t stop_after = 0;
};

void AddLabel(pbf_writer& series, const std::string& name, const std::string& value) {
  pbf_writer label(series, 1);
  label.add_string(1, name);
  label.add_string(2, value);
}

void AddSample(pbf_writer& series, double v, TimestampMs t) {
  // The writer drops a message without fields, which means (0, 0).
  if (v == 0 && t == 0) return series.add_message(2, std::string());
  pbf_writer sample(series, 2);
  if (v != 0) sample.add_double(1, v);
  if (t != 0) sample.add_int64(2, t);
}

TEST(RemoteWriteTest, ReadsSeriesAndMetadata) {
  std::string message;
  pbf_writer request(message);
  for (int i = 0; i < 3; ++i) {
    pbf_writer series(request, 1);
    AddLabel(series, "__name__", "up");
    AddLabel(series, "i", std::to_string(i));
    AddSample(series, i, 1000 * i);
    AddSample(series, -i, -5);
    {
      pbf_writer exemplar(series, 3);
      pbf_writer label(exemplar, 1);
      label.add_string(1, "trace_id");
      label.add_string(2, "abc");
    }
    pbf_writer exemplar(series, 3);
    exemplar.add_double(2, 1);
    exemplar.add_int64(3, 5);
  }
  {
    pbf_writer metadata(request, 3);
    metadata.add_enum(1, 2);
    metadata.add_string(2, "up");
    metadata.add_string(4, "Whether.");
    metadata.add_string(5, "bool");
  }
  request.add_string(77, "unknown");
  Collected got;
  ASSERT_TRUE(DecodeWriteRequest(message, &got).ok());
  ASSERT_EQ(got.series.size(), 3u);
  EXPECT_EQ(got.series[2].labels[1].second, "2");
  EXPECT_EQ(got.series[2].samples,
            (std::vector<std::pair<TimestampMs, double>>{{2000, 2}, {-5, -2}}));
  EXPECT_EQ(got.series[0].samples[0], (std::pair<TimestampMs, double>{0, 0}));
  EXPECT_EQ(got.series[1].exemplars,
            (std::vector<std::string>{"{trace_id=\"abc\"} 0 @0", "{} 1 @5"}));
  EXPECT_EQ(got.metadata, std::vector<std::string>{"up gauge Whether. bool"});
  std::string block;
  snappy::Compress(message.data(), message.size(), &block);
  EXPECT_EQ(DecodeSnappy(block, message.size())->view(), message);
}

TEST(RemoteWriteTest, ReadsLabelsAndSamplesInAnyLegalForm) {
  const std::string long_text(300, 'x');
  std::string message;
  pbf_writer request(message);
  {
    pbf_writer series(request, 1);
    AddLabel(series, long_text, "v");
    AddLabel(series, "n", long_text);
    AddLabel(series, "n", std::string(127, 'y'));
    AddLabel(series, "n", std::string(128, 'z'));
    AddLabel(series, "", "");
    {
      pbf_writer label(series, 1);
      label.add_string(2, "value first");
      label.add_string(1, "name");
    }
    {
      pbf_writer label(series, 1);
      label.add_string(1, "only name");
    }
    {
      pbf_writer label(series, 1);
      label.add_string(1, "twice");
      label.add_string(2, "a");
      label.add_string(2, "b");
    }
    AddSample(series, 1.5, std::numeric_limits<int64_t>::max());
    AddSample(series, 1.5, std::numeric_limits<int64_t>::min());
    AddSample(series, 1.5, 127);
    AddSample(series, 1.5, 128);
    AddSample(series, 1.5, 0);
    AddSample(series, 0, 5);
    pbf_writer sample(series, 2);
    sample.add_int64(2, 7);
    sample.add_double(1, 2.5);
  }
  Collected got;
  ASSERT_TRUE(DecodeWriteRequest(message, &got).ok());
  using Labels = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(got.series.at(0).labels, (Labels{{long_text, "v"},
                                             {"n", long_text},
                                             {"n", std::string(127, 'y')},
                                             {"n", std::string(128, 'z')},
                                             {"", ""},
                                             {"name", "value first"},
                                             {"only name", ""},
                                             {"twice", "b"}}));
  EXPECT_EQ(got.series[0].samples,
            (std::vector<std::pair<TimestampMs, double>>{{std::numeric_limits<int64_t>::max(), 1.5},
                                                         {std::numeric_limits<int64_t>::min(), 1.5},
                                                         {127, 1.5},
                                                         {128, 1.5},
                                                         {0, 1.5},
                                                         {5, 0},
                                                         {7, 2.5}}));
}

// Knows every series by the bytes of its labels once it has seen it whole.
struct Remembering : Collected {
  Status OnSeries(const WriteSeries& s) override {
    if (!s.wire.empty()) known.emplace_back(s.wire);
    return Collected::OnSeries(s);
  }
  size_t Recognise(std::string_view wire) override {
    for (const std::string& labels : known) {
      if (wire.starts_with(labels)) return labels.size();
    }
    return 0;
  }
  bool OnRecognised(std::span<const Sample> samples) override {
    if (refuse) return false;
    for (const Sample& sample : samples) recognised.emplace_back(sample.t, sample.v);
    return true;
  }
  std::vector<std::string> known;
  std::vector<std::pair<TimestampMs, double>> recognised;
  bool refuse = false;
};

std::string OneSeries(const std::function<void(pbf_writer&)>& add) {
  std::string message;
  pbf_writer request(message);
  pbf_writer series(request, 1);
  AddLabel(series, "__name__", "up");
  AddLabel(series, "instance", "a");
  add(series);
  return message;
}

TEST(RemoteWriteTest, ReadsNoLabelsOfASeriesThatIsRecognised) {
  const std::vector<std::pair<TimestampMs, double>> samples = {
      {1'700'000'000'000, 1.5}, {1'700'000'015'000, 0}, {5, -1}, {(int64_t{1} << 56) - 1, 2}};
  const std::string message = OneSeries([&](pbf_writer& series) {
    for (const auto& [t, v] : samples) AddSample(series, v, t);
  });
  Remembering got;
  ASSERT_TRUE(DecodeWriteRequest(message, &got).ok());
  EXPECT_EQ(got.series.size(), 1u);
  ASSERT_TRUE(DecodeWriteRequest(message, &got).ok());
  EXPECT_EQ(got.series.size(), 1u);
  EXPECT_EQ(got.recognised, samples);
  got.refuse = true;
  ASSERT_TRUE(DecodeWriteRequest(message, &got).ok());
  ASSERT_EQ(got.series.size(), 2u) << "what the visitor refuses comes with labels";
  EXPECT_EQ(got.series[1].samples, samples);
}

TEST(RemoteWriteTest, ReadsLabelsWhereThereIsMoreThanSamples) {
  Remembering got;
  const auto plain = OneSeries([](pbf_writer& series) { AddSample(series, 1, 1000); });
  ASSERT_TRUE(DecodeWriteRequest(plain, &got).ok());
  const std::function<void(pbf_writer&)> cases[] = {
      [](pbf_writer&) {},
      [](pbf_writer& series) {
        AddSample(series, 1, 1000);
        AddLabel(series, "late", "label");
      },
      [](pbf_writer& series) {
        AddLabel(series, "more", "labels");
        AddSample(series, 1, 1000);
      },
      [](pbf_writer& series) {
        AddSample(series, 1, 1000);
        pbf_writer exemplar(series, 3);
        exemplar.add_double(2, 1);
      },
      [](pbf_writer& series) {
        pbf_writer sample(series, 2);
        sample.add_int64(2, -5);
      },
      [](pbf_writer& series) { series.add_message(2, std::string()); },
  };
  for (const auto& add : cases) {
    const size_t before = got.series.size();
    Collected want;
    const std::string message = OneSeries(add);
    ASSERT_TRUE(DecodeWriteRequest(message, &got).ok());
    ASSERT_TRUE(DecodeWriteRequest(message, &want).ok());
    ASSERT_EQ(got.series.size(), before + 1);
    EXPECT_EQ(got.series.back().labels, want.series[0].labels);
    EXPECT_EQ(got.series.back().samples, want.series[0].samples);
    EXPECT_EQ(got.series.back().exemplars, want.series[0].exemplars);
  }
  EXPECT_TRUE(got.recognised.empty());
}

TEST(RemoteWriteTest, LabelsBetweenOtherFieldsAreNotRemembered) {
  Remembering got;
  const auto message = OneSeries([](pbf_writer& series) {
    AddSample(series, 1, 1000);
    AddLabel(series, "late", "label");
  });
  ASSERT_TRUE(DecodeWriteRequest(message, &got).ok());
  EXPECT_TRUE(got.known.empty());
}

TEST(RemoteWriteTest, SkipsKnownFieldsOfAnUnexpectedType) {
  // Every field number with every wire type, at the three levels where fields are read.
  for (uint32_t tag = 1; tag <= 17; ++tag) {
    std::string fields;
    pbf_writer writer(fields);
    writer.add_uint64(tag, 1);
    writer.add_fixed64(tag, 1);
    writer.add_fixed32(tag, 1);
    writer.add_string(tag, std::string(8, '\0'));
    for (const uint32_t outer : {1, 2, 3, 4}) {
      std::string series;
      pbf_writer(series).add_message(outer, fields);
      for (const uint32_t request_tag : {1, 3}) {
        std::string message;
        pbf_writer(message).add_message(request_tag, series);
        Collected got;
        const Status status = DecodeWriteRequest(message, &got);
        EXPECT_TRUE(status.ok() || status.code() == StatusCode::kInvalidArgument);
      }
    }
  }
  std::string varint;
  pbf_writer(varint).add_uint64(1, 5);
  Collected got;
  EXPECT_TRUE(DecodeWriteRequest(varint, &got).ok());
  EXPECT_TRUE(got.series.empty());
}

TEST(RemoteWriteTest, StopsWhenTheVisitorDoes) {
  std::string message;
  pbf_writer request(message);
  for (int i = 0; i < 3; ++i) request.add_message(1, std::string());
  Collected got;
  got.stop_after = 2;
  EXPECT_EQ(DecodeWriteRequest(message, &got).code(), StatusCode::kUnavailable);
  EXPECT_EQ(got.series.size(), 2u);
}

TEST(RemoteWriteTest, RefusesEveryTruncationWithoutReadingPastTheEnd) {
  std::string message;
  pbf_writer request(message);
  {
    pbf_writer series(request, 1);
    AddLabel(series, "__name__", "up");
    AddSample(series, 1, 1);
  }
  for (size_t n = 1; n < message.size(); ++n) {
    // A copy of its own, so that a sanitizer sees a read past the end.
    const std::string cut = message.substr(0, n);
    Collected got;
    EXPECT_EQ(DecodeWriteRequest(cut, &got).code(), StatusCode::kInvalidArgument) << n;
  }
}

TEST(RemoteWriteTest, RefusesMalformedMessages) {
  for (const std::string& message :
       {std::string("\x0b\x0c"), std::string("\x0a\xff\xff\xff\xff\x7f"), std::string("\x00", 1),
        std::string("\x0a\x02\x12\x05"), std::string(20, '\xff')}) {
    Collected got;
    EXPECT_EQ(DecodeWriteRequest(message, &got).code(), StatusCode::kInvalidArgument);
  }
}

TEST(RemoteWriteTest, RefusesSnappyBombsBeforeTakingMemory) {
  constexpr size_t kBytesMax = 32 << 20;
  std::string huge;
  snappy::Compress(std::string(kBytesMax + 1, 'a').data(), kBytesMax + 1, &huge);
  EXPECT_EQ(DecodeSnappy(huge, kBytesMax).status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(DecodeSnappy(huge, kBytesMax + 1).ok());
  // A claim of almost 32 MiB over five bytes.
  EXPECT_FALSE(DecodeSnappy(std::string("\xff\xff\xff\x0f\x00", 5), kBytesMax).ok());
  EXPECT_FALSE(DecodeSnappy("\xff\xff\xff\xff\x0f", kBytesMax).ok());
  EXPECT_FALSE(DecodeSnappy("", kBytesMax).ok());
  std::string fits;
  snappy::Compress(std::string(kBytesMax, 'a').data(), kBytesMax, &fits);
  EXPECT_TRUE(DecodeSnappy(fits, kBytesMax).ok());
  fits[fits.size() / 2] = '\x7f';
  EXPECT_FALSE(DecodeSnappy(fits.substr(0, fits.size() / 2), kBytesMax).ok());
}

struct HistogramFields {
  uint64_t count = 6;
  double sum = 1;
  int32_t schema = 0;
  uint64_t zero_count = 1;
  std::vector<HistogramSpan> spans = {{0, 2}};
  std::vector<int64_t> deltas = {2, 1};
  std::vector<double> custom;
};

std::string WithHistogram(const HistogramFields& f) {
  std::string message;
  pbf_writer request(message);
  pbf_writer series(request, 1);
  AddLabel(series, "__name__", "h");
  pbf_writer h(series, 4);
  h.add_uint64(1, f.count);
  h.add_double(3, f.sum);
  h.add_sint32(4, f.schema);
  h.add_uint64(6, f.zero_count);
  for (const HistogramSpan& span : f.spans) {
    pbf_writer s(h, 11);
    s.add_sint32(1, span.offset);
    s.add_uint32(2, span.length);
  }
  h.add_packed_sint64(12, f.deltas.begin(), f.deltas.end());
  if (!f.custom.empty()) h.add_packed_double(16, f.custom.begin(), f.custom.end());
  h.add_int64(15, 1234);
  return message;
}

TEST(RemoteWriteTest, TurnsIntegerHistogramsIntoFloats) {
  Collected got;
  ASSERT_TRUE(DecodeWriteRequest(WithHistogram({}), &got).ok());
  ASSERT_EQ(got.series.at(0).histograms.size(), 1u);
  const TimedHistogram& h = got.series[0].histograms[0];
  EXPECT_EQ(h.t, 1234);
  EXPECT_EQ(h.histogram->positive_buckets, (std::vector<double>{2, 3}));
  EXPECT_EQ(h.histogram->count, 6);
}

TEST(RemoteWriteTest, ReducesFineSchemas) {
  HistogramFields f;
  f.schema = 9;
  f.count = 11;
  f.spans = {{1, 3}, {4, 1}};  // Indices 1, 2, 3 and 8 become 1, 1, 2 and 4.
  f.deltas = {2, 1, -1, 1};    // 2, 3, 2, 3.
  Collected got;
  ASSERT_TRUE(DecodeWriteRequest(WithHistogram(f), &got).ok());
  const FloatHistogram& h = *got.series.at(0).histograms.at(0).histogram;
  EXPECT_EQ(h.schema, 8);
  EXPECT_EQ(h.positive_spans, (std::vector<HistogramSpan>{{1, 2}, {1, 1}}));
  EXPECT_EQ(h.positive_buckets, (std::vector<double>{5, 2, 3}));
}

TEST(RemoteWriteTest, RefusesHistogramsThatContradictThemselves) {
  std::vector<HistogramFields> bad(10);
  bad[0].count = 7;
  bad[1].deltas = {2, -3};
  bad[2].spans = {{0, 3}};
  bad[3].spans = {{0, 1}, {-1, 1}};
  bad[4].schema = 53;
  bad[5].schema = -5;
  bad[6].custom = {1, 2};
  bad[7].schema = kCustomBucketsSchema;  // Has a zero bucket.
  bad[8] = {.count = 5, .schema = kCustomBucketsSchema, .zero_count = 0, .custom = {2, 1}};
  bad[9].spans = {{2147483647, 2}};
  for (size_t i = 0; i < bad.size(); ++i) {
    Collected got;
    ASSERT_TRUE(DecodeWriteRequest(WithHistogram(bad[i]), &got).ok()) << i;
    EXPECT_EQ(got.series.at(0).histograms.size(), 0u) << i;
    EXPECT_EQ(got.series.at(0).problems.size(), 1u) << i;
  }
  HistogramFields good = {
      .count = 5, .schema = kCustomBucketsSchema, .zero_count = 0, .custom = {1, 2}};
  Collected got;
  EXPECT_TRUE(DecodeWriteRequest(WithHistogram(good), &got).ok());
}

}  // namespace
}  // namespace firn::server
