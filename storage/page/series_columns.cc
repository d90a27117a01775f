#include "storage/page/series_columns.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "storage/encoding/column_codec.h"
#include "storage/encoding/histogram_codec.h"

namespace firn::storage {
namespace {

size_t BlockCount(size_t samples) {
  return (samples + kFloatBlockSamples - 1) / kFloatBlockSamples;
}

// Decodes one block of `n` samples and appends those in [first, last).
Status ReadBlock(std::string_view bytes, size_t n, size_t first, size_t last,
                 std::vector<double>* out) {
  const size_t size = out->size();
  if (first == 0 && last == n) {
    out->resize(size + n);
    FIRN_RETURN_IF_ERROR(DecodeFloats(&bytes, n, out->data() + size));
  } else {
    std::array<double, kFloatBlockSamples> block;
    FIRN_RETURN_IF_ERROR(DecodeFloats(&bytes, n, block.data()));
    out->insert(out->end(), block.begin() + first, block.begin() + last);
  }
  return bytes.empty() ? OkStatus() : Corruption("bytes left over in a block");
}

}  // namespace

void AppendFloatColumn(std::span<const double> values, std::string* out) {
  if (values.size() <= kFloatBlockSamples) return EncodeFloats(values, out);
  std::string blocks;
  std::vector<int64_t> lengths;
  for (size_t i = 0; i < values.size(); i += kFloatBlockSamples) {
    const size_t before = blocks.size();
    EncodeFloats(values.subspan(i, std::min(kFloatBlockSamples, values.size() - i)), &blocks);
    lengths.push_back(static_cast<int64_t>(blocks.size() - before));
  }
  EncodeInts(lengths, out);
  out->append(blocks);
}

namespace {

// Calls read(block, n, begin) for each block of which the slice has samples: its bytes, their
// number and the place of the first.
template <typename Read>
Status ForEachBlock(std::string_view bytes, const SampleSlice& slice, const Read& read) {
  FIRN_DCHECK(slice.first <= slice.last && slice.last <= slice.count);
  const size_t blocks = BlockCount(slice.count);
  std::vector<int64_t> lengths(blocks, static_cast<int64_t>(bytes.size()));
  if (blocks > 1) FIRN_RETURN_IF_ERROR(DecodeInts(&bytes, blocks, lengths.data()));
  for (size_t b = 0; b < blocks; ++b) {
    if (lengths[b] < 0 || static_cast<uint64_t>(lengths[b]) > bytes.size()) {
      return Corruption("block beyond its column");
    }
    const std::string_view block = bytes.substr(0, static_cast<size_t>(lengths[b]));
    bytes.remove_prefix(block.size());
    const size_t begin = b * kFloatBlockSamples;
    const size_t n = std::min(kFloatBlockSamples, slice.count - begin);
    if (std::max(slice.first, begin) < std::min(slice.last, begin + n)) {
      FIRN_RETURN_IF_ERROR(read(block, n, begin));
    }
  }
  return bytes.empty() ? OkStatus() : Corruption("bytes left over in a column");
}

}  // namespace

Status ReadFloatColumn(std::string_view bytes, const SampleSlice& slice, std::vector<double>* out) {
  return ForEachBlock(bytes, slice, [&](std::string_view block, size_t n, size_t begin) {
    const size_t first = std::max(slice.first, begin);
    const size_t last = std::min(slice.last, begin + n);
    return ReadBlock(block, n, first - begin, last - begin, out);
  });
}

Status ReadFloatEnds(std::string_view bytes, const SampleSlice& slice, MayStand may_stand,
                     std::vector<ColumnPiece>* pieces, std::vector<double>* out) {
  return ForEachBlock(bytes, slice, [&](std::string_view block, size_t n, size_t begin) {
    const size_t first = std::max(slice.first, begin);
    const size_t last = std::min(slice.last, begin + n);
    if (last - first == n && n > 2 && may_stand(first, last - 1)) {
      FloatBlockInfo info;
      FIRN_RETURN_IF_ERROR(PeekFloats(block, n, &info));
      if (info.monotone && info.has_ends) {
        pieces->push_back({first, last - 1, true});
        out->insert(out->end(), {info.first, info.last});
        return OkStatus();
      }
    }
    pieces->push_back({first, last - 1, false});
    return ReadBlock(block, n, first - begin, last - begin, out);
  });
}

void AppendHistogramColumn(std::span<const HistogramPtr> histograms, std::string* out) {
  EncodeHistograms(histograms, out);
}

Status ReadHistogramColumn(std::string_view bytes, const SampleSlice& slice,
                           std::vector<HistogramPtr>* out) {
  std::vector<HistogramPtr> all;
  FIRN_RETURN_IF_ERROR(DecodeHistograms(&bytes, slice.count, &all));
  if (!bytes.empty()) return Corruption("bytes left over in a column");
  out->insert(out->end(), all.begin() + static_cast<ptrdiff_t>(slice.first),
              all.begin() + static_cast<ptrdiff_t>(slice.last));
  return OkStatus();
}

}  // namespace firn::storage
