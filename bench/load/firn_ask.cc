// Asks a server the same questions many times and prints how long each took.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "bench/load/figures.h"
#include "bench/load/fleet.h"
#include "tools/http_client.h"

namespace firn::bench {
namespace {

struct Options {
  std::string host = "127.0.0.1";
  std::string port = "9797";
  uint32_t repeat = 5;
  double most_seconds = 2;  // Per question, beyond the first answer.
  uint32_t clients = 0;
  double seconds = 3;
};

struct Question {
  std::string path;
  std::string form;
};

struct Figures {
  std::vector<double> ms;
  size_t bytes = 0;
  int status = 0;
};

double Ask(const Question& question, tools::HttpClient* client, Figures* figures) {
  const auto begin = SteadyClock::now();
  const auto answer =
      client->Post(question.path, "application/x-www-form-urlencoded", "", question.form);
  const double seconds = Seconds(SteadyClock::now() - begin);
  figures->ms.push_back(1e3 * seconds);
  figures->status = answer.ok() ? answer->status : 0;
  figures->bytes = answer.ok() ? answer->body.size() : 0;
  return seconds;
}

// One line of JSON per question, in their order.
void AskInTurn(const Options& options, const std::vector<Question>& questions) {
  tools::HttpClient client(options.host, options.port);
  for (const Question& question : questions) {
    Figures figures;
    double spent = 0;
    for (uint32_t n = 0; n < options.repeat && spent < options.most_seconds; ++n) {
      spent += Ask(question, &client, &figures);
    }
    const double first = figures.ms.front();
    std::sort(figures.ms.begin(), figures.ms.end());
    fmt::print("{{\"status\":{},\"bytes\":{},\"first_ms\":{:.3f},\"ms\":{:.3f},\"times\":{}}}\n",
               figures.status, figures.bytes, first, figures.ms[figures.ms.size() / 2],
               figures.ms.size());
  }
}

// Each client goes through the questions in an order of its own, until time is up.
void AskInParallel(const Options& options, const std::vector<Question>& questions) {
  std::atomic<uint64_t> failures = 0;
  std::mutex mutex;
  std::vector<double> all;
  const auto begin = SteadyClock::now();
  std::vector<std::thread> threads;
  for (uint32_t c = 0; c < options.clients; ++c) {
    threads.emplace_back([&, c] {
      tools::HttpClient client(options.host, options.port);
      Random random(c + 1);
      Figures figures;
      while (Seconds(SteadyClock::now() - begin) < options.seconds) {
        Ask(questions[random.Below(questions.size())], &client, &figures);
        if (figures.status != 200) ++failures;
      }
      const std::lock_guard lock(mutex);
      all.insert(all.end(), figures.ms.begin(), figures.ms.end());
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double wall = Seconds(SteadyClock::now() - begin);
  std::sort(all.begin(), all.end());
  fmt::print(
      "{{\"answers\":{},\"failures\":{},\"per_second\":{:.1f},\"p50_ms\":{:.2f},"
      "\"p99_ms\":{:.2f}}}\n",
      all.size(), failures.load(), static_cast<double>(all.size()) / wall, all[all.size() / 2],
      all[all.size() * 99 / 100]);
}

int Run(const Options& options) {
  std::vector<Question> questions;
  std::string line;
  while (std::getline(std::cin, line)) {
    const size_t space = line.find(' ');
    if (space == std::string::npos) {
      fmt::print(stderr, "neither path nor form: {}\n", line);
      return 1;
    }
    questions.push_back({line.substr(0, space), line.substr(space + 1)});
  }
  if (questions.empty()) {
    fmt::print(stderr, "no questions on standard input\n");
    return 1;
  }
  if (options.clients > 0) {
    AskInParallel(options, questions);
  } else {
    AskInTurn(options, questions);
  }
  return 0;
}

}  // namespace
}  // namespace firn::bench

int main(int argc, char** argv) {
  firn::bench::Options options;
  CLI::App app("Reads lines of path and form from standard input, posts them and prints times.");
  app.add_option("--host", options.host, "server address")->capture_default_str();
  app.add_option("--port", options.port, "server port")->capture_default_str();
  app.add_option("--repeat", options.repeat, "times each is asked")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  app.add_option("--most-seconds", options.most_seconds, "for one question in all")
      ->capture_default_str();
  app.add_option("--clients", options.clients, "ask in parallel instead, so many at a time")
      ->check(CLI::Range(1, 64));
  app.add_option("--seconds", options.seconds, "how long to ask in parallel")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return firn::bench::Run(options);
}
