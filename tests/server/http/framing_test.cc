#include <string>

#include "tests/server/http/fixture.h"

namespace firn::server {
namespace {

struct Case {
  const char* name;
  std::string request;
  int status;
  bool closes;
};

std::string Get(const std::string& lines) { return "GET /echo HTTP/1.1\r\nHost: a\r\n" + lines; }
std::string Post(const std::string& lines) { return "POST /echo HTTP/1.1\r\nHost: a\r\n" + lines; }

const Case kCases[] = {
    {"plain", Get("\r\n"), 200, false},
    {"close", Get("Connection: close\r\n\r\n"), 200, true},
    {"http10", "GET /echo HTTP/1.0\r\n\r\n", 200, true},
    {"no_host", "GET /echo HTTP/1.1\r\n\r\n", 400, true},
    {"two_hosts", Get("Host: b\r\n\r\n"), 400, true},
    {"both_lengths", Post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400,
     true},
    {"both_other_order", Post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),
     400, true},
    {"two_lengths", Post("Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), 400, true},
    {"two_equal_lengths", Post("Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"), 400, true},
    {"length_list", Post("Content-Length: 3, 3\r\n\r\nabc"), 400, true},
    {"negative_length", Post("Content-Length: -3\r\n\r\nabc"), 400, true},
    {"plus_length", Post("Content-Length: +3\r\n\r\nabc"), 400, true},
    {"hex_length", Post("Content-Length: 0x3\r\n\r\nabc"), 400, true},
    {"huge_length", Post("Content-Length: 99999999999999999999\r\n\r\n"), 400, true},
    {"empty_length", Post("Content-Length:\r\n\r\n"), 400, true},
    {"unknown_coding", Post("Transfer-Encoding: gzip\r\n\r\n"), 501, true},
    {"chunked_twice", Post("Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"), 501, true},
    {"chunked_obscured", Post("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), 501, true},
    {"chunked_http10",
     "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, true},
    {"bare_lf_line", "GET /echo HTTP/1.1\nHost: a\r\n\r\n", 400, true},
    {"bare_lf_header", Get("X: 1\nY: 2\r\n\r\n"), 400, true},
    {"bare_lf_end", "GET /echo HTTP/1.1\r\nHost: a\r\n\n", 400, true},
    {"bare_cr", Get("X: 1\rY: 2\r\n\r\n"), 400, true},
    {"folded", Get("X: 1\r\n two\r\n\r\n"), 400, true},
    {"folded_first", "GET /echo HTTP/1.1\r\n Host: a\r\n\r\n", 400, true},
    {"space_before_colon", Post("Content-Length : 3\r\n\r\nabc"), 400, true},
    {"no_colon", Get("Garbage\r\n\r\n"), 400, true},
    {"empty_name", Get(": x\r\n\r\n"), 400, true},
    {"nul", Get(std::string("X: a\0b\r\n\r\n", 11)), 400, true},
    {"two_spaces", "GET  /echo HTTP/1.1\r\nHost: a\r\n\r\n", 400, true},
    {"tab_separator", "GET\t/echo\tHTTP/1.1\r\nHost: a\r\n\r\n", 400, true},
    {"no_version", "GET /echo\r\nHost: a\r\n\r\n", 400, true},
    {"version_2", "GET /echo HTTP/2.0\r\nHost: a\r\n\r\n", 505, true},
    {"absolute_form", "GET http://a/echo HTTP/1.1\r\nHost: a\r\n\r\n", 400, true},
    {"bad_escape", "GET /echo?a=%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400, true},
    {"bad_chunk_size", Post("Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"), 400, true},
    {"chunk_overflow",
     Post("Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n"), 400, true},
    {"chunk_longer_than_size", Post("Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n"), 400,
     true},
    {"chunk_bare_lf", Post("Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n"), 400, true},
    {"unknown_expectation", Post("Expect: tea\r\nContent-Length: 3\r\n\r\nabc"), 417, true},
    {"not_found", "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", 404, false},
    {"not_found_with_body", "POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
     404, true},
    {"wrong_method", "DELETE /echo HTTP/1.1\r\nHost: a\r\n\r\n", 405, false},
    {"unknown_method", "BREW /echo HTTP/1.1\r\nHost: a\r\n\r\n", 405, false},
    {"options", "OPTIONS /api/v1/query HTTP/1.1\r\nHost: a\r\n\r\n", 204, false},
};

using FramingTest = ServerFixture;

TEST_F(FramingTest, AnswersAndClosesAsTheTableSays) {
  StartServer();
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    RawClient client(port());
    ASSERT_TRUE(client.connected());
    const std::string response = client.Exchange(c.request);
    EXPECT_EQ(StatusOf(response), c.status) << response;
    if (c.closes) {
      EXPECT_TRUE(client.ReadsEnd());
    } else {
      EXPECT_EQ(StatusOf(client.Exchange(Get("\r\n"))), 200);
    }
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
