#include "server/codec/json_lines.h"

#include <simdjson.h>

#include <cmath>
#include <optional>
#include <vector>

#include <fmt/core.h>

#include "base/check.h"
#include "base/number.h"
#include "server/codec/histogram_check.h"
#include "server/codec/json.h"

namespace firn::server {

namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::string_view kStaleText = "StaleNaN";

// No line of a batch may hold more than this: parsing takes several times its memory.
constexpr size_t kLineBytesMax = 10 << 20;

std::optional<double> SpecialValue(std::string_view text) {
  if (text == kStaleText) return StaleNan();
  const auto value = ParseFloat(text);
  if (!value || std::isfinite(*value)) return std::nullopt;
  return std::isnan(*value) ? NormalNan() : *value;
}

std::optional<double> ReadValue(const element& e) {
  double v = 0;
  if (e.get_double().get(v) == simdjson::SUCCESS) return v;
  if (e.is_null()) return NormalNan();
  std::string_view text;
  if (e.get_string().get(text) == simdjson::SUCCESS) return SpecialValue(text);
  return std::nullopt;
}

bool IsLetter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

// Length of the bare NaN or infinity, with its sign, that begins `text`; 0 if there is none.
size_t BareSpecialValue(std::string_view text) {
  constexpr size_t kLongest = std::string_view("-Infinity").size();
  text = text.substr(0, kLongest + 1);  // Else the time would grow with the square of a word.
  size_t end = text[0] == '+' || text[0] == '-' ? 1 : 0;
  while (end < text.size() && IsLetter(text[end])) ++end;
  return end > 0 && SpecialValue(text.substr(0, end)) ? end : 0;
}

// Length of the digits that begin `text`.
size_t Digits(std::string_view text) {
  return std::min(text.find_first_not_of("0123456789"), text.size());
}

// Whether a zero with a sign may stand somewhere, of which a parser of whole numbers keeps none.
bool HasNegativeZero(std::string_view line) {
  for (size_t at = line.find("-0"); at != std::string_view::npos; at = line.find("-0", at + 2)) {
    const char next = at + 2 < line.size() ? line[at + 2] : ',';
    if (next != '.' && (next | 0x20) != 'e' && (next < '0' || next > '9')) return true;
  }
  return false;
}

// The line as JSON, if it is no more than this apart from it: whole numbers too long for 64 bits,
// which the parser takes for errors, and NaN, +Inf and -Inf without quotes, as vmctl writes them.
// Of -0 it makes -0.0, which stays what it is.
void Normalize(std::string_view line, std::string* normalized) {
  constexpr size_t kSafeDigits = 18;
  std::string& out = *normalized;
  out.clear();
  bool quoted = false;
  for (size_t i = 0; i < line.size();) {
    const std::string_view rest = line.substr(i);
    if (const size_t digits = quoted ? 0 : Digits(rest); digits > 0) {
      out.append(rest, 0, digits);
      const char next = digits < rest.size() ? rest[digits] : ',';
      const bool whole = (i == 0 || line[i - 1] != '.') && next != '.' && (next | 0x20) != 'e';
      const bool negative_zero = i > 0 && line[i - 1] == '-' && digits == 1 && rest[0] == '0';
      if (whole && (negative_zero || (digits > kSafeDigits && rest[0] != '0'))) out.append(".0");
      i += digits;
      continue;
    }
    if (const size_t size = quoted ? 0 : BareSpecialValue(rest); size > 0) {
      out.append("\"").append(rest, 0, size).append("\"");
      i += size;
      continue;
    }
    if (line[i] == '\\' && i + 1 < line.size())
      out.push_back(line[i++]);
    else if (line[i] == '"')
      quoted = !quoted;
    out.push_back(line[i++]);
  }
}

class LineReader {
 public:
  LineReader(std::span<const LabelView> more_labels, WriteVisitor* visitor)
      : more_labels_(more_labels), visitor_(*visitor) {}

  Status Read(std::string_view line) {
    if (line.size() > kLineBytesMax) {
      return InvalidArgument("{} bytes, the limit is {}", line.size(), kLineBytesMax);
    }
    if (line[line.find_first_not_of(" \t\r")] != '{') return InvalidArgument("not a JSON object");
    object root;
    element document;
    if (HasNegativeZero(line)) {
      Normalize(line, &padded_);
    } else {
      padded_.assign(line);
    }
    auto error = ParsePadded(&document);
    if (error) {
      Normalize(line, &padded_);
      error = ParsePadded(&document);
    }
    if (error) return InvalidArgument("{}", simdjson::error_message(error));
    FIRN_CHECK(document.get_object().get(root) == simdjson::SUCCESS);  // Begins with a brace.
    FIRN_RETURN_IF_ERROR(ReadLabels(root).WithContext("metric"));
    FIRN_RETURN_IF_ERROR(ReadTimes(root).WithContext("timestamps"));
    WriteSeries series;
    array values;
    if (root["histograms"].get_array().get(values) == simdjson::SUCCESS) {
      FIRN_RETURN_IF_ERROR(ReadHistograms(values).WithContext("histograms"));
      series.histograms = histograms_;
    } else {
      if (root["values"].get_array().get(values)) return InvalidArgument("values: no such array");
      FIRN_RETURN_IF_ERROR(ReadValues(values).WithContext("values"));
      series.samples = samples_;
    }
    series.labels = labels_;
    return visitor_.OnSeries(series);
  }

