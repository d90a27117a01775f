#include "server/app/setting_kinds.h"

#include <charconv>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/labels.h"
#include "server/app/relabel/relabel_config.h"
#include "server/app/yaml_fields.h"

namespace firn::server {

namespace {

Result<uint64_t> ParseBytes(std::string_view text) {
  static constexpr struct {
    std::string_view suffix;
    uint64_t factor;
  } kUnits[] = {{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}};
  uint64_t factor = 1;
  for (const auto& unit : kUnits) {
    if (!text.ends_with(unit.suffix)) continue;
    text.remove_suffix(unit.suffix.size());
    factor = unit.factor;
    break;
  }
  FIRN_ASSIGN_OR_RETURN(const uint64_t value, ParseWholeNumber(text));
  uint64_t bytes = 0;
  if (__builtin_mul_overflow(value, factor, &bytes)) return InvalidArgument("size out of range");
  return bytes;
}

std::string FormatBytes(uint64_t bytes) {
  static constexpr struct {
    std::string_view suffix;
    int shift;
  } kUnits[] = {{"GiB", 30}, {"MiB", 20}, {"KiB", 10}};
  for (const auto& unit : kUnits) {
    if (bytes != 0 && bytes % (uint64_t{1} << unit.shift) == 0) {
      return fmt::format("{}{}", bytes >> unit.shift, unit.suffix);
    }
  }
  return fmt::format("{}", bytes);
}

constexpr size_t kTiersMax = 8;

// Windows of tiers are a day long and made of whole buckets.
Status CheckTier(const std::vector<TierConfig>& before, const TierConfig& tier) {
  const std::string resolution = FormatDuration(tier.resolution);
  if (tier.resolution < kSecondMs || kDayMs % tier.resolution != 0) {
    return InvalidArgument("a day is not made of whole buckets of {}", resolution);
  }
  if (before.empty()) return OkStatus();
  if (tier.resolution <= before.back().resolution ||
      tier.resolution % before.back().resolution != 0) {
    return InvalidArgument("{} is no multiple of {} before it", resolution,
                           FormatDuration(before.back().resolution));
  }
  if (before.size() == kTiersMax) return InvalidArgument("more than {} tiers", kTiersMax);
  return OkStatus();
}

Result<std::vector<TierConfig>> ParseTiers(std::string_view text) {
  std::vector<TierConfig> tiers;
  while (!text.empty()) {
    std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    const size_t colon = one.find(':');
    if (colon == std::string_view::npos) {
      return InvalidArgument("{} is not a resolution and a retention, as in 1m:90d", QuoteGo(one));
    }
    TierConfig tier;
    FIRN_ASSIGN_OR_RETURN(tier.resolution, ParseDuration(one.substr(0, colon)));
    FIRN_ASSIGN_OR_RETURN(tier.retention, ParseDuration(one.substr(colon + 1)));
    FIRN_RETURN_IF_ERROR(CheckTier(tiers, tier));
    tiers.push_back(tier);
  }
  return tiers;
}

std::string FormatTiers(const std::vector<TierConfig>& tiers) {
  std::string out;
  for (const TierConfig& tier : tiers) {
    out += fmt::format("{}{}:{}", out.empty() ? "" : ",", FormatDuration(tier.resolution),
                       FormatDuration(tier.retention));
  }
  return out;
}

template <typename Set, typename Get>
Setting Make(std::string_view name, std::string_view help, const Set& set, const Get& get) {
  Setting setting;
  setting.name = name;
  setting.help = help;
  setting.set = set;
  setting.get = get;
  return setting;
}

template <typename Number>
Setting WithNumber(Setting setting, const Number& number) {
  setting.number = number;
  return setting;
}

template <typename SetNode, typename Get>
Setting MakeStructured(std::string_view name, std::string_view help, const SetNode& set_node,
                       const Get& get) {
  const auto set = [set_node](std::string_view text, ServerConfig* config) {
    return ParseYaml(text, "line",
                     [&](const YAML::Node& node) { return set_node(node, "line", config); });
  };
  Setting setting = Make(name, help, set, get);
  setting.set_node = set_node;
  return setting;
}

}  // namespace

Result<uint64_t> ParseWholeNumber(std::string_view text) {
  uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size()) {
    return InvalidArgument("{} is not a whole number", QuoteGo(text));
  }
  return value;
}

