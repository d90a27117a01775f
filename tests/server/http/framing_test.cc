#include "server/http/request_parser.h"
#include "tests/server/http/framing_cases.h"

#include <string>

#include "tests/server/http/transports.h"

namespace firn::server {
namespace {

using FramingTest = TransportFixture;

// The answer of `c` and whether the connection then closes or goes on, as the table says.
void ExpectOutcome(const FramingCase& c, AnyClient* client) {
  const std::string response = client->ReadResponse();
  EXPECT_EQ(StatusOf(response), c.status) << response;
  if (c.closes) {
    EXPECT_TRUE(client->ReadsEnd());
  } else {
    EXPECT_EQ(StatusOf(client->Exchange(Get("\r\n"))), 200);
  }
}

TEST_P(FramingTest, AnswersAndClosesAsTheTableSays) {
  StartServer();
  for (const FramingCase& c : FramingCases()) {
    SCOPED_TRACE(c.name);
    AnyClient client(endpoint());
    ASSERT_TRUE(client.connected());
    client.Send(c.request);
    ExpectOutcome(c, &client);
  }
}

TEST_P(FramingTest, AnswersTheSameBehindAGoodRequest) {
  StartServer();
  for (const FramingCase& c : FramingCases()) {
    SCOPED_TRACE(c.name);
    AnyClient client(endpoint());
    client.Send(Post("Content-Length: 2\r\n\r\nok") + c.request);
    EXPECT_EQ(BodyOf(client.ReadResponse()), "/echo||ok");
    ExpectOutcome(c, &client);
  }
}

TEST_P(FramingTest, AnswersTheSameByteByByte) {
  StartServer();
  for (const FramingCase& c : FramingCases()) {
    SCOPED_TRACE(c.name);
    AnyClient client(endpoint());
    // A server that has refused closes; what is sent then goes nowhere.
    for (size_t i = 0; i < c.request.size() && client.Send(c.request.substr(i, 1)); ++i) {
    }
    ExpectOutcome(c, &client);
  }
}

TEST_P(FramingTest, ReadsTheSameRequestInAnySplit) {
  StartServer();
  const std::string request = Post(
      "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\na=1\r\n5;x=y\r\n&b=%2\r\n1\r\nB\r\n0\r\nTrailer: t\r\n\r\n");
  for (size_t cut = 1; cut < request.size(); cut += 3) {
    AnyClient client(endpoint());
    client.Send(request.substr(0, cut));
    client.Send(request.substr(cut));
    EXPECT_EQ(BodyOf(client.ReadResponse()), "/echo|a=1;b=+;|a=1&b=%2B") << cut;
  }
}

// As a session feeds it: what is not used comes again with what has arrived since.
std::string ReadChunked(std::string_view bytes, size_t first, size_t second, bool* done) {
  RequestParser parser;
  HttpRequest request;
  HeadInfo info;
  EXPECT_FALSE(parser.ParseHead(
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", &request, &info));
  std::string body, input;
  for (const std::string_view piece :
       {bytes.substr(0, first), bytes.substr(first, second - first), bytes.substr(second)}) {
    input += piece;
    size_t used = 0;
    EXPECT_FALSE(parser.ParseChunked(input, 1000, &body, &used));
    input.erase(0, used);
  }
  *done = parser.chunked_done() && input.empty();
  return body;
}

TEST(ChunkedBodyTest, IsTheSameInAnyThreePieces) {
  const struct {
    std::string bytes, body;
  } kCases[] = {
      {"0\r\n\r\n", ""},
      {"00\r\n\r\n", ""},
      {"0;x\r\n\r\n", ""},
      {"0\r\nA: b\r\n\r\n", ""},
      {"1\r\nx\r\n0\r\n\r\n", "x"},
      {"3\r\n0\r\n\r\n0\r\n\r\n", "0\r\n"},
      {"5\r\n0\r\n\r\n\r\n2;y=z\r\n\r\n\r\n0\r\nT: u\r\n\r\n", "0\r\n\r\n\r\n"},
  };
  for (const auto& c : kCases) {
    for (size_t first = 0; first <= c.bytes.size(); ++first) {
      for (size_t second = first; second <= c.bytes.size(); ++second) {
        bool done = false;
        EXPECT_EQ(ReadChunked(c.bytes, first, second, &done), c.body)
            << c.bytes << first << " " << second;
        EXPECT_TRUE(done) << c.bytes << first << " " << second;
      }
    }
  }
}

TEST_P(FramingTest, NeverParsesWhatFollowsARefusedRequest) {
  StartServer();
  AnyClient client(endpoint());
  client.Send(Post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") +
              Get("\r\n"));
  EXPECT_EQ(StatusOf(client.ReadResponse()), 400);
  EXPECT_TRUE(client.ReadsEnd());
}

TEST_P(FramingTest, AnswersPipelinedRequestsInOrder) {
  StartServer();
  AnyClient client(endpoint());
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

TEST_P(FramingTest, RefusesHeadsAboveTheLimit) {
  StartServer();
  AnyClient client(endpoint());
  const std::string response =
      client.Exchange(Get("X: " + std::string(64 << 10, 'x') + "\r\n\r\n"));
  EXPECT_EQ(StatusOf(response), 431);
}

class HeadLimitTest : public FramingTest {
 protected:
  void ExpectLimit(size_t limit) {
    options_.head_bytes_max = limit;
    StartServer();
    EXPECT_EQ(StatusOf(AnyClient(endpoint()).Exchange(HeadOf(limit - 200))), 200);
    EXPECT_EQ(StatusOf(AnyClient(endpoint()).Exchange(HeadOf(limit + 200))), 431);
  }

 private:
  // Of about so many bytes, in lines of a hundred.
  static std::string HeadOf(size_t bytes) {
    std::string head = "GET /echo HTTP/1.1\r\nHost: a\r\n";
    while (head.size() + 102 < bytes) head += "X: " + std::string(95, 'x') + "\r\n";
    return head + "\r\n";
  }
};

TEST_P(HeadLimitTest, IsTheConfiguredOne) { ExpectLimit(2 << 10); }
TEST_P(HeadLimitTest, CanBeAboveTheDefault) { ExpectLimit(200 << 10); }

INSTANTIATE_TEST_SUITE_P(Transports, HeadLimitTest, AllTransports(), TransportName);
INSTANTIATE_TEST_SUITE_P(Transports, FramingTest, AllTransports(), TransportName);

}  // namespace
}  // namespace firn::server
