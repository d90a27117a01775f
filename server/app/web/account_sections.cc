// Users, tokens and roles.
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "base/labels.h"
#include "server/app/web/web_sections.h"
#include "server/app/yaml_fields.h"

namespace firn::server {

namespace {

// One that can be guessed is worse than none, since it looks like protection.
constexpr size_t kTokenBytesMin = 16;

Status AddRole(const YAML::Node& node, RoleSet* roles) {
  if (!node.IsScalar()) return InvalidArgument("a role is one of read, write and admin");
  for (const Role role : {Role::kRead, Role::kWrite, Role::kAdmin}) {
    if (node.Scalar() != RoleName(role)) continue;
    roles->Add(role);
    return OkStatus();
  }
  return InvalidArgument("{} is none of the roles read, write and admin", QuoteGo(node.Scalar()));
}

// One role or a list of them.
Status ReadRoleSet(const YAML::Node& node, RoleSet* roles) {
  if (!node.IsSequence()) return AddRole(node, roles);
  for (const auto& item : node) FIRN_RETURN_IF_ERROR(AddRole(item, roles));
  return OkStatus();
}

// Calls `read` with each key of a map of names; what it complains of gets its line.
template <typename Read>
Status ForEachName(const YAML::Node& map, const WebFile& file, const Read& read) {
  if (map.IsNull()) return OkStatus();
  if (!map.IsMap()) return InvalidArgument("{}: expected names", YamlPlace(file.name, map));
  std::vector<std::string> seen;
  for (const auto& item : map) {
    const std::string place = YamlPlace(file.name, item.first);
    if (!item.first.IsScalar()) return InvalidArgument("{}: a name must be a word", place);
    const std::string& name = item.first.Scalar();
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
      return InvalidArgument("{}: {} is given twice", place, QuoteGo(name));
    }
    seen.push_back(name);
    FIRN_RETURN_IF_ERROR(read(name, item.second).WithContext(place + ": " + QuoteGo(name)));
  }
  return OkStatus();
}

Result<Sha256> DigestOfFile(const WebFile& file, const std::string& path) {
  FIRN_ASSIGN_OR_RETURN(std::string token, ReadNamedFile(file, path));
  token.erase(token.find_last_not_of(" \t\r\n") + 1);
  if (token.size() < kTokenBytesMin) {
    return InvalidArgument("the token in {} is shorter than {} characters", path, kTokenBytesMin);
  }
  const bool can_be_sent =
      std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!can_be_sent) return InvalidArgument("the token in {} is not one word of ASCII", path);
  return HashSha256(token);
}

Result<TokenAccount> ReadToken(const YAML::Node& node, const WebFile& file) {
  TokenAccount account;
  std::string hex, path;
  bool has_role = false;
  const std::vector<YamlField> fields = {
      TextField("name", &account.name),
      TextField("sha256", &hex),
      TextField("token_file", &path),
      {"role",
       [&](const YAML::Node& value) {
         has_role = true;
         return ReadRoleSet(value, &account.roles);
       }},
  };
  FIRN_RETURN_IF_ERROR(ReadYamlMap(node, file.name, fields));
  if (account.name.empty()) return InvalidArgument("a token needs a name");
  if (!has_role) return InvalidArgument("token {} needs a role", QuoteGo(account.name));
  if (hex.empty() == path.empty()) {
    return InvalidArgument("token {} needs one of sha256 and token_file", QuoteGo(account.name));
  }
  auto digest = path.empty() ? ParseSha256(hex) : DigestOfFile(file, path);
  if (!digest.ok()) return digest.status().WithContext(path.empty() ? "sha256" : "token_file");
  account.digest = *digest;
  return account;
}

}  // namespace

Status ReadUsers(const YAML::Node& node, const WebFile& file, std::vector<UserAccount>* users) {
  return ForEachName(node, file, [&](const std::string& name, const YAML::Node& value) -> Status {
    if (name.empty() || name.find(':') != std::string::npos) {
      return InvalidArgument("a user name must have characters and no colon");
    }
    if (!value.IsScalar()) return InvalidArgument("a bcrypt hash is needed");
    FIRN_RETURN_IF_ERROR(CheckBcryptHash(value.Scalar()));
    users->push_back({name, value.Scalar(), RoleSet()});
    return OkStatus();
  });
}

Status ReadRoles(const YAML::Node& node, const WebFile& file, std::vector<UserAccount>* users) {
  std::vector<std::string> named;
  FIRN_RETURN_IF_ERROR(
      ForEachName(node, file, [&](const std::string& name, const YAML::Node& value) -> Status {
        const auto user = std::find_if(users->begin(), users->end(),
                                       [&](const UserAccount& u) { return u.name == name; });
        if (user == users->end()) return InvalidArgument("not one of basic_auth_users");
        named.push_back(name);
        return ReadRoleSet(value, &user->roles);
      }));
  // Whoever is left out would either have every right or none, and neither is said.
  for (const UserAccount& user : *users) {
    if (std::find(named.begin(), named.end(), user.name) == named.end()) {
      return InvalidArgument("{}: roles has no line for user {}", YamlPlace(file.name, node),
                             QuoteGo(user.name));
    }
  }
  return OkStatus();
}

Status ReadTokens(const YAML::Node& node, const WebFile& file, std::vector<TokenAccount>* tokens) {
  return ReadYamlList(node, file.name, [&](const YAML::Node& item) -> Status {
    auto token = ReadToken(item, file);
    if (!token.ok()) {
      if (token.status().message().starts_with(file.name + ":")) return token.status();
      return token.status().WithContext(YamlPlace(file.name, item));
    }
    for (const TokenAccount& other : *tokens) {
      if (other.name == token->name || other.digest == token->digest) {
        return InvalidArgument("{}: token {} is given twice", YamlPlace(file.name, item),
                               QuoteGo(token->name));
      }
    }
    tokens->push_back(*std::move(token));
    return OkStatus();
  });
}

}  // namespace firn::server
