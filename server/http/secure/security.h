// How a server protects itself: one value, replaced as a whole.
#pragma once

#include <memory>
#include <vector>

#include "server/http/message.h"
#include "server/http/secure/authenticator.h"

namespace firn::server {

class TlsContext;

// Immutable but for what the authenticator remembers.
struct Security {
  std::shared_ptr<const TlsContext> tls;         // Null: plain HTTP.
  std::shared_ptr<Authenticator> authenticator;  // Null: everybody may do everything.
  bool open_probes = false;                      // Routes of Role::kProbe need no credentials.
  std::vector<NameValue> headers;                // Of every answer.
};

}  // namespace firn::server
