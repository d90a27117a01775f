#include "server/codec/prometheus/histogram_chunk.h"

#include <bit>
#include <cmath>
#include <optional>

#include "server/codec/histogram_check.h"
#include "server/codec/prometheus/xor_reader.h"

namespace firn::server {

namespace {

// Widths of integers by the number of ones in front.
constexpr int kVarbitWidths[] = {0, 3, 6, 9, 12, 18, 25, 56, 64};

uint64_t ReadVarbit(BitReader* in, int* width) {
  int ones = 0;
  while (ones < 8 && in->Bit()) ++ones;
  *width = kVarbitWidths[ones];
  return in->Bits(*width);
}

uint64_t ReadVarbitUint(BitReader* in) {
  int width = 0;
  return ReadVarbit(in, &width);
}

int64_t ReadVarbitInt(BitReader* in) {
  int width = 0;
  const uint64_t bits = ReadVarbit(in, &width);
  if (width == 0 || width == 64) return static_cast<int64_t>(bits);
  const uint64_t half = uint64_t{1} << (width - 1);
  return bits > half ? static_cast<int64_t>(bits) - (int64_t{1} << width)
                     : static_cast<int64_t>(bits);
}

double ReadDouble(BitReader* in) { return std::bit_cast<double>(in->Bits(64)); }

// Powers of two take one byte.
double ReadZeroThreshold(BitReader* in) {
  constexpr int kExponentMin = -242;
  const auto code = static_cast<int>(in->Bits(8));
  if (code == 0) return 0;
  if (code == 255) return ReadDouble(in);
  return std::ldexp(0.5, code - 1 + kExponentMin);
}

// Bounds of few decimals are whole thousandths.
double ReadBound(BitReader* in) {
  const uint64_t code = ReadVarbitUint(in);
  return code == 0 ? ReadDouble(in) : static_cast<double>(code - 1) / 1000;
}

// Every span takes two bits, and every bucket `bucket_bits` in the first sample.
bool ReadSpans(BitReader* in, uint64_t bucket_bits, std::vector<HistogramSpan>* spans,
               size_t* buckets) {
  const uint64_t count = ReadVarbitUint(in);
  if (count > in->remaining() / 2) return false;
  for (uint64_t i = 0; i < count; ++i) {
    HistogramSpan span;
    span.length = static_cast<uint32_t>(ReadVarbitUint(in));
    span.offset = static_cast<int32_t>(ReadVarbitInt(in));
    spans->push_back(span);
    *buckets += span.length;
    if (*buckets > in->remaining() / bucket_bits) return false;
  }
  return in->ok();
}

// What all histograms of a chunk share.
bool ReadLayout(BitReader* in, uint64_t bucket_bits, FloatHistogram* h) {
  h->zero_threshold = ReadZeroThreshold(in);
  h->schema = static_cast<int32_t>(ReadVarbitInt(in));
  size_t positive = 0;
  size_t negative = 0;
  if (!ReadSpans(in, bucket_bits, &h->positive_spans, &positive) ||
      !ReadSpans(in, bucket_bits, &h->negative_spans, &negative)) {
    return false;
  }
  h->positive_buckets.resize(positive);
  h->negative_buckets.resize(negative);
  if (h->UsesCustomBuckets()) {
    const uint64_t bounds = ReadVarbitUint(in);
    if (bounds > in->remaining()) return false;
    for (uint64_t i = 0; i < bounds; ++i) h->custom_values.push_back(ReadBound(in));
  }
  return in->ok();
}

// A whole number by the difference of its differences.
class IntSeries {
 public:
  int64_t First(int64_t v) { return v_ = v; }
  int64_t Next(BitReader* in) {
    delta_ = static_cast<int64_t>(static_cast<uint64_t>(delta_) +
                                  static_cast<uint64_t>(ReadVarbitInt(in)));
    v_ = static_cast<int64_t>(static_cast<uint64_t>(v_) + static_cast<uint64_t>(delta_));
    return v_;
  }

 private:
  int64_t v_ = 0;
  int64_t delta_ = 0;
};

// The fields of a sample but for its time.
class IntFields {
 public:
  explicit IntFields(const FloatHistogram& layout)
      : positive_(layout.positive_buckets.size()), negative_(layout.negative_buckets.size()) {}

  void Read(BitReader* in, bool first, FloatHistogram* h) {
    h->count = static_cast<double>(ReadCount(in, first, &count_));
    h->zero_count = static_cast<double>(ReadCount(in, first, &zero_count_));
    h->sum = first ? sum_.First(in) : sum_.Next(in);
    if (!first && IsStaleNan(h->sum)) return;
    ReadBuckets(in, first, &positive_, &h->positive_buckets);
    ReadBuckets(in, first, &negative_, &h->negative_buckets);
  }
  bool broken() const { return sum_.broken(); }

