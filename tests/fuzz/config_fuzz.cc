// Any bytes as firn.yml and as a web configuration: no crash, and a configuration that is accepted
// is shown in a form that reads back as itself.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "server/app/config_loader.h"
#include "server/app/retention_rules.h"
#include "server/app/series_limit_settings.h"
#include "server/app/web/web_config.h"

using namespace firn::server;  // NOLINT: the whole program is about them.

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ServerConfig config;
  const firn::Status status = ApplyYaml(text, "firn.yml", &config);
  if (!status.ok() && !status.message().starts_with("firn.yml:")) std::abort();
  if (status.ok()) {
    const std::string shown = ConfigYaml(config);
    ServerConfig again;
    if (!ApplyYaml(shown, "shown.yml", &again).ok() || ConfigYaml(again) != shown) std::abort();
  }
  (void)ParseRetentionRules(text).ok();
  (void)ParseLabelLimits(text).ok();
  // Names of files would be opened.
  if (text.find("file") != std::string_view::npos) return 0;
  const auto web = ParseWebConfig(text, "web.yml");
  if (web.ok()) {
    (void)MakeSecurity(*web).ok();
  } else if (!web.status().message().starts_with("web.yml:")) {
    std::abort();
  }
  return 0;
}
