#include "server/codec/text/exposition_writer.h"

#include <charconv>
#include <vector>

#include <fmt/core.h>

#include "base/number.h"
#include "server/codec/json.h"

namespace firn::server {

namespace {

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Takes the part before `separator` off the front of `rest`.
std::string_view TakePart(std::string_view* rest, char separator) {
  const size_t end = std::min(rest->find(separator), rest->size());
  const std::string_view part = Trim(rest->substr(0, end));
  rest->remove_prefix(std::min(end + 1, rest->size()));
  return part;
}

struct Offer {
  TextStyle style;
  bool known = false;
  double weight = 1;
};

Offer ReadOffer(std::string_view text) {
  Offer offer;
  const std::string_view type = TakePart(&text, ';');
  std::string_view version;
  while (!text.empty()) {
    std::string_view value = TakePart(&text, ';');
    const std::string_view key = TakePart(&value, '=');
    if (key == "version") version = value;
    if (key == "escaping" && value == "allow-utf-8") {
      offer.style.escaping = NameEscaping::kAllowUtf8;
    }
    if (key == "q") offer.weight = ParseFloat(value).value_or(1);
  }
  if (type == "application/openmetrics-text") {
    offer.style.format = TextFormat::kOpenMetrics;
    offer.known = version.empty() || version == "1.0.0" || version == "0.0.1";
  } else {
    offer.known =
        type == "text/plain" && (version.empty() || version == "0.0.4" || version == "1.0.0");
  }
  return offer;
}

void AppendEscaped(std::string_view text, std::string* out) {
  for (const char c : text) {
    if (c == '\\' || c == '"') {
      out->push_back('\\');
      out->push_back(c);
    } else if (c == '\n') {
      out->append("\\n");
    } else {
      out->push_back(c);
    }
  }
}

// Only OpenMetrics escapes quotes there.
void AppendHelp(std::string_view text, bool open_metrics, std::string* out) {
  while (!text.empty()) {
    const size_t quote = open_metrics ? std::string_view::npos : text.find('"');
    AppendEscaped(text.substr(0, quote), out);
    if (quote == std::string_view::npos) return;
    out->push_back('"');
    text.remove_prefix(quote + 1);
  }
}

std::string Underscored(std::string_view name, bool is_metric) {
  std::string out;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9' && !out.empty();
    // One for each character, not for each of its bytes.
    if ((static_cast<unsigned char>(c) & 0xc0) == 0x80) continue;
    out.push_back(letter || digit || (is_metric && c == ':') ? c : '_');
  }
  return out;
}

}  // namespace

std::string TextStyle::ContentType() const {
  return fmt::format("{}; charset=utf-8; escaping={}",
                     format == TextFormat::kOpenMetrics
                         ? "application/openmetrics-text; version=1.0.0"
                         : "text/plain; version=0.0.4",
                     escaping == NameEscaping::kAllowUtf8 ? "allow-utf-8" : "underscores");
}

TextStyle NegotiateTextStyle(std::string_view accept) {
  Offer best;
  best.weight = 0;
  while (!accept.empty()) {
    const Offer offer = ReadOffer(TakePart(&accept, ','));
    if (offer.known && offer.weight > best.weight) best = offer;
  }
  return best.style;
}

void ExpositionWriter::AppendName(std::string_view name, bool is_metric) {
  const bool legacy = is_metric ? IsLegacyMetricName(name) : IsLegacyLabelName(name);
  if (legacy) {
    out_.append(name);
  } else if (style_.escaping == NameEscaping::kUnderscores) {
    out_.append(Underscored(name, is_metric));
  } else {
    out_.push_back('"');
    AppendEscaped(name, &out_);
    out_.push_back('"');
  }
}

void ExpositionWriter::Family(const FamilyText& family) {
  if (family.name == family_) return;
  family_ = family.name;
  const bool open_metrics = style_.format == TextFormat::kOpenMetrics;
  const auto begin = [&](std::string_view keyword) {
    out_.append("# ").append(keyword).push_back(' ');
    AppendName(family.name, true);
    out_.push_back(' ');
  };
  begin("TYPE");
  const std::string_view nothing = open_metrics ? "unknown" : "untyped";
  out_.append(family.type.empty() ? nothing : family.type).push_back('\n');
  if (open_metrics && !family.unit.empty()) {
    begin("UNIT");
    out_.append(family.unit).push_back('\n');
  }
  if (family.help.empty()) return;
  begin("HELP");
  AppendHelp(family.help, open_metrics, &out_);
  out_.push_back('\n');
}

void ExpositionWriter::AppendLabel(std::string_view name, std::string_view value, bool* first) {
  out_.push_back(*first ? '{' : ',');
  *first = false;
  AppendName(name, false);
  out_.append("=\"");
  AppendEscaped(value, &out_);
  out_.push_back('"');
}

void ExpositionWriter::AppendValue(double v) {
  const std::string text = FormatFloatG(v);
  out_.append(text);
  const bool whole = text.find_first_not_of("-0123456789") == std::string::npos;
  if (style_.format == TextFormat::kOpenMetrics && whole) out_.append(".0");
}

void ExpositionWriter::Sample(const Labels& labels, std::string_view suffix, std::string_view le,
                              double v, TimestampMs t) {
  const std::string name = fmt::format("{}{}", labels.metric_name(), suffix);
  bool first = true;
  // A name that must be quoted stands inside the braces.
  const bool quoted = style_.escaping == NameEscaping::kAllowUtf8 && !IsLegacyMetricName(name);
  if (quoted) {
    out_.push_back('{');
    first = false;
  }
  AppendName(name, true);
  for (const LabelView label : labels) {
    if (label.name != kMetricName) AppendLabel(label.name, label.value, &first);
  }
  if (style_.empty_instance && !labels.Has("instance")) AppendLabel("instance", "", &first);
  if (!le.empty()) AppendLabel(kBucketLabel, le, &first);
  out_.append(first ? " " : "} ");
  AppendValue(v);
  out_.push_back(' ');
  if (style_.format == TextFormat::kOpenMetrics) {
    AppendJsonTime(t, &out_);
  } else {
    out_.append(std::to_string(t));
  }
  out_.push_back('\n');
}

void ExpositionWriter::ClassicHistogram(const Labels& labels, const FloatHistogram& h,
                                        TimestampMs t) {
  // Buckets are stored sparsely; classic ones are all there and cumulative.
  std::vector<double> counts(h.custom_values.size() + 1);
  size_t index = 0;
  size_t bucket = 0;
  for (const HistogramSpan& span : h.positive_spans) {
    index += static_cast<size_t>(span.offset);
    for (uint32_t i = 0; i < span.length; ++i, ++index, ++bucket) {
      if (index < counts.size()) counts[index] = h.positive_buckets[bucket];
    }
  }
  double total = 0;
  for (size_t i = 0; i < h.custom_values.size(); ++i) {
    total += counts[i];
    Sample(labels, "_bucket", FormatFloatG(h.custom_values[i]), total, t);
  }
  Sample(labels, "_bucket", "+Inf", h.count, t);
  Sample(labels, "_sum", "", h.sum, t);
  Sample(labels, "_count", "", h.count, t);
}

void ExpositionWriter::End() {
  if (style_.format == TextFormat::kOpenMetrics) out_.append("# EOF\n");
}

}  // namespace firn::server
