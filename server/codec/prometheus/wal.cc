#include "server/codec/prometheus/wal.h"

#include <bit>
#include <vector>

#include <snappy.h>

#include "base/bytes.h"
#include "server/codec/histogram_check.h"
#include "server/codec/prometheus/big_endian.h"
#include "server/codec/remote/remote_read.h"

namespace firn::server {

namespace {

constexpr size_t kPageBytes = 32 << 10;
constexpr size_t kHeaderBytes = 7;
constexpr size_t kRecordBytesMax = 256 << 20;
// More than Snappy can do.
constexpr size_t kPackedRatioMax = 64;

enum Kind : uint8_t { kRestOfPage = 0, kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };
enum Compression : uint8_t { kNone = 0, kSnappy = 1 };

enum RecordType : uint8_t {
  kSeries = 1,
  kSamples = 2,
  kTombstones = 3,
  kHistograms = 7,
  kFloatHistograms = 8,
  kCustomHistograms = 9,
  kCustomFloatHistograms = 10,
};

Status CutShort() { return Corruption("a record is cut short"); }

Status ReadSeries(ByteReader in, WalVisitor* visitor) {
  std::vector<LabelView> labels;
  while (!in.AtEnd()) {
    const uint64_t ref = in.BigEndian64();
    const uint64_t count = in.Varint();
    labels.clear();
    for (uint64_t i = 0; i < count && in.ok(); ++i) {
      const std::string_view name = in.LengthPrefixed();
      labels.push_back({name, in.LengthPrefixed()});
    }
    if (!in.ok()) return CutShort();
    FIRN_RETURN_IF_ERROR(visitor->OnSeries(ref, labels));
  }
  return OkStatus();
}

Status ReadTombstones(ByteReader in, WalVisitor* visitor) {
  while (!in.AtEnd()) {
    const uint64_t ref = in.BigEndian64();
    const TimestampMs min = in.SignedVarint();
    const TimestampMs max = in.SignedVarint();
    if (!in.ok()) return CutShort();
    FIRN_RETURN_IF_ERROR(visitor->OnTombstone(ref, {min, max}));
  }
  return OkStatus();
}

// Series and times are told as differences from those in front of all.
struct Base {
  explicit Base(ByteReader* in) : ref(in->BigEndian64()), t(in->BigEndian64()) {}
  uint64_t Ref(ByteReader* in) const { return ref + static_cast<uint64_t>(in->SignedVarint()); }
  TimestampMs Time(ByteReader* in) const {
    return static_cast<TimestampMs>(t + static_cast<uint64_t>(in->SignedVarint()));
  }

