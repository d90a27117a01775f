// Who is let in, by credentials and roles.
#include <fmt/core.h>

#include "server/http/secure/security.h"
#include "tests/server/http/fixture.h"
#include "tests/server/http/passwords.h"

namespace firn::server {
namespace {

RoleSet Roles(std::initializer_list<Role> roles) {
  RoleSet set;
  for (const Role role : roles) set.Add(role);
  return set;
}

const std::string kLongPassword(200, 'x');

std::shared_ptr<Security> MakeSecurity() {
  auto security = std::make_shared<Security>();
  security->authenticator = std::make_shared<Authenticator>(
      std::vector<UserAccount>{{"reader", MakeBcrypt("r"), Roles({Role::kRead})},
                               {"writer", MakeBcrypt("w"), Roles({Role::kWrite})},
                               {"both", MakeBcrypt("b"), Roles({Role::kRead, Role::kWrite})},
                               {"chief", MakeBcrypt("c"), Roles({Role::kAdmin})},
                               {"nobody", MakeBcrypt("n"), RoleSet()},
                               {"", MakeBcrypt(""), Roles({Role::kRead})},
                               {"colon", MakeBcrypt("a:b:"), Roles({Role::kRead})},
                               {"long", MakeBcrypt(kLongPassword), Roles({Role::kRead})}},
      std::vector<TokenAccount>{{"grafana", HashSha256("t-read"), Roles({Role::kRead})},
                                {"agent", HashSha256("t-write"), Roles({Role::kWrite})},
                                {"ops", HashSha256("t-admin"), Roles({Role::kAdmin})}});
  return security;
}

class AccessTest : public ServerFixture {
 protected:
  AccessTest() {
    const auto add = [&](std::string path, Role role) {
      Route route = MakeRoute(std::move(path), {Method::kGet, Method::kPost}, WorkClass::kControl,
                              [this](const HttpRequest& request, ResponseWriter& out) {
                                handled_.fetch_add(1);
                                SendText(out, "user=" + request.user);
                              });
      route.role = role;
      route.body_bytes_max = 100;
      router_.Add(std::move(route));
    };
    add("/probe", Role::kProbe);
    add("/api/v1/read", Role::kRead);
    add("/api/v1/write", Role::kWrite);
    add("/api/v1/admin/kill", Role::kAdmin);
    security_ = MakeSecurity();
    options_.security = security_;
  }
  std::string Get(const std::string& target, const std::string& lines) {
    return RawClient(port()).Exchange("GET " + target + " HTTP/1.1\r\nHost: a\r\n" + lines +
                                      "\r\n");
  }
  uint64_t Refused(const std::string& reason) {
    return metrics_.AddCounter("firn_http_access_refused_total", "", {{"reason", reason}})->value();
  }
  std::atomic<int> handled_{0};
  std::shared_ptr<Security> security_;
};

TEST_F(AccessTest, RolesDecideByRoute) {
  StartServer();
  const struct {
    std::string lines;
    int probe, read, write, admin;
  } kCases[] = {
      {"", 401, 401, 401, 401},
      {BasicLine("reader", "r"), 200, 200, 403, 403},
      {BasicLine("writer", "w"), 200, 403, 200, 403},
      {BasicLine("both", "b"), 200, 200, 200, 403},
      {BasicLine("chief", "c"), 200, 200, 200, 200},
      {BasicLine("nobody", "n"), 200, 403, 403, 403},
      {BasicLine("", ""), 200, 200, 403, 403},
      {BasicLine("colon", "a:b:"), 200, 200, 403, 403},
      {BearerLine("t-read"), 200, 200, 403, 403},
      {BearerLine("t-write"), 200, 403, 200, 403},
      {BearerLine("t-admin"), 200, 200, 200, 200},
      {"authorization: bEaReR   t-read\r\n", 200, 200, 403, 403},
      {BasicLine("reader", "w"), 401, 401, 401, 401},
      {BasicLine("reader", ""), 401, 401, 401, 401},
      {BasicLine("READER", "r"), 401, 401, 401, 401},
      {BasicLine("stranger", "r"), 401, 401, 401, 401},
      {BearerLine("t-reae"), 401, 401, 401, 401},
      {BearerLine("t-rea"), 401, 401, 401, 401},
      {BearerLine("t-read2"), 401, 401, 401, 401},
  };
  for (int round = 0; round < 2; ++round) {  // The second one meets remembered passwords.
    for (const auto& c : kCases) {
      SCOPED_TRACE(c.lines);
      EXPECT_EQ(StatusOf(Get("/probe", c.lines)), c.probe);
      EXPECT_EQ(StatusOf(Get("/api/v1/read", c.lines)), c.read);
      EXPECT_EQ(StatusOf(Get("/api/v1/write", c.lines)), c.write);
      EXPECT_EQ(StatusOf(Get("/api/v1/admin/kill", c.lines)), c.admin);
    }
  }
  EXPECT_EQ(Refused("no_credentials"), 8u);
  EXPECT_GT(Refused("bad_credentials"), 0u);
  EXPECT_GT(Refused("role"), 0u);
}

TEST_F(AccessTest, OddCredentialsAreRefused) {
  StartServer();
  const std::string kCases[] = {
      "Authorization:\r\n",
      "Authorization: Basic\r\n",
      "Authorization: Basic \r\n",
      "Authorization: Bearer \r\n",
      "Authorization: Basic ====\r\n",
      "Authorization: Basic cmVhZGVyOnI\r\n",     // Padding left out.
      "Authorization: Basic cmVhZGVyOnI==\r\n",   // Too much of it.
      "Authorization: Basic cmVhZGVy OnI=\r\n",   // A space within.
      "Authorization: Basic cmVhZGVyOnI=,x\r\n",  // Something after.
      "Authorization: Basic " + Base64("reader") + "\r\n",
      "Authorization: Digest username=\"reader\"\r\n",
      "Authorization: t-read\r\n",
      "Authorization: Bearer t-read, Bearer t-admin\r\n",
      "X-Authorization: Bearer t-admin\r\n",
      "Proxy-Authorization: Bearer t-admin\r\n",
      "Cookie: Authorization=Bearer t-admin\r\n",
      BearerLine("t-read") + BearerLine("t-read"),
      BasicLine("reader", "r") + BearerLine("t-admin"),
      // A NUL byte would end the password where bcrypt stops reading.
      BasicLine("reader", std::string_view("r\0x", 3)),
      BasicLine(std::string_view("reader\0", 7), "r"),
      BasicLine("reader", std::string(3000, 'r')),
      BasicLine(std::string(3000, 'r'), "r"),
      BearerLine(std::string(4000, 't')),
  };
  for (const std::string& lines : kCases) {
    SCOPED_TRACE(lines.substr(0, 80));
    EXPECT_EQ(StatusOf(Get("/api/v1/read", lines)), 401);
    EXPECT_EQ(StatusOf(Get("/api/v1/admin/kill", lines)), 401);
  }
  EXPECT_EQ(handled_.load(), 0);
}

TEST_F(AccessTest, NoSpellingOfATargetGetsAround) {
  StartServer();
  const std::string kTargets[] = {
      "/api/v1/admin/kill",          "//api/v1/admin/kill",           "/api//v1/admin/kill",
      "/api/v1/admin/kill/",         "/api/v1/admin/./kill",          "/api/v1/read/../admin/kill",
      "/api/v1/read/..;/admin/kill", "/api/v1/admin%2fkill",          "/api/v1/%61dmin/kill",
      "/API/v1/admin/kill",          "/api/v1/admin/kill?role=admin", "/api/v1/admin/kill;x",
      "/api/v1/admin/kill%00",       "/probe/../api/v1/admin/kill",   "http://a/api/v1/admin/kill",
      "/%2e%2e/api/v1/admin/kill"};
  for (const std::string& target : kTargets) {
    for (const std::string& extra :
         {std::string(), std::string("X-HTTP-Method-Override: GET\r\n"),
          std::string("X-Original-URL: /probe\r\nX-Rewrite-URL: /probe\r\n"),
          std::string("X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-User: chief\r\n")}) {
      SCOPED_TRACE(target + " " + extra);
      const int anonymous = StatusOf(Get(target, extra));
      EXPECT_TRUE(anonymous == 401 || anonymous == 400) << anonymous;
      const int reader = StatusOf(Get(target, extra + BearerLine("t-read")));
      EXPECT_TRUE(reader == 403 || reader == 404 || reader == 400) << reader;
    }
  }
  for (const char* method : {"OPTIONS", "HEAD", "PUT", "DELETE", "TRACE", "get"}) {
    RawClient client(port());
    client.Send(fmt::format("{} /api/v1/admin/kill HTTP/1.1\r\nHost: a\r\n\r\n", method));
    const std::string answer = client.ReadResponse(std::string_view(method) == "HEAD");
    EXPECT_TRUE(StatusOf(answer) == 401 || StatusOf(answer) == 400) << method << "\n" << answer;
  }
  EXPECT_EQ(handled_.load(), 0);
}

TEST_F(AccessTest, AnswersSayWhatIsWanting) {
  StartServer();
  std::string answer = Get("/api/v1/read", "");
  EXPECT_NE(answer.find("WWW-Authenticate: Basic\r\nWWW-Authenticate: Bearer\r\n"),
            std::string::npos)
      << answer;
  EXPECT_EQ(BodyOf(answer),
            R"({"status":"error","errorType":"unauthorized","error":"Unauthorized"})");
  EXPECT_EQ(BodyOf(Get("/probe", "")), "Unauthorized\n");
  EXPECT_EQ(StatusOf(Get("/no/such/path", "")), 401);
  EXPECT_EQ(StatusOf(Get("/no/such/path", BearerLine("t-read"))), 404);
  answer = Get("/api/v1/write", BearerLine("t-read"));
  EXPECT_EQ(BodyOf(answer), R"({"status":"error","errorType":"forbidden",)"
                            R"("error":"this needs the role write"})");
  EXPECT_EQ(answer.find("WWW-Authenticate"), std::string::npos);
  EXPECT_EQ(BodyOf(Get("/probe", BearerLine("t-read"))), "user=grafana");
  EXPECT_EQ(BodyOf(Get("/probe", BasicLine("reader", "r"))), "user=reader");
}

TEST_F(AccessTest, RefusesBeforeTheBodyIsRead) {
  StartServer();
  RawClient client(port());
  // Nothing of the announced body comes, and it is more than the route takes.
  EXPECT_EQ(StatusOf(client.Exchange("POST /api/v1/write HTTP/1.1\r\nHost: a\r\n"
                                     "Expect: 100-continue\r\nContent-Length: 5000000\r\n\r\n")),
            401);
  EXPECT_TRUE(client.ReadsEnd());
  RawClient lacking(port());
  EXPECT_EQ(StatusOf(lacking.Exchange("POST /api/v1/write HTTP/1.1\r\nHost: a\r\n" +
                                      BearerLine("t-read") + "Content-Length: 50\r\n\r\n")),
            403);
  EXPECT_TRUE(lacking.ReadsEnd());
}

TEST_F(AccessTest, EachRequestOfAConnectionIsJudged) {
  StartServer();
  RawClient client(port());
  const std::string head = "GET /api/v1/read HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(StatusOf(client.Exchange(head + BasicLine("reader", "r") + "\r\n")), 200);
  EXPECT_EQ(StatusOf(client.Exchange(head + "\r\n")), 401);
  // Pipelined behind a password that has to be checked.
  client.Send(head + BasicLine("both", "b") + "\r\n" + head + "\r\n" + head + BearerLine("t-read") +
              "\r\n");
  EXPECT_EQ(StatusOf(client.ReadResponse()), 200);
  EXPECT_EQ(StatusOf(client.ReadResponse()), 401);
  EXPECT_EQ(StatusOf(client.ReadResponse()), 200);
}

TEST_F(AccessTest, ProbesCanBeOpenAlone) {
  security_->open_probes = true;
  StartServer();
  EXPECT_EQ(StatusOf(Get("/probe", "")), 200);
  EXPECT_EQ(StatusOf(Get("/probe", BearerLine("wrong"))), 200);
  EXPECT_EQ(StatusOf(Get("/api/v1/read", "")), 401);
  EXPECT_EQ(StatusOf(Get("/no/such/path", "")), 401);
}

TEST_F(AccessTest, ReplacedUsersCountFromTheNextRequest) {
  StartServer();
  RawClient client(port());
  const std::string request =
      "GET /api/v1/read HTTP/1.1\r\nHost: a\r\n" + BasicLine("reader", "r") + "\r\n";
  EXPECT_EQ(StatusOf(client.Exchange(request)), 200);
  auto next = std::make_shared<Security>();
  next->authenticator = std::make_shared<Authenticator>(
      std::vector<UserAccount>{{"reader", MakeBcrypt("new"), Roles({Role::kRead})}},
      std::vector<TokenAccount>{});
  next->headers = {{"X-Frame-Options", "deny"}};
  server_->SetSecurity(next);
  const std::string refused = client.Exchange(request);
  EXPECT_EQ(StatusOf(refused), 401);
  EXPECT_NE(refused.find("X-Frame-Options: deny\r\n"), std::string::npos);
  EXPECT_EQ(refused.find("Bearer"), std::string::npos);
  EXPECT_EQ(StatusOf(Get("/api/v1/read", BasicLine("reader", "new"))), 200);
  EXPECT_EQ(StatusOf(Get("/api/v1/read", BearerLine("t-read"))), 401);
}

TEST_F(AccessTest, ManyClientsAtOnce) {
  options_.io_threads = 3;
  StartServer();
  std::atomic<int> good{0}, bad{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const bool right = (i + t) % 2 == 0;
        const int status =
            StatusOf(Get("/api/v1/read", BasicLine("reader", right ? "r" : std::to_string(i))));
        if (right && status == 200) good.fetch_add(1);
        if (!right && status == 401) bad.fetch_add(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good.load(), 80);
  EXPECT_EQ(bad.load(), 80);
}

TEST(AuthenticatorTest, RemembersOnlyWhatWasProved) {
  const std::shared_ptr<Security> security = MakeSecurity();
  Authenticator& authenticator = *security->authenticator;
  using Outcome = AuthVerdict::Outcome;
  const std::string right = "Basic " + Base64("reader:r");
  const std::string wrong = "Basic " + Base64("reader:x");
  const std::string stranger = "Basic " + Base64("stranger:r");
  for (const std::string& header : {right, wrong, stranger}) {
    EXPECT_EQ(authenticator.Check(header).outcome, Outcome::kNeedsHashing);
  }
  EXPECT_EQ(authenticator.CheckPassword(wrong).outcome, Outcome::kRefused);
  EXPECT_EQ(authenticator.CheckPassword(stranger).outcome, Outcome::kRefused);
  EXPECT_EQ(authenticator.CheckPassword(right).outcome, Outcome::kAccepted);
  EXPECT_EQ(authenticator.Check(right).outcome, Outcome::kAccepted);
  EXPECT_EQ(authenticator.Check(right).name, "reader");
  EXPECT_EQ(authenticator.Check(wrong).outcome, Outcome::kNeedsHashing);
  EXPECT_EQ(authenticator.Check(stranger).outcome, Outcome::kNeedsHashing);
  // The same bytes, cut elsewhere.
  EXPECT_EQ(authenticator.Check("Basic " + Base64("read:erdr")).outcome, Outcome::kNeedsHashing);
}

TEST(CredentialsTest, BcryptAsOthersMakeIt) {
  // Known pairs of the bcrypt test vectors.
  const std::string hash = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
  ASSERT_TRUE(CheckBcryptHash(hash).ok());
  EXPECT_EQ(BcryptCost(hash), 5);
  EXPECT_TRUE(VerifyBcrypt("U*U", hash));
  EXPECT_FALSE(VerifyBcrypt("U*u", hash));
  std::string apache = hash;
  apache[2] = 'y';  // As htpasswd writes it; the same function.
  EXPECT_TRUE(VerifyBcrypt("U*U", apache));
}

TEST(CredentialsTest, RefusesWhatIsNoBearableBcryptHash) {
  const std::string good = MakeBcrypt("a");
  ASSERT_TRUE(CheckBcryptHash(good).ok());
  for (const std::string& bad :
       {std::string(), std::string("password"), good.substr(1), good + "x", "$2x" + good.substr(3),
        "$1$" + good.substr(3), good.substr(0, 4) + "03" + good.substr(6),
        good.substr(0, 4) + "17" + good.substr(6), good.substr(0, 4) + "xx" + good.substr(6),
        good.substr(0, 59) + "*"}) {
    EXPECT_FALSE(CheckBcryptHash(bad).ok()) << bad;
  }
}

TEST(CredentialsTest, Sha256Hex) {
  const std::string hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  const auto digest = ParseSha256(hex);
  ASSERT_TRUE(digest.ok());
  EXPECT_TRUE(EqualInConstantTime(*digest, HashSha256("abc")));
  EXPECT_FALSE(EqualInConstantTime(*digest, HashSha256("abd")));
  EXPECT_FALSE(ParseSha256(hex.substr(1)).ok());
  EXPECT_FALSE(ParseSha256("g" + hex.substr(1)).ok());
  EXPECT_FALSE(ParseSha256("").ok());
}

}  // namespace
}  // namespace firn::server
