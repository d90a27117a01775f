// The first byte chooses: any bytes as a coded column (decodes or is Corruption), any doubles
// or integers through a round trip, or any packed bits through all unpackers and loops.
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "storage/encoding/bit_packing.h"
#include "storage/encoding/column_codec.h"
#include "storage/encoding/column_loops.h"
#include "storage/encoding/histogram_codec.h"

namespace firn::storage {
namespace {

// Each element of `bytes` is a step from the one before or a number of its own, so that
// short inputs reach all modes.
std::vector<int64_t> MakeInts(std::string_view bytes) {
  std::vector<int64_t> values;
  uint64_t value = 0;
  while (bytes.size() >= 2 && values.size() < 3000) {
    const auto how = static_cast<unsigned char>(bytes[0]);
    const auto low = static_cast<unsigned char>(bytes[1]);
    bytes.remove_prefix(2);
    const uint64_t step = uint64_t{low} << (how % 64);
    const size_t repeat = how < 0xf0 ? 1 : low % 64;
    if (how % 3 == 0) value = step;
    for (size_t i = 0; i < repeat; ++i) {
      if (how % 3 == 1) value += step;
      if (how % 3 == 2) value -= step;
      values.push_back(static_cast<int64_t>(value));
    }
  }
  return values;
}

void RoundTripInts(const std::vector<int64_t>& values) {
  std::string bytes;
  EncodeInts(values, &bytes);
  std::string_view in = bytes;
  std::vector<int64_t> got(values.size());
  FIRN_CHECK(DecodeInts(&in, got.size(), got.data()).ok());
  FIRN_CHECK(in.empty() && got == values);
}

void RoundTripFloats(const std::vector<double>& values) {
  std::string bytes;
  EncodeFloats(values, &bytes);
  std::string_view in = bytes;
  std::vector<double> got(values.size());
  FIRN_CHECK(DecodeFloats(&in, got.size(), got.data()).ok());
  FIRN_CHECK(in.empty());
  FIRN_CHECK(values.empty() ||
             std::memcmp(got.data(), values.data(), got.size() * sizeof(double)) == 0);
}

void Decode(std::string_view bytes, size_t n) {
  std::vector<double> floats(n);
  std::string_view in = bytes;
  if (DecodeFloats(&in, n, floats.data()).ok()) RoundTripFloats(floats);
  FloatBlockInfo info;
  (void)PeekFloats(bytes, n, &info).ok();
  std::vector<int64_t> ints(n);
  in = bytes;
  if (DecodeInts(&in, n, ints.data()).ok()) RoundTripInts(ints);
  std::vector<HistogramPtr> histograms;
  in = bytes;
  if (!DecodeHistograms(&in, n, &histograms).ok()) return;
  std::string again;
  EncodeHistograms(histograms, &again);
  in = again;
  FIRN_CHECK(DecodeHistograms(&in, n, &histograms).ok());
}

// All sums and lines of the numbers, in one row.
std::vector<uint64_t> RunLoops(const ColumnLoops& loops, const std::vector<uint64_t>& padded,
                               size_t n, uint64_t scale) {
  constexpr uint64_t kBase = 0x8765'4321'0fed'cba9;
  constexpr uint64_t kStep = 12345;
  std::vector<uint64_t> all;
  std::vector<uint64_t> out(n + 2 + kUnpackWriteSlack);
  const auto keep = [&](size_t size) { all.insert(all.end(), out.begin(), out.begin() + size); };
  loops.line(padded.data(), n, kBase, kStep, scale, out.data());
  keep(n);
  loops.sums(padded.data(), n, kBase, kStep, scale, out.data());
  keep(n + 1);
  loops.zigzag_sums(padded.data(), n, kBase, scale, out.data());
  keep(n + 1);
  loops.zigzag_sums_of_sums(padded.data(), n, kBase, kStep, scale, out.data());
  keep(n + 2);
  return all;
}

void CompareLoops(std::vector<uint64_t> numbers, uint64_t scale) {
  const size_t n = numbers.size();
  numbers.resize(n + kUnpackWriteSlack);
  const std::vector<uint64_t> expected = RunLoops(BaselineColumnLoops(), numbers, n, scale);
  for (const ColumnLoops* loops : {Avx2ColumnLoopsOrNull(), Avx512ColumnLoopsOrNull()}) {
    FIRN_CHECK(loops == nullptr || RunLoops(*loops, numbers, n, scale) == expected);
  }
}

void CompareUnpackers(std::string_view bytes) {
  if (bytes.empty()) return;
  const int width = static_cast<unsigned char>(bytes[0]) % 65;
  bytes.remove_prefix(1);
  const size_t n = width == 0 ? 100 : bytes.size() * 8 / static_cast<size_t>(width);
  const std::string padded = std::string(bytes) + std::string(kUnpackReadSlack, '\0');
  std::vector<uint64_t> a(n + kUnpackWriteSlack);
  std::vector<uint64_t> b;
  UnpackScalar(padded.data(), n, width, a.data());
  a.resize(n);
  for (const UnpackFunction vector : {UnpackAvx2OrNull(), UnpackAvx512OrNull()}) {
    if (vector == nullptr) continue;
    b.assign(n + kUnpackWriteSlack, 0);
    vector(padded.data(), n, width, b.data());
    b.resize(n);
    FIRN_CHECK(a == b);
  }
  CompareLoops(a, bytes.empty() ? 1 : static_cast<unsigned char>(bytes[0]));
}

double ScaleOf(uint8_t choice) {
  constexpr double kScales[] = {300.0 / 285 / 300, 1.0 / 15, 0.3048, 1.7e-305};
  return kScales[choice / 7 % 4];
}

void Run(uint8_t choice, std::string_view bytes) {
  const std::vector<int64_t> ints = MakeInts(bytes);
  switch (choice % 7) {
    case 0:
      return Decode(bytes, 1 + choice / 7 * 9);
    case 1:
      return RoundTripInts(ints);
    case 2: {  // Integers and decimals.
      std::vector<double> floats;
      for (const int64_t value : ints) {
        floats.push_back(static_cast<double>(value) / (choice < 128 ? 1 : 1000));
      }
      return RoundTripFloats(floats);
    }
    case 3: {  // Any patterns.
      std::vector<double> floats(ints.size());
      if (!ints.empty()) std::memcpy(floats.data(), ints.data(), ints.size() * sizeof(double));
      return RoundTripFloats(floats);
    }
    case 4: {  // Multiples of a double, and sums of two.
      std::vector<double> floats;
      for (const int64_t value : ints) {
        const double product = static_cast<double>(value) * ScaleOf(choice);
        floats.push_back(choice < 128 || floats.empty() ? product : product + floats.back());
      }
      return RoundTripFloats(floats);
    }
    case 5: {  // Real numbers: any bits behind one of a few fronts.
      std::vector<double> floats;
      for (const int64_t value : ints) {
        const auto bits = static_cast<uint64_t>(value) * 0x9e3779b97f4a7c15;
        floats.push_back(std::bit_cast<double>((0x3f0 + bits % 16) << 52 | bits >> 12));
      }
      return RoundTripFloats(floats);
    }
    default:
      return CompareUnpackers(bytes);
  }
}

}  // namespace
}  // namespace firn::storage

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  firn::storage::Run(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