  uint64_t ref;
  uint64_t t;
};

Status ReadSamples(ByteReader in, WalVisitor* visitor) {
  if (in.AtEnd()) return OkStatus();
  const Base base(&in);
  while (!in.AtEnd()) {
    const uint64_t ref = base.Ref(&in);
    const TimestampMs t = base.Time(&in);
    const auto v = std::bit_cast<double>(in.BigEndian64());
    if (!in.ok()) return CutShort();
    FIRN_RETURN_IF_ERROR(visitor->OnSample(ref, t, v));
  }
  return OkStatus();
}

double ReadDouble(ByteReader* in) { return std::bit_cast<double>(in->BigEndian64()); }

void ReadSpans(ByteReader* in, std::vector<HistogramSpan>* spans) {
  const uint64_t count = in->Varint();
  for (uint64_t i = 0; i < count && in->ok(); ++i) {
    const auto offset = static_cast<int32_t>(in->SignedVarint());
    spans->push_back({offset, static_cast<uint32_t>(in->Varint())});
  }
}

void ReadBuckets(ByteReader* in, bool floats, std::vector<double>* buckets) {
  const uint64_t count = in->Varint();
  int64_t n = 0;
  for (uint64_t i = 0; i < count && in->ok(); ++i) {
    if (floats) {
      buckets->push_back(ReadDouble(in));
    } else {
      n = static_cast<int64_t>(static_cast<uint64_t>(n) +
                               static_cast<uint64_t>(in->SignedVarint()));
      buckets->push_back(static_cast<double>(n));
    }
  }
}

FloatHistogram ReadHistogram(ByteReader* in, bool floats) {
  const auto count = [&] { return floats ? ReadDouble(in) : static_cast<double>(in->Varint()); };
  FloatHistogram h;
  h.counter_reset_hint = static_cast<CounterResetHint>(in->Fixed<uint8_t>() & 3);
  h.schema = static_cast<int32_t>(in->SignedVarint());
  h.zero_threshold = ReadDouble(in);
  h.zero_count = count();
  h.count = count();
  h.sum = ReadDouble(in);
  ReadSpans(in, &h.positive_spans);
  ReadSpans(in, &h.negative_spans);
  ReadBuckets(in, floats, &h.positive_buckets);
  ReadBuckets(in, floats, &h.negative_buckets);
  if (h.UsesCustomBuckets()) {
    const uint64_t bounds = in->Varint();
    for (uint64_t i = 0; i < bounds && in->ok(); ++i) h.custom_values.push_back(ReadDouble(in));
  }
  return h;
}

Status ReadHistograms(ByteReader in, bool floats, WalVisitor* visitor) {
  if (in.AtEnd()) return OkStatus();
  const Base base(&in);
  while (!in.AtEnd()) {
    const uint64_t ref = base.Ref(&in);
    const TimestampMs t = base.Time(&in);
    FloatHistogram h = ReadHistogram(&in, floats);
    if (!in.ok()) return CutShort();
    if (h.IsStale()) {
      FloatHistogram marker;
      marker.sum = h.sum;
      h = marker;
    } else {
      const Status status = CheckHistogram(h);
      if (!status.ok()) return Corruption("histogram at {}: {}", t, status.message());
      ReduceSchema(&h);
    }
    FIRN_RETURN_IF_ERROR(
        visitor->OnHistogram(ref, t, std::make_shared<const FloatHistogram>(std::move(h))));
  }
  return OkStatus();
}

}  // namespace

Status WalSegment::Broken(std::string_view what) {
  const size_t at = offset_;
  offset_ = bytes_.size();
  return Corruption("{} at {}", what, at);
}

Result<bool> WalSegment::NextPiece(Piece* piece) {
  while (true) {
    if (offset_ >= bytes_.size()) return false;
    const size_t left = std::min(kPageBytes - offset_ % kPageBytes, bytes_.size() - offset_);
    const auto header = static_cast<unsigned char>(bytes_[offset_]);
    if ((header & 7) != kRestOfPage) break;
    // Nothing but zeros up to the end of the page.
    if (bytes_.substr(offset_, left).find_first_not_of('\0') != std::string_view::npos) {
      return Broken("bytes in the unused rest of a page");
    }
    offset_ += left;
  }
  const size_t left = std::min(kPageBytes - offset_ % kPageBytes, bytes_.size() - offset_);
  if (left < kHeaderBytes) return Broken("torn record");
  const auto header = static_cast<unsigned char>(bytes_[offset_]);
  const auto high = static_cast<unsigned char>(bytes_[offset_ + 1]);
  const auto low = static_cast<unsigned char>(bytes_[offset_ + 2]);
  const size_t length = static_cast<size_t>(high) << 8 | low;
  if (length > left - kHeaderBytes) return Broken("torn record");
  piece->kind = header & 7;
  piece->compression = header >> 3;
  piece->data = bytes_.substr(offset_ + kHeaderBytes, length);
  if (Crc32c(piece->data) != ReadBigEndian32(bytes_.substr(offset_ + 3))) {
    return Broken("a record that does not verify");
  }
  offset_ += kHeaderBytes + length;
  return true;
}

Result<bool> WalSegment::Next(std::string* record) {
  record->clear();
  Piece piece;
  bool begun = false;
  do {
    FIRN_ASSIGN_OR_RETURN(const bool found, NextPiece(&piece));
    if (!found) {
      if (begun) return Broken("a record without its end");
      return false;
    }
    const bool begins = piece.kind == kFull || piece.kind == kFirst;
    if (begins == begun || piece.kind > kLast) return Broken("pieces out of order");
    begun = true;
    record->append(piece.data);
    if (record->size() > kRecordBytesMax) return Broken("a record beyond all bounds");
  } while (piece.kind != kFull && piece.kind != kLast);
  if (piece.compression == kNone) return true;
  if (piece.compression != kSnappy) return Broken("a record of unknown compression");
  std::string plain;
  size_t size = 0;
  if (!snappy::GetUncompressedLength(record->data(), record->size(), &size) ||
      size > kRecordBytesMax || size > kPackedRatioMax * record->size() ||
      !snappy::Uncompress(record->data(), record->size(), &plain)) {
    return Broken("a record that cannot be unpacked");
  }
  *record = std::move(plain);
  return true;
}

Status ReadWalRecord(std::string_view record, WalVisitor* visitor) {
  if (record.empty()) return OkStatus();
  const ByteReader in(record.substr(1));
  switch (static_cast<unsigned char>(record[0])) {
    case kSeries:
      return ReadSeries(in, visitor);
    case kSamples:
      return ReadSamples(in, visitor);
    case kTombstones:
      return ReadTombstones(in, visitor);
    case kHistograms:
    case kCustomHistograms:
      return ReadHistograms(in, false, visitor);
    case kFloatHistograms:
    case kCustomFloatHistograms:
      return ReadHistograms(in, true, visitor);
    default:
      return OkStatus();
  }
}

}  // namespace firn::server