Setting TextSetting(std::string_view name, std::string ServerConfig::*member, std::string_view help,
                    std::vector<std::string> allowed) {
  const auto set = [member, allowed](std::string_view text, ServerConfig* config) {
    bool known = allowed.empty();
    for (const std::string& value : allowed) known |= value == text;
    if (!known) {
      return InvalidArgument("{} is not one of {}", QuoteGo(text), fmt::join(allowed, ", "));
    }
    config->*member = text;
    return OkStatus();
  };
  return Make(name, help, set, [member](const ServerConfig& config) { return config.*member; });
}

Setting NumberSetting(std::string_view name, uint64_t ServerConfig::*member, uint64_t min,
                      std::string_view help) {
  const auto set = [member, min](std::string_view text, ServerConfig* config) {
    FIRN_ASSIGN_OR_RETURN(const uint64_t value, ParseWholeNumber(text));
    if (value < min) return InvalidArgument("{} is below the minimum {}", value, min);
    config->*member = value;
    return OkStatus();
  };
  const auto get = [member](const ServerConfig& config) {
    return fmt::format("{}", config.*member);
  };
  return WithNumber(Make(name, help, set, get), [member](const ServerConfig& config) {
    return static_cast<double>(config.*member);
  });
}

Setting BytesSetting(std::string_view name, uint64_t ServerConfig::*member, std::string_view help,
                     uint64_t min) {
  const auto set = [member, min](std::string_view text, ServerConfig* config) {
    FIRN_ASSIGN_OR_RETURN(const uint64_t value, ParseBytes(text));
    if (value < min) return InvalidArgument("{} is below the minimum {}", text, FormatBytes(min));
    config->*member = value;
    return OkStatus();
  };
  const auto get = [member](const ServerConfig& config) { return FormatBytes(config.*member); };
  return WithNumber(Make(name, help, set, get), [member](const ServerConfig& config) {
    return static_cast<double>(config.*member);
  });
}

Setting DurationSetting(std::string_view name, DurationMs ServerConfig::*member, DurationMs min,
                        std::string_view help) {
  const auto set = [member, min](std::string_view text, ServerConfig* config) {
    FIRN_ASSIGN_OR_RETURN(const DurationMs value, ParseDuration(text));
    if (value < min) {
      return InvalidArgument("{} is below the minimum {}", text, FormatDuration(min));
    }
    config->*member = value;
    return OkStatus();
  };
  const auto get = [member](const ServerConfig& config) { return FormatDuration(config.*member); };
  return WithNumber(Make(name, help, set, get), [member](const ServerConfig& config) {
    return static_cast<double>(config.*member) / kSecondMs;
  });
}

Setting ResolutionSetting(std::string_view name, std::optional<DurationMs> ServerConfig::*member,
                          std::string_view help) {
  const auto set = [member](std::string_view text, ServerConfig* config) {
    config->*member = std::nullopt;
    if (text == "auto") return OkStatus();
    FIRN_ASSIGN_OR_RETURN(config->*member, ParseDuration(text));
    return OkStatus();
  };
  return Make(name, help, set, [member](const ServerConfig& config) {
    const std::optional<DurationMs>& value = config.*member;
    return value ? FormatDuration(*value) : std::string("auto");
  });
}

Setting TiersSetting(std::string_view name, std::vector<TierConfig> ServerConfig::*member,
                     std::string_view help) {
  const auto set = [member](std::string_view text, ServerConfig* config) {
    FIRN_ASSIGN_OR_RETURN(config->*member, ParseTiers(text));
    return OkStatus();
  };
  return Make(name, help, set,
              [member](const ServerConfig& config) { return FormatTiers(config.*member); });
}

Setting BoolSetting(std::string_view name, bool ServerConfig::*member, std::string_view help) {
  const auto set = [member](std::string_view text, ServerConfig* config) {
    if (text != "true" && text != "false") {
      return InvalidArgument("{} is neither true nor false", QuoteGo(text));
    }
    config->*member = text == "true";
    return OkStatus();
  };
  return Make(name, help, set, [member](const ServerConfig& config) {
    return std::string(config.*member ? "true" : "false");
  });
}

Setting RelabelSetting(std::string_view name, std::vector<RelabelConfig> ServerConfig::*member,
                       std::string_view help) {
  const auto set_node = [member](const YAML::Node& node, std::string_view file_name,
                                 ServerConfig* config) {
    return ReadRelabelConfigs(node, file_name, &(config->*member));
  };
  return MakeStructured(name, help, set_node, [member](const ServerConfig& config) {
    return FormatRelabelConfigs(config.*member);
  });
}

}  // namespace firn::server
