#include "engine/head/journal_entry.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/bytes.h"

namespace firn::engine {
namespace {

constexpr char kVersion = 1;

// Control byte of a record: how the series, the time and the value follow.
constexpr uint8_t kNextSeries = 1;  // Previous series + 1; else a zigzag varint difference.
constexpr uint8_t kSameTime = 2;    // As in the previous record; else a zigzag difference.
constexpr int kValueShift = 2;
enum ValueForm : uint8_t {
  kRawBits = 0,  // Eight bytes.
  kInteger = 1,  // Zigzag varint.
  kHistogram = 2,
  kSmallPositive = 3,  // The integer is the control byte's upper four bits.
};
constexpr int kSmallShift = 4;
constexpr double kSmallMax = 15;
// Beyond this a varint is no shorter than the raw bits.
constexpr double kIntegerMax = static_cast<double>(int64_t{1} << 48);

constexpr size_t kVarintBytesMax = 10;

char* PutVarint(uint64_t value, char* out) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}

bool IsExactInteger(double v) {
  // The sign of zero would be lost; NaN fails the comparison.
  return v >= -kIntegerMax && v <= kIntegerMax &&
         static_cast<double>(static_cast<int64_t>(v)) == v && !(v == 0 && std::signbit(v));
}

void AppendDoubles(const std::vector<double>& values, std::string* out) {
  AppendVarint(values.size(), out);
  for (const double v : values) AppendFixed(v, out);
}

void AppendSpans(const std::vector<HistogramSpan>& spans, std::string* out) {
  AppendVarint(spans.size(), out);
  for (const HistogramSpan& span : spans) {
    AppendSignedVarint(span.offset, out);
    AppendVarint(span.length, out);
  }
}

bool ReadDoubles(ByteReader* in, std::vector<double>* values) {
  const uint64_t n = in->Varint();
  if (n > in->remaining() / sizeof(double)) return false;
  values->resize(n);
  for (double& v : *values) v = in->Fixed<double>();
  return true;
}

bool ReadSpans(ByteReader* in, std::vector<HistogramSpan>* spans) {
  const uint64_t n = in->Varint();
  if (n > in->remaining() / 2) return false;
  spans->resize(n);
  for (HistogramSpan& span : *spans) {
    span.offset = static_cast<int32_t>(in->SignedVarint());
    span.length = static_cast<uint32_t>(in->Varint());
  }
  return true;
}

HistogramPtr ReadHistogram(ByteReader* in) {
  auto h = std::make_shared<FloatHistogram>();
  const auto hint = in->Fixed<uint8_t>();
  h->counter_reset_hint = static_cast<CounterResetHint>(hint & 3);
  h->schema = static_cast<int32_t>(in->SignedVarint());
  h->zero_threshold = in->Fixed<double>();
  h->zero_count = in->Fixed<double>();
  h->count = in->Fixed<double>();
  h->sum = in->Fixed<double>();
  const bool whole = ReadSpans(in, &h->positive_spans) && ReadSpans(in, &h->negative_spans) &&
                     ReadDoubles(in, &h->positive_buckets) &&
                     ReadDoubles(in, &h->negative_buckets) && ReadDoubles(in, &h->custom_values);
  return whole && in->ok() ? h : nullptr;
}

}  // namespace

char* JournalEntryWriter::Room() {
  constexpr size_t kRecordBytesMax = 1 + 3 * kVarintBytesMax;
  constexpr size_t kFirstBytes = 4096;
  if (bytes_.size() < size_ + kRecordBytesMax) {
    bytes_.resize(std::max(2 * bytes_.size(), kFirstBytes));
  }
  return bytes_.data() + size_;
}

void JournalEntryWriter::Clear() {
  *Room() = kVersion;
  size_ = 1;
  series_ = 0;
  t_ = 0;
}

