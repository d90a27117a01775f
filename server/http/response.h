// Turns what a handler writes into the bytes of an HTTP/1.1 answer. Internal to
// server/http.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "server/http/gzip.h"
#include "server/http/handler.h"

namespace firn::server {

// Where the bytes go.
class ResponseSink {
 public:
  virtual ~ResponseSink() = default;
  virtual void SendBytes(std::string bytes, bool last) = 0;
  // Blocks while too much is waiting; false once the connection is broken.
  virtual bool WaitForRoom() = 0;
};

struct ResponseContext {
  bool head_only = false;  // A HEAD request: headers without the body.
  bool http10 = false;     // No chunked coding.
  bool keep_alive = true;
  bool gzip = false;           // The client takes gzip.
  std::string common_headers;  // Complete lines.
};

// One answer, used by the thread of the handler.
class ResponseEncoder : public ResponseWriter {
 public:
  // Borrows `sink`.
  ResponseEncoder(ResponseContext context, ResponseSink* sink);

  void Send(HttpResponse response) override;
  void Begin(HttpResponse head) override;
  bool Write(std::string_view part) override;

  // Ends the answer, 500 if there is none yet, and returns the bytes that remain to be
  // sent. Call exactly once, last.
  std::string Finish();
  int status() const { return status_; }
  size_t body_bytes() const { return body_bytes_; }
  // False if the length of the answer shows only by closing the connection.
  bool keep_alive() const { return context_.keep_alive; }

 private:
  std::string Head(const HttpResponse& response, bool gzip, const size_t* content_length) const;
  std::string EncodeWhole();

  std::string EncodePart(bool last);

  ResponseContext context_;
  ResponseSink* sink_;
  bool begun_ = false;
  bool streaming_ = false;
  bool whole_ = false;
  bool broken_ = false;
  int status_ = 0;
  size_t body_bytes_ = 0;
  HttpResponse head_;
  std::string pending_;
  std::unique_ptr<GzipStream> gzip_;
};

// The header lines that tell a browser who may read the answer. `allowed` as in
// HttpServerOptions::cors_origin.
std::string CorsHeaders(const HttpRequest& request, std::string_view allowed);

}  // namespace firn::server
