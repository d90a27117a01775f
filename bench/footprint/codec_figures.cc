#include "bench/footprint/codec_figures.h"

#include <time.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "base/check.h"
#include "storage/encoding/column_codec.h"

namespace firn::bench {
namespace {

double ThreadCpuSeconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

using Columns = std::vector<std::vector<double>>;

Columns Record(const Fleet& fleet, uint32_t targets, size_t steps) {
  Columns columns;
  std::vector<double> values;
  for (uint32_t number = 0; number < targets; ++number) {
    const auto target = fleet.Make(number);
    const size_t first = columns.size();
    columns.resize(first + fleet.SeriesOf(number));
    for (size_t step = 0; step < steps; ++step) {
      target->Scrape(&values);
      for (size_t i = 0; i < values.size(); ++i) columns[first + i].push_back(values[i]);
    }
  }
  return columns;
}

struct Blocks {
  std::string bytes;
  std::vector<size_t> ends;  // Of each block.
  size_t samples = 0;
};

Blocks Encode(const Columns& columns, size_t block) {
  Blocks out;
  for (const std::vector<double>& column : columns) {
    for (size_t i = 0; i + block <= column.size(); i += block) {
      storage::EncodeFloats({column.data() + i, block}, &out.bytes);
      out.ends.push_back(out.bytes.size());
      out.samples += block;
    }
  }
  return out;
}

// Seconds per pass, of the fastest of some.
template <typename Pass>
double Fastest(const Pass& pass) {
  double best = 1e9;
  for (int i = 0; i < 7; ++i) {
    const double begin = ThreadCpuSeconds();
    pass();
    best = std::min(best, ThreadCpuSeconds() - begin);
  }
  return best;
}

double DecodeSeconds(const Blocks& blocks, size_t block, bool constants) {
  std::vector<double> values(block);
  return Fastest([&] {
    size_t begin = 0;
    for (const size_t end : blocks.ends) {
      std::string_view in(blocks.bytes.data() + begin, blocks.bytes.size() - begin);
      const bool constant = (static_cast<unsigned char>(in.front()) & 7) == 7;
      if (constants || !constant) {
        FIRN_CHECK(storage::DecodeFloats(&in, block, values.data()).ok());
        __asm__ volatile("" : : "r"(values.data()) : "memory");
      }
      begin = end;
    }
  });
}

// What recording rules would make of the counters: rate[5m] of each that moves, and the sums of
// eight neighbours, as PromQL computes them from regular samples.
Columns Rules(const Columns& columns) {
  constexpr size_t kSteps = 19;
  constexpr double kFactor = (300.0 / 285.0) / 300.0;
  Columns rules;
  std::vector<double> sum;
  size_t summed = 0;
  for (const std::vector<double>& column : columns) {
    const bool counts = column.size() > kSteps && column.front() < column.back() &&
                        std::is_sorted(column.begin(), column.end());
    if (!counts) continue;
    std::vector<double> rates;
    for (size_t i = kSteps; i < column.size(); ++i) {
      rates.push_back((column[i] - column[i - kSteps]) * kFactor);
    }
    sum.resize(rates.size());
    std::transform(sum.begin(), sum.end(), rates.begin(), sum.begin(), std::plus<>());
    rules.push_back(std::move(rates));
    if (++summed % 8 == 0) rules.push_back(std::exchange(sum, {}));
  }
  return rules;
}

// The offset of the integer column, or of the first of two, in a block that is not constant.
size_t ColumnOffset(unsigned char head) {
  switch (head & 7) {
    case 0:
    case 4:
      return 1;
    case 5:
      return 9;
    default:
      return 2;
  }
}

std::string NameOf(std::string_view block) {
  static constexpr const char* kMappings[] = {"integer", "quotient", "product", "ulps",
                                              "bits",    "scaled",   "split",   "constant"};
  const auto head = static_cast<unsigned char>(block[0]);
  std::string name = kMappings[head & 7];
  if ((head & 7) == 7) return name;
  if ((head & 0x20) != 0) name += "+ulps";
  name += fmt::format("/{}", static_cast<unsigned char>(block[ColumnOffset(head)]) & 15);
  if ((head & 8) != 0) name += "+exceptions";
  return name;
}

void PrintFigures(const Columns& columns) {
  for (const size_t block : {120, 240, 480}) {
    const Blocks blocks = Encode(columns, block);
    const double encode = Fastest([&] { Encode(columns, block); });
    size_t changing = 0;
    struct Sum {
      size_t blocks = 0;
      size_t bytes = 0;
      double seconds = 0;
    };
    std::map<std::string, Sum> sums;
    size_t begin = 0;
    for (const size_t end : blocks.ends) {
      const std::string_view bytes(blocks.bytes.data() + begin, end - begin);
      if ((bytes[0] & 7) != 7) ++changing;
      Sum& sum = sums[NameOf(bytes)];
      ++sum.blocks;
      sum.bytes += end - begin;
      begin = end;
    }
    const auto samples = static_cast<double>(blocks.samples);
    const double all = DecodeSeconds(blocks, block, true);
    const double moving = DecodeSeconds(blocks, block, false);
    fmt::print(
        "blocks of {}: {:.4f} bytes per sample, encode {:.0f} M/s, decode {:.2f} G/s, of "
        "changing blocks {:.2f} G/s\n",
        block, static_cast<double>(blocks.bytes.size()) / samples, samples / encode / 1e6,
        samples / all / 1e9, static_cast<double>(changing * block) / moving / 1e9);
    for (const auto& [name, sum] : sums) {
      fmt::print("  {:<24} {:>5.1f} % of blocks {:>5.1f} % of bytes, {:.3f} bytes per sample\n",
                 name,
                 100.0 * static_cast<double>(sum.blocks) / static_cast<double>(blocks.ends.size()),
                 100.0 * static_cast<double>(sum.bytes) / static_cast<double>(blocks.bytes.size()),
                 static_cast<double>(sum.bytes) / static_cast<double>(sum.blocks * block));
    }
  }
}

}  // namespace

void PrintCodecFigures(const Fleet& fleet, uint32_t targets, uint32_t hours) {
  const Columns columns = Record(fleet, targets, size_t{hours} * 240);
  PrintFigures(columns);
  fmt::print("rates over five minutes of the counters, and their sums by eight:\n");
  PrintFigures(Rules(columns));
}

}  // namespace firn::bench
