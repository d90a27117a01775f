// Password hashes and Authorization headers for tests.
#pragma once

#include <crypt.h>
#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace firn::server {

// At the least cost, so that tests are fast.
inline std::string MakeBcrypt(const std::string& password) {
  const auto data = std::make_unique<crypt_data>();
  return crypt_r(password.c_str(), "$2b$04$abcdefghijklmnopqrstuu", data.get());
}

inline std::string Base64(std::string_view text) {
  std::string out(4 * (text.size() / 3 + 1) + 1, '\0');
  const int n = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                reinterpret_cast<const unsigned char*>(text.data()),
                                static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(n));
  return out;
}

// Complete header lines.
inline std::string BasicLine(std::string_view user, std::string_view password) {
  return "Authorization: Basic " + Base64(std::string(user) + ":" + std::string(password)) + "\r\n";
}
inline std::string BearerLine(std::string_view token) {
  return "Authorization: Bearer " + std::string(token) + "\r\n";
}

}  // namespace firn::server
