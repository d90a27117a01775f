// Pure functions of credentials: what the Authorization header says, and password hashes.
// Internal to server/http and to readers of configuration.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace firn::server {

using Sha256 = std::array<uint8_t, 32>;

struct BasicCredentials {
  std::string user;
  std::string password;
};

// Of an Authorization header of the scheme Basic; nothing if it is of another scheme or broken.
std::optional<BasicCredentials> ParseBasic(std::string_view authorization);
// Of the scheme Bearer; a view of `authorization`, not empty.
std::optional<std::string_view> ParseBearer(std::string_view authorization);

// OK for a complete bcrypt hash of the forms $2a$, $2b$ and $2y$ whose cost is bearable, else
// InvalidArgument. The message never has the text.
Status CheckBcryptHash(std::string_view hash);
// The exponent of the work. REQUIRES: CheckBcryptHash accepts `hash`.
int BcryptCost(std::string_view hash);
// Takes as long as the cost of the hash says. REQUIRES: CheckBcryptHash accepts `hash`.
bool VerifyBcrypt(const std::string& password, const std::string& hash);

Sha256 HashSha256(std::string_view text);
// InvalidArgument unless `hex` is 64 hexadecimal digits; the message never has the text.
Result<Sha256> ParseSha256(std::string_view hex);
// Looks at all bytes whatever it finds.
bool EqualInConstantTime(const Sha256& a, const Sha256& b);

}  // namespace firn::server
