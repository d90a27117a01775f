// Series as lines of JSON, the form in which VictoriaMetrics imports and exports:
//   {"metric":{"__name__":"up","job":"a"},"values":[1,0],"timestamps":[1000,2000]}
// Times are milliseconds. Values are numbers, null (NaN), "NaN", "Infinity" or "-Infinity"; of
// these the words may also stand without quotes, and short (Inf, +Inf).
// Of our own, and refused by other readers: the value "StaleNaN", and lines that have
// "histograms" in place of "values", one object per time:
//   {"schema":0,"count":3,"sum":1.5,"zero_count":1,"zero_threshold":0.001,"reset_hint":0,
//    "positive_spans":[[0,2]],"positive_buckets":[1,1], and the same with negative,
//    "custom_values":[]}
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "server/codec/write_visitor.h"

namespace firn::server {

// Calls the visitor for each line, in order; `more_labels` replace those of the same names.
// InvalidArgument "line 3: values: ..." at the first
// that is malformed; errors of the visitor get the line's number too.
Status ParseJsonLines(std::string_view text, std::span<const LabelView> more_labels,
                      WriteVisitor* visitor);

// Appends one line. REQUIRES: as many times as values.
void AppendJsonLine(const Labels& labels, std::span<const TimestampMs> t, std::span<const double> v,
                    std::string* out);
void AppendJsonLine(const Labels& labels, std::span<const TimestampMs> t,
                    std::span<const HistogramPtr> h, std::string* out);

}  // namespace firn::server
