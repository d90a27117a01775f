// Pieces of JSON answers in the form that Prometheus' clients expect.
#pragma once

#include <string>
#include <string_view>

#include "base/histogram.h"
#include "base/labels.h"
#include "base/time.h"

namespace firn::server {

// Label text is written as it is; all other text also escapes <, > and &.
enum class JsonText : uint8_t { kPlain, kHtmlSafe };

// With quotes. Bytes that are not UTF-8 become U+FFFD.
void AppendJsonString(std::string_view text, JsonText mode, std::string* out);
// {"a":"b",...} in the order of the labels, which is sorted.
void AppendJsonLabels(const Labels& labels, std::string* out);
// Seconds: 1435781430 or 1435781430.781.
void AppendJsonTime(TimestampMs t, std::string* out);
// [1435781430.781,"0.5"]
void AppendJsonPoint(TimestampMs t, double v, std::string* out);
// {"count":"..","sum":"..","buckets":[[0,"lo","hi","n"],..]}: populated buckets only, the most
// negative first; no key `buckets` if there are none.
void AppendJsonHistogram(const FloatHistogram& h, std::string* out);
// [1435781430.781,{...}]
void AppendJsonHistogramPoint(TimestampMs t, const FloatHistogram& h, std::string* out);

}  // namespace firn::server
