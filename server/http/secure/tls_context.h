// The server's side of TLS: certificate, key and what is asked of clients.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

struct ssl_ctx_st;

namespace firn::server {

enum class ClientAuth : uint8_t {
  kNone,
  kRequest,        // Ask for a certificate, take any or none.
  kRequireAny,     // Any certificate, unverified.
  kVerifyIfGiven,  // None or a verified one.
  kRequireAndVerify,
};

enum class TlsVersion : uint8_t { k12, k13 };

struct TlsOptions {
  std::string certificate_pem;  // The server's first, then those that lead to the root.
  std::string key_pem;
  std::string client_ca_pem;
  ClientAuth client_auth = ClientAuth::kNone;
  std::vector<std::string> client_allowed_sans;  // Exact DNS names, addresses, mails, URIs.
  TlsVersion min_version = TlsVersion::k12;
  TlsVersion max_version = TlsVersion::k13;
  // IANA names of suites of TLS 1.2, in order of preference; empty: the library's choice.
  std::vector<std::string> cipher_suites;
  std::vector<std::string> curves;  // OpenSSL's names, such as "P-256"; empty: its choice.
  bool prefer_server_ciphers = true;

  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

// Immutable, thread-safe. Connections keep what they use beyond its life.
class TlsContext {
 public:
  // InvalidArgument if a certificate or key cannot be read or they do not fit each other. The
  // message has nothing of the key.
  static Result<std::shared_ptr<const TlsContext>> Create(const TlsOptions& options);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  ssl_ctx_st* native() const { return context_; }
  // When the server's certificate expires, in seconds since 1970.
  int64_t expiry_seconds() const { return expiry_seconds_; }

 private:
  TlsContext();
  Status Configure(const TlsOptions& options);
  Status UseCertificate(const TlsOptions& options);
  Status UseCiphers(const TlsOptions& options);
  Status UseClientAuth(const TlsOptions& options);

  ssl_ctx_st* context_;
  int64_t expiry_seconds_ = 0;
};

}  // namespace firn::server
