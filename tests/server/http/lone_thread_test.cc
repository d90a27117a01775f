#include "server/http/lone_thread.h"

#include <poll.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include <gtest/gtest.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/defer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "tests/server/http/fixture.h"

namespace firn::server {
namespace {

namespace asio = boost::asio;
using Socket = asio::local::stream_protocol::socket;

void BeBusyFor(std::chrono::microseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) continue;
}

// Like a session: a request is read, has its handler run next, which answers, and then the next one
// is read.
class Echo {
 public:
  Echo(asio::io_context* io, LoneThread* lone, Socket socket)
      : io_(io), lone_(lone), socket_(std::move(socket)) {}

  void Read() {
    socket_.async_read_some(asio::buffer(bytes_), [this](const auto& error, size_t n) {
      if (error || n == 0) return;
      BeBusyFor(std::chrono::microseconds(50));  // Whoever was woken for others is up by then.
      asio::defer(*io_, [this] { Handle(); });
    });
  }

 private:
  void Handle() {
    const LoneThread::Busy busy(lone_);
    // Each byte stands for ten microseconds.
    BeBusyFor(std::chrono::microseconds(10 * static_cast<uint8_t>(bytes_[0])));
    asio::write(socket_, asio::buffer(bytes_));
    asio::defer(*io_, [this] { Read(); });
  }

  asio::io_context* const io_;
  LoneThread* const lone_;
  Socket socket_;
  std::array<char, 1> bytes_{};
};

// A context with one thread and nothing that would wake it by and by.
class LoneThreadTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(lone_->Start().ok());
    thread_ = std::thread([this] { lone_->Run(); });
  }
  void TearDown() override {
    io_.stop();
    thread_.join();
    lone_.reset();
  }
  asio::io_context io_{2};
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  std::unique_ptr<LoneThread> lone_ = std::make_unique<LoneThread>(&io_);
  std::unique_ptr<Echo> echo_;  // Outlives the threads.
  std::thread thread_;
};

TEST_F(LoneThreadTest, OthersAreServedWhileTheThreadIsBusy) {
  for (int i = 0; i < 20; ++i) {
    std::atomic<bool> served{false};
    std::atomic<bool> done{false};
    asio::post(io_, [&] {
      const LoneThread::Busy busy(lone_.get());
      asio::post(io_, [&] { served = true; });
      EXPECT_TRUE(Eventually([&] { return served.load(); }));
      done = true;
    });
    ASSERT_TRUE(Eventually([&] { return done.load(); }));
  }
}

TEST_F(LoneThreadTest, TheThreadGoesOnAfterwards) {
  for (int i = 0; i < 20; ++i) {
    std::atomic<int> done{0};
    asio::post(io_, [&] {
      const LoneThread::Busy busy(lone_.get());
      BeBusyFor(2 * LoneThread::kPatience);
      ++done;
    });
    ASSERT_TRUE(Eventually([&] { return done == 1; }));
    for (int n = 0; n < 10; ++n) {
      asio::post(io_, [&] { ++done; });
      ASSERT_TRUE(Eventually([&] { return done == n + 2; }));
    }
  }
}

// There is no other event that would move on what got stuck.
TEST_F(LoneThreadTest, NothingGetsStuck) {
  asio::io_context clients;
  Socket client(clients);
  Socket server(io_);
  asio::local::connect_pair(client, server);
  echo_ = std::make_unique<Echo>(&io_, lone_.get(), std::move(server));
  asio::post(io_, [&] { echo_->Read(); });
  for (int i = 0; i < 1000; ++i) {
    // Now while the thread looks out for it, now later.
    BeBusyFor(std::chrono::microseconds(i % 7 * 50));
    // Now and then around the moment at which the other thread takes over.
    std::array<char, 1> bytes = {static_cast<char>(i % 10 < 7 ? i % 5 : 20 + i % 20)};
    asio::write(client, asio::buffer(bytes));
    pollfd answer{client.native_handle(), POLLIN, 0};
    ASSERT_EQ(::poll(&answer, 1, 60'000), 1) << i;
    asio::read(client, asio::buffer(bytes));
  }
}

}  // namespace
}  // namespace firn::server
