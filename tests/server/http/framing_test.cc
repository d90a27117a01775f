#include "tests/server/http/framing_cases.h"

#include <string>

#include "tests/server/http/fixture.h"

namespace firn::server {
namespace {

using FramingTest = ServerFixture;

// The answer of `c` and whether the connection then closes or goes on, as the table says.
void ExpectOutcome(const FramingCase& c, RawClient* client) {
  const std::string response = client->ReadResponse();
  EXPECT_EQ(StatusOf(response), c.status) << response;
  if (c.closes) {
    EXPECT_TRUE(client->ReadsEnd());
  } else {
    EXPECT_EQ(StatusOf(client->Exchange(Get("\r\n"))), 200);
  }
}

TEST_F(FramingTest, AnswersAndClosesAsTheTableSays) {
  StartServer();
  for (const FramingCase& c : FramingCases()) {
    SCOPED_TRACE(c.name);
    RawClient client(port());
    ASSERT_TRUE(client.connected());
    client.Send(c.request);
    ExpectOutcome(c, &client);
  }
}

TEST_F(FramingTest, AnswersTheSameBehindAGoodRequest) {
  StartServer();
  for (const FramingCase& c : FramingCases()) {
    SCOPED_TRACE(c.name);
    RawClient client(port());
    client.Send(Post("Content-Length: 2\r\n\r\nok") + c.request);
    EXPECT_EQ(BodyOf(client.ReadResponse()), "/echo||ok");
    ExpectOutcome(c, &client);
  }
}

TEST_F(FramingTest, AnswersTheSameByteByByte) {
  StartServer();
  for (const FramingCase& c : FramingCases()) {
    SCOPED_TRACE(c.name);
    RawClient client(port());
    // A server that has refused closes; what is sent then goes nowhere.
    for (size_t i = 0; i < c.request.size() && client.Send(c.request.substr(i, 1)); ++i) {
    }
    ExpectOutcome(c, &client);
  }
}

TEST_F(FramingTest, ReadsTheSameRequestInAnySplit) {
  StartServer();
  const std::string request = Post(
      "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\na=1\r\n5;x=y\r\n&b=%2\r\n1\r\nB\r\n0\r\nTrailer: t\r\n\r\n");
  for (size_t cut = 1; cut < request.size(); cut += 3) {
    RawClient client(port());
    client.Send(request.substr(0, cut));
    client.Send(request.substr(cut));
    EXPECT_EQ(BodyOf(client.ReadResponse()), "/echo|a=1;b=+;|a=1&b=%2B") << cut;
  }
}

TEST_F(FramingTest, NeverParsesWhatFollowsARefusedRequest) {
  StartServer();
  RawClient client(port());
  client.Send(Post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") +
              Get("\r\n"));
  EXPECT_EQ(StatusOf(client.ReadResponse()), 400);
  EXPECT_TRUE(client.ReadsEnd());
}

TEST_F(FramingTest, AnswersPipelinedRequestsInOrder) {
  StartServer();
  RawClient client(port());
  std::string requests;
  for (int i = 0; i < 50; ++i) {
    requests +=
        "POST /echo?n=" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
  }
  client.Send(requests);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(BodyOf(client.ReadResponse()), "/echo|n=" + std::to_string(i) + ";|ab");
  }
}

TEST_F(FramingTest, RefusesHeadsAboveTheLimit) {
  StartServer();
  RawClient client(port());
  const std::string response =
      client.Exchange(Get("X: " + std::string(64 << 10, 'x') + "\r\n\r\n"));
  EXPECT_EQ(StatusOf(response), 431);
}

}  // namespace
}  // namespace firn::server
