// A blocking HTTP/1.1 client over one kept-alive connection, plain or through TLS, for load and
// for checks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace firn::tools {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

struct ServerUrl {
  bool secure = false;  // https
  std::string host;
  std::string port;
  std::string prefix;  // Of all paths, "" or "/x".
};

// The parts of http[s]://host[:port][/prefix]. InvalidArgument if the text is not that, or has
// a user in it.
Result<ServerUrl> SplitUrl(std::string_view url);

struct HttpClientOptions {
  std::string host;
  std::string port;
  bool secure = false;
  std::string ca_file = "";        // Certificates that are trusted; "": those of the system.
  std::string authorization = "";  // Value of that header of every request; "" for none.
};

class HttpConnection;

// One thread at a time.
class HttpClient {
 public:
  HttpClient(std::string host, std::string port);
  explicit HttpClient(HttpClientOptions options);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;

  // Connects when needed. Unavailable if the server cannot be reached, is not trusted or hangs
  // up; InvalidArgument if `ca_file` cannot be used.
  Result<HttpAnswer> Post(std::string_view path, std::string_view content_type,
                          std::string_view content_encoding, std::string body);
  Result<HttpAnswer> Get(std::string_view path);
  // Gives the body of an answer 200 in parts, as they arrive; the body of any other is returned. An
  // error of `take` ends it and is returned. Unavailable also if the answer breaks off.
  Result<HttpAnswer> GetStream(std::string_view path,
                               const std::function<Status(std::string_view part)>& take);

 private:
  Result<std::unique_ptr<HttpConnection>> Connect() const;

  HttpClientOptions options_;
  std::unique_ptr<HttpConnection> connection_;
};

}  // namespace firn::tools
