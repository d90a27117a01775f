// Decides who sends a request from its Authorization header.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/mutex.h"
#include "server/http/message.h"
#include "server/http/secure/credentials.h"
#include "server/http/secure/role.h"

namespace firn::server {

struct UserAccount {
  std::string name;
  std::string bcrypt_hash;  // One that CheckBcryptHash accepts.
  RoleSet roles;

  friend bool operator==(const UserAccount&, const UserAccount&) = default;
};

struct TokenAccount {
  std::string name;  // For logs.
  Sha256 digest;     // Of the token; the token itself is not kept.
  RoleSet roles;

  friend bool operator==(const TokenAccount&, const TokenAccount&) = default;
};

struct AuthVerdict {
  enum class Outcome : uint8_t {
    kAccepted,
    kMissing,       // No credentials of a known scheme.
    kRefused,       // Credentials that are wrong.
    kNeedsHashing,  // CheckPassword() decides.
  };
  Outcome outcome = Outcome::kMissing;
  std::string name;  // Of the user or token that was accepted.
  RoleSet roles;
};

// Thread-safe. Keeps accepted passwords as keyed hashes, so that a client pays for bcrypt once;
// refused ones are not kept.
class Authenticator {
 public:
  Authenticator(std::vector<UserAccount> users, std::vector<TokenAccount> tokens);

  // Takes microseconds.
  AuthVerdict Check(std::string_view authorization) const;
  // Blocks for as long as bcrypt takes, also if there is no such user. REQUIRES: Check() said
  // kNeedsHashing.
  AuthVerdict CheckPassword(std::string_view authorization);

  // The headers WWW-Authenticate of an answer 401.
  const std::vector<NameValue>& challenges() const { return challenges_; }

 private:
  struct DigestHash {
    size_t operator()(const Sha256& digest) const;
  };
  const UserAccount* FindUser(std::string_view name) const;
  Sha256 CacheKey(const UserAccount& user, std::string_view password) const;
  bool IsKnown(const Sha256& key) const;
  AuthVerdict CheckToken(std::string_view token) const;

  const std::vector<UserAccount> users_;
  const std::vector<TokenAccount> tokens_;
  std::vector<NameValue> challenges_;
  std::string costliest_hash_;  // What the password of an unknown user is compared with.
  Sha256 cache_secret_;         // Of this process: nobody can make a key of the cache.
  mutable Mutex mutex_;
  std::unordered_set<Sha256, DigestHash> known_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace firn::server
