#include <memory>

#include "base/check.h"
#include "bench/counts/case.h"
#include "bench/storage/scrape_like.h"
#include "storage/encoding/column_codec.h"
#include "storage/encoding/gorilla.h"

namespace firn::bench {
namespace {

constexpr size_t kSeries = 500;
constexpr size_t kSamples = 120;
constexpr DurationMs kStepMs = 15'000;

using Columns = std::vector<std::vector<double>>;

std::shared_ptr<Columns> MakeColumns() {
  std::mt19937_64 rng(42);
  auto columns = std::make_shared<Columns>();
  for (size_t i = 0; i < kSeries; ++i) {
    columns->push_back(storage::MakeScrapeLike(kSamples, rng));
  }
  return columns;
}

std::vector<storage::GorillaAppender> AppendAll(const Columns& columns) {
  std::vector<storage::GorillaAppender> chunks(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    TimestampMs t = 0;
    for (const double v : columns[i]) chunks[i].Append(t += kStepMs, v);
  }
  return chunks;
}

std::function<void()> GorillaAppend() {
  return [columns = MakeColumns()] { Keep(AppendAll(*columns)); };
}

std::function<void()> GorillaDecode() {
  auto chunks = std::make_shared<std::vector<storage::GorillaAppender>>(AppendAll(*MakeColumns()));
  return [chunks] {
    std::vector<TimestampMs> t;
    std::vector<double> v;
    for (const auto& chunk : *chunks) {
      t.clear();
      v.clear();
      FIRN_CHECK(storage::GorillaDecode(chunk.bytes(), &t, &v).ok());
      Keep(v.data());
    }
  };
}

std::function<void()> ColumnEncode() {
  return [columns = MakeColumns()] {
    std::string bytes;
    for (const auto& column : *columns) storage::EncodeFloats(column, &bytes);
    Keep(bytes.data());
  };
}

std::function<void()> ColumnDecode() {
  const std::shared_ptr<Columns> columns = MakeColumns();
  std::string bytes;
  for (const auto& column : *columns) storage::EncodeFloats(column, &bytes);
  return [bytes] {
    std::vector<double> values(kSamples);
    std::string_view in = bytes;
    while (!in.empty()) {
      FIRN_CHECK(storage::DecodeFloats(&in, kSamples, values.data()).ok());
      Keep(values.data());
    }
  };
}

}  // namespace

std::vector<Case> StorageCases() {
  constexpr uint64_t kItems = kSeries * kSamples;
  return {{"gorilla_append", kItems, GorillaAppend},
          {"gorilla_decode", kItems, GorillaDecode},
          {"column_encode", kItems, ColumnEncode},
          {"column_decode", kItems, ColumnDecode}};
}

}  // namespace firn::bench
