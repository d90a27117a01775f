#include "server/http/secure/credentials.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "server/http/message.h"

namespace firn::server {

namespace {

constexpr size_t kBcryptBytes = 60;
constexpr size_t kBcryptSettingBytes = 7;  // "$2b$10$".
constexpr int kBcryptCostMin = 4;
// About four seconds of a core; more would let a handful of requests block all others.
constexpr int kBcryptCostMax = 16;

// What follows the scheme; nothing if the header is of another one.
std::optional<std::string_view> AfterScheme(std::string_view authorization,
                                            std::string_view scheme) {
  if (authorization.size() <= scheme.size() || authorization[scheme.size()] != ' ' ||
      !EqualsIgnoreCase(authorization.substr(0, scheme.size()), scheme)) {
    return std::nullopt;
  }
  authorization.remove_prefix(scheme.size());
  while (authorization.starts_with(' ')) authorization.remove_prefix(1);
  return authorization;
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  const size_t data_end = std::min(text.find('='), text.size());
  const size_t padding = text.size() - data_end;
  const auto is_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  };
  // The library also takes spaces around the text.
  if (text.empty() || text.size() % 4 != 0 || padding > 2 ||
      !std::all_of(text.begin(), text.begin() + data_end, is_digit) ||
      text.find_first_not_of('=', data_end) != std::string_view::npos) {
    return std::nullopt;
  }
  std::string out(text.size() / 4 * 3, '\0');
  const int n = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                reinterpret_cast<const unsigned char*>(text.data()),
                                static_cast<int>(text.size()));
  if (n < static_cast<int>(padding)) return std::nullopt;
  out.resize(static_cast<size_t>(n) - padding);
  return out;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<BasicCredentials> ParseBasic(std::string_view authorization) {
  const auto encoded = AfterScheme(authorization, "Basic");
  if (!encoded) return std::nullopt;
  auto text = DecodeBase64(*encoded);
  if (!text) return std::nullopt;
  const size_t colon = text->find(':');
  // What hashes passwords ends them at a NUL byte, so that one would cut the password short.
  if (colon == std::string::npos || text->find('\0') != std::string::npos) return std::nullopt;
  return BasicCredentials{text->substr(0, colon), text->substr(colon + 1)};
}

std::optional<std::string_view> ParseBearer(std::string_view authorization) {
  const auto token = AfterScheme(authorization, "Bearer");
  return token && !token->empty() ? token : std::nullopt;
}

Status CheckBcryptHash(std::string_view hash) {
  const bool known =
      hash.starts_with("$2a$") || hash.starts_with("$2b$") || hash.starts_with("$2y$");
  if (!known || hash.size() != kBcryptBytes || hash[6] != '$') {
    return InvalidArgument("not a bcrypt hash ($2y$ and 56 characters more)");
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_code = [&](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '/';
  };
  if (!is_digit(hash[4]) || !is_digit(hash[5]) ||
      !std::all_of(hash.begin() + kBcryptSettingBytes, hash.end(), is_code)) {
    return InvalidArgument("not a bcrypt hash ($2y$ and 56 characters more)");
  }
  if (const int cost = BcryptCost(hash); cost < kBcryptCostMin || cost > kBcryptCostMax) {
    return InvalidArgument("the cost {} of the bcrypt hash is not between {} and {}", cost,
                           kBcryptCostMin, kBcryptCostMax);
  }
  return OkStatus();
}

int BcryptCost(std::string_view hash) { return (hash[4] - '0') * 10 + (hash[5] - '0'); }

bool VerifyBcrypt(const std::string& password, const std::string& hash) {
  // Too large for a stack.
  const auto data = std::make_unique<crypt_data>();
  const char* computed = crypt_r(password.c_str(), hash.c_str(), data.get());
  const bool equal = computed != nullptr && std::string_view(computed).size() == hash.size() &&
                     CRYPTO_memcmp(computed, hash.data(), hash.size()) == 0;
  OPENSSL_cleanse(data.get(), sizeof(crypt_data));
  return equal;
}

Sha256 HashSha256(std::string_view text) {
  Sha256 digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

Result<Sha256> ParseSha256(std::string_view hex) {
  Sha256 digest;
  if (hex.size() != 2 * digest.size()) return InvalidArgument("not 64 hexadecimal digits");
  for (size_t i = 0; i < digest.size(); ++i) {
    const int high = HexDigit(hex[2 * i]);
    const int low = HexDigit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return InvalidArgument("not 64 hexadecimal digits");
    digest[i] = static_cast<uint8_t>(high * 16 + low);
  }
  return digest;
}

bool EqualInConstantTime(const Sha256& a, const Sha256& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace firn::server
