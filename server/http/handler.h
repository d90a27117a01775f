// What answers a request, and how it answers.
#pragma once

#include <string_view>

#include "server/http/message.h"

namespace firn::server {

// Used by the thread that runs the handler. Either Send once, or Begin and then Write any
// number of times; the answer ends when the handler returns. A handler that does neither
// answers 500.
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;
  // The whole answer. Compressed if it is large and the client allows it.
  virtual void Send(HttpResponse response) = 0;
  // Starts a streamed answer. REQUIRES: `head.body` is empty.
  virtual void Begin(HttpResponse head) = 0;
  // Sends a part; blocks while the client is behind. False once the client has gone or
  // has taken nothing for too long: the handler should return.
  virtual bool Write(std::string_view part) = 0;
};

// Thread-safe: one handler serves many requests at a time. Lives as long as the server.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void Handle(const HttpRequest& request, ResponseWriter& response) = 0;
};

}  // namespace firn::server
