#include "tools/http_client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace firn::tools {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

Result<ServerUrl> SplitUrl(std::string_view url) {
  ServerUrl parts;
  parts.secure = url.starts_with("https://");
  if (!parts.secure && !url.starts_with("http://")) {
    return InvalidArgument("the server's URL must begin with http:// or https://");
  }
  url.remove_prefix(url.find("//") + 2);
  const size_t slash = url.find('/');
  if (slash != std::string_view::npos) {
    parts.prefix = url.substr(slash);
    while (parts.prefix.ends_with('/')) parts.prefix.pop_back();
    url = url.substr(0, slash);
  }
  if (url.find('@') != std::string_view::npos) {
    return InvalidArgument("the server's URL must not have a user; name one with --user");
  }
  const size_t colon = url.rfind(':');
  parts.port = parts.secure ? "443" : "80";
  if (colon != std::string_view::npos) parts.port = url.substr(colon + 1);
  parts.host = url.substr(0, colon);
  if (parts.host.empty()) return InvalidArgument("the server's URL names no host");
  return parts;
}

// One connection; what differs between plain and TLS is behind the two virtual functions.
class HttpConnection {
 public:
  virtual ~HttpConnection() = default;

  Status Open(const HttpClientOptions& options) {
    error_code error;
    asio::ip::tcp::resolver resolver(io_);
    const auto addresses = resolver.resolve(options.host, options.port, error);
    if (!error) asio::connect(socket_, addresses, error);
    if (!error) socket_.set_option(asio::ip::tcp::no_delay(true), error);
    if (!error) error = Begin();
    if (!error) return OkStatus();
    return Unavailable("connecting to {}:{}: {}", options.host, options.port, error.message());
  }

  virtual Result<HttpAnswer> Exchange(const http::request<http::string_body>& request) = 0;
  using TakePart = std::function<Status(std::string_view part)>;
  virtual Result<HttpAnswer> Stream(const http::request<http::string_body>& request,
                                    const TakePart& take) = 0;

 protected:
  virtual error_code Begin() = 0;

  template <typename Stream>
  Result<HttpAnswer> ExchangeOver(Stream& stream, const http::request<http::string_body>& request) {
    error_code error;
    http::write(stream, request, error);
    if (error) return Unavailable("sending: {}", error.message());
    http::response_parser<http::string_body> parser;
    parser.body_limit(boost::none);
    http::read(stream, buffer_, parser, error);
    if (error) return Unavailable("receiving: {}", error.message());
    auto response = parser.release();
    return HttpAnswer{static_cast<int>(response.result_int()), std::move(response.body())};
  }

  template <typename Stream>
  Result<HttpAnswer> StreamOver(Stream& stream, const http::request<http::string_body>& request,
                                const TakePart& take) {
    constexpr size_t kPartBytes = 256 << 10;
    error_code error;
    http::write(stream, request, error);
    if (error) return Unavailable("sending: {}", error.message());
    http::response_parser<http::buffer_body> parser;
    parser.body_limit(boost::none);
    http::read_header(stream, buffer_, parser, error);
    if (error) return Unavailable("receiving: {}", error.message());
    HttpAnswer answer{static_cast<int>(parser.get().result_int()), ""};
    std::string part(kPartBytes, '\0');
    while (!parser.is_done()) {
      parser.get().body().data = part.data();
      parser.get().body().size = part.size();
      http::read(stream, buffer_, parser, error);
      if (error == http::error::need_buffer) error = {};
      if (error) return Unavailable("receiving: {}", error.message());
      const std::string_view got(part.data(), part.size() - parser.get().body().size);
      if (answer.status == 200) {
        FIRN_RETURN_IF_ERROR(take(got));
      } else {
        answer.body.append(got);
      }
    }
    return answer;
  }

  asio::io_context io_;
  asio::ip::tcp::socket socket_{io_};
  beast::flat_buffer buffer_;
};

