#include "server/http/lone_thread.h"

#include <pthread.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <spdlog/spdlog.h>
#include <boost/asio/post.hpp>

namespace firn::server {

namespace asio = boost::asio;
using std::chrono::nanoseconds;

namespace {

constexpr int64_t kPatienceNs = nanoseconds(LoneThread::kPatience).count();
constexpr int64_t kSoonNs = nanoseconds(LoneThread::kSoon).count();

int64_t NowNs() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

template <typename Work>
void Guarded(const Work& work) {
  try {
    work();
  } catch (const std::exception& e) {
    // The connection at hand is lost; the others go on.
    spdlog::error("i/o thread: {}", e.what());
  }
}

}  // namespace

LoneThread::LoneThread(asio::io_context* io) : io_(io) {}

LoneThread::~LoneThread() {
  if (other_.joinable()) {
    stop_.store(true);
    SetTimer(nanoseconds(1));
    other_.join();
  }
  if (timer_ >= 0) ::close(timer_);
}

Status LoneThread::Start() {
  timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  if (timer_ < 0) return Io("a timer for i/o: {}", std::strerror(errno));
  try {
    other_ = std::thread([this] { StandIn(); });
  } catch (const std::system_error& e) {
    return Io("a thread for i/o: {}", e.what());
  }
  pthread_setname_np(other_.native_handle(), "firn-io");
  return OkStatus();
}

void LoneThread::Run() {
  while (!io_->stopped()) {
    Guarded([this] {
      if (LookOut()) return;
      io_->run_one();
      io_->poll();  // What it has to be done next.
    });
  }
}

bool LoneThread::LookOut() {
  if (!looks_out_.exchange(false)) return false;
  const int64_t end = idle_since_.load() + kSoonNs;
  do {
    if (io_->poll() > 0) return true;
  } while (NowNs() < end && !io_->stopped());
  return false;
}

void LoneThread::Begin() {
  const int64_t now = NowNs();
  looks_out_.store(now - idle_since_.load() < kSoonNs);
  busy_since_.store(now);
  if (!timer_set_.load() && !timer_set_.exchange(true)) SetTimer(kPatience);
}

void LoneThread::End() {
  idle_since_.store(NowNs());
  busy_since_.store(0);
  // The other thread may wait for i/o, which is not its business any more.
  if (serving_.load()) asio::post(*io_, [] {});
}

void LoneThread::SetTimer(nanoseconds after) const {
  itimerspec at{};
  at.it_value.tv_nsec = after.count();
  ::timerfd_settime(timer_, 0, &at, nullptr);
}

bool LoneThread::WaitForTimer() const {
  uint64_t expirations = 0;
  while (::read(timer_, &expirations, sizeof(expirations)) < 0 && errno == EINTR) continue;
  return !stop_.load();
}

void LoneThread::StandIn() {
  while (WaitForTimer()) {
    int64_t since = busy_since_.load();
    if (since != 0 && since + kPatienceNs <= NowNs()) ServeUntilIdle();
    timer_set_.store(false);
    since = busy_since_.load();
    if (since == 0 || timer_set_.exchange(true)) continue;
    SetTimer(nanoseconds(std::max<int64_t>(since + kPatienceNs - NowNs(), 1)));
  }
}

void LoneThread::ServeUntilIdle() {
  serving_.store(true);
  while (busy_since_.load() != 0 && !io_->stopped()) Guarded([this] { io_->run_one(); });
  serving_.store(false);
  // What the last of them has to be done next is for this thread: no other is told of it.
  Guarded([this] { io_->poll(); });
}

}  // namespace firn::server
