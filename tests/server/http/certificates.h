// Keys and certificates made on the spot, and a client that speaks TLS.
#pragma once

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <csignal>
#include <memory>
#include <string>

#include "tests/server/http/raw_client.h"

namespace firn::server {

struct Certificate {
  std::shared_ptr<X509> certificate;
  std::shared_ptr<EVP_PKEY> key;
  std::string certificate_pem;
  std::string key_pem;
};

struct CertificateRequest {
  std::string name = "127.0.0.1";
  std::string alternative_names = "IP:127.0.0.1,DNS:localhost";
  long valid_from = -3600;  // Seconds from now.
  long valid_until = 3600;
  bool authority = false;
  const Certificate* issuer = nullptr;  // Null: signed by itself.
};

inline std::string TakePem(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

inline void AddExtension(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

inline Certificate MakeCertificate(const CertificateRequest& request) {
  static long serial = 1;
  Certificate made;
  made.key = {EVP_EC_gen("P-256"), EVP_PKEY_free};
  made.certificate = {X509_new(), X509_free};
  X509* certificate = made.certificate.get();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), request.valid_from);
  X509_gmtime_adj(X509_getm_notAfter(certificate), request.valid_until);
  X509_set_pubkey(certificate, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(request.name.c_str()), -1, -1,
                             0);
  const Certificate& issuer = request.issuer == nullptr ? made : *request.issuer;
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer.certificate.get()));
  AddExtension(certificate, NID_basic_constraints, request.authority ? "CA:TRUE" : "CA:FALSE");
  if (!request.alternative_names.empty()) {
    AddExtension(certificate, NID_subject_alt_name, request.alternative_names);
  }
  X509_sign(certificate, issuer.key.get(), EVP_sha256());
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  made.certificate_pem = TakePem(bio);
  bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, made.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  made.key_pem = TakePem(bio);
  return made;
}

struct TlsClientOptions {
  const Certificate* trusted = nullptr;  // Null: any certificate is taken.
  const Certificate* own = nullptr;
  int max_version = TLS1_3_VERSION;
  std::string protocols = "";  // ALPN, each with its length before it.
  SSL_SESSION* resume = nullptr;
};

class TlsClient : public RawClient {
 public:
  explicit TlsClient(uint16_t port, const TlsClientOptions& options = {})
      : RawClient(port),
        context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        ssl_(nullptr, SSL_free) {
    // The library writes to a closed socket as if nobody minded the signal.
    std::signal(SIGPIPE, SIG_IGN);
    SSL_CTX* context = context_.get();
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_security_level(context, 0);  // So that old versions are offered at all.
    SSL_CTX_set_max_proto_version(context, options.max_version);
    if (options.trusted != nullptr) {
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context), options.trusted->certificate.get());
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    }
    if (options.own != nullptr) {
      SSL_CTX_use_certificate(context, options.own->certificate.get());
      SSL_CTX_use_PrivateKey(context, options.own->key.get());
    }
    ssl_.reset(SSL_new(context));
    if (options.trusted != nullptr) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), "127.0.0.1");
    }
    if (!options.protocols.empty()) {
      SSL_set_alpn_protos(ssl_.get(),
                          reinterpret_cast<const unsigned char*>(options.protocols.data()),
                          static_cast<unsigned>(options.protocols.size()));
    }
    if (options.resume != nullptr) SSL_set_session(ssl_.get(), options.resume);
    const timeval limit{20, 0};
    setsockopt(fd(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    SSL_set_fd(ssl_.get(), fd());
    agreed_ = SSL_connect(ssl_.get()) == 1;
    if (!agreed_) alert_ = ERR_GET_REASON(ERR_peek_last_error());
    ERR_clear_error();
  }

  // Whether the handshake succeeded, on this side: in TLS 1.3 the server may still refuse the
  // certificate of the client after that.
  bool agreed() const { return agreed_; }
  SSL* ssl() { return ssl_.get(); }

  bool Send(std::string_view bytes) override {
    return agreed_ && SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) ==
                          static_cast<int>(bytes.size());
  }
  bool Fill(std::chrono::milliseconds timeout) override {
    if (!agreed_) return Append(nullptr, 0);
    pollfd p{fd(), POLLIN, 0};
    if (SSL_pending(ssl_.get()) == 0 && ::poll(&p, 1, static_cast<int>(timeout.count())) <= 0) {
      return false;
    }
    char buffer[16 << 10];
    const int n = SSL_read(ssl_.get(), buffer, sizeof(buffer));
    closed_properly_ = n <= 0 && SSL_get_error(ssl_.get(), n) == SSL_ERROR_ZERO_RETURN;
    if (n <= 0) alert_ = ERR_GET_REASON(ERR_peek_last_error());
    ERR_clear_error();
    return Append(buffer, n);
  }
  // SSL_R_* of what ended the handshake or the connection, 0 if nothing was said.
  int alert() const { return alert_; }
  // Whether the server announced the end before it closed.
  bool closed_properly() const { return closed_properly_; }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  bool agreed_ = false;
  bool closed_properly_ = false;
  int alert_ = 0;
};

}  // namespace firn::server
