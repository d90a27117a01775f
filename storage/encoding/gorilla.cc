#include "storage/encoding/gorilla.h"

#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "base/check.h"

namespace firn::storage {
namespace {

constexpr uint32_t kHeaderBits = 128;  // The first sample, as it is.
constexpr uint32_t kFirstCapacity = 32;
constexpr int kPutMax = 56;  // Bits that fit behind a partly filled byte of a 64-bit word.

// Size classes of the difference of two time deltas: prefix of ones and a zero, then bits.
constexpr int kSmallBits = 8;
constexpr int kMediumBits = 14;
constexpr int kLargeBits = 24;

constexpr bool FitsSigned(uint64_t value, int bits) {
  return value + (uint64_t{1} << (bits - 1)) < (uint64_t{1} << bits);
}
constexpr uint64_t Mask(int bits) { return ~uint64_t{0} >> (64 - bits); }
constexpr uint64_t SignExtend(uint64_t value, int bits) {
  return static_cast<uint64_t>(static_cast<int64_t>(value << (64 - bits)) >> (64 - bits));
}

}  // namespace

GorillaAppender::~GorillaAppender() { std::free(data_); }

void GorillaAppender::Swap(GorillaAppender& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bits_, other.bits_);
  std::swap(capacity_, other.capacity_);
  std::swap(last_t_, other.last_t_);
  std::swap(last_delta_, other.last_delta_);
  std::swap(last_bits_, other.last_bits_);
  std::swap(count_, other.count_);
  std::swap(xor_shift_, other.xor_shift_);
  std::swap(xor_length_, other.xor_length_);
}

void GorillaAppender::Reserve(size_t bytes) {
  if (bytes <= capacity_) return;
  const size_t grown = (size_t{capacity_} * 3 / 2 + 15) / 16 * 16;
  const size_t capacity = std::max<size_t>({bytes, grown, kFirstCapacity});
  FIRN_CHECK(capacity < (uint64_t{1} << 28));  // bits_ counts bits in 32 bits.
  void* data = std::realloc(data_, capacity);
  if (data == nullptr) throw std::bad_alloc();
  data_ = static_cast<char*>(data);
  capacity_ = static_cast<uint32_t>(capacity);
}

GorillaBytes GorillaAppender::Take() {
  GorillaAppender taken;
  Swap(taken);
  if (taken.capacity_ != taken.size()) {
    void* const data = std::realloc(taken.data_, taken.size());
    if (data != nullptr) taken.data_ = static_cast<char*>(data);
  }
  return GorillaBytes(std::exchange(taken.data_, nullptr));
}

// Appends `width` <= kPutMax bits and moves the end mark behind them.
inline void GorillaAppender::PutBits(uint64_t value, int width) {
  const size_t byte = bits_ / 8;
  const int used = static_cast<int>(bits_ % 8);
  const size_t length = static_cast<size_t>(used + width) / 8 + 1;
  Reserve(byte + length);
  const uint64_t kept = static_cast<unsigned char>(data_[byte]) & ((1u << used) - 1);
  const uint64_t word = kept | value << used | uint64_t{1} << (used + width);
  if (byte + sizeof(word) <= capacity_) {
    std::memcpy(data_ + byte, &word, sizeof(word));
  } else {
    std::memcpy(data_ + byte, &word, length);
  }
  bits_ += static_cast<uint32_t>(width);
}

void GorillaAppender::AppendFirst(TimestampMs t, uint64_t bits) {
  Reserve(kFirstCapacity);
  std::memcpy(data_, &t, sizeof(t));
  std::memcpy(data_ + sizeof(t), &bits, sizeof(bits));
  bits_ = kHeaderBits;
  data_[kHeaderBits / 8] = 1;  // The end mark.
}

void GorillaAppender::AppendTime(TimestampMs t) {
  const uint64_t delta = static_cast<uint64_t>(t) - static_cast<uint64_t>(last_t_);
  const uint64_t change = delta - last_delta_;
  last_delta_ = delta;
  if (change == 0) {
    PutBits(0, 1);
  } else if (FitsSigned(change, kSmallBits)) {
    PutBits((change & Mask(kSmallBits)) << 2 | 0b01, 2 + kSmallBits);
  } else if (FitsSigned(change, kMediumBits)) {
    PutBits((change & Mask(kMediumBits)) << 3 | 0b011, 3 + kMediumBits);
  } else if (FitsSigned(change, kLargeBits)) {
    PutBits((change & Mask(kLargeBits)) << 4 | 0b0111, 4 + kLargeBits);
  } else {
    PutBits((change & Mask(32)) << 4 | 0b1111, 4 + 32);
    PutBits(change >> 32, 32);
  }
}

