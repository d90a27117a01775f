#include "server/http/secure/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include "base/check.h"
#include "server/http/secure/client_names.h"

namespace firn::server {

namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using BioPtr = std::unique_ptr<BIO, Free>;
using CertificatePtr = std::unique_ptr<X509, Free>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free>;

// The library's word on what failed, and an empty queue of errors for what comes next.
std::string TakeError() {
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(error);
  return reason == nullptr ? "unknown reason" : reason;
}

BioPtr Memory(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Without it the library would ask at the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

std::vector<CertificatePtr> ReadCertificates(const std::string& pem) {
  std::vector<CertificatePtr> found;
  const BioPtr bio = Memory(pem);
  while (CertificatePtr one{PEM_read_bio_X509_AUX(bio.get(), nullptr, NoPassphrase, nullptr)}) {
    found.push_back(std::move(one));
  }
  // Each ends with an error that says that no further one begins.
  ERR_clear_error();
  return found;
}

int64_t ExpirySeconds(const X509* certificate) {
  std::tm tm{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) != 1) return 0;
  return timegm(&tm);
}

int ProtocolNumber(TlsVersion version) {
  return version == TlsVersion::k12 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

// Only HTTP/1.1 is spoken; a client that wants something else learns it from the handshake.
int SelectProtocol(SSL*, const unsigned char** out, unsigned char* out_size,
                   const unsigned char* in, unsigned int in_size, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* selected = nullptr;
  const int found =
      SSL_select_next_proto(&selected, out_size, kOurs, sizeof(kOurs) - 1, in, in_size);
  if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

std::string Join(const std::vector<std::string>& parts) {
  std::string joined;
  for (const std::string& part : parts) joined.append(joined.empty() ? "" : ":").append(part);
  return joined;
}

}  // namespace

TlsContext::TlsContext() : context_(SSL_CTX_new(TLS_server_method())) {
  FIRN_CHECK(context_ != nullptr);
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Result<std::shared_ptr<const TlsContext>> TlsContext::Create(const TlsOptions& options) {
  std::shared_ptr<TlsContext> context(new TlsContext());
  ERR_clear_error();
  FIRN_RETURN_IF_ERROR(context->Configure(options));
  return std::shared_ptr<const TlsContext>(std::move(context));
}

Status TlsContext::Configure(const TlsOptions& options) {
  if (options.min_version > options.max_version) {
    return InvalidArgument("min_version is above max_version");
  }
  SSL_CTX_set_min_proto_version(context_, ProtocolNumber(options.min_version));
  SSL_CTX_set_max_proto_version(context_, ProtocolNumber(options.max_version));
  SSL_CTX_set_options(context_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                    SSL_OP_SINGLE_ECDH_USE | SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (!options.prefer_server_ciphers) {
    SSL_CTX_clear_options(context_, SSL_OP_CIPHER_SERVER_PREFERENCE);
  }
  SSL_CTX_set_alpn_select_cb(context_, SelectProtocol, nullptr);
  // Sessions are resumed by tickets alone, whose keys are of this context: what another
  // certificate or client CA let in must show itself again.
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  static constexpr unsigned char kSessionName[] = "firn";
  SSL_CTX_set_session_id_context(context_, kSessionName, sizeof(kSessionName) - 1);
  FIRN_RETURN_IF_ERROR(UseCertificate(options));
  FIRN_RETURN_IF_ERROR(UseCiphers(options));
  return UseClientAuth(options);
}

Status TlsContext::UseCertificate(const TlsOptions& options) {
  std::vector<CertificatePtr> chain = ReadCertificates(options.certificate_pem);
  if (chain.empty()) return InvalidArgument("the certificate is not PEM");
  if (SSL_CTX_use_certificate(context_, chain.front().get()) != 1) {
    return InvalidArgument("the certificate cannot be used: {}", TakeError());
  }
  for (size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context_, chain[i].get()) != 1) {
      return InvalidArgument("certificate {} of the chain cannot be used: {}", i + 1, TakeError());
    }
  }
  expiry_seconds_ = ExpirySeconds(chain.front().get());
  const KeyPtr key(
      PEM_read_bio_PrivateKey(Memory(options.key_pem).get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) {
    return InvalidArgument("the key is not PEM or needs a passphrase: {}", TakeError());
  }
  if (SSL_CTX_use_PrivateKey(context_, key.get()) != 1 ||
      SSL_CTX_check_private_key(context_) != 1) {
    return InvalidArgument("the key is not that of the certificate: {}", TakeError());
  }
  return OkStatus();
}

Status TlsContext::UseCiphers(const TlsOptions& options) {
  std::vector<std::string> legacy, modern;
  for (const std::string& name : options.cipher_suites) {
    const std::string known = OPENSSL_cipher_name(name.c_str());
    if (known == "(NONE)") return InvalidArgument("unknown cipher suite {}", name);
    // Suites of TLS 1.3 have the same name in both worlds.
    (known == name ? modern : legacy).push_back(known);
  }
  if (!legacy.empty() && SSL_CTX_set_cipher_list(context_, Join(legacy).c_str()) != 1) {
    return InvalidArgument("cipher_suites: {}", TakeError());
  }
  if (!modern.empty() && SSL_CTX_set_ciphersuites(context_, Join(modern).c_str()) != 1) {
    return InvalidArgument("cipher_suites: {}", TakeError());
  }
  if (!options.curves.empty() &&
      SSL_CTX_set1_groups_list(context_, Join(options.curves).c_str()) != 1) {
    return InvalidArgument("curve_preferences: {}", TakeError());
  }
  return OkStatus();
}

Status TlsContext::UseClientAuth(const TlsOptions& options) {
  const ClientAuth auth = options.client_auth;
  const bool verifies = auth == ClientAuth::kVerifyIfGiven || auth == ClientAuth::kRequireAndVerify;
  if (auth == ClientAuth::kNone) {
    if (!options.client_ca_pem.empty() || !options.client_allowed_sans.empty()) {
      return InvalidArgument("a client CA or allowed names without a client_auth_type");
    }
    return OkStatus();
  }
  if (verifies && options.client_ca_pem.empty()) {
    return InvalidArgument("this client_auth_type needs a client CA");
  }
  if (!options.client_ca_pem.empty()) {
    const std::vector<CertificatePtr> authorities = ReadCertificates(options.client_ca_pem);
    if (authorities.empty()) return InvalidArgument("the client CA is not PEM");
    X509_STORE* store = SSL_CTX_get_cert_store(context_);
    for (const CertificatePtr& authority : authorities) {
      if (X509_STORE_add_cert(store, authority.get()) != 1 ||
          SSL_CTX_add_client_CA(context_, authority.get()) != 1) {
        return InvalidArgument("the client CA cannot be used: {}", TakeError());
      }
    }
  }
  int mode = SSL_VERIFY_PEER;
  if (auth == ClientAuth::kRequireAny || auth == ClientAuth::kRequireAndVerify) {
    mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  CheckClientNames(context_, mode, {.verify = verifies, .allowed = options.client_allowed_sans});
  return OkStatus();
}

}  // namespace firn::server
