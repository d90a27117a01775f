#include "storage/page/window_directory.h"

#include "base/bytes.h"
#include "storage/encoding/column_codec.h"

namespace firn::storage {
namespace {

constexpr uint64_t WindowSummary::*kCounts[] = {
    &WindowSummary::series,  &WindowSummary::float_samples, &WindowSummary::histogram_samples,
    &WindowSummary::metrics, &WindowSummary::clocks,        &WindowSummary::pages,
    &WindowSummary::bytes};

}  // namespace

void AppendMetricEntry(const MetricEntry& entry, std::string* payload) {
  AppendLengthPrefixed(entry.name, payload);
  AppendVarint(entry.series, payload);
  AppendVarint(entry.float_samples, payload);
  AppendVarint(entry.histogram_samples, payload);
  AppendVarint(entry.bytes, payload);
  AppendVarint(entry.segments, payload);
  AppendVarint(entry.data_pages, payload);
}

Status DecodeMetricEntries(std::string_view payload, std::vector<MetricEntry>* out) {
  ByteReader reader(payload);
  while (!reader.AtEnd()) {
    MetricEntry entry;
    entry.name = reader.LengthPrefixed();
    entry.series = reader.Varint();
    entry.float_samples = reader.Varint();
    entry.histogram_samples = reader.Varint();
    entry.bytes = reader.Varint();
    entry.segments = static_cast<uint32_t>(reader.Varint());
    entry.data_pages = static_cast<uint32_t>(reader.Varint());
    if (!reader.ok()) return Corruption("malformed directory entry");
    if (!out->empty() && entry.name <= out->back().name) {
      return Corruption("directory entries out of order");
    }
    out->push_back(std::move(entry));
  }
  return reader.ok() ? OkStatus() : Corruption("malformed directory entry");
}

std::string EncodeRoot(const WindowRoot& root) {
  std::string out;
  out.push_back(static_cast<char>(root.window.tier));
  AppendSignedVarint(root.window.start, &out);
  AppendSignedVarint(root.window.end, &out);
  AppendVarint(root.window.generation, &out);
  for (const auto count : kCounts) AppendVarint(root.summary.*count, &out);
  AppendFixed(root.summary.min_t, &out);
  AppendFixed(root.summary.max_t, &out);
  AppendVarint(root.directory_pages, &out);
  AppendVarint(root.first_clocks.size(), &out);
  uint32_t before = 0;
  for (const uint32_t first : root.first_clocks) {
    AppendVarint(first - before, &out);
    before = first;
  }
  return out;
}

Result<WindowRoot> DecodeRoot(std::string_view payload) {
  ByteReader reader(payload);
  WindowRoot root;
  root.window.tier = reader.Fixed<uint8_t>();
  root.window.start = reader.SignedVarint();
  root.window.end = reader.SignedVarint();
  root.window.generation = static_cast<uint32_t>(reader.Varint());
  for (const auto count : kCounts) root.summary.*count = reader.Varint();
  root.summary.min_t = reader.Fixed<int64_t>();
  root.summary.max_t = reader.Fixed<int64_t>();
  root.directory_pages = static_cast<uint32_t>(reader.Varint());
  const uint64_t clock_pages = reader.Varint();
  if (!reader.ok() || clock_pages > reader.remaining()) return Corruption("malformed root");
  uint64_t first = 0;
  for (uint64_t i = 0; i < clock_pages; ++i) {
    const uint64_t step = reader.Varint();
    first += step;
    if ((i == 0) != (step == 0) || first >= root.summary.clocks) {
      return Corruption("malformed root: clock pages out of order");
    }
    root.first_clocks.push_back(static_cast<uint32_t>(first));
  }
  if (!reader.ok() || !reader.AtEnd()) return Corruption("malformed root");
  return root;
}

}  // namespace firn::storage
