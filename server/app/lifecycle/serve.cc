#include "server/app/lifecycle/serve.h"

#include <pthread.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <thread>

#include "server/app/server.h"

namespace firn::server {

namespace {

// What the thread that opens the store sends when it is done.
constexpr int kOpened = SIGUSR1;

// Shells and service managers allow 1024 open files unless asked for more, which connections and
// tables share.
void RaiseFileLimit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

// Blocked here and inherited by every thread, the signals wait for sigwait.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, kOpened}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

void SignalSelf(int signal) { ::kill(::getpid(), signal); }

using Started = Result<std::unique_ptr<RunningServer>>;

// Opening a large store takes a while, in which it can be asked to stop.
Started Open(const ServerConfig& config, ConfigLoader reload, const sigset_t& signals) {
  std::optional<Started> started;
  std::stop_source stop;
  std::thread opener([&] {
    started = RunningServer::Start(
        config, std::move(reload), [] { SignalSelf(SIGTERM); }, stop.get_token());
    SignalSelf(kOpened);
  });
  int signal = 0;
  while (sigwait(&signals, &signal) == 0 && signal != kOpened) {
    // What is read while it starts is new enough for SIGHUP.
    if (signal != SIGHUP) stop.request_stop();
  }
  opener.join();
  // Too late for opening to see it.
  if (stop.stop_requested() && started->ok()) SignalSelf(SIGTERM);
  return *std::move(started);
}

}  // namespace

int Serve(const ServerConfig& config, ConfigLoader reload) {
  spdlog::set_level(spdlog::level::from_str(config.log_level));
  RaiseFileLimit();
  const sigset_t signals = BlockSignals();
  auto server = Open(config, std::move(reload), signals);
  if (server.status().code() == StatusCode::kCancelled) {
    spdlog::info("stopped while the store was being opened");
    return 0;
  }
  if (!server.ok()) {
    spdlog::error("cannot serve: {}", server.status().ToString());
    return 1;
  }
  // The port may have been left to the system, and a client must learn which it took.
  const std::string_view host = std::string_view(config.listen).substr(0, config.listen.rfind(':'));
  spdlog::info("serving {} at {}://{}:{}", config.data, (*server)->scheme(), host,
               (*server)->port());
  int signal = 0;
  while (sigwait(&signals, &signal) == 0 && (signal == SIGHUP || signal == kOpened)) {
    if (signal == SIGHUP) static_cast<void>((*server)->Reload());  // Logs what went wrong.
  }
  spdlog::info("stopping on signal {}", signal);
  if (const Status status = (*server)->Stop(); !status.ok()) {
    spdlog::error("closing the store: {}", status.ToString());
    return 1;
  }
  spdlog::info("stopped");
  return 0;
}

}  // namespace firn::server
