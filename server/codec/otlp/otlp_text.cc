#include <cmath>

#include "base/number.h"
#include "server/codec/json.h"
#include "server/codec/otlp/otlp_decode.h"

namespace firn::server {

std::string OtlpNumberText(double v) {
  if (!std::isfinite(v)) return std::isnan(v) ? "NaN" : v > 0 ? "+Inf" : "-Inf";
  const double magnitude = std::fabs(v);
  if (magnitude == 0 || (magnitude >= 1e-6 && magnitude < 1e21)) return FormatFloatF(v);
  // JSON has no leading zero in a negative exponent of one digit.
  std::string text = FormatFloatE(v);
  const size_t n = text.size();
  if (n >= 4 && text[n - 4] == 'e' && text[n - 3] == '-' && text[n - 2] == '0') {
    text.erase(n - 2, 1);
  }
  return text;
}

void AppendMapText(const std::map<std::string_view, std::string>& pairs, std::string* out) {
  char separator = '{';
  for (const auto& [key, value] : pairs) {
    out->push_back(separator);
    separator = ',';
    AppendJsonString(key, JsonText::kHtmlSafe, out);
    out->append(":").append(value);
  }
  out->append(pairs.empty() ? "{}" : "}");
}

std::string Base64(std::string_view bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t n = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    for (size_t k = 0; k < 4; ++k) {
      out.push_back(k <= n ? kDigits[(group >> (18 - 6 * k)) & 63] : '=');
    }
  }
  return out;
}

std::string HexText(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    out.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return out;
}

}  // namespace firn::server
