#include "engine/tier/codec/bucket_growth.h"

#include "base/bytes.h"
#include "base/check.h"
#include "engine/tier/codec/coded_layout.h"

namespace firn::engine {
namespace {

constexpr double kIntegerMax = 0x1p51;

// First and last values as integers, in turn; the exponent, or -1.
int ToIntegers(std::span<const Bucket> buckets, std::vector<int64_t>* integers) {
  for (int exponent = 0; exponent <= kExponentMax; ++exponent) {
    integers->clear();
    for (const Bucket& b : buckets) {
      const auto first = ToInteger(b.first_v, exponent, kIntegerMax);
      const auto last = ToInteger(b.last_v, exponent, kIntegerMax);
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

Status ReadGrowth(std::string_view* in, std::span<const int64_t> counts,
                  std::vector<double>* values) {
  FIRN_CHECK(!counts.empty());
  ByteReader head(*in);
  const auto exponent = head.Fixed<uint8_t>();
  // Unsigned: damaged bytes may lead anywhere.
  auto value = static_cast<uint64_t>(head.SignedVarint());
  if (!head.ok() || exponent > kExponentMax) return Corruption("buckets: malformed growth");
  *in = head.rest();
  size_t with_two = 0;
  for (const int64_t count : counts) with_two += count > 1 ? 1 : 0;
  std::vector<int64_t> inside;
  std::vector<int64_t> between;
  FIRN_RETURN_IF_ERROR(ReadInts(in, with_two, &inside));
  FIRN_RETURN_IF_ERROR(ReadInts(in, counts.size() - 1, &between));
  values->resize(counts.size() + with_two);
  double* out = values->data();
  const auto put = [&out](uint64_t d) { *out++ = static_cast<double>(static_cast<int64_t>(d)); };
  const int64_t* grown = inside.data();
  for (size_t i = 0; i < counts.size(); ++i) {
    if (i > 0) value += static_cast<uint64_t>(between[i - 1]);
    put(value);
    if (counts[i] < 2) continue;
    value += static_cast<uint64_t>(*grown++);
    put(value);
  }
  if (exponent == 0) return OkStatus();
  const double power = kPowers[exponent];
  for (double& v : *values) v /= power;
  return OkStatus();
}

}  // namespace firn::engine
