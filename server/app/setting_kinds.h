// Makers of settings, one for each kind of value. Internal to server/app.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "server/app/settings.h"

namespace firn::server {

// Any text, or one of `allowed`.
Setting TextSetting(std::string_view name, std::string ServerConfig::*member, std::string_view help,
                    std::vector<std::string> allowed = {});
// A whole number of at least `min`.
Setting NumberSetting(std::string_view name, uint64_t ServerConfig::*member, uint64_t min,
                      std::string_view help);
// Bytes, with KiB, MiB or GiB behind.
Setting BytesSetting(std::string_view name, uint64_t ServerConfig::*member, std::string_view help,
                     uint64_t min = 0);
// "90s", "1h30m", "30d".
Setting DurationSetting(std::string_view name, DurationMs ServerConfig::*member, DurationMs min,
                        std::string_view help);
// `auto` or a duration.
Setting ResolutionSetting(std::string_view name, std::optional<DurationMs> ServerConfig::*member,
                          std::string_view help);
// Resolution and retention of each tier: "1m:90d,1h:2y"; empty for none.
Setting TiersSetting(std::string_view name, std::vector<TierConfig> ServerConfig::*member,
                     std::string_view help);
Setting BoolSetting(std::string_view name, bool ServerConfig::*member, std::string_view help);
// Prometheus' list of relabelling rules.
Setting RelabelSetting(std::string_view name, std::vector<RelabelConfig> ServerConfig::*member,
                       std::string_view help);

inline Setting Reloadable(Setting setting) {
  setting.reloadable = true;
  return setting;
}

Result<uint64_t> ParseWholeNumber(std::string_view text);

}  // namespace firn::server
