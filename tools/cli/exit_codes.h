// What all commands exit with. Those that say more have codes of their own from 4 on.
#pragma once

namespace firn::tools {

inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;  // Wrong arguments, or a mistake in a file named by them.
inline constexpr int kExitUnreachable = 3;  // No server there, or a directory that is in use.

}  // namespace firn::tools
