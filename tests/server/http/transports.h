// The same tests over plain connections and through TLS, by one i/o thread and by several.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "server/http/secure/security.h"
#include "server/http/secure/tls_context.h"
#include "tests/server/http/certificates.h"
#include "tests/server/http/fixture.h"

namespace firn::server {

struct Endpoint {
  uint16_t port = 0;
  bool secure = false;
};

// A client of either kind.
class AnyClient {
 public:
  explicit AnyClient(Endpoint endpoint)
      : client_(endpoint.secure ? std::make_unique<TlsClient>(endpoint.port)
                                : std::make_unique<RawClient>(endpoint.port)) {}

  bool connected() const { return client_->connected(); }
  bool Send(std::string_view bytes) { return client_->Send(bytes); }
  void Close() { client_->Close(); }
  std::string ReadResponse(bool head_only = false) { return client_->ReadResponse(head_only); }
  std::string Exchange(std::string_view request) { return client_->Exchange(request); }
  bool ReadsEnd() { return client_->ReadsEnd(); }
  bool Fill(std::chrono::milliseconds timeout) { return client_->Fill(timeout); }

 private:
  std::unique_ptr<RawClient> client_;
};

struct Transport {
  bool secure = false;
  size_t io_threads = 2;
};

class TransportFixture : public ServerFixture, public testing::WithParamInterface<Transport> {
 protected:
  TransportFixture() {
    options_.io_threads = GetParam().io_threads;
    if (!GetParam().secure) return;
    const Certificate certificate = MakeCertificate({});
    TlsOptions options;
    options.certificate_pem = certificate.certificate_pem;
    options.key_pem = certificate.key_pem;
    auto security = std::make_shared<Security>();
    security->tls = *TlsContext::Create(options);
    options_.security = std::move(security);
  }
  Endpoint endpoint() const { return {port(), GetParam().secure}; }
};

inline auto AllTransports() {
  return testing::Values(Transport{false, 1}, Transport{false, 2}, Transport{true, 1},
                         Transport{true, 2});
}

inline std::string TransportName(const testing::TestParamInfo<Transport>& info) {
  return (info.param.secure ? "Tls" : "Plain") + std::to_string(info.param.io_threads);
}

}  // namespace firn::server
