#include "server/app/live_config.h"

#include <spdlog/spdlog.h>

#include <fmt/format.h>

#include "base/duration.h"
#include "server/app/config_loader.h"
#include "server/app/settings.h"

namespace firn::server {

LiveConfig::LiveConfig(ServerConfig initial, ConfigLoader load, const Clock* clock,
                       MetricsRegistry* metrics)
    : load_(std::move(load)),
      clock_(clock),
      success_(metrics->AddGauge("firn_config_last_reload_successful",
                                 "1 unless the last reload of the configuration failed.")),
      success_time_(metrics->AddGauge("firn_config_last_reload_success_timestamp_seconds",
                                      "When the configuration was last read.")),
      restart_pending_(metrics->AddGauge(
          "firn_config_restart_pending_settings",
          "Settings whose new value was read and takes force at the next start.")),
      config_(std::move(initial)),
      loaded_(clock->NowMs()) {
  success_->Set(1);
  success_time_->Set(clock->NowMs() / kSecondMs);
  metrics->AddCollector(
      [this](std::vector<MetricFamily>* families) { families->push_back(CollectNumbers()); });
}

MetricFamily LiveConfig::CollectNumbers() const {
  MetricFamily family;
  family.name = "firn_setting_value";
  family.help = "Numbers among the settings in force, in seconds, bytes, or as counts.";
  MutexLock lock(&mutex_);
  for (const Setting& setting : Settings()) {
    if (!setting.number) continue;
    family.points.push_back(
        {"", {{"setting", std::string(setting.name)}}, setting.number(config_)});
  }
  return family;
}

void LiveConfig::AddPart(Prepare prepare) { parts_.push_back(std::move(prepare)); }

Result<std::vector<std::string>> LiveConfig::Reload() {
  MutexLock lock(&reload_mutex_);
  auto restart = ReloadLocked();
  success_->Set(restart.ok() ? 1 : 0);
  MutexLock state(&mutex_);
  last_reload_ok_ = restart.ok();
  if (!restart.ok()) {
    spdlog::error("configuration not reloaded: {}", restart.status().message());
    return restart;
  }
  loaded_ = clock_->NowMs();
  success_time_->Set(loaded_ / kSecondMs);
  restart_pending_->Set(static_cast<int64_t>(restart->size()));
  if (restart->empty()) {
    spdlog::info("configuration reloaded");
  } else {
    spdlog::warn("configuration reloaded; in force after a restart only: {}",
                 fmt::join(*restart, ", "));
  }
  return restart;
}

Result<std::vector<std::string>> LiveConfig::ReloadLocked() {
  if (!load_) return Unavailable("the configuration did not come from where it can be read again");
  FIRN_ASSIGN_OR_RETURN(const ServerConfig fresh, load_());
  ServerConfig next;
  {
    MutexLock lock(&mutex_);
    next = config_;
  }
  std::vector<std::string> restart;
  for (const Setting& setting : Settings()) {
    const std::string value = setting.get(fresh);
    if (setting.get(next) == value) continue;
    if (!setting.reloadable) {
      restart.emplace_back(setting.name);
      continue;
    }
    FIRN_RETURN_IF_ERROR(setting.set(value, &next).WithContext(setting.name));
  }
  std::vector<Commit> commits;
  for (const Prepare& prepare : parts_) {
    FIRN_ASSIGN_OR_RETURN(Commit commit, prepare(next));
    commits.push_back(std::move(commit));
  }
  for (const Commit& commit : commits) commit();
  MutexLock lock(&mutex_);
  config_ = std::move(next);
  return restart;
}

ConfigInfo LiveConfig::Info() const {
  MutexLock lock(&mutex_);
  ConfigInfo info;
  info.yaml = ConfigYaml(config_);
  for (const Setting& setting : Settings()) {
    info.flags.emplace_back(FlagName(setting.name).substr(2), setting.get(config_));
  }
  info.storage_retention = FormatDuration(config_.retention);
  info.last_reload_ok = last_reload_ok_;
  info.loaded = loaded_;
  return info;
}

}  // namespace firn::server