namespace {

http::request<http::string_body> MakeRequest(http::verb verb, std::string_view path,
                                             const HttpClientOptions& options) {
  http::request<http::string_body> request(verb, beast::string_view(path.data(), path.size()), 11);
  request.set(http::field::host, options.host);
  if (!options.authorization.empty()) {
    request.set(http::field::authorization, options.authorization);
  }
  request.keep_alive(true);
  return request;
}

class PlainConnection : public HttpConnection {
 public:
  Result<HttpAnswer> Exchange(const http::request<http::string_body>& request) override {
    return ExchangeOver(socket_, request);
  }
  Result<HttpAnswer> Stream(const http::request<http::string_body>& request,
                            const TakePart& take) override {
    return StreamOver(socket_, request, take);
  }

 protected:
  error_code Begin() override { return {}; }
};

class TlsConnection : public HttpConnection {
 public:
  Status Prepare(const HttpClientOptions& options) {
    error_code error;
    if (options.ca_file.empty()) {
      context_.set_default_verify_paths(error);
    } else {
      context_.load_verify_file(options.ca_file, error);
    }
    if (error) return InvalidArgument("{}: {}", options.ca_file, error.message());
    context_.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    stream_ = std::make_unique<asio::ssl::stream<asio::ip::tcp::socket&>>(socket_, context_);
    stream_->set_verify_mode(asio::ssl::verify_peer, error);
    stream_->set_verify_callback(asio::ssl::host_name_verification(options.host), error);
    // Names only: the standard has no addresses here.
    asio::ip::make_address(options.host, error);
    if (error) SSL_set_tlsext_host_name(stream_->native_handle(), options.host.c_str());
    return OkStatus();
  }
  Result<HttpAnswer> Exchange(const http::request<http::string_body>& request) override {
    return ExchangeOver(*stream_, request);
  }
  Result<HttpAnswer> Stream(const http::request<http::string_body>& request,
                            const TakePart& take) override {
    return StreamOver(*stream_, request, take);
  }

 protected:
  error_code Begin() override {
    error_code error;
    stream_->handshake(asio::ssl::stream_base::client, error);
    return error;
  }

 private:
  asio::ssl::context context_{asio::ssl::context::tls_client};
  std::unique_ptr<asio::ssl::stream<asio::ip::tcp::socket&>> stream_;
};

}  // namespace

HttpClient::HttpClient(std::string host, std::string port)
    : HttpClient(HttpClientOptions{.host = std::move(host), .port = std::move(port)}) {}
HttpClient::HttpClient(HttpClientOptions options) : options_(std::move(options)) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;

Result<std::unique_ptr<HttpConnection>> HttpClient::Connect() const {
  std::unique_ptr<HttpConnection> connection;
  if (options_.secure) {
    auto tls = std::make_unique<TlsConnection>();
    FIRN_RETURN_IF_ERROR(tls->Prepare(options_));
    connection = std::move(tls);
  } else {
    connection = std::make_unique<PlainConnection>();
  }
  FIRN_RETURN_IF_ERROR(connection->Open(options_));
  return connection;
}

Result<HttpAnswer> HttpClient::Post(std::string_view path, std::string_view content_type,
                                    std::string_view content_encoding, std::string body) {
  auto request = MakeRequest(http::verb::post, path, options_);
  request.set(http::field::content_type, std::string(content_type));
  if (!content_encoding.empty()) {
    request.set(http::field::content_encoding, std::string(content_encoding));
  }
  request.body() = std::move(body);
  request.prepare_payload();
  if (connection_ == nullptr) {
    FIRN_ASSIGN_OR_RETURN(connection_, Connect());
  }
  auto answer = connection_->Exchange(request);
  if (!answer.ok()) connection_.reset();
  return answer;
}

Result<HttpAnswer> HttpClient::Get(std::string_view path) {
  FIRN_ASSIGN_OR_RETURN(const std::unique_ptr<HttpConnection> connection, Connect());
  return connection->Exchange(MakeRequest(http::verb::get, path, options_));
}

Result<HttpAnswer> HttpClient::GetStream(std::string_view path,
                                         const std::function<Status(std::string_view part)>& take) {
  FIRN_ASSIGN_OR_RETURN(const std::unique_ptr<HttpConnection> connection, Connect());
  return connection->Stream(MakeRequest(http::verb::get, path, options_), take);
}

}  // namespace firn::tools
