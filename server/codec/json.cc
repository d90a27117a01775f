#include "server/codec/json.h"

#include <charconv>

#include "base/number.h"

namespace firn::server {

namespace {

// The length of the valid UTF-8 sequence at the start of `text`, 0 if there is none.
// REQUIRES: text is not empty and begins with a byte >= 0x80.
size_t SequenceBytes(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;
  if (n == 0 || text.size() < n) return 0;
  return IsValidUtf8(text.substr(0, n)) ? n : 0;
}

bool IsPlain(unsigned char c, JsonText mode) {
  if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') return false;
  return mode == JsonText::kPlain || (c != '<' && c != '>' && c != '&');
}

void AppendUnicodeEscape(unsigned value, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out->append("\\u");
  for (int shift = 12; shift >= 0; shift -= 4) out->push_back(kHex[(value >> shift) & 15]);
}

void AppendEscape(unsigned char c, std::string* out) {
  switch (c) {
    case '"':
      out->append("\\\"");
      break;
    case '\\':
      out->append("\\\\");
      break;
    case '\n':
      out->append("\\n");
      break;
    case '\r':
      out->append("\\r");
      break;
    case '\t':
      out->append("\\t");
      break;
    case '\b':
      out->append("\\b");
      break;
    case '\f':
      out->append("\\f");
      break;
    default:
      AppendUnicodeEscape(c, out);
  }
}

constexpr size_t kTimeTextMax = 28;

// Writes seconds with up to three decimals; returns the end.
char* WriteTime(TimestampMs t, char* out) {
  // Unsigned, so that the smallest time has a magnitude.
  uint64_t magnitude = static_cast<uint64_t>(t);
  if (t < 0) {
    *out++ = '-';
    magnitude = 0 - magnitude;
  }
  out = std::to_chars(out, out + kTimeTextMax - 5, magnitude / 1000).ptr;
  if (const auto ms = static_cast<unsigned>(magnitude % 1000); ms != 0) {
    *out++ = '.';
    *out++ = static_cast<char>('0' + ms / 100);
    *out++ = static_cast<char>('0' + ms / 10 % 10);
    *out++ = static_cast<char>('0' + ms % 10);
  }
  return out;
}

}  // namespace

void AppendJsonString(std::string_view text, JsonText mode, std::string* out) {
  out->push_back('"');
  size_t i = 0;
  while (i < text.size()) {
    size_t plain = i;
    while (plain < text.size() && IsPlain(static_cast<unsigned char>(text[plain]), mode)) ++plain;
    out->append(text, i, plain - i);
    i = plain;
    if (i == text.size()) break;
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      AppendEscape(c, out);
      ++i;
      continue;
    }
    const size_t n = SequenceBytes(text.substr(i));
    const std::string_view sequence = text.substr(i, n);
    if (n == 0) {
      out->append("\\ufffd");
    } else if (mode == JsonText::kHtmlSafe && (sequence == "\u2028" || sequence == "\u2029")) {
      AppendUnicodeEscape(sequence == "\u2028" ? 0x2028 : 0x2029, out);
    } else {
      out->append(sequence);
    }
    i += n == 0 ? 1 : n;
  }
  out->push_back('"');
}

void AppendJsonLabels(const Labels& labels, std::string* out) {
  char separator = '{';
  for (const LabelView label : labels) {
    out->push_back(separator);
    AppendJsonString(label.name, JsonText::kPlain, out);
    out->push_back(':');
    AppendJsonString(label.value, JsonText::kPlain, out);
    separator = ',';
  }
  if (separator == '{') out->push_back('{');
  out->push_back('}');
}

void AppendJsonTime(TimestampMs t, std::string* out) {
  char text[kTimeTextMax];
  out->append(text, WriteTime(t, text));
}

void AppendJsonPoint(TimestampMs t, double v, std::string* out) {
  char text[1 + kTimeTextMax + 2];
  text[0] = '[';
  char* end = WriteTime(t, text + 1);
  *end++ = ',';
  *end++ = '"';
  out->append(text, end);
  AppendSampleValue(v, out);
  out->append("\"]", 2);
}

void AppendJsonHistogramPoint(TimestampMs t, const FloatHistogram& h, std::string* out) {
  out->push_back('[');
  AppendJsonTime(t, out);
  out->push_back(',');
  AppendJsonHistogram(h, out);
  out->push_back(']');
}

}  // namespace firn::server
