#include "server/codec/prometheus/wal.h"

#include <snappy.h>

#include <gtest/gtest.h>

#include "tests/server/codec/prometheus/files.h"

namespace firn::server {
namespace {

constexpr size_t kPage = 32 << 10;
constexpr size_t kHeader = 7;

// Cuts records into pieces as the log does.
class LogWriter {
 public:
  void Add(std::string_view record, bool packed = false) {
    std::string bytes(record);
    if (packed) snappy::Compress(record.data(), record.size(), &bytes);
    const uint8_t flags = packed ? 8 : 0;
    bool first = true;
    std::string_view rest = bytes;
    do {
      if (kPage - log_.size() % kPage < kHeader) log_.resize((log_.size() + kPage) / kPage * kPage);
      const size_t room = kPage - log_.size() % kPage - kHeader;
      const std::string_view piece = rest.substr(0, room);
      rest.remove_prefix(piece.size());
      const int kind = first ? (rest.empty() ? 1 : 2) : (rest.empty() ? 4 : 3);
      log_.push_back(static_cast<char>(kind | flags));
      log_.push_back(static_cast<char>(piece.size() >> 8));
      log_.push_back(static_cast<char>(piece.size()));
      AppendBigEndian32(Crc32c(piece), &log_);
      log_ += piece;
      first = false;
    } while (!rest.empty());
  }
  const std::string& log() const { return log_; }

 private:
  std::string log_;
};

std::vector<std::string> ReadAll(std::string_view log, Status* end) {
  WalSegment segment(log);
  std::vector<std::string> records;
  std::string record;
  while (true) {
    const auto found = segment.Next(&record);
    *end = found.status();
    if (!found.ok() || !*found) return records;
    records.push_back(record);
  }
}

TEST(WalSegmentTest, JoinsAndUnpacksRecords) {
  LogWriter writer;
  const std::vector<std::string> records = {"one", std::string(100'000, 'x'), "three",
                                            std::string(kPage - 3 * kHeader, 'y'), "five"};
  for (size_t i = 0; i < records.size(); ++i) writer.Add(records[i], i == 2);
  Status end;
  EXPECT_EQ(ReadAll(writer.log(), &end), records);
  EXPECT_TRUE(end.ok()) << end.ToString();
  std::string padded = writer.log();
  padded.resize((padded.size() + kPage - 1) / kPage * kPage);
  EXPECT_EQ(ReadAll(padded, &end), records);
  EXPECT_TRUE(end.ok()) << end.ToString();
}

TEST(WalSegmentTest, ATornEndIsCorruptionBehindWhatIsWhole) {
  LogWriter writer;
  writer.Add("first");
  const size_t whole = writer.log().size();
  writer.Add("second", true);
  for (size_t size = whole + 1; size < writer.log().size(); ++size) {
    Status end;
    EXPECT_EQ(ReadAll(writer.log().substr(0, size), &end), std::vector<std::string>{"first"});
    EXPECT_EQ(end.code(), StatusCode::kCorruption) << size;
  }
}

TEST(WalSegmentTest, RefusesPiecesOutOfOrder) {
  LogWriter writer;
  writer.Add(std::string(50'000, 'x'));
  const std::string second = writer.log().substr(kPage);
  Status end;
  EXPECT_TRUE(ReadAll(second, &end).empty());
  EXPECT_EQ(end.code(), StatusCode::kCorruption);
  EXPECT_TRUE(ReadAll(writer.log().substr(0, kPage), &end).empty());
  EXPECT_EQ(end.code(), StatusCode::kCorruption);
}

struct Heard : WalVisitor {
  Status OnSeries(uint64_t series, std::span<const LabelView> labels) override {
    for (const LabelView& l : labels) text += fmt::format("{} {}={};", series, l.name, l.value);
    return OkStatus();
  }
  Status OnSample(uint64_t series, TimestampMs t, double v) override {
    text += fmt::format("{}@{}={};", series, t, v);
    return OkStatus();
  }
  Status OnHistogram(uint64_t series, TimestampMs t, HistogramPtr h) override {
    text += fmt::format("{}@{} n={}", series, t, h->count);
    for (const double n : h->positive_buckets) text += fmt::format(",{}", n);
    text += ";";
    return OkStatus();
  }
  Status OnTombstone(uint64_t series, const TimeRange& range) override {
    text += fmt::format("{} -{}..{};", series, range.min, range.max);
    return OkStatus();
  }
  std::string text;
};

std::string Hear(std::string_view record) {
  Heard heard;
  const Status status = ReadWalRecord(record, &heard);
  return status.ok() ? heard.text : status.ToString();
}

TEST(WalRecordTest, ReadsSeriesSamplesAndTombstones) {
  std::string series("\x01");
  AppendBigEndian64(7, &series);
  AppendVarint(1, &series);
  AppendLengthPrefixed("a", &series);
  AppendLengthPrefixed("b", &series);
  EXPECT_EQ(Hear(series), "7 a=b;");

  std::string samples("\x02");
  AppendBigEndian64(7, &samples);
  AppendBigEndian64(1000, &samples);
  for (const int64_t delta : {0, -2}) {
    AppendSignedVarint(delta, &samples);
    AppendSignedVarint(5, &samples);
    AppendBigEndian64(std::bit_cast<uint64_t>(1.5), &samples);
  }
  EXPECT_EQ(Hear(samples), "7@1005=1.5;5@1005=1.5;");
  EXPECT_EQ(Hear(samples.substr(0, samples.size() - 1)), "corruption: a record is cut short");

  std::string stone("\x03");
  AppendBigEndian64(7, &stone);
  AppendSignedVarint(-1, &stone);
  AppendSignedVarint(9, &stone);
  EXPECT_EQ(Hear(stone), "7 --1..9;");
  EXPECT_EQ(Hear("\x63 of a later version"), "");
  EXPECT_EQ(Hear(""), "");
}

TEST(WalRecordTest, ReadsHistogramsOfBothKinds) {
  for (const bool floats : {false, true}) {
    std::string record(floats ? "\x08" : "\x07");
    AppendBigEndian64(3, &record);
    AppendBigEndian64(50, &record);
    AppendSignedVarint(0, &record);
    AppendSignedVarint(0, &record);
    record.push_back('\x02');        // Not a reset.
    AppendSignedVarint(1, &record);  // Schema.
    AppendBigEndian64(0, &record);
    const auto count = [&](double n) {
      if (floats) return AppendBigEndian64(std::bit_cast<uint64_t>(n), &record);
      AppendVarint(static_cast<uint64_t>(n), &record);
    };
    count(0);
    count(5);
    AppendBigEndian64(std::bit_cast<uint64_t>(9.5), &record);
    AppendVarint(1, &record);  // One positive span of two buckets.
    AppendSignedVarint(-3, &record);
    AppendVarint(2, &record);
    AppendVarint(0, &record);
    AppendVarint(2, &record);
    if (floats) {
      AppendBigEndian64(std::bit_cast<uint64_t>(2.0), &record);
      AppendBigEndian64(std::bit_cast<uint64_t>(3.0), &record);
    } else {
      AppendSignedVarint(2, &record);
      AppendSignedVarint(1, &record);
    }
    AppendVarint(0, &record);
    EXPECT_EQ(Hear(record), "3@50 n=5,2,3;");
    EXPECT_NE(Hear(record.substr(0, record.size() - 1)).find("cut short"), std::string::npos);
  }
}

}  // namespace
}  // namespace firn::server
