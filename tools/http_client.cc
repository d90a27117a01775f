#include "tools/http_client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

namespace firn::tools {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

Status SplitUrl(std::string_view url, std::string* host, std::string* port, std::string* prefix) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return InvalidArgument("the server's URL must begin with http://");
  url.remove_prefix(kScheme.size());
  const size_t slash = url.find('/');
  if (slash != std::string_view::npos) {
    *prefix = url.substr(slash);
    while (prefix->ends_with('/')) prefix->pop_back();
    url = url.substr(0, slash);
  }
  const size_t colon = url.rfind(':');
  *port = colon == std::string_view::npos ? "80" : std::string(url.substr(colon + 1));
  *host = url.substr(0, colon);
  return host->empty() ? InvalidArgument("the server's URL names no host") : OkStatus();
}

struct HttpClient::Connection {
  asio::io_context io;
  beast::tcp_stream stream{io};
  beast::flat_buffer buffer;

  boost::system::error_code Connect(const std::string& host, const std::string& port) {
    boost::system::error_code error;
    asio::ip::tcp::resolver resolver(io);
    const auto addresses = resolver.resolve(host, port, error);
    if (error) return error;
    stream.connect(addresses, error);
    if (!error) stream.socket().set_option(asio::ip::tcp::no_delay(true), error);
    return error;
  }

  Result<HttpAnswer> Exchange(const http::request<http::string_body>& request) {
    boost::system::error_code error;
    http::write(stream, request, error);
    if (error) return Unavailable("sending: {}", error.message());
    http::response_parser<http::string_body> parser;
    parser.body_limit(boost::none);
    http::read(stream, buffer, parser, error);
    if (error) return Unavailable("receiving: {}", error.message());
    auto response = parser.release();
    return HttpAnswer{static_cast<int>(response.result_int()), std::move(response.body())};
  }
};

HttpClient::HttpClient(std::string host, std::string port)
    : host_(std::move(host)), port_(std::move(port)) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;

namespace {

http::request<http::string_body> MakeRequest(http::verb verb, std::string_view path,
                                             const std::string& host) {
  http::request<http::string_body> request(verb, beast::string_view(path.data(), path.size()), 11);
  request.set(http::field::host, host);
  request.keep_alive(true);
  return request;
}

}  // namespace

Result<HttpAnswer> HttpClient::Post(std::string_view path, std::string_view content_type,
                                    std::string_view content_encoding, std::string body) {
  auto request = MakeRequest(http::verb::post, path, host_);
  request.set(http::field::content_type, std::string(content_type));
  if (!content_encoding.empty()) {
    request.set(http::field::content_encoding, std::string(content_encoding));
  }
  request.body() = std::move(body);
  request.prepare_payload();
  if (connection_ == nullptr) {
    connection_ = std::make_unique<Connection>();
    if (const auto error = connection_->Connect(host_, port_)) {
      connection_.reset();
      return Unavailable("connecting to {}:{}: {}", host_, port_, error.message());
    }
  }
  auto answer = connection_->Exchange(request);
  if (!answer.ok()) connection_.reset();
  return answer;
}

Result<HttpAnswer> HttpClient::Get(std::string_view path) {
  Connection connection;
  if (const auto error = connection.Connect(host_, port_)) {
    return Unavailable("connecting to {}:{}: {}", host_, port_, error.message());
  }
  return connection.Exchange(MakeRequest(http::verb::get, path, host_));
}

}  // namespace firn::tools
