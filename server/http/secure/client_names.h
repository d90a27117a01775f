// Which certificates of clients are taken. Internal to server/http/secure.
#pragma once

#include <string>
#include <vector>

struct ssl_ctx_st;

namespace firn::server {

struct ClientRules {
  bool verify = true;                // Whether the chain must lead to a client CA.
  std::vector<std::string> allowed;  // One of them must be in the certificate, if there are any.
};

// Applies `rules` to all connections of the context; `mode` is SSL_VERIFY_*. The context keeps
// the rules.
void CheckClientNames(ssl_ctx_st* context, int mode, ClientRules rules);

}  // namespace firn::server
