#include "server/http/request_parser.h"

#include <algorithm>
#include <cstdint>

#include <fmt/core.h>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "base/check.h"
#include "server/http/head_scanner.h"

namespace firn::server {

namespace http = boost::beast::http;

struct RequestParser::Impl {
  http::request_parser<http::buffer_body> parser;
};

namespace {

HttpError FromBeast(const boost::system::error_code& error) {
  if (error == http::error::body_limit) return {413, "request body is too large"};
  if (error == http::error::header_limit) return {431, "request head is too large"};
  if (error == http::error::bad_version) return {505, "unsupported HTTP version"};
  return {400, fmt::format("malformed request: {}", error.message())};
}

std::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

// What the library lets pass, but two servers could frame differently.
std::optional<HttpError> CheckFraming(const http::request_header<>& head, HeadInfo* info) {
  size_t hosts = 0;
  size_t lengths = 0;
  size_t encodings = 0;
  for (const auto& field : head) {
    hosts += field.name() == http::field::host;
    if (field.name() == http::field::content_length) {
      ++lengths;
      const std::string_view value = View(field.value());
      if (value.empty() || value.size() > 19 ||
          value.find_first_not_of("0123456789") != std::string_view::npos) {
        return HttpError{400, "invalid Content-Length"};
      }
      info->content_length = std::stoull(std::string(value));
    }
    if (field.name() == http::field::transfer_encoding) {
      ++encodings;
      if (!EqualsIgnoreCase(View(field.value()), "chunked")) {
        return HttpError{501, "unsupported transfer coding"};
      }
    }
  }
  if (encodings > 0 && lengths > 0) {
    return HttpError{400, "both Content-Length and Transfer-Encoding"};
  }
  if (lengths > 1) return HttpError{400, "more than one Content-Length"};
  if (encodings > 1) return HttpError{400, "more than one Transfer-Encoding"};
  if (encodings > 0 && head.version() < 11) {
    return HttpError{400, "Transfer-Encoding in an HTTP/1.0 request"};
  }
  if (hosts > 1 || (hosts == 0 && head.version() >= 11)) {
    return HttpError{400, "exactly one Host header is needed"};
  }
  info->chunked = encodings > 0;
  return std::nullopt;
}

// Beast reports some framing errors by its own rules before ours are asked; status codes
// must not depend on which of the two saw it first.
bool HasBadCoding(std::string_view head) {
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos ||
        !EqualsIgnoreCase(line.substr(0, colon), "transfer-encoding")) {
      continue;
    }
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) {
      value.remove_prefix(1);
    }
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) {
      value.remove_suffix(1);
    }
    if (!EqualsIgnoreCase(value, "chunked")) return true;
  }
  return false;
}

// Beast asserts that it never meets a last chunk again before all of it is there, which does
// happen when the chunk comes in pieces. Were these bytes data, more would follow as well.
bool MayBeginLastChunk(std::string_view bytes) {
  constexpr size_t kLastChunkBytesMin = 5;  // "0", an end of line, another one.
  return bytes.size() < kLastChunkBytesMin && bytes.starts_with('0');
}

}  // namespace

RequestParser::RequestParser() = default;
RequestParser::~RequestParser() = default;

std::optional<HttpError> RequestParser::ParseHead(std::string_view head, HttpRequest* request,
                                                  HeadInfo* info) {
  impl_ = std::make_unique<Impl>();
  auto& parser = impl_->parser;
  // The head is known to be within its limit; the rest of a chunked body has this one.
  parser.header_limit(static_cast<uint32_t>(std::max(head.size(), kHeadBytesDefault) + 1));
  parser.body_limit(boost::none);
  boost::system::error_code error;
  parser.put(boost::asio::buffer(head.data(), head.size()), error);
  if (error == http::error::need_buffer || error == http::error::end_of_stream) error = {};
  if (HasBadCoding(head)) return HttpError{501, "unsupported transfer coding"};
  if (error) return FromBeast(error);
  if (!parser.is_header_done()) return HttpError{400, "incomplete request head"};
  const auto& message = parser.get();
  if (message.version() != 10 && message.version() != 11) {
    return HttpError{505, "unsupported HTTP version"};
  }
  if (auto bad = CheckFraming(message, info)) return bad;
  request->method = ParseMethod(View(message.method_string()));
  request->target = View(message.target());
  for (const auto& field : message) {
    request->headers.emplace_back(View(field.name_string()), View(field.value()));
  }
  info->keep_alive = message.keep_alive();
  info->http10 = message.version() == 10;
  if (const std::string_view expect = request->Header("Expect"); !expect.empty()) {
    if (!EqualsIgnoreCase(expect, "100-continue")) {
      return HttpError{417, "unsupported expectation"};
    }
    info->expect_continue = message.version() == 11;
  }
  if (const Status status = ParseTarget(request->target, request); !status.ok()) {
    return HttpError{400, std::string(status.message())};
  }
  return std::nullopt;
}

std::optional<HttpError> RequestParser::ParseChunked(std::string_view bytes, size_t body_bytes_max,
                                                     std::string* body, size_t* used) {
  FIRN_CHECK(impl_ != nullptr);
  auto& parser = impl_->parser;
  *used = 0;
  char decoded[16 << 10];
  while (*used < bytes.size() && !parser.is_done()) {
    if (MayBeginLastChunk(bytes.substr(*used))) break;
    auto& out = parser.get().body();
    out.data = decoded;
    out.size = sizeof(decoded);
    boost::system::error_code error;
    const size_t taken =
        parser.put(boost::asio::buffer(bytes.data() + *used, bytes.size() - *used), error);
    *used += taken;
    body->append(decoded, sizeof(decoded) - out.size);
    if (body->size() > body_bytes_max) return HttpError{413, "request body is too large"};
    if (error == http::error::need_more) break;
    if (error && error != http::error::need_buffer) return FromBeast(error);
    if (taken == 0 && !error) break;
  }
  return std::nullopt;
}

bool RequestParser::chunked_done() const { return impl_ != nullptr && impl_->parser.is_done(); }

}  // namespace firn::server
