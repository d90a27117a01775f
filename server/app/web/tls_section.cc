// What protects connections and answers: `tls_server_config` and `http_server_config`.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <iterator>

#include "base/labels.h"
#include "server/app/web/web_sections.h"
#include "server/app/yaml_fields.h"

namespace firn::server {

namespace {

template <typename Value>
struct Word {
  std::string_view word;
  Value value;
};

constexpr Word<ClientAuth> kClientAuths[] = {
    {"NoClientCert", ClientAuth::kNone},
    {"RequestClientCert", ClientAuth::kRequest},
    {"RequireAnyClientCert", ClientAuth::kRequireAny},
    {"VerifyClientCertIfGiven", ClientAuth::kVerifyIfGiven},
    {"RequireAndVerifyClientCert", ClientAuth::kRequireAndVerify},
};
constexpr Word<TlsVersion> kVersions[] = {{"TLS12", TlsVersion::k12}, {"TLS13", TlsVersion::k13}};
constexpr Word<const char*> kCurves[] = {
    {"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}, {"X25519", "X25519"}};

template <typename Value, size_t n>
Status FindWord(const Word<Value> (&words)[n], std::string_view text, Value* out) {
  std::string known;
  for (const auto& [word, value] : words) {
    if (word == text) {
      *out = value;
      return OkStatus();
    }
    known.append(known.empty() ? "" : ", ").append(word);
  }
  return InvalidArgument("{} is not supported, only {}", QuoteGo(text), known);
}

template <typename Value, size_t n>
YamlField WordField(std::string_view name, const Word<Value> (&words)[n], Value* out) {
  return {name, [&words, out](const YAML::Node& node) -> Status {
            if (!node.IsScalar()) return InvalidArgument("a single value is needed");
            return FindWord(words, node.Scalar(), out);
          }};
}

// Text that stands in the configuration or in a file that it names; one of them.
YamlField PemField(std::string_view name, std::string* out) {
  return {name, [out](const YAML::Node& node) -> Status {
            if (!node.IsScalar()) return InvalidArgument("a single value is needed");
            if (!out->empty()) return InvalidArgument("given both as text and as a file");
            *out = node.Scalar();
            return OkStatus();
          }};
}

YamlField PemFileField(std::string_view name, const WebFile& file, std::string* out) {
  return {name, [&file, out](const YAML::Node& node) -> Status {
            if (!node.IsScalar()) return InvalidArgument("a single value is needed");
            if (!out->empty()) return InvalidArgument("given both as text and as a file");
            FIRN_ASSIGN_OR_RETURN(*out, ReadNamedFile(file, node.Scalar()));
            return out->empty() ? InvalidArgument("{} is empty", node.Scalar()) : OkStatus();
          }};
}

struct HeaderRule {
  std::string_view name;
  std::vector<std::string_view> allowed;  // Any value if there are none.
};

YamlField HeaderField(HeaderRule rule, std::vector<NameValue>* headers) {
  return {rule.name, [rule, headers](const YAML::Node& node) -> Status {
            if (!node.IsScalar()) return InvalidArgument("a single value is needed");
            const std::string& value = node.Scalar();
            if (value.empty()) return OkStatus();
            const bool fits_line = std::all_of(value.begin(), value.end(),
                                               [](char c) { return c >= 0x20 && c < 0x7f; });
            if (!fits_line) return InvalidArgument("not one line of ASCII");
            if (!rule.allowed.empty() &&
                std::find(rule.allowed.begin(), rule.allowed.end(), value) == rule.allowed.end()) {
              return InvalidArgument("{} is not allowed here", QuoteGo(value));
            }
            headers->emplace_back(rule.name, value);
            return OkStatus();
          }};
}

Status ReadHeaders(const YAML::Node& node, const WebFile& file, std::vector<NameValue>* headers) {
  const std::vector<YamlField> fields = {
      HeaderField({"Content-Security-Policy", {}}, headers),
      HeaderField({"X-Frame-Options", {"deny", "sameorigin"}}, headers),
      HeaderField({"X-Content-Type-Options", {"nosniff"}}, headers),
      HeaderField({"X-XSS-Protection", {}}, headers),
      HeaderField({"Strict-Transport-Security", {}}, headers),
  };
  return ReadYamlMap(node, file.name, fields);
}

}  // namespace

Status ReadTlsSection(const YAML::Node& node, const WebFile& file, std::optional<TlsOptions>* out) {
  TlsOptions tls;
  std::vector<std::string> curves;
  const std::vector<YamlField> fields = {
      PemField("cert", &tls.certificate_pem),
      PemFileField("cert_file", file, &tls.certificate_pem),
      PemField("key", &tls.key_pem),
      PemFileField("key_file", file, &tls.key_pem),
      PemField("client_ca", &tls.client_ca_pem),
      PemFileField("client_ca_file", file, &tls.client_ca_pem),
      WordField("client_auth_type", kClientAuths, &tls.client_auth),
      TextListField("client_allowed_sans", &tls.client_allowed_sans),
      WordField("min_version", kVersions, &tls.min_version),
      WordField("max_version", kVersions, &tls.max_version),
      TextListField("cipher_suites", &tls.cipher_suites),
      TextListField("curve_preferences", &curves),
      BoolField("prefer_server_cipher_suites", &tls.prefer_server_ciphers),
  };
  FIRN_RETURN_IF_ERROR(ReadYamlMap(node, file.name, fields));
  if (node.IsNull() || node.size() == 0) return OkStatus();
  if (tls.certificate_pem.empty()) return InvalidArgument("cert_file is missing");
  if (tls.key_pem.empty()) return InvalidArgument("key_file is missing");
  for (const std::string& curve : curves) {
    const char* name = nullptr;
    FIRN_RETURN_IF_ERROR(FindWord(kCurves, curve, &name).WithContext("curve_preferences"));
    tls.curves.emplace_back(name);
  }
  *out = std::move(tls);
  return OkStatus();
}

Status ReadHttpSection(const YAML::Node& node, const WebFile& file,
                       std::vector<NameValue>* headers) {
  bool http2 = false;
  const std::vector<YamlField> fields = {
      BoolField("http2", &http2),
      {"headers", [&](const YAML::Node& value) { return ReadHeaders(value, file, headers); }},
  };
  FIRN_RETURN_IF_ERROR(ReadYamlMap(node, file.name, fields));
  if (http2) return InvalidArgument("http2 is not supported, only false: HTTP/1.1 is spoken");
  return OkStatus();
}

}  // namespace firn::server
