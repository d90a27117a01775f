#include "server/app/web/web_security.h"

#include <spdlog/spdlog.h>

#include <chrono>

#include "base/check.h"

namespace firn::server {

Result<std::unique_ptr<WebSecurity>> WebSecurity::Load(std::string path, MetricsRegistry* metrics) {
  State state;
  FIRN_ASSIGN_OR_RETURN(state.config, LoadWebConfig(path));
  auto security = MakeSecurity(state.config);
  if (!security.ok()) return security.status().WithContext(path);
  state.security = *std::move(security);
  return std::unique_ptr<WebSecurity>(new WebSecurity(std::move(path), std::move(state), metrics));
}

WebSecurity::WebSecurity(std::string path, State state, MetricsRegistry* metrics)
    : path_(std::move(path)),
      success_(metrics->AddGauge("firn_web_config_last_reload_successful",
                                 "1 unless the web configuration file or what it names could not "
                                 "be read when last looked at.")),
      expiry_(metrics->AddGauge("firn_tls_certificate_expiry_timestamp_seconds",
                                "When the server's certificate expires; 0 without TLS.")) {
  success_->Set(1);
  Put(std::make_shared<const State>(std::move(state)));
}

WebSecurity::~WebSecurity() { Stop(); }

std::shared_ptr<const Security> WebSecurity::current() const {
  MutexLock lock(&mutex_);
  return state_->security;
}

void WebSecurity::Start(DurationMs interval, Apply apply) {
  FIRN_CHECK(!thread_.joinable());
  {
    MutexLock lock(&mutex_);
    apply_ = std::move(apply);
  }
  thread_ = std::thread([this, interval] { Run(interval); });
}

void WebSecurity::Stop() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    apply_ = nullptr;
  }
  wake_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

// A file that is half written looks like one that takes protection away; whoever means that
// can say so by a restart.
Result<std::shared_ptr<const WebSecurity::State>> WebSecurity::ReadFresh() const {
  std::shared_ptr<const State> old;
  {
    MutexLock lock(&mutex_);
    old = state_;
  }
  State fresh;
  FIRN_ASSIGN_OR_RETURN(fresh.config, LoadWebConfig(path_));
  if (fresh.config == old->config) return std::shared_ptr<const State>();
  if (fresh.config.tls.has_value() != old->config.tls.has_value()) {
    return InvalidArgument("{}: switching TLS on or off needs a restart", path_);
  }
  if (old->config.NeedsCredentials() && !fresh.config.NeedsCredentials()) {
    return InvalidArgument("{}: taking all users and tokens away needs a restart", path_);
  }
  auto security = MakeSecurity(fresh.config);
  if (!security.ok()) return security.status().WithContext(path_);
  fresh.security = *std::move(security);
  if (fresh.config.users == old->config.users && fresh.config.tokens == old->config.tokens) {
    // The accepted passwords stay known.
    auto kept = std::make_shared<Security>(*fresh.security);
    kept->authenticator = old->security->authenticator;
    fresh.security = std::move(kept);
  }
  return std::make_shared<const State>(std::move(fresh));
}

void WebSecurity::Put(std::shared_ptr<const State> state) {
  const TlsContext* tls = state->security->tls.get();
  expiry_->Set(tls == nullptr ? 0 : tls->expiry_seconds());
  MutexLock lock(&mutex_);
  state_ = std::move(state);
  if (apply_) apply_(state_->security);
}

Result<std::function<void()>> WebSecurity::PrepareReload() {
  auto fresh = ReadFresh();
  success_->Set(fresh.ok() ? 1 : 0);
  if (!fresh.ok()) return fresh.status();
  return std::function<void()>([this, state = *fresh] {
    if (state == nullptr) return;
    Put(state);
    spdlog::info("{}: new certificates, users or tokens are in force", path_);
  });
}

Status WebSecurity::Reload() {
  FIRN_ASSIGN_OR_RETURN(const std::function<void()> commit, PrepareReload());
  commit();
  return OkStatus();
}

void WebSecurity::Run(DurationMs interval) {
  std::string last_error;
  while (true) {
    {
      const auto next = std::chrono::steady_clock::now() + std::chrono::milliseconds(interval);
      MutexLock lock(&mutex_);
      while (!stop_) {
        const auto left = next - std::chrono::steady_clock::now();
        if (left.count() <= 0) break;
        wake_.WaitFor(&mutex_, left);
      }
      if (stop_) return;
    }
    const Status status = Reload();
    const std::string error = status.ToString();
    if (!status.ok() && error != last_error) spdlog::error("not reloaded: {}", error);
    last_error = error;
  }
}

}  // namespace firn::server
