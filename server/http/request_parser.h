// One request as it comes off a connection: head, then body. Hides the HTTP library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/message.h"

namespace firn::server {

struct HeadInfo {
  bool keep_alive = true;
  bool http10 = false;
  bool expect_continue = false;
  bool chunked = false;
  uint64_t content_length = 0;  // 0 if chunked.

  bool HasBody() const { return chunked || content_length > 0; }
};

// An error answer that also ends the connection.
struct HttpError {
  int status = 400;
  std::string message;
};

// One thread at a time.
class RequestParser {
 public:
  RequestParser();
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Parses a head that HeadScanner found complete. Fills method, target, path, headers and
  // the parameters of the URL.
  std::optional<HttpError> ParseHead(std::string_view head, HttpRequest* request, HeadInfo* info);

  // Decodes a chunked body. Adds to `body` and sets `used` to the bytes taken.
  // REQUIRES: ParseHead reported a chunked body.
  std::optional<HttpError> ParseChunked(std::string_view bytes, size_t body_bytes_max,
                                        std::string* body, size_t* used);
  // True once the last chunk and its trailer have been read.
  bool chunked_done() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace firn::server
