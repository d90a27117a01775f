// Any payload of any page kind decodes or is Corruption.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "storage/page/clock_table.h"
#include "storage/page/label_table.h"
#include "storage/page/page_format.h"
#include "storage/page/series_columns.h"
#include "storage/page/series_directory.h"
#include "storage/page/window_directory.h"

namespace firn::storage {
namespace {

void DecodeTable(std::string_view payload) {
  const auto table = LabelTable::Decode(payload);
  if (!table.ok()) return;
  const std::vector<uint32_t> rows = table->Select({Matcher::Equal("a", "")});
  std::vector<std::string> names;
  table->CollectNames(rows, &names);
  for (const std::string& name : names) {
    std::vector<std::string> values;
    table->VisitValues(name, rows, [&](std::string_view value) { values.emplace_back(value); });
  }
  // A duplicate or empty value makes no valid label set, but must not crash either.
  for (const uint32_t row : rows) (void)table->RowLabels("m", row).Hash();
}

void Run(uint8_t choice, std::string_view bytes) {
  const size_t n = 1 + size_t{choice} * 5;
  switch (choice % 6) {
    case 0:
      return DecodeTable(bytes);
    case 1: {
      const auto rows = DecodeSeriesPage(bytes);
      FIRN_CHECK(!rows.ok() || rows->size() <= kSegmentRowsMax);
      return;
    }
    case 2: {
      std::vector<TimestampMs> times;
      (void)DecodeClock(bytes, choice / 6, &times).ok();
      return;
    }
    case 3: {
      std::vector<MetricEntry> entries;
      (void)DecodeMetricEntries(bytes, &entries).ok();
      if (const auto root = DecodeRoot(bytes); root.ok()) {
        FIRN_CHECK(DecodeRoot(EncodeRoot(*root)).ok());
      }
      return;
    }
    case 4: {
      std::vector<double> values;
      (void)ReadFloatColumn(bytes, {.count = n, .first = n / 3, .last = n - n / 4}, &values).ok();
      return;
    }
    default:
      (void)DescribePage(bytes);
      (void)OpenPage(bytes.substr(0, bytes.size() / 2), PageKind::kData,
                     bytes.substr(bytes.size() / 2))
          .ok();
  }
}

}  // namespace
}  // namespace firn::storage

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  firn::storage::Run(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
