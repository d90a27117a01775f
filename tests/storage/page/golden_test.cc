// Pins the formats: what was written once must stay readable, and the same series must give
// the same bytes as the newest version did. A change of format adds a folder beside the others
// and edits docs/format/. With FIRN_WRITE_GOLDEN=1 in the environment the files of the newest
// version are written anew.
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "storage/encoding/gorilla.h"
#include "storage/page/window_reader.h"
#include "tests/storage/page/memory_pages.h"
#include "tests/storage/page/random_window.h"

namespace firn::storage {
namespace {

constexpr TimestampMs kStart = 1'700'000'000'000;
constexpr WindowId kWindow = {.tier = 0, .start = kStart, .end = kStart + kHourMs, .generation = 7};

std::string GoldenPath(const std::string& name) {
  return std::string(FIRN_GOLDEN_DIR) + "/" + name;
}

std::string Golden(const std::string& name) {
  std::ifstream in(GoldenPath(name), std::ios::binary);
  EXPECT_TRUE(in.good()) << GoldenPath(name);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The file's bytes; writes it first if asked to.
std::string Golden(const std::string& name, const std::string& now) {
  if (std::getenv("FIRN_WRITE_GOLDEN") != nullptr) {
    std::ofstream(GoldenPath(name), std::ios::binary) << now;
  }
  return Golden(name);
}

// Small numbers without pattern.
int Noise(int i) { return static_cast<int>((static_cast<uint64_t>(i) * 2654435761u >> 7) % 97); }

SeriesData MakeSeries(int n, int late, double (*f)(int)) {
  SeriesData data;
  for (int i = late; i < n; ++i) {
    data.t.push_back(kStart + 15'000 * i + i % 3);
    data.v.push_back(f(i));
  }
  return data;
}

SeriesData MakeHistograms(int n) {
  SeriesData data;
  FloatHistogram histogram;
  histogram.schema = 2;
  histogram.zero_threshold = 1e-128;
  histogram.positive_spans = {{-3, 2}, {4, 1}};
  histogram.positive_buckets = {0, 0, 0};
  for (int i = 0; i < n; ++i) {
    if (i == n / 2) {
      histogram.negative_spans = {{0, 1}};
      histogram.negative_buckets = {2};
    }
    histogram.positive_buckets[static_cast<size_t>(i) % 3] += 1 + Noise(i);
    histogram.count += 1 + Noise(i);
    histogram.sum += 0.125 * Noise(i);
    data.ht.push_back(kStart + 15'000 * i);
    data.h.push_back(std::make_shared<FloatHistogram>(histogram));
  }
  return data;
}

void AddSeries(const std::string& metric, const std::string& shape, SeriesData data,
               ModelWindow* model) {
  (*model)[Labels::FromPairs({{"__name__", metric}, {"shape", shape}, {"A", "before the name"}})] =
      std::move(data);
}

double Rate(int i) { return (100.0 + Noise(i)) * (300.0 / 285 / 300); }

// One series per mapping and, as far as a few samples go, per mode of version 1.
ModelWindow MakeModelV1() {
  ModelWindow model;
  const auto add = [&](const std::string& metric, const std::string& shape, SeriesData data) {
    AddSeries(metric, shape, std::move(data), &model);
  };
  add("floats", "zero", MakeSeries(120, 0, [](int) { return 0.0; }));
  add("floats", "constant decimal", MakeSeries(120, 0, [](int) { return 0.95; }));
  add("floats", "constant nan", MakeSeries(120, 0, [](int) { return NormalNan(); }));
  add("floats", "line", MakeSeries(120, 0, [](int i) { return 15.0 * i; }));
  add("floats", "frame", MakeSeries(120, 0, [](int i) { return 4096.0 * (Noise(i) % 32); }));
  add("floats", "counter", MakeSeries(120, 0, [](int i) { return 1e6 + 100 * i + Noise(i); }));
  add("floats", "sparse", MakeSeries(120, 0, [](int i) { return static_cast<double>(i / 40); }));
  add("floats", "square", MakeSeries(120, 0, [](int i) { return 3.0 * i * i + i % 2; }));
  add("floats", "late", MakeSeries(120, 50, [](int i) { return 1.0 * Noise(i); }));
  add("floats", "outliers", MakeSeries(120, 0, [](int i) { return i % 40 == 9 ? 1e12 : i % 4; }));
  add("floats", "percent", MakeSeries(120, 0, [](int i) { return Noise(i) / 100.0; }));
  add("floats", "product", MakeSeries(120, 0, [](int i) { return (3001 + Noise(i)) * 0.001; }));
  add("floats", "roots", MakeSeries(120, 0, [](int i) { return std::sqrt(2.0 + Noise(i) % 8); }));
  add("floats", "stale", MakeSeries(120, 0, [](int i) { return i > 117 ? StaleNan() : i; }));
  add("floats", "sum", MakeSeries(120, 0, [](int i) {
        double sum = 0;
        for (int k = 0; k < i; ++k) sum += Noise(k) / 1e6;
        return sum;
      }));
  add("\xff\x01 odd", "histograms", MakeHistograms(40));
  return model;
}

// ... and of version 2.
ModelWindow MakeModelV2() {
  ModelWindow model = MakeModelV1();
  const auto add = [&](const std::string& shape, double (*f)(int)) {
    AddSeries("rules", shape, MakeSeries(120, 0, f), &model);
  };
  add("rate", Rate);
  add("rate with a gap", [](int i) { return i == 70 ? StaleNan() : Rate(i); });
  add("sum of rates", [](int i) { return Rate(i) + Rate(i + 40) + Rate(i + 80) + Rate(i + 99); });
  add("ratio", [](int i) { return (5000.0 + Noise(i)) / 7919; });
  add("reals", [](int i) {
    const double x = (Noise(i) - 48.3) / 97 + std::sqrt(i) / 1000;
    return x * x * x;
  });
  return model;
}

// ... and of version 3.
ModelWindow MakeModelV3() {
  ModelWindow model = MakeModelV2();
  const auto add = [&](const std::string& shape, double (*f)(int)) {
    AddSeries("ends", shape, MakeSeries(120, 0, f), &model);
  };
  add("bytes", [](int i) { return 4096.0 * (1000 + i * i + i % 2); });
  add("seconds", [](int i) { return (30'000 + i * 15 + Noise(i) % 7) / 100.0; });
  return model;
}

std::string Flatten(MemoryPages& pages) {
  std::string bytes;
  for (const auto& [key, page] : pages.pages()) {
    AppendLengthPrefixed(key, &bytes);
    AppendLengthPrefixed(page, &bytes);
  }
  return bytes;
}

void ExpectReads(const std::string& golden, const ModelWindow& model) {
  auto pages = std::make_shared<MemoryPages>();
  ByteReader reader(golden);
  while (!reader.AtEnd()) {
    const std::string_view key = reader.LengthPrefixed();
    ASSERT_TRUE(pages->Put(key, reader.LengthPrefixed()).ok());
  }
  auto window = WindowReader::Open(pages, kWindow);
  ASSERT_TRUE(window.ok()) << window.status().ToString();
  auto handles = (*window)->Select({});
  ASSERT_EQ(handles->size(), model.size());
  ReadCache cache;
  for (const SeriesHandle& handle : *handles) {
    SeriesData data;
    ASSERT_TRUE((*window)->Read(handle, TimeRange(), &cache, &data).ok());
    EXPECT_TRUE(SameSamples(data, model.at(handle.labels))) << handle.labels.ToString();
  }
}

TEST(Golden, WindowStaysReadable) {
  const ModelWindow model = MakeModelV3();
  MemoryPages written;
  ASSERT_TRUE(WriteWindow(kWindow, model, &written).ok());
  const std::string now = Flatten(written);
  const std::string golden = Golden("format_v3/window.bin", now);
  EXPECT_TRUE(now == golden) << "the writer gives other bytes than it did";
  ExpectReads(golden, model);
}

TEST(Golden, WindowOfVersion1StaysReadable) {
  ExpectReads(Golden("format_v1/window.bin"), MakeModelV1());
}

TEST(Golden, WindowOfVersion2StaysReadable) {
  ExpectReads(Golden("format_v2/window.bin"), MakeModelV2());
}

TEST(Golden, ChunkStaysReadable) {
  GorillaAppender chunk;
  const std::vector<TimestampMs> t = {kStart,          kStart + 15'000, kStart + 30'000,
                                      kStart + 45'001, kStart + 60'500, kStart + 90'000,
                                      kStart + kDayMs, kMaxTimestamp};
  const std::vector<double> v = {0, 0, 0, 1, 1.5, 0.1, StaleNan(), -2};
  for (size_t i = 0; i < t.size(); ++i) chunk.Append(t[i], v[i]);
  const std::string now(chunk.bytes());
  const std::string golden = Golden("format_v1/chunk.bin", now);
  EXPECT_EQ(now, golden);
  SeriesData data;
  ASSERT_TRUE(GorillaDecode(golden, &data.t, &data.v).ok());
  EXPECT_TRUE(SameSamples(data, {.t = t, .v = v, .ht = {}, .h = {}}));
}

}  // namespace
}  // namespace firn::storage
