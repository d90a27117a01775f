#include <algorithm>
#include <limits>
#include <map>
#include <vector>

#include "base/labels.h"
#include "query/parser/series_cursor.h"

namespace firn::query {
namespace {

constexpr std::string_view kKeys[] = {
    "schema", "sum",       "count",    "z_bucket",      "z_bucket_w",        "buckets",
    "offset", "n_buckets", "n_offset", "custom_values", "counter_reset_hint"};

struct HistogramReader {
  SeriesCursor* in;
  FloatHistogram out;
  int32_t offset = 0;
  int32_t negative_offset = 0;
  bool hint_was_set = false;
  std::vector<std::string_view> keys = {};

  bool ReadItem();
  bool ReadValue(std::string_view key);
  bool ReadNumber(double* value) {
    const std::optional<double> number = in->SignedNumber();
    if (number) *value = *number;
    return number.has_value();
  }
  bool ReadInteger(int32_t* value);
  bool ReadList(std::vector<double>* values);
  bool ReadHint();
};

bool HistogramReader::ReadItem() {
  const size_t start = in->at();
  const std::string_view key = in->Word();
  if (key.empty()) {
    in->Unexpected();
    return false;
  }
  if (std::find(std::begin(kKeys), std::end(kKeys), key) == std::end(kKeys)) {
    in->Fail(start, "bad histogram descriptor found: " + QuoteGo(key));
    return false;
  }
  if (!in->Consume(":")) {
    in->Fail(start, "missing `:` for histogram descriptor");
    return false;
  }
  if (std::find(keys.begin(), keys.end(), key) != keys.end()) {
    in->Fail(0, "duplicate key " + QuoteGo(key) + " in histogram");
    return false;
  }
  keys.push_back(key);
  return ReadValue(key);
}

bool HistogramReader::ReadValue(std::string_view key) {
  if (key == "schema") return ReadInteger(&out.schema);
  if (key == "sum") return ReadNumber(&out.sum);
  if (key == "count") return ReadNumber(&out.count);
  if (key == "z_bucket") return ReadNumber(&out.zero_count);
  if (key == "z_bucket_w") return ReadNumber(&out.zero_threshold);
  if (key == "buckets") return ReadList(&out.positive_buckets);
  if (key == "offset") return ReadInteger(&offset);
  if (key == "n_buckets") return ReadList(&out.negative_buckets);
  if (key == "n_offset") return ReadInteger(&negative_offset);
  if (key == "custom_values") return ReadList(&out.custom_values);
  return ReadHint();
}

bool HistogramReader::ReadInteger(int32_t* value) {
  const size_t start = in->at();
  const std::optional<int64_t> integer = in->SignedInteger();
  if (!integer) return false;
  if (*integer < std::numeric_limits<int32_t>::min() ||
      *integer > std::numeric_limits<int32_t>::max()) {
    in->Fail(start, "integer out of range");
    return false;
  }
  *value = static_cast<int32_t>(*integer);
  return true;
}

bool HistogramReader::ReadList(std::vector<double>* values) {
  if (!in->Consume("[")) {
    in->Unexpected();
    return false;
  }
  do {
    double value = 0;
    if (!ReadNumber(&value)) return false;
    values->push_back(value);
  } while (in->SkipBlanks() && in->Peek() != ']');
  if (in->Consume("]")) return true;
  in->Unexpected();
  return false;
}

bool HistogramReader::ReadHint() {
  const size_t start = in->at();
  const std::string_view word = in->Word();
  constexpr std::string_view kHints[] = {"unknown", "reset", "not_reset", "gauge"};
  const auto hint = std::find(std::begin(kHints), std::end(kHints), word);
  if (hint == std::end(kHints)) {
    in->Fail(start, "bad histogram descriptor found: " + QuoteGo(word));
    return false;
  }
  out.counter_reset_hint = static_cast<CounterResetHint>(hint - std::begin(kHints));
  hint_was_set = true;
  return true;
}

std::vector<HistogramSpan> OneSpan(int32_t offset, size_t buckets) {
  if (buckets == 0) return {};
  return {{offset, static_cast<uint32_t>(buckets)}};
}

// Adds `sign` times the buckets to `sums`, `shift` schemas coarser.
void AddBuckets(const std::vector<HistogramSpan>& spans, const std::vector<double>& buckets,
                int shift, double sign, std::map<int64_t, double>* sums) {
  int64_t index = 0;
  size_t next = 0;
  for (const HistogramSpan& span : spans) {
    index += span.offset;
    for (uint32_t i = 0; i < span.length && next < buckets.size(); ++i, ++index, ++next) {
      const int64_t merged = shift == 0 ? index : ((index - 1) >> shift) + 1;
      (*sums)[merged] += sign * buckets[next];
    }
  }
}

void ToSpans(const std::map<int64_t, double>& sums, std::vector<HistogramSpan>* spans,
             std::vector<double>* buckets) {
  spans->clear();
  buckets->clear();
  int64_t next = 0;
  for (const auto& [index, count] : sums) {
    if (spans->empty() || index != next) {
      spans->push_back({static_cast<int32_t>(index - next), 0});
    }
    ++spans->back().length;
    buckets->push_back(count);
    next = index + 1;
  }
}

CounterResetHint MergedHint(CounterResetHint a, CounterResetHint b) {
  if (a == b) return a;
  const bool gauge = a == CounterResetHint::kGauge || b == CounterResetHint::kGauge;
  return gauge ? CounterResetHint::kGauge : CounterResetHint::kUnknown;
}

}  // namespace

std::optional<FloatHistogram> ReadHistogramLiteral(SeriesCursor* cursor, bool* hint_was_set) {
  HistogramReader reader{.in = cursor, .out = {}};
  cursor->Consume("{{");
  if (cursor->SkipBlanks() && cursor->Peek() != '}') return cursor->Unexpected();
  while (cursor->Peek() != '}') {
    if (!reader.ReadItem()) return std::nullopt;
    if (!cursor->SkipBlanks() && cursor->Peek() != '}') return cursor->Unexpected();
  }
  if (!cursor->Consume("}}")) return cursor->Unexpected();
  FloatHistogram& out = reader.out;
  out.positive_spans = OneSpan(reader.offset, out.positive_buckets.size());
  out.negative_spans = OneSpan(reader.negative_offset, out.negative_buckets.size());
  *hint_was_set = reader.hint_was_set;
  return std::move(out);
}

Result<FloatHistogram> AddHistograms(const FloatHistogram& current, const FloatHistogram& step,
                                     bool subtract) {
  const bool one_has_no_zero_bucket = (current.zero_threshold == 0 && current.zero_count == 0) ||
                                      (step.zero_threshold == 0 && step.zero_count == 0);
  if (current.zero_threshold != step.zero_threshold && !one_has_no_zero_bucket) {
    return Unimplemented("cannot step a histogram by one with another zero bucket width");
  }
  if (current.UsesCustomBuckets() != step.UsesCustomBuckets() ||
      current.custom_values != step.custom_values) {
    return Unimplemented("cannot step a histogram by one with other bucket bounds");
  }
  const double sign = subtract ? -1 : 1;
  const int shift = step.schema - current.schema;
  FloatHistogram sum = current;
  sum.counter_reset_hint = MergedHint(current.counter_reset_hint, step.counter_reset_hint);
  sum.zero_threshold = std::max(current.zero_threshold, step.zero_threshold);
  sum.zero_count += sign * step.zero_count;
  sum.count += sign * step.count;
  sum.sum += sign * step.sum;
  std::map<int64_t, double> positive;
  AddBuckets(current.positive_spans, current.positive_buckets, 0, 1, &positive);
  AddBuckets(step.positive_spans, step.positive_buckets, shift, sign, &positive);
  ToSpans(positive, &sum.positive_spans, &sum.positive_buckets);
  std::map<int64_t, double> negative;
  AddBuckets(current.negative_spans, current.negative_buckets, 0, 1, &negative);
  AddBuckets(step.negative_spans, step.negative_buckets, shift, sign, &negative);
  ToSpans(negative, &sum.negative_spans, &sum.negative_buckets);
  return sum;
}

}  // namespace firn::query
