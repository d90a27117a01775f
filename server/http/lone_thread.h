// The only thread of an io_context, which also answers requests. Internal to server/http: it
// carries Asio.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>

#include <boost/asio/io_context.hpp>

#include "base/status.h"

namespace firn::server {

// While the thread is busy with something else for longer than a moment, another runs the context.
// Waking that one, or setting a timer, for each short task would take as long as the task; so one
// timer is set for all tasks of a moment, and the other thread sees to the next.
//
// After an answer the thread looks out for the next request for a moment before it sleeps, if the
// one before came that soon: to wake up takes longer than a small query. So only what asks one
// thing after the other, from the same machine, keeps it awake.
class LoneThread {
 public:
  // Others wait at most for so long, and a little more, until they are served by the other thread.
  static constexpr std::chrono::microseconds kPatience{300};
  // After an answer.
  static constexpr std::chrono::microseconds kSoon{100};

  // Borrows `io`, which must live as long as this.
  explicit LoneThread(boost::asio::io_context* io);
  // REQUIRES: the context is stopped and Run() has returned, or Start() was not called.
  ~LoneThread();
  LoneThread(const LoneThread&) = delete;
  LoneThread& operator=(const LoneThread&) = delete;

  // Io if the system has no timer or thread left. Once only.
  Status Start();
  // Runs the context until it is stopped. What handlers throw is logged. REQUIRES: Start()
  // succeeded; called by one thread.
  void Run();

  // For as long as one lives, the thread that made it, out of a handler, does something else than
  // to run the context. One at a time. REQUIRES: Start() succeeded.
  class Busy {
   public:
    explicit Busy(LoneThread* thread) : thread_(thread) { thread_->Begin(); }
    ~Busy() { thread_->End(); }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

   private:
    LoneThread* const thread_;
  };

 private:
  void Begin();
  void End();
  bool LookOut();
  void SetTimer(std::chrono::nanoseconds after) const;
  bool WaitForTimer() const;
  void StandIn();
  void ServeUntilIdle();

  boost::asio::io_context* const io_;
  int timer_ = -1;
  std::atomic<bool> stop_{false};
  // Times are nanoseconds of the steady clock. Who sets one of the first three looks at the others
  // afterwards.
  std::atomic<int64_t> busy_since_{0};  // 0: not busy.
  std::atomic<bool> timer_set_{false};
  std::atomic<bool> serving_{false};  // The other thread.
  std::atomic<int64_t> idle_since_{0};
  std::atomic<bool> looks_out_{false};
  std::thread other_;
};

}  // namespace firn::server
