#include "engine/tier/bucket_growth.h"

#include <bit>
#include <cmath>
#include <optional>

#include "base/bytes.h"
#include "base/check.h"
#include "storage/encoding/column_codec.h"

namespace firn::engine {
namespace {

constexpr int kExponentMax = 9;
constexpr double kPowers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
constexpr double kIntegerMax = 0x1p51;

double ToDouble(int64_t d, int exponent) { return static_cast<double>(d) / kPowers[exponent]; }

std::optional<int64_t> ToInteger(double v, int exponent) {
  const double scaled = v * kPowers[exponent];
  if (!(std::fabs(scaled) < kIntegerMax)) return std::nullopt;
  const int64_t d = std::llround(scaled);
  const bool same = std::bit_cast<uint64_t>(ToDouble(d, exponent)) == std::bit_cast<uint64_t>(v);
  return same ? std::optional(d) : std::nullopt;
}

// First and last values as integers, in turn; the exponent, or -1.
int ToIntegers(std::span<const Bucket> buckets, std::vector<int64_t>* integers) {
  for (int exponent = 0; exponent <= kExponentMax; ++exponent) {
    integers->clear();
    for (const Bucket& b : buckets) {
      const auto first = ToInteger(b.first_v, exponent);
      const auto last = ToInteger(b.last_v, exponent);
      if (!first || !last) break;
      integers->push_back(*first);
      integers->push_back(*last);
    }
    if (integers->size() == 2 * buckets.size()) return exponent;
  }
  return -1;
}

void AppendInts(const std::vector<int64_t>& values, std::string* out) {
  if (!values.empty()) storage::EncodeInts(values, out);
}

Status ReadInts(std::string_view* in, size_t n, std::vector<int64_t>* out) {
  out->resize(n);
  return n == 0 ? OkStatus() : storage::DecodeInts(in, n, out->data());
}

}  // namespace

bool AppendGrowth(std::span<const Bucket> buckets, std::string* out) {
  FIRN_CHECK(!buckets.empty());
  std::vector<int64_t> values;
  const int exponent = ToIntegers(buckets, &values);
  if (exponent < 0) return false;
  std::vector<int64_t> inside;
  std::vector<int64_t> between;
  for (size_t i = 0; i < buckets.size(); ++i) {
    FIRN_DCHECK(buckets[i].count > 0);
    if (buckets[i].count > 1) inside.push_back(values[2 * i + 1] - values[2 * i]);
    if (i > 0) between.push_back(values[2 * i] - values[2 * i - 1]);
  }
  out->push_back(static_cast<char>(exponent));
  AppendSignedVarint(values[0], out);
  AppendInts(inside, out);
  AppendInts(between, out);
  return true;
}

Status ReadGrowth(std::string_view* in, std::vector<Bucket>* buckets) {
  ByteReader head(*in);
  const auto exponent = head.Fixed<uint8_t>();
  // Unsigned: damaged bytes may lead anywhere.
  auto value = static_cast<uint64_t>(head.SignedVarint());
  if (!head.ok() || exponent > kExponentMax) return Corruption("buckets: malformed growth");
  *in = head.rest();
  size_t with_two = 0;
  for (const Bucket& b : *buckets) with_two += b.count > 1 ? 1 : 0;
  std::vector<int64_t> inside;
  std::vector<int64_t> between;
  FIRN_RETURN_IF_ERROR(ReadInts(in, with_two, &inside));
  FIRN_RETURN_IF_ERROR(ReadInts(in, buckets->size() - 1, &between));
  size_t at = 0;
  for (size_t i = 0; i < buckets->size(); ++i) {
    Bucket& b = (*buckets)[i];
    if (i > 0) value += static_cast<uint64_t>(between[i - 1]);
    b.first_v = ToDouble(static_cast<int64_t>(value), exponent);
    if (b.count > 1) value += static_cast<uint64_t>(inside[at++]);
    b.last_v = ToDouble(static_cast<int64_t>(value), exponent);
  }
  return OkStatus();
}

}  // namespace firn::engine
