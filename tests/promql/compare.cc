#include "tests/promql/compare.h"

#include <cmath>
#include <limits>
#include <map>

#include <re2/re2.h>

#include "base/number.h"

namespace firn::testing {
namespace {

using query::ResultSample;
using query::ResultSeries;
using query::SequenceValue;

// Populated buckets by absolute index.
std::map<int64_t, double> Populated(const std::vector<HistogramSpan>& spans,
                                    const std::vector<double>& counts) {
  std::map<int64_t, double> out;
  int64_t index = 0;
  size_t at = 0;
  for (const HistogramSpan& span : spans) {
    index += span.offset;
    for (uint32_t i = 0; i < span.length && at < counts.size(); ++i, ++index, ++at) {
      if (counts[at] != 0) out[index] = counts[at];
    }
  }
  return out;
}

bool SameBuckets(const std::map<int64_t, double>& a, const std::map<int64_t, double>& b) {
  if (a.size() != b.size()) return false;
  for (auto x = a.begin(), y = b.begin(); x != a.end(); ++x, ++y) {
    if (x->first != y->first || !AlmostEqual(x->second, y->second)) return false;
  }
  return true;
}

std::string Describe(const FloatHistogram& h) {
  std::string out =
      fmt::format("{{{{schema:{} count:{} sum:{} z:{}/{} hint:{}", h.schema, h.count, h.sum,
                  h.zero_count, h.zero_threshold, static_cast<int>(h.counter_reset_hint));
  const auto side = [&](const char* name, const auto& spans, const auto& buckets) {
    out += name;
    for (const auto& [index, count] : Populated(spans, buckets)) {
      out += fmt::format(" {}={}", index, count);
    }
  };
  side(" pos", h.positive_spans, h.positive_buckets);
  side(" neg", h.negative_spans, h.negative_buckets);
  for (const double bound : h.custom_values) out += fmt::format(" |{}", bound);
  return out + "}}";
}

std::string Describe(double v, const HistogramPtr& h) { return h ? Describe(*h) : FormatFloatG(v); }

bool Same(const SequenceValue& want, double v, const HistogramPtr& h) {
  if (want.histogram) return h && SameHistogram(*want.histogram, *h, want.hint_was_set);
  return !h && AlmostEqual(want.value, v);
}

std::string Difference(const Labels& labels, const SequenceValue& want, double v,
                       const HistogramPtr& h) {
  return fmt::format("{}: want {}, got {}", labels.ToString(), Describe(want.value, want.histogram),
                     Describe(v, h));
}

// One series against its line; times are grid points.
std::string CompareSeries(const query::SeriesDescription& want, const Grid& grid,
                          const ResultSeries& got) {
  size_t f = 0;
  size_t h = 0;
  for (size_t i = 0; i < want.values.size(); ++i) {
    const SequenceValue& value = want.values[i];
    if (value.omitted) continue;
    const TimestampMs t = grid.start + static_cast<TimestampMs>(i) * grid.step;
    const bool is_float = f < got.t.size() && got.t[f] == t;
    const bool is_histogram = h < got.ht.size() && got.ht[h] == t;
    if (!is_float && !is_histogram) {
      return fmt::format("{}: want {} at {}, got nothing", want.labels.ToString(),
                         Describe(value.value, value.histogram), t);
    }
    const double v = is_float ? got.v[f++] : 0;
    const HistogramPtr histogram = is_histogram ? got.h[h++] : nullptr;
    if (!Same(value, v, histogram)) {
      return fmt::format("at {}: {}", t, Difference(want.labels, value, v, histogram));
    }
  }
  if (f < got.t.size() || h < got.ht.size()) {
    return fmt::format("{}: {} points too many, the first at {}", want.labels.ToString(),
                       got.t.size() - f + got.ht.size() - h,
                       f < got.t.size() ? got.t[f] : got.ht[h]);
  }
  return "";
}

}  // namespace

bool AlmostEqual(double a, double b) {
  if (IsStaleNan(a) || IsStaleNan(b)) return IsStaleNan(a) && IsStaleNan(b);
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (a == b) return true;
  constexpr double kEpsilon = 1e-6;
  constexpr double kMinNormal = std::numeric_limits<double>::min();
  const double sum = std::abs(a) + std::abs(b);
  const double difference = std::abs(a - b);
  if (a == 0 || b == 0 || sum < kMinNormal) return difference < kEpsilon * kMinNormal;
  return difference / std::min(sum, std::numeric_limits<double>::max()) < kEpsilon;
}

bool SameHistogram(const FloatHistogram& want, const FloatHistogram& got, bool hint_counts) {
  if (want.schema != got.schema || want.zero_threshold != got.zero_threshold ||
      want.custom_values != got.custom_values) {
    return false;
  }
  if (hint_counts && want.counter_reset_hint != got.counter_reset_hint) return false;
  return AlmostEqual(want.count, got.count) && AlmostEqual(want.sum, got.sum) &&
         AlmostEqual(want.zero_count, got.zero_count) &&
         SameBuckets(Populated(want.positive_spans, want.positive_buckets),
                     Populated(got.positive_spans, got.positive_buckets)) &&
         SameBuckets(Populated(want.negative_spans, want.negative_buckets),
                     Populated(got.negative_spans, got.negative_buckets));
}

std::string CompareVector(const EvalCommand& want, const std::vector<ResultSample>& got,
                          bool check_order) {
  std::map<Labels, size_t> by_labels;
  for (size_t i = 0; i < got.size(); ++i) {
    if (!by_labels.emplace(got[i].labels, i).second) {
      return fmt::format("{} occurs twice", got[i].labels.ToString());
    }
  }
  for (size_t i = 0; i < want.series.size(); ++i) {
    const query::SeriesDescription& line = want.series[i];
    const auto it = by_labels.find(line.labels);
    if (it == by_labels.end()) return fmt::format("{} is missing", line.labels.ToString());
    const ResultSample& sample = got[it->second];
    if (line.values.size() != 1) return "an instant vector has one value per series";
    if (check_order && it->second != i) {
      return fmt::format("{} is at position {}, not {}", line.labels.ToString(), it->second, i);
    }
    if (!Same(line.values[0], sample.v, sample.h)) {
      return Difference(line.labels, line.values[0], sample.v, sample.h);
    }
    by_labels.erase(it);
  }
  if (by_labels.empty()) return "";
  const auto& [labels, i] = *by_labels.begin();
  return fmt::format("unexpected {} {}", labels.ToString(), Describe(got[i].v, got[i].h));
}

std::string CompareMatrix(const EvalCommand& want, const Grid& grid,
                          const std::vector<ResultSeries>& got) {
  std::map<Labels, const ResultSeries*> by_labels;
  for (const ResultSeries& series : got) {
    if (!by_labels.emplace(series.labels, &series).second) {
      return fmt::format("{} occurs twice", series.labels.ToString());
    }
  }
  for (size_t i = 1; i < got.size(); ++i) {
    if (got[i].labels < got[i - 1].labels) return "series are not sorted by labels";
  }
  for (const query::SeriesDescription& line : want.series) {
    const auto it = by_labels.find(line.labels);
    if (it == by_labels.end()) return fmt::format("{} is missing", line.labels.ToString());
    if (std::string why = CompareSeries(line, grid, *it->second); !why.empty()) return why;
    by_labels.erase(it);
  }
  if (by_labels.empty()) return "";
  return fmt::format("unexpected {}", by_labels.begin()->first.ToString());
}

std::string CompareNotes(std::string_view kind, const NoteExpectation& want,
                         const std::vector<std::string>& got) {
  if (want.mode == ExpectMode::kAny) return "";
  if (want.mode == ExpectMode::kNone) {
    return got.empty() ? "" : fmt::format("unexpected {}: {}", kind, got[0]);
  }
  if (got.empty()) return fmt::format("no {}", kind);
  const auto matches = [](const NoteExpectation::Text& text, const std::string& note) {
    return text.is_regex ? re2::RE2::PartialMatch(note, text.text) : note == text.text;
  };
  for (const NoteExpectation::Text& text : want.texts) {
    bool found = false;
    for (const std::string& note : got) found |= matches(text, note);
    if (!found) return fmt::format("no {} like {}; got {}", kind, text.text, got[0]);
  }
  for (const std::string& note : got) {
    bool found = want.texts.empty();
    for (const NoteExpectation::Text& text : want.texts) found |= matches(text, note);
    if (!found) return fmt::format("unexpected {}: {}", kind, note);
  }
  return "";
}

}  // namespace firn::testing