 private:
  simdjson::error_code ParsePadded(element* document) {
    const size_t size = padded_.size();
    padded_.resize(size + simdjson::SIMDJSON_PADDING);
    return parser_.parse(padded_.data(), size, false).get(*document);
  }

  Status ReadLabels(const object& root) {
    labels_.clear();
    object metric;
    if (root["metric"].get_object().get(metric)) return InvalidArgument("no such object");
    for (const auto& [name, value] : metric) {
      std::string_view text;
      if (value.get_string().get(text)) {
        return InvalidArgument("label {} is not a string", QuoteGo(name));
      }
      labels_.push_back({name, text});
    }
    OverrideLabels(more_labels_, &labels_);
    return OkStatus();
  }

  Status ReadTimes(const object& root) {
    times_.clear();
    array list;
    if (root["timestamps"].get_array().get(list)) return InvalidArgument("no such array");
    for (const element e : list) {
      int64_t t = 0;
      if (e.get_int64().get(t)) {
        return InvalidArgument("number {} is not a whole number of milliseconds",
                               times_.size() + 1);
      }
      times_.push_back(t);
    }
    return OkStatus();
  }

  Status CheckCount(size_t values) const {
    if (values == times_.size()) return OkStatus();
    return InvalidArgument("{} of them, but {} timestamps", values, times_.size());
  }

  Status ReadValues(const array& list) {
    samples_.clear();
    FIRN_RETURN_IF_ERROR(CheckCount(list.size()));
    for (const element e : list) {
      const auto value = ReadValue(e);
      if (!value) return InvalidArgument("number {} is not a value", samples_.size() + 1);
      samples_.push_back({times_[samples_.size()], *value});
    }
    return OkStatus();
  }

  Status ReadHistograms(const array& list) {
    histograms_.clear();
    FIRN_RETURN_IF_ERROR(CheckCount(list.size()));
    for (const element e : list) {
      auto histogram = ReadHistogram(e);
      if (!histogram.ok()) {
        return histogram.status().WithContext(fmt::format("number {}", histograms_.size() + 1));
      }
      histograms_.push_back({times_[histograms_.size()], *std::move(histogram)});
    }
    return OkStatus();
  }

  static Result<HistogramPtr> ReadHistogram(const element& e) {
    object fields;
    if (e.get_object().get(fields)) return InvalidArgument("not a JSON object");
    FloatHistogram h;
    int64_t schema = 0;
    int64_t hint = 0;
    for (const auto& [key, value] : fields) {
      bool good = false;
      if (key == "schema") {
        good = value.get_int64().get(schema) == simdjson::SUCCESS && std::abs(schema) < 100;
      } else if (key == "reset_hint") {
        good = value.get_int64().get(hint) == simdjson::SUCCESS && hint >= 0 && hint <= 3;
      } else if (double* number = NumberField(key, &h)) {
        const auto v = ReadValue(value);
        if (v) *number = *v;
        good = v.has_value();
      } else if (std::vector<double>* list = ListField(key, &h)) {
        good = ReadList(value, list);
      } else if (key == "positive_spans" || key == "negative_spans") {
        good = ReadSpans(value, key[0] == 'p' ? &h.positive_spans : &h.negative_spans);
      } else {
        return InvalidArgument("unknown key {}", QuoteGo(key));
      }
      if (!good) return InvalidArgument("bad value of {}", key);
    }
    h.schema = static_cast<int32_t>(schema);
    h.counter_reset_hint = static_cast<CounterResetHint>(hint);
    if (!h.IsStale()) {
      FIRN_RETURN_IF_ERROR(CheckHistogram(h));
      ReduceSchema(&h);
    }
    return HistogramPtr(std::make_shared<const FloatHistogram>(std::move(h)));
  }

  static double* NumberField(std::string_view key, FloatHistogram* h) {
    if (key == "count") return &h->count;
    if (key == "sum") return &h->sum;
    if (key == "zero_count") return &h->zero_count;
    if (key == "zero_threshold") return &h->zero_threshold;
    return nullptr;
  }

  static std::vector<double>* ListField(std::string_view key, FloatHistogram* h) {
    if (key == "positive_buckets") return &h->positive_buckets;
    if (key == "negative_buckets") return &h->negative_buckets;
    if (key == "custom_values") return &h->custom_values;
    return nullptr;
  }

