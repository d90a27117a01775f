#include "engine/tier/merge/merger.h"

#include <string>

#include "base/hash.h"
#include "storage/encoding/histogram_codec.h"
#include "storage/page/window_reader.h"
#include "storage/page/window_writer.h"

namespace firn::engine {
namespace {

template <typename T>
std::string_view BytesOf(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// One number for labels, times and value bits of all series, in order.
class ContentHash {
 public:
  template <typename Columns>
  void Add(const Labels& labels, const Columns& columns) {
    histograms_.clear();
    storage::EncodeHistograms(columns.h, &histograms_);
    const uint64_t parts[] = {value_,
                              Xxh3(labels.packed()),
                              Xxh3(BytesOf(columns.t)),
                              Xxh3(BytesOf(columns.v)),
                              Xxh3(BytesOf(columns.ht)),
                              Xxh3(histograms_)};
    value_ = Xxh3({reinterpret_cast<const char*>(parts), sizeof(parts)});
  }
  uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 0;
  std::string histograms_;
};

Status Stopped() { return Cancelled("the merge was stopped"); }

// Reads the pages back from the disk.
Status Verify(storage::PageBatch* pages, const storage::WindowId& id, uint64_t wanted,
              const std::atomic<bool>& stop) {
  FIRN_ASSIGN_OR_RETURN(auto source, pages->ReadBack());
  FIRN_ASSIGN_OR_RETURN(const auto reader, storage::WindowReader::Open(std::move(source), id));
  ContentHash hash;
  storage::ReadCache cache;
  storage::SeriesData data;
  storage::WindowReader::Cursor cursor = reader->Scan();
  while (true) {
    if (stop) return Stopped();
    FIRN_ASSIGN_OR_RETURN(const bool more, cursor.Next());
    if (!more) break;
    data.clear();
    FIRN_RETURN_IF_ERROR(reader->Read(cursor.series(), {}, &cache, &data));
    hash.Add(cursor.series().labels, data);
  }
  if (hash.value() == wanted) return OkStatus();
  return Corruption("window {}: the pages read back are not those written", id.start);
}

}  // namespace

Result<MergedWindow> MergeWindows(std::span<const ScanInput> inputs, const storage::WindowId& id,
                                  const std::atomic<bool>& stop, storage::Store* store) {
  MergedWindow merged;
  FIRN_ASSIGN_OR_RETURN(merged.pages, store->NewPageBatch());
  storage::WindowWriter writer(id, merged.pages.get());
  ContentHash hash;
  SeriesScan scan(inputs);
  bool any = false;
  while (true) {
    if (stop) return Stopped();
    FIRN_ASSIGN_OR_RETURN(const bool more, scan.Next());
    if (!more) break;
    const SampleColumns& samples = scan.samples();
    if (samples.empty()) continue;
    any = true;
    hash.Add(scan.labels(), samples);
    FIRN_RETURN_IF_ERROR(writer.Add(
        scan.labels(), {.t = samples.t, .v = samples.v, .ht = samples.ht, .h = samples.h}));
  }
  if (!any) {
    merged.pages = nullptr;
    return merged;
  }
  FIRN_ASSIGN_OR_RETURN(merged.summary, writer.Finish());
  FIRN_RETURN_IF_ERROR(Verify(merged.pages.get(), id, hash.value(), stop));
  merged.disk_bytes = merged.pages->bytes();
  return merged;
}

}  // namespace firn::engine
