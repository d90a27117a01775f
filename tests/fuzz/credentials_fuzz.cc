// Any bytes as an Authorization header, a password hash or a digest.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "server/http/secure/authenticator.h"

using namespace firn::server;  // NOLINT: the whole program is about them.

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Authenticator authenticator(
      {{"user", "$2b$04$abcdefghijklmnopqrstuuAbCdEfGhIjKlMnOpQrStUvWxYzAbCdE", RoleSet()}},
      {{"token", HashSha256("a token that nobody sends"), RoleSet()}});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto basic = ParseBasic(text);
  if (basic && (basic->user.find(':') != std::string::npos ||
                basic->password.find('\0') != std::string::npos)) {
    std::abort();
  }
  if (basic && ParseBearer(text)) std::abort();
  if (authenticator.Check(text).outcome == AuthVerdict::Outcome::kAccepted) std::abort();
  if (CheckBcryptHash(text).ok() && BcryptCost(text) > 16) std::abort();
  if (ParseSha256(text).ok() && size != 64) std::abort();
  return 0;
}