  static bool ReadList(const element& e, std::vector<double>* out) {
    array list;
    if (e.get_array().get(list)) return false;
    for (const element item : list) {
      const auto value = ReadValue(item);
      if (!value) return false;
      out->push_back(*value);
    }
    return true;
  }

  static bool ReadSpans(const element& e, std::vector<HistogramSpan>* out) {
    array list;
    if (e.get_array().get(list)) return false;
    for (const element item : list) {
      array pair;
      int64_t offset = 0;
      int64_t length = 0;
      if (item.get_array().get(pair) || pair.size() != 2 || pair.at(0).get_int64().get(offset) ||
          pair.at(1).get_int64().get(length) || std::abs(offset) > INT32_MAX || length < 0 ||
          length > INT32_MAX) {
        return false;
      }
      out->push_back({static_cast<int32_t>(offset), static_cast<uint32_t>(length)});
    }
    return true;
  }

  const std::span<const LabelView> more_labels_;
  WriteVisitor& visitor_;
  simdjson::dom::parser parser_;
  std::string padded_;  // The line, and behind it what the parser may read beyond.
  std::vector<LabelView> labels_;
  std::vector<TimestampMs> times_;
  std::vector<Sample> samples_;
  std::vector<TimedHistogram> histograms_;
};

void AppendNumber(double v, std::string* out) {
  // Whole numbers beyond 64 bits would be errors to some readers.
  constexpr double kExponentFrom = 1e18;
  if (std::isfinite(v)) {
    if (v == 0 && std::signbit(v)) {
      out->append("-0.0");
      return;
    }
    if (std::fabs(v) < kExponentFrom) return AppendSampleValue(v, out);
    out->append(FormatFloatE(v));
  } else if (IsStaleNan(v)) {
    out->append("\"").append(kStaleText).append("\"");
  } else {
    out->append(std::isnan(v) ? "null" : v > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  }
}

// [..] with `append` for each item.
template <typename Items, typename Append>
void AppendList(const Items& items, std::string* out, const Append& append) {
  out->push_back('[');
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out->push_back(',');
    append(items[i], out);
  }
  out->push_back(']');
}

void AppendSpans(const std::vector<HistogramSpan>& spans, std::string* out) {
  AppendList(spans, out, [](const HistogramSpan& span, std::string* text) {
    *text += fmt::format("[{},{}]", span.offset, span.length);
  });
}

void AppendHistogram(const FloatHistogram& h, std::string* out) {
  *out += fmt::format("{{\"schema\":{},\"reset_hint\":{},\"count\":", h.schema,
                      static_cast<int>(h.counter_reset_hint));
  AppendNumber(h.count, out);
  out->append(",\"sum\":");
  AppendNumber(h.sum, out);
  out->append(",\"zero_count\":");
  AppendNumber(h.zero_count, out);
  out->append(",\"zero_threshold\":");
  AppendNumber(h.zero_threshold, out);
  out->append(",\"positive_spans\":");
  AppendSpans(h.positive_spans, out);
  out->append(",\"positive_buckets\":");
  AppendList(h.positive_buckets, out, AppendNumber);
  out->append(",\"negative_spans\":");
  AppendSpans(h.negative_spans, out);
  out->append(",\"negative_buckets\":");
  AppendList(h.negative_buckets, out, AppendNumber);
  out->append(",\"custom_values\":");
  AppendList(h.custom_values, out, AppendNumber);
  out->push_back('}');
}

void AppendTimes(std::span<const TimestampMs> t, std::string* out) {
  out->append(",\"timestamps\":");
  AppendList(t, out,
             [](TimestampMs time, std::string* text) { text->append(std::to_string(time)); });
  out->append("}\n");
}

}  // namespace

Status ParseJsonLines(std::string_view text, std::span<const LabelView> more_labels,
                      WriteVisitor* visitor) {
  LineReader reader(more_labels, visitor);
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) {
      const Status status = reader.Read(line);
      if (!status.ok()) return status.WithContext(fmt::format("line {}", number));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return OkStatus();
}

void AppendJsonLine(const Labels& labels, std::span<const TimestampMs> t, std::span<const double> v,
                    std::string* out) {
  FIRN_CHECK(t.size() == v.size());
  out->append("{\"metric\":");
  AppendJsonLabels(labels, out);
  out->append(",\"values\":");
  AppendList(v, out, AppendNumber);
  AppendTimes(t, out);
}

void AppendJsonLine(const Labels& labels, std::span<const TimestampMs> t,
                    std::span<const HistogramPtr> h, std::string* out) {
  FIRN_CHECK(t.size() == h.size());
  out->append("{\"metric\":");
  AppendJsonLabels(labels, out);
  out->append(",\"histograms\":");
  AppendList(h, out, [](const HistogramPtr& histogram, std::string* text) {
    AppendHistogram(*histogram, text);
  });
  AppendTimes(t, out);
}

}  // namespace firn::server
