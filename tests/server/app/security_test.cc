// A whole server with a web configuration file.
#include <fstream>
#include <map>

#include "server/api/context.h"
#include "server/app/lifecycle/lifecycle_routes.h"
#include "server/app/web/web_security.h"
#include "server/http/router.h"
#include "tests/server/app/fixture.h"
#include "tests/server/http/certificates.h"
#include "tests/server/http/fixture.h"
#include "tests/server/http/passwords.h"

namespace firn::server {
namespace {

const std::string kReadToken = "a-token-that-reads";
const std::string kWriteToken = "a-token-that-writes";
const std::string kAdminToken = "a-token-of-the-owner";

class SecurityTest : public AppFixture {
 protected:
  SecurityTest() {
    folder_ = directory_.string() + ".web";
    std::filesystem::create_directories(folder_);
    Put("read", kReadToken);
    Put("write", kWriteToken);
    Put("admin", kAdminToken);
    config_.web_config_file = folder_ / "web.yml";
    config_.http_quit = true;
  }
  ~SecurityTest() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Put(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  void PutConfig(const std::string& text) { Put("web.yml", text); }
  void PutCertificate(const Certificate& certificate) {
    Put("server.crt", certificate.certificate_pem);
    Put("server.key", certificate.key_pem);
  }
  std::filesystem::path folder_;
};

const std::string kTokens =
    "bearer_tokens:\n"
    "  - {name: grafana, token_file: read, role: read}\n"
    "  - {name: agent, token_file: write, role: write}\n"
    "  - {name: owner, token_file: admin, role: admin}\n";
const std::string kTls = "tls_server_config: {cert_file: server.crt, key_file: server.key}\n";

// A route that is missing here fails the test below, so that nobody adds one without a thought.
const struct {
  const char* path;
  Role role;
} kRoutes[] = {
    {"/", Role::kRead},
    {"/-/healthy", Role::kProbe},
    {"/-/quit", Role::kAdmin},
    {"/-/ready", Role::kProbe},
    {"/-/reload", Role::kAdmin},
    {"/api/v1/admin/queries/cancel", Role::kAdmin},
    {"/api/v1/admin/tsdb/clean_tombstones", Role::kAdmin},
    {"/api/v1/admin/tsdb/compact", Role::kAdmin},
    {"/api/v1/admin/tsdb/confirm_time", Role::kAdmin},
    {"/api/v1/admin/tsdb/delete_series", Role::kAdmin},
    {"/api/v1/admin/tsdb/seal", Role::kAdmin},
    {"/api/v1/admin/tsdb/snapshot", Role::kAdmin},
    {"/api/v1/alertmanagers", Role::kRead},
    {"/api/v1/alerts", Role::kRead},
    {"/api/v1/export", Role::kRead},
    {"/api/v1/features", Role::kRead},
    {"/api/v1/forecast", Role::kRead},
    {"/api/v1/format_query", Role::kRead},
    {"/api/v1/import", Role::kWrite},
    {"/api/v1/import/prometheus", Role::kWrite},
    {"/api/v1/label/{name}/values", Role::kRead},
    {"/api/v1/labels", Role::kRead},
    {"/api/v1/metadata", Role::kRead},
    {"/api/v1/notifications", Role::kRead},
    {"/api/v1/openapi.yaml", Role::kRead},
    {"/api/v1/otlp/v1/metrics", Role::kWrite},
    {"/api/v1/parse_query", Role::kRead},
    {"/api/v1/push", Role::kWrite},
    {"/api/v1/query", Role::kRead},
    {"/api/v1/query_exemplars", Role::kRead},
    {"/api/v1/query_range", Role::kRead},
    {"/api/v1/read", Role::kRead},
    {"/api/v1/rules", Role::kRead},
    {"/api/v1/scrape_pools", Role::kRead},
    {"/api/v1/search/label_names", Role::kRead},
    {"/api/v1/search/label_values", Role::kRead},
    {"/api/v1/search/metric_names", Role::kRead},
    {"/api/v1/series", Role::kRead},
    {"/api/v1/status/active_queries", Role::kRead},
    {"/api/v1/status/buildinfo", Role::kRead},
    {"/api/v1/status/config", Role::kRead},
    {"/api/v1/status/flags", Role::kRead},
    {"/api/v1/status/runtimeinfo", Role::kRead},
    {"/api/v1/status/self_metrics", Role::kRead},
    {"/api/v1/status/storage", Role::kRead},
    {"/api/v1/status/tsdb", Role::kRead},
    {"/api/v1/status/tsdb/blocks", Role::kRead},
    {"/api/v1/status/walreplay", Role::kRead},
    {"/api/v1/targets", Role::kRead},
    {"/api/v1/targets/metadata", Role::kRead},
    {"/api/v1/write", Role::kWrite},
    {"/federate", Role::kRead},
    {"/health", Role::kProbe},
    {"/metrics", Role::kRead},
    {"/version", Role::kRead},
};

TEST(RoutesTest, EveryRouteHasTheExpectedRole) {
  MetricsRegistry metrics;
  LiveConfig live(ServerConfig(), {}, Clock::System(), &metrics);
  ApiContext context;
  context.metrics = &metrics;
  Router router;
  AddApiRoutes(context, &router);
  AddLifecycleRoutes(&live, {}, &router);
  std::map<std::string, Role> expected;
  for (const auto& route : kRoutes) expected[route.path] = route.role;
  for (const auto& route : router.routes()) {
    const auto found = expected.find(route->pattern);
    ASSERT_NE(found, expected.end()) << route->pattern << " is not in the table";
    EXPECT_EQ(RoleName(route->role), RoleName(found->second)) << route->pattern;
    expected.erase(found);
  }
  EXPECT_EQ(expected.size(), 0u);
}

TEST_F(SecurityTest, EveryRouteDeniesWhoLacksItsRole) {
  PutConfig(kTokens);
  StartServer();
  for (const auto& route : kRoutes) {
    SCOPED_TRACE(route.path);
    const std::string path = route.path;
    // A GET where it is not allowed is answered 405, but only to whom the route is open.
    EXPECT_EQ(StatusOf(Get(path)), 401);
    EXPECT_EQ(StatusOf(Post(path)), 401);
    EXPECT_EQ(StatusOf(Get(path, BearerLine("no-such-token-here"))), 401);
    const struct {
      std::string token;
      bool allowed;
    } kHolders[] = {
        {kReadToken, route.role == Role::kRead || route.role == Role::kProbe},
        {kWriteToken, route.role == Role::kWrite || route.role == Role::kProbe},
        {kAdminToken, true},
    };
    for (const auto& holder : kHolders) {
      // OPTIONS has no effect whatever the route is.
      const std::string answer = Exchange("OPTIONS " + path + " HTTP/1.1\r\nHost: a\r\n" +
                                          BearerLine(holder.token) + "\r\n");
      EXPECT_EQ(StatusOf(answer), holder.allowed ? 204 : 403) << holder.token;
    }
  }
  EXPECT_EQ(quits_.load(), 0);
  EXPECT_EQ(StatusOf(Post("/-/quit", BearerLine(kWriteToken))), 403);
  EXPECT_EQ(StatusOf(Post("/-/reload", BearerLine(kAdminToken))), 200);
  EXPECT_EQ(StatusOf(Post("/-/quit", BearerLine(kAdminToken))), 200);
  EXPECT_EQ(quits_.load(), 1);
}

TEST_F(SecurityTest, HealthChecksCanBeOpen) {
  PutConfig(kTokens + "open_health_checks: true\n");
  StartServer();
  EXPECT_EQ(StatusOf(Get("/-/healthy")), 200);
  EXPECT_EQ(StatusOf(Get("/-/ready")), 200);
  EXPECT_EQ(StatusOf(Get("/metrics")), 401);
}

TEST_F(SecurityTest, ShowsNoSecretsAnywhere) {
  const std::string hash = MakeBcrypt("a-password");
  PutConfig(kTokens + "basic_auth_users:\n  alice: " + hash + "\n");
  StartServer();
  const std::string lines = BasicLine("alice", "a-password");
  ASSERT_EQ(StatusOf(Get("/metrics", lines)), 200);
  for (const char* path :
       {"/", "/metrics", "/api/v1/status/config", "/api/v1/status/flags", "/version",
        "/api/v1/status/runtimeinfo", "/api/v1/status/active_queries",
        "/api/v1/status/self_metrics", "/api/v1/query?query=)", "/none"}) {
    const std::string answer = Get(path, lines);
    for (const std::string& secret :
         {hash, std::string("a-password"), kReadToken, kAdminToken, Base64("alice:a-password")}) {
      EXPECT_EQ(answer.find(secret), std::string::npos) << path;
    }
  }
}

TEST_F(SecurityTest, RefusesToStartWithABrokenFile) {
  const auto start = [&] { return RunningServer::Start(config_); };
  EXPECT_EQ(start().status().code(), StatusCode::kNotFound);
  PutConfig("basic_auth_users: {alice: secret}\n");
  EXPECT_EQ(start().status().code(), StatusCode::kInvalidArgument);
  PutConfig(kTls);
  EXPECT_EQ(start().status().code(), StatusCode::kNotFound);
  PutCertificate(MakeCertificate({}));
  auto server = start();
  ASSERT_TRUE(server.ok()) << server.status().ToString();
  EXPECT_EQ((*server)->scheme(), "https");
}

TEST_F(SecurityTest, ReloadBringsNewCertificatesAndTokens) {
  const Certificate first = MakeCertificate({.name = "first", .authority = true});
  const Certificate second = MakeCertificate({.name = "second", .authority = true});
  PutCertificate(first);
  PutConfig(kTls + kTokens);
  StartServer();
  const std::string read = "GET /version HTTP/1.1\r\nHost: a\r\n" + BearerLine(kReadToken) + "\r\n";
  const std::string reload = "POST /-/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n" +
                             BearerLine(kAdminToken) + "\r\n";
  TlsClient old(server_->port(), {.trusted = &first});
  EXPECT_EQ(StatusOf(old.Exchange(read)), 200);

  PutCertificate(second);
  Put("read", "a-token-that-is-new");
  EXPECT_EQ(StatusOf(old.Exchange(reload)), 200);
  EXPECT_EQ(StatusOf(old.Exchange(read)), 401);
  EXPECT_FALSE(TlsClient(server_->port(), {.trusted = &first}).agreed());
  EXPECT_TRUE(TlsClient(server_->port(), {.trusted = &second}).agreed());

  // What cannot be used leaves all as it was.
  Put("server.key", first.key_pem);
  Put("read", kReadToken);
  EXPECT_EQ(StatusOf(old.Exchange(reload)), 500);
  EXPECT_EQ(StatusOf(old.Exchange(read)), 401);
  EXPECT_TRUE(TlsClient(server_->port(), {.trusted = &second}).agreed());
}

class WebSecurityTest : public SecurityTest {
 protected:
  void Load() {
    auto web = WebSecurity::Load(config_.web_config_file, &metrics_);
    ASSERT_TRUE(web.ok()) << web.status().ToString();
    web_ = *std::move(web);
  }
  int64_t Succeeded() {
    return metrics_.AddGauge("firn_web_config_last_reload_successful", "")->value();
  }
  MetricsRegistry metrics_;
  std::unique_ptr<WebSecurity> web_;
};

TEST_F(WebSecurityTest, NeverTakesProtectionAway) {
  PutCertificate(MakeCertificate({}));
  PutConfig(kTls + kTokens);
  Load();
  const auto before = web_->current();
  for (const std::string& text :
       {std::string(), kTls, kTokens, kTls + "bearer_tokens: []\n", std::string("nonsense")}) {
    PutConfig(text);
    EXPECT_EQ(web_->Reload().code(), StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(web_->current(), before);
    EXPECT_EQ(Succeeded(), 0);
  }
  PutConfig(kTls + kTokens);
  EXPECT_TRUE(web_->Reload().ok());
  EXPECT_EQ(web_->current(), before);  // Nothing changed.
  EXPECT_EQ(Succeeded(), 1);
}

TEST_F(WebSecurityTest, FollowsTheFilesByItself) {
  const Certificate first = MakeCertificate({.valid_until = 1000});
  const Certificate second = MakeCertificate({.valid_until = 100'000});
  PutCertificate(first);
  PutConfig(kTls + kTokens);
  Load();
  Gauge* expiry = metrics_.AddGauge("firn_tls_certificate_expiry_timestamp_seconds", "");
  const int64_t first_expiry = expiry->value();
  EXPECT_GT(first_expiry, 1'000'000'000);
  std::atomic<int> applied{0};
  web_->Start(1, [&](std::shared_ptr<const Security>) { applied.fetch_add(1); });
  const auto before = web_->current();
  Put("server.key", second.key_pem);  // Half of a change.
  EXPECT_TRUE(Eventually([&] { return Succeeded() == 0; }));
  EXPECT_EQ(applied.load(), 0);
  Put("server.crt", second.certificate_pem);
  EXPECT_TRUE(Eventually([&] { return applied.load() == 1; }));
  EXPECT_EQ(expiry->value(), first_expiry + 99'000);
  EXPECT_EQ(web_->current()->authenticator, before->authenticator);
  EXPECT_NE(web_->current()->tls, before->tls);
  web_->Stop();
}

}  // namespace
}  // namespace firn::server
