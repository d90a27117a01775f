// One HTTP exchange as handlers see it: nothing here names a socket or an HTTP library.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace firn::server {

enum class Method : uint8_t { kGet, kHead, kPost, kPut, kDelete, kOptions, kOther };

Method ParseMethod(std::string_view name);
std::string_view MethodName(Method method);  // "OTHER" for kOther.

using NameValue = std::pair<std::string, std::string>;

// Immutable while a handler runs, but for `cancelled`.
struct HttpRequest {
  Method method = Method::kGet;
  std::string target;                      // As sent: path and query.
  std::string path;                        // Percent-decoded.
  std::vector<std::string> path_segments;  // Split at '/' first, decoded after.
  std::vector<std::string> path_params;    // Values of the {} parts of the matched route.
  std::vector<NameValue> headers;
  // Of the form body first, then of the URL, each in the sender's order.
  std::vector<NameValue> params;
  std::string body;
  std::string remote_address;
  std::string user;  // Name of the user or token whose credentials came; "" if none are needed.
  std::chrono::steady_clock::time_point received;  // When the body was complete.
  // Set when the client has gone or an operator ends the request; a handler may stop working
  // then.
  mutable std::atomic<bool> cancelled{false};

  // The first header of this name in any case, "" if absent.
  std::string_view Header(std::string_view name) const;
  // The first value, null if absent.
  const std::string* Param(std::string_view name) const;
  std::vector<std::string_view> Params(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type;  // No header if empty.
  bool may_compress = true;  // False for a body that is compressed already.
  std::vector<NameValue> headers;
  std::string body;
};

std::string_view StatusText(int status);

bool EqualsIgnoreCase(std::string_view a, std::string_view b);
// True if a comma-separated header value holds `token` in any case, with a weight that is
// not zero.
bool HasToken(std::string_view header, std::string_view token);

// %XX decoded; '+' becomes a space only in forms. InvalidArgument for a broken escape.
Result<std::string> PercentDecode(std::string_view text, bool plus_is_space);
// Appends the pairs of `a=1&b=2`. InvalidArgument for a broken escape.
Status ParseForm(std::string_view text, std::vector<NameValue>* params);
// Fills path, path_segments and params (URL part) from an origin-form target.
Status ParseTarget(std::string_view target, HttpRequest* request);

}  // namespace firn::server
