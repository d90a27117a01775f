// A complete server over a directory of its own.
#pragma once

#include <snappy.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <protozero/pbf_writer.hpp>

#include "server/app/server.h"
#include "tests/server/http/raw_client.h"

namespace firn::server {

class AppFixture : public testing::Test {
 protected:
  AppFixture() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    directory_ = std::filesystem::temp_directory_path() /
                 ("firn_app_test_" + std::to_string(::getpid()) + "_" + test->name());
    std::filesystem::remove_all(directory_);
    config_.listen = "127.0.0.1:0";
    config_.data = directory_;
    config_.backfill = true;
    config_.self_scrape_interval = 0;
    config_.memory_limit = 256 << 20;
  }
  ~AppFixture() override {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }
  void StartServer() {
    auto server = RunningServer::Start(
        config_, [this] { return reloaded_(); }, [this] { quits_.fetch_add(1); });
    ASSERT_TRUE(server.ok()) << server.status().ToString();
    server_ = *std::move(server);
  }
  std::string Exchange(const std::string& request) {
    return RawClient(server_->port()).Exchange(request);
  }
  std::string Get(const std::string& target, const std::string& headers = "") {
    return Exchange("GET " + target + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n");
  }
  std::string Post(const std::string& target, const std::string& headers = "") {
    return Exchange("POST " + target + " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n" + headers +
                    "\r\n");
  }
  std::string PostForm(const std::string& target, const std::string& form) {
    return Exchange("POST " + target + " HTTP/1.1\r\nHost: a\r\nContent-Type: " +
                    "application/x-www-form-urlencoded\r\nContent-Length: " +
                    std::to_string(form.size()) + "\r\n\r\n" + form);
  }
  // One sample of each of `count` series `m{i="<n>"}`.
  std::string Write(int count, TimestampMs t, double v) {
    std::string message;
    {
      protozero::pbf_writer request(message);
      for (int i = 0; i < count; ++i) {
        protozero::pbf_writer series(request, 1);
        for (const auto& [name, value] :
             {std::pair<std::string, std::string>{"__name__", "m"}, {"i", std::to_string(i)}}) {
          protozero::pbf_writer label(series, 1);
          label.add_string(1, name);
          label.add_string(2, value);
        }
        protozero::pbf_writer sample(series, 2);
        sample.add_double(1, v);
        sample.add_int64(2, t);
      }
    }
    std::string block;
    snappy::Compress(message.data(), message.size(), &block);
    return Exchange("POST /api/v1/write HTTP/1.1\r\nHost: a\r\nContent-Encoding: snappy\r\n" +
                    ("Content-Length: " + std::to_string(block.size())) + "\r\n\r\n" + block);
  }

  std::filesystem::path directory_;
  ServerConfig config_;
  std::function<Result<ServerConfig>()> reloaded_ = [this] { return config_; };
  std::atomic<int> quits_{0};
  std::unique_ptr<RunningServer> server_;
};

}  // namespace firn::server