char* JournalEntryWriter::PutHead(uint64_t series, TimestampMs t, uint8_t control, char* out) {
  if (series == series_ + 1) control |= kNextSeries;
  if (t == t_) control |= kSameTime;
  *out++ = static_cast<char>(control);
  // Unsigned differences wrap around instead of overflowing.
  if ((control & kNextSeries) == 0) {
    out = PutVarint(ZigZag(static_cast<int64_t>(series - series_)), out);
  }
  if ((control & kSameTime) == 0) {
    const uint64_t change = static_cast<uint64_t>(t) - static_cast<uint64_t>(t_);
    out = PutVarint(ZigZag(static_cast<int64_t>(change)), out);
  }
  series_ = series;
  t_ = t;
  return out;
}

void JournalEntryWriter::Add(uint64_t series, Sample sample) {
  char* out = Room();
  if (!IsExactInteger(sample.v)) {
    out = PutHead(series, sample.t, kRawBits << kValueShift, out);
    std::memcpy(out, &sample.v, sizeof(sample.v));
    out += sizeof(sample.v);
  } else if (sample.v >= 0 && sample.v <= kSmallMax) {
    const int value = static_cast<int>(sample.v);
    out = PutHead(series, sample.t,
                  static_cast<uint8_t>(kSmallPositive << kValueShift | value << kSmallShift), out);
  } else {
    out = PutHead(series, sample.t, kInteger << kValueShift, out);
    out = PutVarint(ZigZag(static_cast<int64_t>(sample.v)), out);
  }
  size_ = static_cast<size_t>(out - bytes_.data());
}

void JournalEntryWriter::AddHistogram(uint64_t series, TimestampMs t, const FloatHistogram& h) {
  char* const end = PutHead(series, t, kHistogram << kValueShift, Room());
  bytes_.resize(static_cast<size_t>(end - bytes_.data()));
  AppendFixed(static_cast<uint8_t>(h.counter_reset_hint), &bytes_);
  AppendSignedVarint(h.schema, &bytes_);
  AppendFixed(h.zero_threshold, &bytes_);
  AppendFixed(h.zero_count, &bytes_);
  AppendFixed(h.count, &bytes_);
  AppendFixed(h.sum, &bytes_);
  AppendSpans(h.positive_spans, &bytes_);
  AppendSpans(h.negative_spans, &bytes_);
  AppendDoubles(h.positive_buckets, &bytes_);
  AppendDoubles(h.negative_buckets, &bytes_);
  AppendDoubles(h.custom_values, &bytes_);
  size_ = bytes_.size();
}

std::string_view JournalEntryWriter::Finish() { return std::string_view(bytes_).substr(0, size_); }

Status ReadJournalEntry(std::string_view entry, JournalEntryVisitor* visitor) {
  ByteReader in(entry);
  const auto version = in.Fixed<char>();
  if (version != kVersion) {
    return Corruption("journal entry of version {}, known is {}", static_cast<int>(version),
                      static_cast<int>(kVersion));
  }
  uint64_t series = 0;
  uint64_t t = 0;
  while (!in.AtEnd()) {
    const auto control = in.Fixed<uint8_t>();
    series += (control & kNextSeries) != 0 ? 1 : static_cast<uint64_t>(in.SignedVarint());
    t += (control & kSameTime) != 0 ? 0 : static_cast<uint64_t>(in.SignedVarint());
    const auto time = static_cast<TimestampMs>(t);
    double v = 0;
    switch ((control >> kValueShift) & 3) {
      case kRawBits:
        v = in.Fixed<double>();
        break;
      case kInteger:
        v = static_cast<double>(in.SignedVarint());
        break;
      case kSmallPositive:
        v = control >> kSmallShift;
        break;
      case kHistogram: {
        HistogramPtr h = ReadHistogram(&in);
        if (h == nullptr) return Corruption("journal entry ends inside a histogram");
        visitor->OnHistogram(series, time, std::move(h));
        continue;
      }
    }
    if (!in.ok()) return Corruption("journal entry ends inside a sample");
    visitor->OnSample(series, {time, v});
  }
  return OkStatus();
}

}  // namespace firn::engine
