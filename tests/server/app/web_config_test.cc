// The web configuration file, right and wrong.
#include "server/app/web/web_config.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/server/http/certificates.h"
#include "tests/server/http/passwords.h"

namespace firn::server {
namespace {

class WebConfigTest : public testing::Test {
 protected:
  WebConfigTest() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              ("firn_web_test_" + std::to_string(::getpid()) + "_" + test->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~WebConfigTest() override { std::filesystem::remove_all(folder_); }
  void Put(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  Result<WebConfig> Load(const std::string& text) {
    Put("web.yml", text);
    return LoadWebConfig(folder_ / "web.yml");
  }
  std::filesystem::path folder_;
};

const std::string kHash = MakeBcrypt("p");
const std::string kDigest(64, 'a');

RoleSet Roles(std::initializer_list<Role> roles) {
  RoleSet set;
  for (const Role role : roles) set.Add(role);
  return set;
}

TEST_F(WebConfigTest, AnEmptyFileAsksNothing) {
  for (const char* text : {"", "{}", "# nothing\n", "tls_server_config:\nbasic_auth_users:\n"}) {
    const auto config = Load(text);
    ASSERT_TRUE(config.ok()) << config.status().ToString();
    EXPECT_EQ(*config, WebConfig()) << text;
  }
}

TEST_F(WebConfigTest, PrometheusFileMeansTheSame) {
  const Certificate certificate = MakeCertificate({});
  Put("server.crt", certificate.certificate_pem);
  Put("server.key", certificate.key_pem);
  const auto config = Load(
      "tls_server_config:\n"
      "  cert_file: server.crt\n"
      "  key_file: " +
      (folder_ / "server.key").string() +
      "\n"
      "  client_auth_type: RequireAndVerifyClientCert\n"
      "  client_ca_file: server.crt\n"
      "  client_allowed_sans: [agent.example]\n"
      "  min_version: TLS13\n"
      "  max_version: TLS13\n"
      "  cipher_suites: [TLS_AES_128_GCM_SHA256]\n"
      "  curve_preferences: [CurveP256, X25519]\n"
      "  prefer_server_cipher_suites: false\n"
      "http_server_config:\n"
      "  http2: false\n"
      "  headers:\n"
      "    X-Frame-Options: deny\n"
      "    Strict-Transport-Security: max-age=60\n"
      "basic_auth_users:\n"
      "  alice: " +
      kHash +
      "\n"
      "  bob: " +
      kHash + "\n");
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  ASSERT_TRUE(config->tls.has_value());
  EXPECT_EQ(config->tls->certificate_pem, certificate.certificate_pem);
  EXPECT_EQ(config->tls->key_pem, certificate.key_pem);
  EXPECT_EQ(config->tls->client_ca_pem, certificate.certificate_pem);
  EXPECT_EQ(config->tls->client_auth, ClientAuth::kRequireAndVerify);
  EXPECT_EQ(config->tls->client_allowed_sans, std::vector<std::string>{"agent.example"});
  EXPECT_EQ(config->tls->min_version, TlsVersion::k13);
  EXPECT_EQ(config->tls->curves, (std::vector<std::string>{"P-256", "X25519"}));
  EXPECT_FALSE(config->tls->prefer_server_ciphers);
  EXPECT_EQ(config->headers, (std::vector<NameValue>{{"X-Frame-Options", "deny"},
                                                     {"Strict-Transport-Security", "max-age=60"}}));
  // Without roles everybody who is known may do everything.
  EXPECT_EQ(config->users, (std::vector<UserAccount>{{"alice", kHash, Roles({Role::kAdmin})},
                                                     {"bob", kHash, Roles({Role::kAdmin})}}));
  const auto security = MakeSecurity(*config);
  ASSERT_TRUE(security.ok()) << security.status().ToString();
  EXPECT_NE((*security)->tls, nullptr);
  EXPECT_NE((*security)->authenticator, nullptr);
}

TEST_F(WebConfigTest, RolesAndTokens) {
  Put("token", "0123456789abcdef\n");
  const auto config = Load(
      "roles:\n  a: read\n  b: [read, write]\n  c: []\n"
      "basic_auth_users:\n  a: " +
      kHash + "\n  b: " + kHash + "\n  c: " + kHash +
      "\n"
      "bearer_tokens:\n"
      "  - name: one\n    sha256: " +
      kDigest +
      "\n    role: write\n"
      "  - {name: two, token_file: token, role: [read, admin]}\n"
      "open_health_checks: true\n");
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->users[0].roles, Roles({Role::kRead}));
  EXPECT_EQ(config->users[1].roles, Roles({Role::kRead, Role::kWrite}));
  EXPECT_EQ(config->users[2].roles, RoleSet());
  ASSERT_EQ(config->tokens.size(), 2u);
  EXPECT_EQ(config->tokens[0].digest, *ParseSha256(kDigest));
  EXPECT_EQ(config->tokens[0].roles, Roles({Role::kWrite}));
  EXPECT_EQ(config->tokens[1].digest, HashSha256("0123456789abcdef"));
  EXPECT_EQ(config->tokens[1].roles, Roles({Role::kRead, Role::kAdmin}));
  EXPECT_TRUE(config->open_health_checks);
}

TEST_F(WebConfigTest, ErrorsNameTheLineAndNoSecret) {
  Put("empty", "");
  Put("short", "secret\n");
  Put("words", "secret secret secret secret\n");
  const std::string user = "basic_auth_users:\n  a: " + kHash + "\n";
  const std::string token = "bearer_tokens:\n  - {name: t, sha256: " + kDigest + ", role: read}\n";
  const struct {
    std::string text, error;
  } kCases[] = {
      {"a: b: c\n", ":1: "},
      {"- a\n", ":1: expected keys and values"},
      {"basic_auth: {}\n", ":1: unknown key \"basic_auth\""},
      {"\nrate_limit: {interval: 1s}\n", ":2: rate_limit: not supported"},
      {"open_health_checks: yes\n", ":1: open_health_checks: "},
      {"tls_server_config: {}\ntls_server_config: {}\n", ":2: key \"tls_server_config\" is given"},
      {"tls_server_config: x\n", ":1: expected keys and values"},
      {"tls_server_config:\n  key_file: empty\n", ":2: key_file: empty is empty"},
      {"tls_server_config:\n  cert: x\n", ":1: tls_server_config: key_file is missing"},
      {"tls_server_config:\n  key: secret\n", ":1: tls_server_config: cert_file is missing"},
      {"tls_server_config:\n  min_version: TLS12\n", ":1: tls_server_config: cert_file is missing"},
      {"tls_server_config:\n  cert_file: none\n", "none: cannot be read"},
      {"tls_server_config:\n  cert: x\n  cert_file: short\n", ":3: cert_file: given both"},
      {"tls_server_config:\n  key: x\n  min_version: TLS11\n", ":3: min_version: \"TLS11\" is not"},
      {"tls_server_config:\n  client_auth_type: Yes\n", ":2: client_auth_type: \"Yes\" is not"},
      {"tls_server_config: {cert: x, key: secret, curve_preferences: [X448]}\n", "\"X448\" is not"},
      {"tls_server_config:\n  session_tickets: true\n", ":2: unknown key \"session_tickets\""},
      {"http_server_config:\n  http2: true\n", ":1: http_server_config: http2 is not supported"},
      {"http_server_config:\n  headers:\n    Server: x\n", ":3: unknown key \"Server\""},
      {"http_server_config:\n  headers:\n    X-Frame-Options: allow\n", ":3: X-Frame-Options: "},
      {"http_server_config:\n  headers:\n    X-XSS-Protection: \"1\\r\\nA: b\"\n",
       ":3: X-XSS-Protection: not one line"},
      {"basic_auth_users:\n  a: secret\n", ":2: \"a\": not a bcrypt hash"},
      {"basic_auth_users:\n  a: [x]\n", ":2: \"a\": a bcrypt hash is needed"},
      {"basic_auth_users:\n  a: \n", ":2: \"a\": a bcrypt hash is needed"},
      {"basic_auth_users:\n  \"a:b\": " + kHash + "\n", ":2: \"a:b\": a user name must"},
      {"basic_auth_users: [a]\n", ":1: expected names"},
      {user + "  a: " + kHash + "\n", ":3: \"a\" is given twice"},
      {user + "roles:\n  a: reader\n", ":4: \"a\": \"reader\" is none of the roles"},
      {user + "roles:\n  a: [read, all]\n", ":4: \"a\": \"all\" is none of the roles"},
      {user + "roles:\n  a: {}\n", ":4: \"a\": a role is one of"},
      {user + "roles:\n  a: probe\n", ":4: \"a\": \"probe\" is none of the roles"},
      {user + "roles:\n  b: read\n", ":4: \"b\": not one of basic_auth_users"},
      {user + "roles: {}\n", ":3: roles has no line for user \"a\""},
      {user + "roles:\n", "roles has no line for user \"a\""},
      {"bearer_tokens: {}\n", ":1: expected a list"},
      {"bearer_tokens:\n  - {sha256: x, role: read}\n", ":2: a token needs a name"},
      {"bearer_tokens:\n  - {name: t, role: read}\n", ":2: token \"t\" needs one of sha256"},
      {"bearer_tokens:\n  - {name: t, sha256: x}\n", ":2: token \"t\" needs a role"},
      {"bearer_tokens:\n  - {name: t, sha256: secret, role: read}\n", ":2: sha256: not 64"},
      {"bearer_tokens:\n  - {name: t, token: secret, role: read}\n", ":2: unknown key \"token\""},
      {"bearer_tokens:\n  - {name: t, token_file: none, role: read}\n", "none: cannot be read"},
      {"bearer_tokens:\n  - {name: t, token_file: short, role: read}\n", "shorter than 16"},
      {"bearer_tokens:\n  - {name: t, token_file: words, role: read}\n", "not one word"},
      {token + "  - {name: t, sha256: " + std::string(64, 'b') + ", role: read}\n",
       ":3: token \"t\" is given twice"},
      {token + "  - {name: u, sha256: " + kDigest + ", role: read}\n",
       ":3: token \"u\" is given twice"},
  };
  for (const auto& c : kCases) {
    const auto config = Load(c.text);
    ASSERT_FALSE(config.ok()) << c.text;
    const std::string message(config.status().message());
    EXPECT_NE(message.find(c.error), std::string::npos) << c.text << "\n" << message;
    EXPECT_NE(message.find("web.yml"), std::string::npos) << message;
    EXPECT_EQ(message.find("secret"), std::string::npos) << message;
    EXPECT_EQ(message.find(kHash), std::string::npos) << message;
    EXPECT_EQ(message.find(kDigest), std::string::npos) << message;
  }
  EXPECT_EQ(LoadWebConfig(folder_ / "missing.yml").status().code(), StatusCode::kNotFound);
}

TEST_F(WebConfigTest, CertificatesThatCannotBeUsedAreErrors) {
  const Certificate one = MakeCertificate({}), other = MakeCertificate({});
  Put("server.crt", one.certificate_pem);
  Put("server.key", other.key_pem);
  const auto config = Load("tls_server_config: {cert_file: server.crt, key_file: server.key}\n");
  ASSERT_TRUE(config.ok());
  const auto security = MakeSecurity(*config);
  ASSERT_FALSE(security.ok());
  EXPECT_NE(security.status().message().find("tls_server_config: the key is not that of the"),
            std::string::npos)
      << security.status().message();
}

}  // namespace
}  // namespace firn::server
