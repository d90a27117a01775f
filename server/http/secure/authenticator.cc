#include "server/http/secure/authenticator.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstring>

#include "base/check.h"

namespace firn::server {

namespace {

constexpr size_t kKnownMax = 1024;

AuthVerdict Accepted(const std::string& name, RoleSet roles) {
  return {AuthVerdict::Outcome::kAccepted, name, roles};
}

AuthVerdict Of(AuthVerdict::Outcome outcome) {
  AuthVerdict verdict;
  verdict.outcome = outcome;
  return verdict;
}

// With the length before it, so that no two lists of fields make the same bytes.
void AppendField(std::string_view field, std::string* out) {
  const uint64_t size = field.size();
  out->append(reinterpret_cast<const char*>(&size), sizeof(size));
  out->append(field);
}

}  // namespace

size_t Authenticator::DigestHash::operator()(const Sha256& digest) const {
  size_t hash;
  std::memcpy(&hash, digest.data(), sizeof(hash));
  return hash;
}

Authenticator::Authenticator(std::vector<UserAccount> users, std::vector<TokenAccount> tokens)
    : users_(std::move(users)), tokens_(std::move(tokens)) {
  for (const UserAccount& user : users_) {
    FIRN_CHECK(CheckBcryptHash(user.bcrypt_hash).ok());
    if (costliest_hash_.empty() || BcryptCost(user.bcrypt_hash) > BcryptCost(costliest_hash_)) {
      costliest_hash_ = user.bcrypt_hash;
    }
  }
  if (!users_.empty()) challenges_.emplace_back("WWW-Authenticate", "Basic");
  if (!tokens_.empty()) challenges_.emplace_back("WWW-Authenticate", "Bearer");
  FIRN_CHECK(RAND_bytes(cache_secret_.data(), static_cast<int>(cache_secret_.size())) == 1);
}

const UserAccount* Authenticator::FindUser(std::string_view name) const {
  for (const UserAccount& user : users_) {
    if (user.name == name) return &user;
  }
  return nullptr;
}

// The hash is part of the key: with it a password is forgotten when it is changed.
Sha256 Authenticator::CacheKey(const UserAccount& user, std::string_view password) const {
  std::string message;
  AppendField(user.name, &message);
  AppendField(user.bcrypt_hash, &message);
  AppendField(password, &message);
  Sha256 key;
  HMAC(EVP_sha256(), cache_secret_.data(), static_cast<int>(cache_secret_.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), key.data(), nullptr);
  return key;
}

bool Authenticator::IsKnown(const Sha256& key) const {
  MutexLock lock(&mutex_);
  return known_.contains(key);
}

AuthVerdict Authenticator::CheckToken(std::string_view token) const {
  const Sha256 digest = HashSha256(token);
  const TokenAccount* found = nullptr;
  for (const TokenAccount& account : tokens_) {
    if (EqualInConstantTime(account.digest, digest)) found = &account;
  }
  if (found == nullptr) return Of(AuthVerdict::Outcome::kRefused);
  return Accepted(found->name, found->roles);
}

AuthVerdict Authenticator::Check(std::string_view authorization) const {
  if (authorization.empty()) return Of(AuthVerdict::Outcome::kMissing);
  if (const auto token = ParseBearer(authorization)) return CheckToken(*token);
  const auto basic = ParseBasic(authorization);
  if (!basic || users_.empty()) return Of(AuthVerdict::Outcome::kRefused);
  const UserAccount* user = FindUser(basic->user);
  if (user != nullptr && IsKnown(CacheKey(*user, basic->password))) {
    return Accepted(user->name, user->roles);
  }
  return Of(AuthVerdict::Outcome::kNeedsHashing);
}

AuthVerdict Authenticator::CheckPassword(std::string_view authorization) {
  // Somebody may have proved the same password while this one waited for its turn.
  if (AuthVerdict verdict = Check(authorization);
      verdict.outcome != AuthVerdict::Outcome::kNeedsHashing) {
    return verdict;
  }
  const auto basic = ParseBasic(authorization);
  const UserAccount* user = FindUser(basic->user);
  const bool equal =
      VerifyBcrypt(basic->password, user == nullptr ? costliest_hash_ : user->bcrypt_hash);
  if (user == nullptr || !equal) return Of(AuthVerdict::Outcome::kRefused);
  const Sha256 key = CacheKey(*user, basic->password);
  MutexLock lock(&mutex_);
  if (known_.size() >= kKnownMax) known_.erase(known_.begin());
  known_.insert(key);
  return Accepted(user->name, user->roles);
}

}  // namespace firn::server