void GorillaAppender::AppendValue(uint64_t bits) {
  const uint64_t change = bits ^ last_bits_;
  last_bits_ = bits;
  if (change == 0) return PutBits(0, 1);
  const int shift = std::countr_zero(change);
  const int length = 64 - std::countl_zero(change) - shift;
  const bool fits = shift >= xor_shift_ && shift + length <= xor_shift_ + xor_length_;
  // A new range of bits costs 12 bits to state: stay with a wider one until that pays.
  if (fits && xor_length_ <= length + 12) {
    PutBits(0b01, 2);
  } else {
    PutBits(static_cast<uint64_t>(length - 1) << 8 | static_cast<uint64_t>(shift) << 2 | 0b11, 14);
    xor_shift_ = static_cast<uint8_t>(shift);
    xor_length_ = static_cast<uint8_t>(length);
  }
  const uint64_t payload = change >> xor_shift_;
  if (xor_length_ <= kPutMax) return PutBits(payload, xor_length_);
  PutBits(payload & Mask(32), 32);
  PutBits(payload >> 32, xor_length_ - 32);
}

void GorillaAppender::Append(TimestampMs t, double v) {
  const uint64_t bits = std::bit_cast<uint64_t>(v);
  if (count_ == 0) {
    AppendFirst(t, bits);
    last_bits_ = bits;
  } else {
    FIRN_DCHECK(t > last_t_);
    const uint64_t delta = static_cast<uint64_t>(t) - static_cast<uint64_t>(last_t_);
    if (delta == last_delta_ && bits == last_bits_) {
      PutBits(0, 2);
    } else {
      AppendTime(t);
      AppendValue(bits);
    }
  }
  last_t_ = t;
  ++count_;
}

namespace {

// Decodes a chunk into its own tile and hands full tiles to the vectors.
class ChunkReader {
 public:
  ChunkReader(std::vector<TimestampMs>* t, std::vector<double>* v) : t_out_(t), v_out_(v) {}

  Status Read(std::string_view chunk);

 private:
  static constexpr size_t kTile = 256;
  static constexpr int kRunMax = 28;  // Samples of two bits in what one load is sure to give.
  static constexpr size_t kSampleBytesMax = 19;
  static constexpr size_t kReach = kSampleBytesMax + 8;  // Read ahead of a sample's first bit.

  uint64_t Peek() const {  // At least 57 bits.
    uint64_t word;
    std::memcpy(&word, p_ + pos_ / 8, sizeof(word));
    return word >> (pos_ % 8);
  }
  uint64_t Take(int bits) {  // Up to 57.
    const uint64_t value = Peek() & Mask(bits);
    pos_ += static_cast<size_t>(bits);
    return value;
  }
  void ReadUntil(size_t end);
  void ReadRun(uint64_t word);
  bool ReadTime(uint64_t word);
  bool ReadValue(uint64_t word);
  void Flush();

  std::vector<TimestampMs>* t_out_;
  std::vector<double>* v_out_;
  const char* p_ = nullptr;
  size_t pos_ = 0;  // In bits from p_.
  bool malformed_ = false;

  uint64_t t_ = 0;
  uint64_t delta_ = 0;
  uint64_t bits_ = 0;
  int xor_shift_ = 0;
  int xor_length_ = 0;

