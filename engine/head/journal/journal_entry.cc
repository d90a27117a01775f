#include "engine/head/journal/journal_entry.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/bytes.h"
#include "storage/encoding/histogram_codec.h"

namespace firn::engine {
namespace {

constexpr char kVersion = 1;
constexpr char kVersionWithDifferences = 2;

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
// The upper four bits, by form. Without differences they are 0 but for kSmallPositive.
constexpr int kDetailShift = 4;
constexpr double kSmallMax = 15;
// Of kRawBits and kInteger: what follows is a zigzag varint, the difference to the base; of
// kRawBits that of the patterns, or of multiples of one of the fractions.
constexpr uint8_t kDifference = 1;
// Of kHistogram: no histogram, but so many samples of series that follow one another, at one time,
// that are what their bases are;
constexpr uint8_t kUnchangedMax = 13;
constexpr uint8_t kUnchangedMore = 14;  // ... as many as a varint says, at most this many;
constexpr uint64_t kUnchangedSamplesMax = 1 << 16;
// ... or no sample, but a zigzag varint, the entry of the bases from here on less the one before.
constexpr uint8_t kBaseEntry = 15;
constexpr size_t kVarintBytesMax = 10;

char* PutVarint(uint64_t value, char* out) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}

// Of a number that is no integer, and back.
constexpr int DetailOf(JournalDifference::Of of) {
  using Unit = JournalDifference::Of;
  if (of == Unit::kPatterns) return kDifference;
  return kDifference + 1 + static_cast<int>(of) - static_cast<int>(Unit::kThousandths);
}
constexpr JournalDifference::Of UnitOf(int detail) {
  using Unit = JournalDifference::Of;
  if (detail == kDifference) return Unit::kPatterns;
  return static_cast<Unit>(static_cast<int>(Unit::kThousandths) + detail - kDifference - 1);
}
constexpr int kDifferenceMax = DetailOf(JournalDifference::Of::kBillionths);
// Of kRawBits: the eight bytes, for which there was a base; so they are none.
constexpr int kNoBase = kDifferenceMax + 1;

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
  return whole && in->ok() && storage::IsWellFormed(*h) ? h : nullptr;
}

}  // namespace

char* JournalEntryWriter::Room() {
  // An open run, the entry of the base, and the record.
  constexpr size_t kRecordBytesMax =
      kVarintBytesMax + (1 + kVarintBytesMax) + (1 + 3 * kVarintBytesMax);
  constexpr size_t kFirstBytes = 4096;
  if (bytes_.size() < size_ + kRecordBytesMax) {
    bytes_.resize(std::max(2 * bytes_.size(), kFirstBytes));
  }
  if (run_at_ != 0) EndRun();
  return bytes_.data() + size_;
}

void JournalEntryWriter::EndRun() {
  const bool many = run_ > kUnchangedMax;
  const uint64_t detail = many ? kUnchangedMore : run_;
  char& control = bytes_[run_at_];
  control = static_cast<char>(static_cast<unsigned char>(control) | detail << kDetailShift);
  if (many) EndAt(PutVarint(run_, bytes_.data() + size_));
  run_at_ = 0;
}

void JournalEntryWriter::Clear() {
  run_at_ = 0;
  size_ = 0;
  *Room() = kVersion;
  size_ = 1;
  series_ = 0;
  t_ = 0;
  base_entry_ = 0;
}

char* JournalEntryWriter::PutBase(uint64_t entry, char* out) {
  if (entry == base_entry_) return out;
  *out++ = static_cast<char>(kHistogram << kValueShift | kBaseEntry << kDetailShift);
  out = PutVarint(ZigZag(static_cast<int64_t>(entry - base_entry_)), out);
  base_entry_ = entry;
  bytes_[0] = kVersionWithDifferences;
  return out;
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
  if (!IsJournalInteger(sample.v)) {
    out = PutHead(series, sample.t, kRawBits << kValueShift, out);
    std::memcpy(out, &sample.v, sizeof(sample.v));
    out += sizeof(sample.v);
  } else if (sample.v >= 0 && sample.v <= kSmallMax) {
    const int value = static_cast<int>(sample.v);
    out = PutHead(series, sample.t,
                  static_cast<uint8_t>(kSmallPositive << kValueShift | value << kDetailShift), out);
  } else {
    out = PutHead(series, sample.t, kInteger << kValueShift, out);
    out = PutVarint(ZigZag(static_cast<int64_t>(sample.v)), out);
  }
  EndAt(out);
}

void JournalEntryWriter::AddSince(const JournalBase& base, uint64_t series, Sample sample) {
  if (const auto since = JournalDifference::Between(base, sample.v)) {
    AddDifference(series, sample.t, *since);
  } else {
    AddNoBase(series, sample);
  }
}

void JournalEntryWriter::AddNoBase(uint64_t series, Sample sample) {
  bytes_[0] = kVersionWithDifferences;
  char* out = PutHead(series, sample.t, kRawBits << kValueShift | kNoBase << kDetailShift, Room());
  std::memcpy(out, &sample.v, sizeof(sample.v));
  EndAt(out + sizeof(sample.v));
}