 private:
  static uint64_t ReadCount(BitReader* in, bool first, IntSeries* count) {
    const int64_t v =
        first ? count->First(static_cast<int64_t>(ReadVarbitUint(in))) : count->Next(in);
    return static_cast<uint64_t>(v);
  }
  // Each bucket is stored as what it has more than the one before.
  static void ReadBuckets(BitReader* in, bool first, std::vector<IntSeries>* series,
                          std::vector<double>* buckets) {
    uint64_t n = 0;
    for (size_t i = 0; i < series->size(); ++i) {
      IntSeries& bucket = (*series)[i];
      n += static_cast<uint64_t>(first ? bucket.First(ReadVarbitInt(in)) : bucket.Next(in));
      (*buckets)[i] = static_cast<double>(static_cast<int64_t>(n));
    }
  }

  IntSeries count_;
  IntSeries zero_count_;
  XorReader sum_;
  std::vector<IntSeries> positive_;
  std::vector<IntSeries> negative_;
};

class FloatFields {
 public:
  explicit FloatFields(const FloatHistogram& layout)
      : positive_(layout.positive_buckets.size()), negative_(layout.negative_buckets.size()) {}

  void Read(BitReader* in, bool first, FloatHistogram* h) {
    h->count = One(in, first, &count_);
    h->zero_count = One(in, first, &zero_count_);
    h->sum = One(in, first, &sum_);
    if (!first && IsStaleNan(h->sum)) return;
    for (size_t i = 0; i < positive_.size(); ++i) {
      h->positive_buckets[i] = One(in, first, &positive_[i]);
    }
    for (size_t i = 0; i < negative_.size(); ++i) {
      h->negative_buckets[i] = One(in, first, &negative_[i]);
    }
  }
  bool broken() const { return broken_; }

 private:
  double One(BitReader* in, bool first, XorReader* field) {
    const double v = first ? field->First(in) : field->Next(in);
    broken_ |= field->broken();
    return v;
  }

  XorReader count_;
  XorReader zero_count_;
  XorReader sum_;
  std::vector<XorReader> positive_;
  std::vector<XorReader> negative_;
  bool broken_ = false;
};

// What the header says is about the first sample, and says no more than "unknown" of it: whether
// the samples before it are those that the writer saw nobody knows.
CounterResetHint HintOf(unsigned char flags, size_t i) {
  constexpr unsigned char kGauge = 0xc0;
  if ((flags & kGauge) == kGauge) return CounterResetHint::kGauge;
  return i == 0 ? CounterResetHint::kUnknown : CounterResetHint::kNotReset;
}

Status AddHistogram(TimestampMs t, const FloatHistogram& read, ChunkSamples* out) {
  FloatHistogram h;
  if (IsStaleNan(read.sum)) {
    h.sum = read.sum;
  } else {
    h = read;
    const Status status = CheckHistogram(h);
    if (!status.ok()) return Corruption("histogram at {}: {}", t, status.message());
    ReduceSchema(&h);
  }
  out->ht.push_back(t);
  out->h.push_back(std::make_shared<const FloatHistogram>(std::move(h)));
  return OkStatus();
}

template <typename Fields>
Status ReadHistograms(std::string_view data, size_t count, uint64_t bucket_bits,
                      ChunkSamples* out) {
  if (data.empty()) return Corruption("histogram chunk without flags");
  const auto flags = static_cast<unsigned char>(data[0]);
  BitReader in(data.substr(1));
  FloatHistogram h;
  if (count > 0 && !ReadLayout(&in, bucket_bits, &h)) {
    return Corruption("layout of a histogram chunk is broken");
  }
  // A sample takes a bit for each of its fields.
  const size_t fields = 3 + h.positive_buckets.size() + h.negative_buckets.size();
  if (count > 0 && (count - 1) > in.remaining() / 3) {
    return Corruption("histogram chunk claims {} samples of {} fields", count, fields);
  }
  Fields samples(h);
  IntSeries times;
  TimestampMs t = 0;
  for (size_t i = 0; i < count; ++i) {
    const TimestampMs last = t;
    t = i == 0 ? times.First(ReadVarbitInt(&in)) : times.Next(&in);
    h.counter_reset_hint = HintOf(flags, i);
    samples.Read(&in, i == 0, &h);
    if (!in.ok() || samples.broken()) {
      return Corruption("histogram chunk ends at sample {} of {}", i, count);
    }
    if (i > 0 && t <= last) return Corruption("times of a chunk do not ascend at sample {}", i);
    FIRN_RETURN_IF_ERROR(AddHistogram(t, h, out));
  }
  return OkStatus();
}

}  // namespace

Status ReadHistogramChunk(std::string_view data, size_t count, ChunkSamples* out) {
  return ReadHistograms<IntFields>(data, count, 1, out);
}

Status ReadFloatHistogramChunk(std::string_view data, size_t count, ChunkSamples* out) {
  return ReadHistograms<FloatFields>(data, count, 64, out);
}

}  // namespace firn::server
