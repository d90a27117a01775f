#include "engine/tier/merge/read_back.h"

#include <span>

#include "base/hash.h"
#include "storage/encoding/histogram_codec.h"
#include "storage/page/window_reader.h"

namespace firn::engine {
namespace {

template <typename T>
std::string_view BytesOf(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

}  // namespace

void ContentHash::Add(const Labels& labels, const storage::SeriesColumns& columns) {
  histograms_.clear();
  storage::EncodeHistograms(columns.h, &histograms_);
  const uint64_t parts[] = {value_,
                            Xxh3(labels.packed()),
                            Xxh3(BytesOf(columns.t)),
                            Xxh3(BytesOf(columns.v)),
                            Xxh3(BytesOf(columns.ht)),
                            Xxh3(histograms_),
                            Xxh3(BytesOf(columns.bt)),
                            Xxh3(columns.buckets)};
  value_ = Xxh3({reinterpret_cast<const char*>(parts), sizeof(parts)});
}

Status VerifyWritten(storage::PageBatch* pages, const storage::WindowId& id,
                     const ContentHash& content, const std::atomic<bool>& stop) {
  FIRN_ASSIGN_OR_RETURN(auto source, pages->ReadBack());
  FIRN_ASSIGN_OR_RETURN(const auto reader, storage::WindowReader::Open(std::move(source), id));
  ContentHash read;
  storage::ReadCache cache;
  storage::SeriesData data;
  storage::WindowReader::Cursor cursor = reader->Scan();
  while (true) {
    if (stop) return Cancelled("verifying was stopped");
    FIRN_ASSIGN_OR_RETURN(const bool more, cursor.Next());
    if (!more) break;
    data.clear();
    FIRN_RETURN_IF_ERROR(reader->Read(cursor.series(), {}, &cache, &data));
    read.Add(cursor.series().labels, data.columns());
  }
  if (read.value() == content.value()) return OkStatus();
  return Corruption("window {}: the pages read back are not those written", id.start);
}

}  // namespace firn::engine
