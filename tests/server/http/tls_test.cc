// Connections through TLS, and those that only pretend.
#include "server/http/secure/security.h"
#include "server/http/secure/tls_context.h"
#include "tests/server/http/certificates.h"
#include "tests/server/http/fixture.h"
#include "tests/server/http/passwords.h"

namespace firn::server {
namespace {

const Certificate& Authority() {
  static const Certificate made = MakeCertificate({.name = "authority", .authority = true});
  return made;
}

Certificate Issued(CertificateRequest request) {
  request.issuer = &Authority();
  return MakeCertificate(request);
}

TlsOptions Options(const Certificate& certificate) {
  TlsOptions options;
  options.certificate_pem = certificate.certificate_pem + Authority().certificate_pem;
  options.key_pem = certificate.key_pem;
  return options;
}

std::shared_ptr<Security> MakeSecurity(const TlsOptions& options) {
  auto context = TlsContext::Create(options);
  EXPECT_TRUE(context.ok()) << context.status().ToString();
  auto security = std::make_shared<Security>();
  security->tls = *context;
  return security;
}

constexpr const char* kGet = "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n";

class TlsTest : public ServerFixture {
 protected:
  void StartTls(const TlsOptions& options) {
    options_.security = MakeSecurity(options);
    StartServer();
  }
  uint64_t FailedHandshakes() {
    return metrics_.AddCounter("firn_http_tls_handshakes_failed_total", "")->value();
  }
  int64_t Connections() { return metrics_.AddGauge("firn_http_connections", "")->value(); }
  const Certificate server_certificate_ = Issued({});
};

TEST_F(TlsTest, AnswersManyRequestsOnAConnection) {
  StartTls(Options(server_certificate_));
  TlsClient client(port(), {.trusted = &Authority()});
  ASSERT_TRUE(client.agreed());
  EXPECT_STREQ(SSL_get_version(client.ssl()), "TLSv1.3");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(BodyOf(client.Exchange(kGet)), "/echo||");
  // Larger than a record in both directions, and than what one read takes.
  const std::string body(900'000, 'b');
  client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n" + body);
  EXPECT_EQ(BodyOf(client.ReadResponse()), "/echo||" + body);
  // Asked to go on before the body.
  EXPECT_EQ(client.Exchange("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                            "Content-Length: 3\r\n\r\n"),
            "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(BodyOf(client.Exchange("xyz")), "/echo||xyz");
  client.Send(std::string(kGet) + kGet);
  EXPECT_EQ(StatusOf(client.ReadResponse()), 200);
  EXPECT_EQ(StatusOf(client.ReadResponse()), 200);
}

TEST_F(TlsTest, SaysThatItCloses) {
  StartTls(Options(server_certificate_));
  TlsClient client(port());
  EXPECT_EQ(StatusOf(client.Exchange("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")),
            200);
  EXPECT_TRUE(client.ReadsEnd());
  EXPECT_TRUE(client.closed_properly());
  client.Close();
  EXPECT_TRUE(Eventually([&] { return Connections() == 0; }));
  // The same when a body is left unread.
  TlsClient refused(port());
  EXPECT_EQ(StatusOf(refused.Exchange("POST /none HTTP/1.1\r\nHost: a\r\n"
                                      "Content-Length: 100000\r\n\r\n" +
                                      std::string(100'000, 'x'))),
            404);
  EXPECT_TRUE(refused.ReadsEnd());
  EXPECT_TRUE(refused.closed_properly());
}

TEST_F(TlsTest, RefusesOldVersions) {
  TlsOptions options = Options(server_certificate_);
  StartTls(options);
  EXPECT_FALSE(TlsClient(port(), {.max_version = TLS1_1_VERSION}).agreed());
  EXPECT_TRUE(TlsClient(port(), {.max_version = TLS1_2_VERSION}).agreed());
  options.min_version = TlsVersion::k13;
  server_->SetSecurity(MakeSecurity(options));
  EXPECT_FALSE(TlsClient(port(), {.max_version = TLS1_2_VERSION}).agreed());
  EXPECT_TRUE(TlsClient(port()).agreed());
  EXPECT_TRUE(Eventually([&] { return FailedHandshakes() == 2; }));
}

TEST_F(TlsTest, RefusesRenegotiation) {
  StartTls(Options(server_certificate_));
  TlsClient client(port(), {.max_version = TLS1_2_VERSION});
  ASSERT_TRUE(client.agreed());
  SSL_renegotiate(client.ssl());
  EXPECT_NE(SSL_do_handshake(client.ssl()), 1);
  ERR_clear_error();
}

TEST_F(TlsTest, SpeaksOnlyHttp11) {
  StartTls(Options(server_certificate_));
  TlsClient both(port(), {.protocols = "\x02h2\x08http/1.1"});
  ASSERT_TRUE(both.agreed());
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(both.ssl(), &chosen, &size);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), size), "http/1.1");
  TlsClient h2(port(), {.protocols = "\x02h2"});
  EXPECT_FALSE(h2.agreed());
  EXPECT_EQ(h2.alert(), SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
}

TEST_F(TlsTest, UsesTheGivenSuitesAndCurves) {
  TlsOptions options = Options(server_certificate_);
  options.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                           "TLS_CHACHA20_POLY1305_SHA256"};
  options.curves = {"P-384"};
  StartTls(options);
  TlsClient old(port(), {.max_version = TLS1_2_VERSION});
  ASSERT_TRUE(old.agreed());
  EXPECT_STREQ(SSL_get_cipher_name(old.ssl()), "ECDHE-ECDSA-CHACHA20-POLY1305");
  TlsClient current(port());
  ASSERT_TRUE(current.agreed());
  EXPECT_STREQ(SSL_get_cipher_name(current.ssl()), "TLS_CHACHA20_POLY1305_SHA256");
  EXPECT_EQ(SSL_get_negotiated_group(current.ssl()), NID_secp384r1);
}

TEST_F(TlsTest, NewCertificateIsForNewConnections) {
  StartTls(Options(server_certificate_));
  TlsClient old(port(), {.trusted = &Authority()});
  EXPECT_EQ(StatusOf(old.Exchange(kGet)), 200);
  const Certificate other = MakeCertificate({.name = "other", .authority = true});
  TlsOptions options;
  options.certificate_pem = other.certificate_pem;
  options.key_pem = other.key_pem;
  server_->SetSecurity(MakeSecurity(options));
  EXPECT_EQ(StatusOf(old.Exchange(kGet)), 200);
  EXPECT_FALSE(TlsClient(port(), {.trusted = &Authority()}).agreed());
  TlsClient fresh(port(), {.trusted = &other});
  EXPECT_TRUE(fresh.agreed());
  EXPECT_EQ(StatusOf(fresh.Exchange(kGet)), 200);
  EXPECT_EQ(StatusOf(old.Exchange(kGet)), 200);
}

TEST_F(TlsTest, PlainHttpIsToldSo) {
  StartTls(Options(server_certificate_));
  RawClient client(port());
  const std::string answer = client.Exchange(kGet);
  EXPECT_EQ(StatusOf(answer), 400);
  EXPECT_NE(BodyOf(answer).find("HTTPS"), std::string::npos) << answer;
  EXPECT_TRUE(client.ReadsEnd());
  client.Close();
  for (const std::string& junk : {std::string("\0\0\0\0\0\0\0\0\0\0\0\0", 12),
                                  std::string("\x16\x03\x01\xff\xff", 5) + std::string(70'000, 'x'),
                                  std::string("SSH-2.0-x\r\n"), std::string(5000, '\xff')}) {
    RawClient sender(port());
    sender.Send(junk);
    while (sender.Fill()) {
    }
  }
  EXPECT_TRUE(Eventually([&] { return FailedHandshakes() == 5 && Connections() == 0; }));
  EXPECT_EQ(StatusOf(TlsClient(port()).Exchange(kGet)), 200);
}

TEST_F(TlsTest, SlowHandshakesEnd) {
  options_.handshake_timeout = std::chrono::milliseconds(100);
  options_.tick = std::chrono::milliseconds(10);
  StartTls(Options(server_certificate_));
  RawClient silent(port());
  RawClient halting(port());
  halting.Send(std::string_view("\x16\x03\x01\x02\x00\x01", 6));
  EXPECT_TRUE(silent.ReadsEnd());
  EXPECT_TRUE(halting.ReadsEnd());
  EXPECT_TRUE(Eventually([&] { return FailedHandshakes() == 2 && Connections() == 0; }));
  // The time is that of the handshake alone.
  TlsClient client(port());
  EXPECT_EQ(StatusOf(client.Exchange(kGet)), 200);
  EXPECT_TRUE(Eventually([&] { return Connections() == 1; }));
  EXPECT_EQ(StatusOf(client.Exchange(kGet)), 200);
}

TEST_F(TlsTest, OneConnectionTooManyIsClosedAtOnce) {
  options_.connections_max = 1;
  StartTls(Options(server_certificate_));
  TlsClient first(port());
  EXPECT_EQ(StatusOf(first.Exchange(kGet)), 200);
  RawClient second(port());
  EXPECT_TRUE(second.ReadsEnd());
  EXPECT_EQ(StatusOf(first.Exchange(kGet)), 200);
}

TEST_F(TlsTest, ADepartedClientCancelsItsRequest) {
  std::atomic<bool> cancelled{false};
  options_.tick = std::chrono::milliseconds(10);
  router_.Add(MakeRoute("/wait", {Method::kGet}, WorkClass::kQuery,
                        [&](const HttpRequest& request, ResponseWriter& out) {
                          cancelled = Eventually([&] { return request.cancelled.load(); });
                          SendText(out, "late");
                        }));
  StartTls(Options(server_certificate_));
  {
    TlsClient client(port());
    client.Send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    SSL_shutdown(client.ssl());  // As polite clients do before they close.
  }
  EXPECT_TRUE(Eventually([&] { return cancelled.load(); }));
}

TEST_F(TlsTest, CredentialsGoThroughTls) {
  options_.security = [&] {
    auto security = MakeSecurity(Options(server_certificate_));
    RoleSet admin;
    admin.Add(Role::kAdmin);
    security->authenticator = std::make_shared<Authenticator>(
        std::vector<UserAccount>{{"u", MakeBcrypt("p"), admin}}, std::vector<TokenAccount>{});
    return security;
  }();
  StartServer();
  const std::string head = "GET /echo HTTP/1.1\r\nHost: a\r\n";
  TlsClient client(port());
  EXPECT_EQ(StatusOf(client.Exchange(head + "\r\n")), 401);
  EXPECT_EQ(StatusOf(client.Exchange(head + BasicLine("u", "p") + "\r\n")), 200);
}

TEST_F(TlsTest, TellsWhyAClientCertificateIsRefused) {
  TlsOptions options = Options(server_certificate_);
  options.client_ca_pem = Authority().certificate_pem;
  options.client_auth = ClientAuth::kRequireAndVerify;
  StartTls(options);
  const Certificate expired = Issued({.valid_until = -60});
  const Certificate unknown = MakeCertificate({.name = "unknown"});
  const struct {
    const Certificate* own;
    int alert;
  } kCases[] = {{nullptr, SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED},
                {&expired, SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED},
                {&unknown, SSL_R_TLSV1_ALERT_UNKNOWN_CA}};
  for (const auto& c : kCases) {
    TlsClient client(port(), {.own = c.own});
    EXPECT_EQ(client.Exchange(kGet), "");
    EXPECT_EQ(client.alert(), c.alert)
        << ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, client.alert()));
  }
}

class ClientCertificateTest : public TlsTest {
 protected:
  // Whether a client with this certificate gets an answer.
  bool LetsIn(const Certificate* own, int max_version) {
    TlsClient client(port(), {.own = own, .max_version = max_version});
    return StatusOf(client.Exchange(kGet)) == 200;
  }
  void Expect(const TlsOptions& options, const Certificate* own, bool let_in,
              const std::string& what) {
    server_->SetSecurity(MakeSecurity(options));
    EXPECT_EQ(LetsIn(own, TLS1_3_VERSION), let_in) << what << " 1.3";
    EXPECT_EQ(LetsIn(own, TLS1_2_VERSION), let_in) << what << " 1.2";
  }
  const Certificate good_ =
      Issued({.name = "agent", .alternative_names = "DNS:agent.example,IP:10.0.0.7,email:a@b.c"});
  const Certificate expired_ = Issued({.valid_until = -60});
  const Certificate early_ = Issued({.valid_from = 600});
  const Certificate own_ca_ = MakeCertificate({.name = "authority"});  // Not that authority's key.
};

TEST_F(ClientCertificateTest, TypesDecide) {
  TlsOptions options = Options(server_certificate_);
  options.client_ca_pem = Authority().certificate_pem;
  options.client_auth = ClientAuth::kRequireAndVerify;
  StartTls(options);
  Expect(options, &good_, true, "verified, good");
  Expect(options, nullptr, false, "verified, none");
  Expect(options, &expired_, false, "verified, expired");
  Expect(options, &early_, false, "verified, not yet valid");
  Expect(options, &own_ca_, false, "verified, other authority");
  options.client_auth = ClientAuth::kVerifyIfGiven;
  Expect(options, nullptr, true, "if given, none");
  Expect(options, &good_, true, "if given, good");
  Expect(options, &own_ca_, false, "if given, other authority");
  options.client_auth = ClientAuth::kRequireAny;
  Expect(options, nullptr, false, "any, none");
  Expect(options, &own_ca_, true, "any, other authority");
  options.client_auth = ClientAuth::kRequest;
  Expect(options, nullptr, true, "asked, none");
  Expect(options, &own_ca_, true, "asked, other authority");
}

TEST_F(ClientCertificateTest, NamesDecide) {
  TlsOptions options = Options(server_certificate_);
  options.client_ca_pem = Authority().certificate_pem;
  options.client_auth = ClientAuth::kRequireAndVerify;
  StartTls(options);
  const Certificate other = Issued({.alternative_names = "DNS:other.example"});
  const Certificate nameless = Issued({.alternative_names = ""});
  for (const char* name : {"agent.example", "10.0.0.7", "a@b.c"}) {
    options.client_allowed_sans = {"unused.example", name};
    Expect(options, &good_, true, name);
    Expect(options, &other, false, name);
    Expect(options, &nameless, false, name);
    Expect(options, &own_ca_, false, name);
  }
}

TEST_F(ClientCertificateTest, TicketsEndWithTheSettingsThatGaveThem) {
  TlsOptions options = Options(server_certificate_);
  options.client_ca_pem = Authority().certificate_pem;
  options.client_auth = ClientAuth::kRequireAndVerify;
  StartTls(options);
  TlsClient first(port(), {.own = &good_, .max_version = TLS1_2_VERSION});
  ASSERT_EQ(StatusOf(first.Exchange(kGet)), 200);
  SSL_SESSION* session = SSL_get1_session(first.ssl());
  {
    TlsClient again(port(), {.max_version = TLS1_2_VERSION, .resume = session});
    EXPECT_EQ(StatusOf(again.Exchange(kGet)), 200);
    EXPECT_EQ(SSL_session_reused(again.ssl()), 1);
  }
  const Certificate other = MakeCertificate({.name = "new authority", .authority = true});
  options.client_ca_pem = other.certificate_pem;
  server_->SetSecurity(MakeSecurity(options));
  TlsClient later(port(), {.max_version = TLS1_2_VERSION, .resume = session});
  EXPECT_EQ(StatusOf(later.Exchange(kGet)), 0);
  SSL_SESSION_free(session);
}

TEST(TlsContextTest, RefusesWhatDoesNotFit) {
  const Certificate good = MakeCertificate({});
  const Certificate other = MakeCertificate({});
  TlsOptions plain;
  plain.certificate_pem = good.certificate_pem;
  plain.key_pem = good.key_pem;
  ASSERT_TRUE(TlsContext::Create(plain).ok());
  const auto expect_error = [](const TlsOptions& options, const std::string& part) {
    const auto made = TlsContext::Create(options);
    ASSERT_FALSE(made.ok()) << part;
    EXPECT_EQ(made.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(made.status().message().find(part), std::string::npos) << made.status().message();
  };
  TlsOptions options = plain;
  options.key_pem = other.key_pem;
  expect_error(options, "not that of the certificate");
  options.key_pem = good.certificate_pem;
  expect_error(options, "the key is not PEM");
  options = plain;
  options.certificate_pem = "nonsense";
  expect_error(options, "the certificate is not PEM");
  options = plain;
  options.client_ca_pem = good.certificate_pem;
  expect_error(options, "client_auth_type");
  options.client_ca_pem = "nonsense";
  options.client_auth = ClientAuth::kRequireAndVerify;
  expect_error(options, "client CA is not PEM");
  options.client_ca_pem = "";
  expect_error(options, "needs a client CA");
  options = plain;
  options.cipher_suites = {"TLS_NO_SUCH_SUITE"};
  expect_error(options, "TLS_NO_SUCH_SUITE");
  options = plain;
  options.min_version = TlsVersion::k13;
  options.max_version = TlsVersion::k12;
  expect_error(options, "min_version");
}

}  // namespace
}  // namespace firn::server