void JournalEntryWriter::AddDifference(uint64_t series, TimestampMs t,
                                       const JournalDifference& since) {
  if (since.is_unchanged()) return AddUnchanged(series, t, since.base_entry);
  const bool integers = since.of == JournalDifference::Of::kIntegers;
  const int detail = integers ? kDifference : DetailOf(since.of);
  char* out = PutBase(since.base_entry, Room());
  out = PutHead(series, t,
                static_cast<uint8_t>((integers ? kInteger : kRawBits) << kValueShift |
                                     detail << kDetailShift),
                out);
  EndAt(PutVarint(ZigZag(static_cast<int64_t>(since.amount)), out));
}

void JournalEntryWriter::AddUnchanged(uint64_t series, TimestampMs t, uint64_t base_entry) {
  if (run_at_ != 0 && run_ < kUnchangedSamplesMax && base_entry == base_entry_ &&
      series == series_ + 1 && t == t_) {
    ++run_;
    series_ = series;
    return;
  }
  char* const at = PutBase(base_entry, Room());
  EndAt(PutHead(series, t, kHistogram << kValueShift, at));
  run_at_ = static_cast<size_t>(at - bytes_.data());
  run_ = 1;
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

std::string_view JournalEntryWriter::Finish() {
  Room();
  return std::string_view(bytes_).substr(0, size_);
}

namespace {

// Reads the records of an entry one after the other.
class EntryReader {
 public:
  EntryReader(std::string_view records, bool has_differences, JournalEntryVisitor* visitor)
      : in_(records), has_differences_(has_differences), visitor_(*visitor) {}

  Status Run() {
    while (!in_.AtEnd()) {
      if (!Record()) return Corruption("journal entry {}", error_);
    }
    return OkStatus();
  }

 private:
  // All return false with error_ set if the record is none.
  bool Record() {
    const auto control = in_.Fixed<uint8_t>();
    const int form = (control >> kValueShift) & 3;
    const int detail = has_differences_ || form == kSmallPositive ? control >> kDetailShift : 0;
    if (form == kHistogram && detail == kBaseEntry) return BaseEntry();
    series_ += (control & kNextSeries) != 0 ? 1 : static_cast<uint64_t>(in_.SignedVarint());
    t_ += (control & kSameTime) != 0 ? 0 : static_cast<uint64_t>(in_.SignedVarint());
    if (form == kHistogram) return detail == 0 ? Histogram() : Unchanged(detail);
    const bool is_base = form != kRawBits || detail != kNoBase;
    if (form != kSmallPositive && detail != 0 && is_base) return Difference(form, detail);
    double v = detail;
    if (form == kRawBits) v = in_.Fixed<double>();
    if (form == kInteger) v = static_cast<double>(in_.SignedVarint());
    if (!in_.ok()) return Fail("ends inside a sample");
    is_base ? visitor_.OnSample(series_, {time(), v}) : visitor_.OnNoBase(series_, {time(), v});
    return true;
  }

  bool BaseEntry() {
    base_entry_ += static_cast<uint64_t>(in_.SignedVarint());
    return in_.ok() || Fail("ends inside the number of an entry");
  }

  bool Histogram() {
    HistogramPtr h = ReadHistogram(&in_);
    if (h == nullptr) return Fail("ends inside a histogram");
    visitor_.OnHistogram(series_, time(), std::move(h));
    return true;
  }

  bool Difference(int form, int detail) {
    const auto amount = static_cast<uint64_t>(in_.SignedVarint());
    if (!in_.ok()) return Fail("ends inside a sample");
    const bool integers = form == kInteger;
    if (detail > (integers ? int{kDifference} : kDifferenceMax)) {
      return Fail("has a value of unknown form");
    }
    const auto of = integers ? JournalDifference::Of::kIntegers : UnitOf(detail);
    return Give({.base_entry = base_entry_, .of = of, .amount = amount});
  }

  bool Unchanged(int detail) {
    const uint64_t n = detail == kUnchangedMore ? in_.Varint() : static_cast<uint64_t>(detail);
    if (!in_.ok()) return Fail("ends inside a sample");
    if (n == 0 || n > kUnchangedSamplesMax) return Fail("has a run of an impossible length");
    for (uint64_t i = 0; i < n; ++i, ++series_) {
      if (!Give({base_entry_})) return false;
    }
    --series_;  // That of the last sample.
    return true;
  }

  bool Give(const JournalDifference& since) {
    if (since.base_entry == 0) return Fail("has a difference to nothing");
    visitor_.OnDifference(series_, time(), since);
    return true;
  }

  bool Fail(const char* error) {
    error_ = error;
    return false;
  }
  TimestampMs time() const { return static_cast<TimestampMs>(t_); }

  ByteReader in_;
  const bool has_differences_;
  JournalEntryVisitor& visitor_;
  uint64_t series_ = 0;
  uint64_t t_ = 0;
  uint64_t base_entry_ = 0;
  const char* error_ = "";
};

}  // namespace

Status ReadJournalEntry(std::string_view entry, JournalEntryVisitor* visitor) {
  ByteReader in(entry);
  const auto version = in.Fixed<char>();
  if (version != kVersion && version != kVersionWithDifferences) {
    return Corruption("journal entry of version {}, known are {} and {}", static_cast<int>(version),
                      static_cast<int>(kVersion), static_cast<int>(kVersionWithDifferences));
  }
  return EntryReader(in.rest(), version == kVersionWithDifferences, visitor).Run();
}

}  // namespace firn::engine
