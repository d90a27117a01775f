// What a request must be allowed to do, and what somebody is allowed to do.
#pragma once

#include <cstdint>
#include <string_view>

namespace firn::server {

// kProbe: health checks and paths without a route, for everybody who is known.
enum class Role : uint8_t { kProbe, kRead, kWrite, kAdmin };

constexpr std::string_view RoleName(Role role) {
  constexpr std::string_view kNames[] = {"probe", "read", "write", "admin"};
  return kNames[static_cast<uint8_t>(role)];
}

// The roles of one user or token. kAdmin includes all others; kRead and kWrite are apart, so
// that a sender cannot read and a dashboard cannot write.
class RoleSet {
 public:
  constexpr void Add(Role role) { bits_ |= Bit(role); }
  constexpr bool Grants(Role needed) const {
    return needed == Role::kProbe || (bits_ & (Bit(needed) | Bit(Role::kAdmin))) != 0;
  }
  friend constexpr bool operator==(RoleSet, RoleSet) = default;

 private:
  static constexpr uint8_t Bit(Role role) {
    return static_cast<uint8_t>(1u << static_cast<uint8_t>(role));
  }
  uint8_t bits_ = 0;
};

}  // namespace firn::server
