#include "storage/encoding/histogram_codec.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/bytes.h"
#include "base/check.h"
#include "storage/encoding/column_codec.h"

namespace firn::storage {
namespace {

// Histograms are coded in blocks, which bounds the memory that a damaged page can ask for.
constexpr size_t kBlockHistogramsMax = 128;
constexpr size_t kSpansMax = 1 << 16;

bool SameBits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}
bool SameBits(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

// What rarely changes from one histogram of a series to the next.
bool SameLayout(const FloatHistogram& a, const FloatHistogram& b) {
  return a.schema == b.schema && SameBits(a.zero_threshold, b.zero_threshold) &&
         a.positive_spans == b.positive_spans && a.negative_spans == b.negative_spans &&
         SameBits(a.custom_values, b.custom_values);
}

bool SameHistogram(const FloatHistogram& a, const FloatHistogram& b) {
  return a.counter_reset_hint == b.counter_reset_hint && SameBits(a.zero_count, b.zero_count) &&
         SameBits(a.count, b.count) && SameBits(a.sum, b.sum) && SameLayout(a, b) &&
         SameBits(a.positive_buckets, b.positive_buckets) &&
         SameBits(a.negative_buckets, b.negative_buckets);
}

size_t CountBuckets(const std::vector<HistogramSpan>& spans) {
  size_t buckets = 0;
  for (const HistogramSpan& span : spans) buckets += span.length;
  return buckets;
}

void AppendSpans(const std::vector<HistogramSpan>& spans, std::string* out) {
  AppendVarint(spans.size(), out);
  for (const HistogramSpan& span : spans) {
    AppendSignedVarint(span.offset, out);
    AppendVarint(span.length, out);
  }
}

void AppendLayout(const FloatHistogram& histogram, std::string* out) {
  AppendSignedVarint(histogram.schema, out);
  AppendFixed(histogram.zero_threshold, out);
  AppendSpans(histogram.positive_spans, out);
  AppendSpans(histogram.negative_spans, out);
  AppendVarint(histogram.custom_values.size(), out);
  for (const double bound : histogram.custom_values) AppendFixed(bound, out);
}

// One column of the rows named by `rows`; `get` picks the number out of a histogram.
template <typename Get>
void AppendColumn(std::span<const HistogramPtr> rows, const Get& get, std::string* out) {
  std::vector<double> column;
  column.reserve(rows.size());
  for (const HistogramPtr& row : rows) column.push_back(get(*row));
  EncodeFloats(column, out);
}

void EncodeBlock(std::span<const HistogramPtr> block, std::string* out) {
  std::vector<const FloatHistogram*> layouts;
  std::vector<int64_t> layout_of;
  std::vector<int64_t> hints;
  for (const HistogramPtr& histogram : block) {
    FIRN_CHECK(IsWellFormed(*histogram));
    // Newest first: most histograms are laid out like their predecessor.
    size_t i = layouts.size();
    while (i > 0 && !SameLayout(*layouts[i - 1], *histogram)) --i;
    if (i == 0) {
      layouts.push_back(histogram.get());
      i = layouts.size();
    }
    layout_of.push_back(static_cast<int64_t>(i - 1));
    hints.push_back(static_cast<int64_t>(histogram->counter_reset_hint));
  }
  AppendVarint(layouts.size(), out);
  for (const FloatHistogram* layout : layouts) AppendLayout(*layout, out);
  EncodeInts(layout_of, out);
  EncodeInts(hints, out);
  AppendColumn(
      block, [](const FloatHistogram& h) { return h.sum; }, out);
  AppendColumn(
      block, [](const FloatHistogram& h) { return h.count; }, out);
  AppendColumn(
      block, [](const FloatHistogram& h) { return h.zero_count; }, out);
  std::vector<HistogramPtr> rows;
  for (size_t l = 0; l < layouts.size(); ++l) {
    rows.clear();
    for (size_t i = 0; i < block.size(); ++i) {
      if (layout_of[i] == static_cast<int64_t>(l)) rows.push_back(block[i]);
    }
    for (size_t b = 0; b < layouts[l]->positive_buckets.size(); ++b) {
      AppendColumn(
          rows, [b](const FloatHistogram& h) { return h.positive_buckets[b]; }, out);
    }
    for (size_t b = 0; b < layouts[l]->negative_buckets.size(); ++b) {
      AppendColumn(
          rows, [b](const FloatHistogram& h) { return h.negative_buckets[b]; }, out);
    }
  }
}

bool ReadSpans(ByteReader* in, std::vector<HistogramSpan>* spans) {
  const uint64_t count = in->Varint();
  if (!in->ok() || count > kSpansMax || count > in->remaining()) return false;
  for (uint64_t i = 0; i < count; ++i) {
    const int64_t offset = in->SignedVarint();
    const uint64_t length = in->Varint();
    if (!in->ok() || offset != static_cast<int32_t>(offset) || length > kHistogramBucketsMax) {
      return false;
    }
    spans->push_back(
        {.offset = static_cast<int32_t>(offset), .length = static_cast<uint32_t>(length)});
  }
  return true;
}

bool ReadLayout(ByteReader* in, FloatHistogram* layout) {
  const int64_t schema = in->SignedVarint();
  if (!in->ok() || schema != static_cast<int32_t>(schema)) return false;
  layout->schema = static_cast<int32_t>(schema);
  layout->zero_threshold = in->Fixed<double>();
  if (!ReadSpans(in, &layout->positive_spans) || !ReadSpans(in, &layout->negative_spans)) {
    return false;
  }
  const uint64_t bounds = in->Varint();
  if (!in->ok() || bounds > in->remaining() / sizeof(double)) return false;
  for (uint64_t i = 0; i < bounds; ++i) layout->custom_values.push_back(in->Fixed<double>());
  // Each bucket is a column of at least one byte.
  const size_t buckets =
      CountBuckets(layout->positive_spans) + CountBuckets(layout->negative_spans);
  return in->ok() && buckets <= kHistogramBucketsMax && buckets <= in->remaining();
}

// Reads one column and hands its i-th number to set(i, number).
template <typename Set>
Status ReadColumn(std::string_view* in, size_t n, const Set& set) {
  std::vector<double> column(n);
  FIRN_RETURN_IF_ERROR(DecodeFloats(in, n, column.data()));
  for (size_t i = 0; i < n; ++i) set(i, column[i]);
  return OkStatus();
}

using Rows = std::vector<std::shared_ptr<FloatHistogram>>;

Status ReadBuckets(std::string_view* in, size_t layouts, const std::vector<int64_t>& layout_of,
                   const Rows& block) {
  Rows rows;
  for (size_t l = 0; l < layouts; ++l) {
    rows.clear();
    for (size_t i = 0; i < block.size(); ++i) {
      if (layout_of[i] == static_cast<int64_t>(l)) rows.push_back(block[i]);
    }
    if (rows.empty()) return Corruption("histogram layout without use");
    for (const auto buckets :
         {&FloatHistogram::positive_buckets, &FloatHistogram::negative_buckets}) {
      const size_t size =
          CountBuckets(buckets == &FloatHistogram::positive_buckets ? rows[0]->positive_spans
                                                                    : rows[0]->negative_spans);
      for (const auto& row : rows) ((*row).*buckets).resize(size);
      for (size_t b = 0; b < size; ++b) {
        FIRN_RETURN_IF_ERROR(ReadColumn(
            in, rows.size(), [&](size_t i, double number) { ((*rows[i]).*buckets)[b] = number; }));
      }
    }
  }
  return OkStatus();
}

Status DecodeBlock(std::string_view* in, size_t n, std::vector<HistogramPtr>* out) {
  ByteReader reader(*in);
  const uint64_t layout_count = reader.Varint();
  if (!reader.ok() || layout_count > n) return Corruption("malformed histogram layouts");
  std::vector<FloatHistogram> layouts(layout_count);
  for (FloatHistogram& layout : layouts) {
    if (!ReadLayout(&reader, &layout)) return Corruption("malformed histogram layout");
  }
  *in = reader.rest();
  std::vector<int64_t> layout_of(n);
  std::vector<int64_t> hints(n);
  FIRN_RETURN_IF_ERROR(DecodeInts(in, n, layout_of.data()));
  FIRN_RETURN_IF_ERROR(DecodeInts(in, n, hints.data()));
  Rows block;
  for (size_t i = 0; i < n; ++i) {
    if (layout_of[i] < 0 || layout_of[i] >= static_cast<int64_t>(layout_count) || hints[i] < 0 ||
        hints[i] > static_cast<int64_t>(CounterResetHint::kGauge)) {
      return Corruption("malformed histogram column");
    }
    block.push_back(std::make_shared<FloatHistogram>(layouts[static_cast<size_t>(layout_of[i])]));
    block.back()->counter_reset_hint = static_cast<CounterResetHint>(hints[i]);
  }
  for (const auto field :
       {&FloatHistogram::sum, &FloatHistogram::count, &FloatHistogram::zero_count}) {
    FIRN_RETURN_IF_ERROR(
        ReadColumn(in, n, [&](size_t i, double number) { (*block[i]).*field = number; }));
  }
  FIRN_RETURN_IF_ERROR(ReadBuckets(in, layout_count, layout_of, block));
  for (auto& histogram : block) {
    const bool repeats = !out->empty() && SameHistogram(*out->back(), *histogram);
    out->push_back(repeats ? out->back() : HistogramPtr(std::move(histogram)));
  }
  return OkStatus();
}

}  // namespace

bool IsWellFormed(const FloatHistogram& histogram) {
  return histogram.positive_buckets.size() == CountBuckets(histogram.positive_spans) &&
         histogram.negative_buckets.size() == CountBuckets(histogram.negative_spans) &&
         histogram.positive_spans.size() <= kSpansMax &&
         histogram.negative_spans.size() <= kSpansMax &&
         histogram.positive_buckets.size() + histogram.negative_buckets.size() <=
             kHistogramBucketsMax;
}

void EncodeHistograms(std::span<const HistogramPtr> histograms, std::string* out) {
  for (size_t i = 0; i < histograms.size(); i += kBlockHistogramsMax) {
    EncodeBlock(histograms.subspan(i, std::min(kBlockHistogramsMax, histograms.size() - i)), out);
  }
}

Status DecodeHistograms(std::string_view* in, size_t n, std::vector<HistogramPtr>* out) {
  for (size_t i = 0; i < n; i += kBlockHistogramsMax) {
    FIRN_RETURN_IF_ERROR(DecodeBlock(in, std::min(kBlockHistogramsMax, n - i), out));
  }
  return OkStatus();
}

}  // namespace firn::storage
