// What coded buckets are made of. Layout: docs/format/page.md.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "storage/encoding/column_codec.h"

namespace firn::engine {

// The first byte: what is present behind the counts and values.
constexpr uint8_t kHasStale = 1;     // Some bucket has a stale marker.
constexpr uint8_t kHasResets = 2;    // Some bucket has a reset.
constexpr uint8_t kHasChanges = 4;   // Some bucket is not constant.
constexpr uint8_t kHasExtremes = 8;  // Some extreme is not the first or last value.
constexpr uint8_t kHasSums = 16;     // Sums are stored,
constexpr uint8_t kFlatSums = 32;    // ... or are count times first value.
constexpr uint8_t kDecimals = 64;    // Extremes and sums are differences of integers.
constexpr uint8_t kGrowth = 128;     // First and last values are growth.
// Alone it says that all samples are there.
constexpr uint8_t kSamples = kGrowth;
// No buckets have both: parts follow, each coded by itself.
constexpr uint8_t kParts = kHasSums | kFlatSums;

constexpr int kExponentMax = 9;
// Extremes that are differences of integers are below this: differences and sums stay far from
// 2^63.
constexpr double kDecimalMax = 0x1p40;
constexpr double kPowers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

// v as d / 10^e, if that gives back its bits and is below `limit`.
inline std::optional<int64_t> ToInteger(double v, int exponent, double limit = kDecimalMax) {
  const double scaled = v * kPowers[exponent];
  if (!(std::fabs(scaled) < limit)) return std::nullopt;
  const int64_t d = std::llround(scaled);
  const double back = static_cast<double>(d) / kPowers[exponent];
  if (std::bit_cast<uint64_t>(back) != std::bit_cast<uint64_t>(v)) return std::nullopt;
  return d;
}

inline Status MalformedBuckets() { return Corruption("buckets: malformed"); }

// Columns of one coded series, one after the other. After a failure all are zero.
class ColumnsIn {
 public:
  explicit ColumnsIn(std::string_view in) : in_(in) {}

  void Ints(size_t n, std::vector<int64_t>* out) {
    out->resize(n);
    if (n > 0 && !Note(storage::DecodeInts(&in_, n, out->data()))) out->assign(n, 0);
  }
  std::vector<int64_t> Ints(size_t n) {
    std::vector<int64_t> out;
    Ints(n, &out);
    return out;
  }
  void Floats(size_t n, std::vector<double>* out) {
    out->resize(n);
    if (n > 0 && !Note(storage::DecodeFloats(&in_, n, out->data()))) out->assign(n, 0);
  }
  std::vector<double> Floats(size_t n) {
    std::vector<double> out;
    Floats(n, &out);
    return out;
  }
  uint8_t Byte() {
    if (in_.empty()) Note(Corruption("buckets: cut short"));
    if (!status_.ok()) return 0;
    const auto byte = static_cast<uint8_t>(in_.front());
    in_.remove_prefix(1);
    return byte;
  }
  // What `read` takes from the front of the bytes.
  template <typename Read>
  Status With(const Read& read) {
    if (status_.ok()) Note(read(&in_));
    return status_;
  }
  Status Finish() {
    if (status_.ok() && !in_.empty()) return Corruption("buckets: bytes left over");
    return status_;
  }
  const Status& status() const { return status_; }

 private:
  // False after a failure.
  bool Note(Status status) {
    if (status_.ok() && !status.ok()) {
      status_ = std::move(status);
      in_ = {};
    }
    return status_.ok();
  }

  std::string_view in_;
  Status status_;
};

}  // namespace firn::engine
