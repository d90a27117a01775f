// A blocking HTTP/1.1 client over one kept-alive connection, for load and for checks.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace firn::tools {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

// The parts of http://host[:port][/prefix]. InvalidArgument if the text is not that.
Status SplitUrl(std::string_view url, std::string* host, std::string* port, std::string* prefix);

// One thread at a time.
class HttpClient {
 public:
  HttpClient(std::string host, std::string port);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;

  // Connects when needed. Unavailable if the server cannot be reached or hangs up.
  Result<HttpAnswer> Post(std::string_view path, std::string_view content_type,
                          std::string_view content_encoding, std::string body);
  Result<HttpAnswer> Get(std::string_view path);

 private:
  struct Connection;
  std::string host_;
  std::string port_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace firn::tools
