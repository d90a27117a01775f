#include "engine/head/journal_entry.h"

#include <cmath>
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

void JournalEntryWriter::Clear() {
  bytes_.assign(1, kVersion);
  series_ = 0;
  t_ = 0;
}

void JournalEntryWriter::AddHead(uint64_t series, TimestampMs t, uint8_t control) {
  if (series == series_ + 1) control |= kNextSeries;
  if (t == t_) control |= kSameTime;
  bytes_.push_back(static_cast<char>(control));
  // Unsigned differences wrap around instead of overflowing.
  if ((control & kNextSeries) == 0) {
    AppendSignedVarint(static_cast<int64_t>(series - series_), &bytes_);
  }
  if ((control & kSameTime) == 0) {
    AppendSignedVarint(static_cast<int64_t>(static_cast<uint64_t>(t) - static_cast<uint64_t>(t_)),
                       &bytes_);
  }
  series_ = series;
  t_ = t;
}

void JournalEntryWriter::Add(uint64_t series, Sample sample) {
  if (!IsExactInteger(sample.v)) {
    AddHead(series, sample.t, kRawBits << kValueShift);
    AppendFixed(sample.v, &bytes_);
  } else if (sample.v >= 0 && sample.v <= kSmallMax) {
    AddHead(series, sample.t,
            static_cast<uint8_t>((kSmallPositive << kValueShift) |
                                 (static_cast<int>(sample.v) << kSmallShift)));
  } else {
    AddHead(series, sample.t, kInteger << kValueShift);
    AppendSignedVarint(static_cast<int64_t>(sample.v), &bytes_);
  }
}

void JournalEntryWriter::AddHistogram(uint64_t series, TimestampMs t, const FloatHistogram& h) {
  AddHead(series, t, kHistogram << kValueShift);
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
}

std::string_view JournalEntryWriter::Finish() {
  bytes_[0] = kVersion;
  return bytes_;
}

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