  size_t filled_ = 0;
  std::array<TimestampMs, kTile> t_tile_;
  std::array<double, kTile> v_tile_;
};

void ChunkReader::Flush() {
  t_out_->insert(t_out_->end(), t_tile_.begin(), t_tile_.begin() + filled_);
  v_out_->insert(v_out_->end(), v_tile_.begin(), v_tile_.begin() + filled_);
  filled_ = 0;
}

// Reads the time code at the front of `word`; false if it is not just "as before".
inline bool ChunkReader::ReadTime(uint64_t word) {
  uint64_t change = 0;
  const bool as_before = (word & 1) == 0;
  if (as_before) {
    pos_ += 1;
  } else if ((word & 2) == 0) {
    change = SignExtend(word >> 2, kSmallBits);
    pos_ += 2 + kSmallBits;
  } else if ((word & 4) == 0) {
    change = SignExtend(word >> 3, kMediumBits);
    pos_ += 3 + kMediumBits;
  } else if ((word & 8) == 0) {
    change = SignExtend(word >> 4, kLargeBits);
    pos_ += 4 + kLargeBits;
  } else {
    pos_ += 4;
    change = Take(32);
    change |= Take(32) << 32;
  }
  delta_ += change;
  t_ += delta_;
  return as_before;
}

// Reads the value code at the front of `word`, of which 56 bits are sure; false if it is
// malformed.
inline bool ChunkReader::ReadValue(uint64_t word) {
  if ((word & 1) == 0) {
    pos_ += 1;
    return true;
  }
  int control = 2;
  if ((word & 2) != 0) {
    xor_shift_ = static_cast<int>(word >> 2 & 63);
    xor_length_ = static_cast<int>(word >> 8 & 63) + 1;
    if (xor_shift_ + xor_length_ > 64) return false;
    control = 14;
  }
  uint64_t payload;
  if (xor_length_ <= 42) {
    if (xor_length_ == 0) return false;
    payload = word >> control & Mask(xor_length_);
    pos_ += static_cast<size_t>(control + xor_length_);
  } else {
    pos_ += static_cast<size_t>(control);
    payload = Take(32);
    payload |= Take(xor_length_ - 32) << 32;
  }
  bits_ ^= payload << xor_shift_;
  return true;
}

// Samples that repeat delta and value are zeros: takes all that `word` shows.
inline void ChunkReader::ReadRun(uint64_t word) {
  const int zeros = std::countr_zero(word | uint64_t{1} << (2 * kRunMax));
  const size_t run = static_cast<size_t>(zeros) / 2;
  const double value = std::bit_cast<double>(bits_);
  for (size_t i = 0; i < run; ++i) {
    t_ += delta_;
    t_tile_[filled_ + i] = static_cast<TimestampMs>(t_);
    v_tile_[filled_ + i] = value;
  }
  filled_ += run;
  pos_ += 2 * run;
}

// Reads samples that begin before bit `end`. kReach bytes from each must be readable.
void ChunkReader::ReadUntil(size_t end) {
  while (pos_ < end && !malformed_) {
    if (filled_ + kRunMax > kTile) Flush();
    const uint64_t word = Peek();
    if ((word & 3) == 0) {
      ReadRun(word);
      continue;
    }
    const bool as_before = ReadTime(word);
    malformed_ = !ReadValue(as_before ? word >> 1 : Peek());
    t_tile_[filled_] = static_cast<TimestampMs>(t_);
    v_tile_[filled_] = std::bit_cast<double>(bits_);
    ++filled_;
  }
}

Status ChunkReader::Read(std::string_view chunk) {
  if (chunk.empty()) return OkStatus();
  const auto last = static_cast<unsigned char>(chunk.back());
  if (chunk.size() * 8 <= kHeaderBits || last == 0) return Corruption("chunk without an end mark");
  // The end mark is the highest bit that is set.
  const size_t end = chunk.size() * 8 - 1 - static_cast<size_t>(std::countl_zero(last));

  std::memcpy(&t_, chunk.data(), sizeof(t_));
  std::memcpy(&bits_, chunk.data() + sizeof(t_), sizeof(bits_));
  t_tile_[0] = static_cast<TimestampMs>(t_);
  v_tile_[0] = std::bit_cast<double>(bits_);
  filled_ = 1;

  p_ = chunk.data();
  pos_ = kHeaderBits;
  if (chunk.size() > kReach) ReadUntil((chunk.size() - kReach) * 8);
  if (!malformed_ && pos_ < end) {
    // The last bytes are read from a copy, so that a load never leaves the chunk.
    std::array<char, 2 * kReach + 8> tail{};
    const size_t first = pos_ / 8;
    chunk.copy(tail.data(), tail.size(), first);
    p_ = tail.data();
    pos_ -= first * 8;
    ReadUntil(end - first * 8);
    pos_ += first * 8;
  }
  Flush();
  if (malformed_ || pos_ != end) return Corruption("chunk with a malformed sample");
  return OkStatus();
}

}  // namespace

Status GorillaDecode(std::string_view chunk, std::vector<TimestampMs>* t, std::vector<double>* v) {
  const size_t t_size = t->size();
  const size_t v_size = v->size();
  ChunkReader reader(t, v);
  Status status = reader.Read(chunk);
  if (status.ok()) {
    bool ascending = true;
    for (size_t i = t_size + 1; i < t->size(); ++i) ascending &= (*t)[i - 1] < (*t)[i];
    if (!ascending) status = Corruption("chunk whose times do not ascend");
  }
  if (!status.ok()) {
    t->resize(t_size);
    v->resize(v_size);
  }
  return status;
}

}  // namespace firn::storage
