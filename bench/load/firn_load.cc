// Sends a deterministic remote-write load and prints what it cost the server.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <memory>
#include <mutex>
#include <thread>

#include <fmt/core.h>
#include <snappy.h>
#include <CLI/CLI.hpp>

#include "bench/load/figures.h"
#include "bench/load/fleet.h"
#include "bench/load/workload.h"
#include "tools/http_client.h"

namespace firn::bench {
namespace {

struct Options {
  std::string host = "127.0.0.1";
  std::string port = "9797";
  std::string path = "/api/v1/write";
  std::string fleet = "plain";
  std::string capture;
  WorkloadOptions workload;
  uint64_t first_step = 0;
  uint64_t steps = 40;
  uint32_t batch = 5000;
  uint32_t connections = 2;
  int pid = 0;
};

struct Outcome {
  std::mutex mutex;
  std::vector<double> latencies_ms;
  std::atomic<uint64_t> samples = 0;
  std::atomic<uint64_t> numbers = 0;
  std::atomic<uint64_t> series = 0;
  std::atomic<uint64_t> retries = 0;
  std::atomic<bool> failed = false;
};

void Fail(Outcome* outcome, const std::string& text) {
  fmt::print(stderr, "{}\n", text);
  outcome->failed = true;
}

// Keeps the senders within a few steps of each other, as scrapes of one fleet are.
class Pace {
 public:
  explicit Pace(uint32_t senders) : done_(senders, 0) {}
  // Waits until no other sender is more than 8 steps behind `step`.
  void Reach(uint32_t sender, uint64_t step) {
    std::unique_lock lock(mutex_);
    done_[sender] = step;
    changed_.notify_all();
    changed_.wait(lock, [&] { return *std::min_element(done_.begin(), done_.end()) + 8 >= step; });
  }
  void Leave(uint32_t sender) { Reach(sender, std::numeric_limits<uint64_t>::max() - 8); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<uint64_t> done_;
};

// Sends one request until it is taken. False if it never is.
bool Send(const Options& options, const std::string& body, tools::HttpClient* client,
          std::vector<double>* latencies, Outcome* outcome) {
  for (int attempt = 0;; ++attempt) {
    const auto sent = SteadyClock::now();
    const auto answer = client->Post(options.path, "application/x-protobuf", "snappy", body);
    if (!answer.ok()) {
      Fail(outcome, answer.status().ToString());
      return false;
    }
    latencies->push_back(1e3 * Seconds(SteadyClock::now() - sent));
    if (answer->status / 100 == 2) return true;
    const bool retry = answer->status == 429 || answer->status == 503;
    if (!retry || attempt == 100) {
      Fail(outcome, fmt::format("status {}: {}", answer->status, answer->body));
      return false;
    }
    ++outcome->retries;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

// Sends every step of one part of the targets.
void RunConnection(const Options& options, Workload* workload, uint32_t part, Pace* pace,
                   Outcome* outcome) {
  tools::HttpClient client(options.host, options.port);
  std::string request;
  std::string compressed;
  std::vector<double> latencies;
  outcome->series += workload->size();
  for (uint64_t step = options.first_step; step < options.first_step + options.steps; ++step) {
    workload->Advance(step);
    for (uint32_t begin = 0; begin < workload->size() && !outcome->failed; begin += options.batch) {
      const uint32_t end = std::min(begin + options.batch, workload->size());
      const uint32_t samples = workload->EncodeRequest(begin, end, &request);
      snappy::Compress(request.data(), request.size(), &compressed);
      if (Send(options, compressed, &client, &latencies, outcome)) outcome->samples += samples;
    }
    if (outcome->failed) break;
    pace->Reach(part, step + 1);
  }
  pace->Leave(part);
  outcome->numbers += workload->numbers();
  const std::lock_guard lock(outcome->mutex);
  outcome->latencies_ms.insert(outcome->latencies_ms.end(), latencies.begin(), latencies.end());
}

Result<std::unique_ptr<Fleet>> MakeFleet(const Options& options) {
  const uint64_t seed = options.workload.seed;
  if (options.fleet == "capture") return MakeCaptureFleet(options.capture, seed);
  if (options.fleet == "tsbs") return MakeTsbsFleet(seed);
  if (options.fleet == "histograms") return MakeHistogramFleet(seed);
  return MakePlainFleet(seed);
}

int Run(const Options& options) {
  const auto fleet = MakeFleet(options);
  if (!fleet.ok()) {
    fmt::print(stderr, "{}\n", fleet.status().ToString());
    return 1;
  }
  Outcome outcome;
  Pace pace(options.connections);
  std::vector<std::unique_ptr<Workload>> parts;
  for (uint32_t c = 0; c < options.connections; ++c) {
    parts.push_back(std::make_unique<Workload>(options.workload, **fleet, c, options.connections));
    // Steps that only pass by are none of the server's time.
    if (options.first_step > 0) parts.back()->Advance(options.first_step - 1);
  }
  const double cpu_before = CpuSeconds(options.pid);
  const auto begin = SteadyClock::now();
  std::vector<std::thread> threads;
  for (uint32_t c = 0; c < options.connections; ++c) {
    threads.emplace_back([&, c] { RunConnection(options, parts[c].get(), c, &pace, &outcome); });
  }
  for (std::thread& thread : threads) thread.join();
  if (outcome.failed) return 1;
  const double wall = Seconds(SteadyClock::now() - begin);
  const auto samples = static_cast<double>(outcome.samples);
  std::sort(outcome.latencies_ms.begin(), outcome.latencies_ms.end());
  fmt::print(
      "{{\"samples\":{},\"numbers\":{},\"series\":{},\"seconds\":{:.3f},\"samples_per_second\":{:."
      "0f},"
      "\"ack_p50_ms\":{:.2f},\"ack_p99_ms\":{:.2f},\"retries\":{}",
      outcome.samples.load(), outcome.numbers.load(), outcome.series.load(), wall, samples / wall,
      Quantile(outcome.latencies_ms, 0.5), Quantile(outcome.latencies_ms, 0.99),
      outcome.retries.load());
  if (options.pid != 0) {
    const double cpu = CpuSeconds(options.pid) - cpu_before;
    fmt::print(
        ",\"server_cpu_seconds\":{:.2f},\"cpu_seconds_per_million\":{:.3f},"
        "\"rss_mib\":{:.0f}",
        cpu, cpu / samples * 1e6, ResidentMiB(options.pid));
  }
  fmt::print("}}\n");
  return 0;
}

}  // namespace
}  // namespace firn::bench

int main(int argc, char** argv) {
  firn::bench::Options options;
  CLI::App app("Sends a deterministic remote-write load and prints what it cost the server.");
  app.add_option("--host", options.host, "server address")->capture_default_str();
  app.add_option("--port", options.port, "server port")->capture_default_str();
  app.add_option("--path", options.path, "remote-write path")->capture_default_str();
  app.add_option("--series", options.workload.series, "number of series")->capture_default_str();
  app.add_option("--start-ms", options.workload.start_ms, "time of step 0");
  app.add_option("--step-ms", options.workload.step_ms, "scrape interval")->capture_default_str();
  app.add_option("--fleet", options.fleet, "what is scraped")
      ->capture_default_str()
      ->check(CLI::IsMember({"plain", "capture", "tsbs", "histograms"}));
  app.add_option("--capture", options.capture, "recorded pages for --fleet capture");
  app.add_flag("--spread", options.workload.spread, "scrape each target at a time of its own");
  app.add_option("--jitter-ms", options.workload.jitter_ms,
                 "3 of 100 scrapes are up to this much late");
  app.add_option("--churn-steps", options.workload.churn_steps,
                 "every so many steps some targets start anew; 0 for never");
  app.add_option("--churn-percent", options.workload.churn_percent, "how many of them")
      ->capture_default_str();
  app.add_option("--seed", options.workload.seed, "seed of labels and values");
  app.add_option("--first-step", options.first_step, "first step to send");
  app.add_option("--steps", options.steps, "samples per series")->capture_default_str();
  app.add_option("--batch", options.batch, "series per request")->capture_default_str();
  app.add_option("--connections", options.connections, "parallel senders")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app.add_option("--pid", options.pid, "server process, for its CPU time and memory");
  CLI11_PARSE(app, argc, argv);
  return firn::bench::Run(options);
}
