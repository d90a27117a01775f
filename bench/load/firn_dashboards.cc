// Writes at a pace while dashboards are looked at, and prints what both felt and the server took.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <thread>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "bench/load/dashboards.h"
#include "bench/load/figures.h"
#include "bench/load/fleet.h"
#include "bench/load/paced_sender.h"

namespace firn::bench {
namespace {

struct Options {
  std::string fleet = "capture";
  std::string capture;
  double seconds = 30;
  int pid = 0;
  SendOptions send;
  DashboardOptions look;
};

// The largest memory of a process, looked at ten times a second.
class MemoryWatch {
 public:
  explicit MemoryWatch(int pid)
      : thread_([this, pid] {
          while (!stop_) {
            most_ = std::max(most_, ResidentMiB(pid));
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
          }
        }) {}
  double Stop() {
    stop_ = true;
    thread_.join();
    return most_;
  }

 private:
  std::atomic<bool> stop_{false};
  double most_ = 0;
  std::thread thread_;
};

// Those of the targets that run node_exporter, or of all.
std::vector<std::string> HostsOf(const Fleet& fleet, uint32_t series) {
  std::vector<std::string> hosts;
  uint32_t all = 0;
  for (uint32_t number = 0; all < series; ++number) {
    all += fleet.SeriesOf(number);
    bool wanted = false;
    std::string instance;
    for (const LabelPairs& labels : fleet.Make(number)->Labels()) {
      for (const auto& [name, value] : labels) {
        if (name == "instance") instance = value;
        wanted |= name == "__name__" && value == "node_load1";
      }
      if (wanted && !instance.empty()) break;
    }
    if (wanted) hosts.push_back(instance);
  }
  if (hosts.empty()) hosts.emplace_back("none");
  return hosts;
}

std::string Quantiles(const std::vector<double>& sorted) {
  return fmt::format(R"({{"count":{},"p50_ms":{:.2f},"p99_ms":{:.2f},"max_ms":{:.2f}}})",
                     sorted.size(), Quantile(sorted, 0.5), Quantile(sorted, 0.99),
                     Quantile(sorted, 1));
}

std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text.substr(0, 300)) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  }
  return out + "\"";
}

void Print(const SendFigures& sent, const DashboardFigures& seen, const PacedSender& sender,
           double seconds) {
  fmt::print(
      R"({{"seconds":{:.2f},"steps":{},"steps_begun":{},"write":{{"samples":{},"samples_per_second":{:.0f},)"
      R"("acknowledged":{},"refused":{},"failed":{},"failure":{}}},)",
      seconds, sender.steps(), sender.steps_begun(), sent.samples,
      static_cast<double>(sent.samples) / seconds, Quantiles(sent.ack_ms),
      Quantiles(sent.refused_ms), sent.failed, Quoted(sent.failure));
  fmt::print(R"("query":{{"answered":{},"refused":{},"loaded":{},"failed":{},"failure":{},)"
             R"("empty":{},"bytes":{},"panels":{{)",
             Quantiles(seen.ms), Quantiles(seen.refused_ms), Quantiles(seen.loaded_ms), seen.failed,
             Quoted(seen.failure), seen.empty, seen.bytes);
  const char* comma = "";
  for (const PanelFigures& panel : seen.panels) {
    fmt::print("{}{}:{}", comma, Quoted(panel.title), Quantiles(panel.ms));
    comma = ",";
  }
  fmt::print("}}}}");
}

int Run(Options options) {
  auto fleet = options.fleet == "capture"
                   ? MakeCaptureFleet(options.capture, options.send.workload.seed)
                   : Result<std::unique_ptr<Fleet>>(MakePlainFleet(options.send.workload.seed));
  if (!fleet.ok()) {
    fmt::print(stderr, "{}\n", fleet.status().ToString());
    return 1;
  }
  PacedSender sender(options.send, **fleet);
  options.look.host = options.send.host;
  options.look.port = options.send.port;
  options.look.hosts = HostsOf(**fleet, options.send.workload.series);
  options.look.now_ms = [&sender] { return sender.now_ms(); };
  Dashboards dashboards(options.look);

  const double cpu_before = CpuSeconds(options.pid);
  MemoryWatch memory(options.pid);
  const auto begin = SteadyClock::now();
  sender.Start();
  // The first look needs something to see.
  while (sender.steps() == 0 && Seconds(SteadyClock::now() - begin) < 60) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  dashboards.Start();
  std::this_thread::sleep_until(begin + std::chrono::duration_cast<SteadyClock::duration>(
                                            std::chrono::duration<double>(options.seconds)));
  const DashboardFigures seen = dashboards.Stop();
  const SendFigures sent = sender.Stop();
  Print(sent, seen, sender, Seconds(SteadyClock::now() - begin));
  fmt::print(R"(,"server":{{"cpu_seconds":{:.2f},"rss_peak_mib":{:.0f}}}}})",
             CpuSeconds(options.pid) - cpu_before, memory.Stop());
  fmt::print("\n");
  return 0;
}

}  // namespace
}  // namespace firn::bench

int main(int argc, char** argv) {
  firn::bench::Options options;
  auto& send = options.send;
  auto& look = options.look;
  CLI::App app("Writes at a pace while dashboards are looked at; prints figures as JSON.");
  app.add_option("--port", send.port, "server port")->capture_default_str();
  app.add_option("--pid", options.pid, "server process, for its CPU time and memory");
  app.add_option("--seconds", options.seconds, "how long")->capture_default_str();
  app.add_option("--fleet", options.fleet, "what is scraped")
      ->capture_default_str()
      ->check(CLI::IsMember({"plain", "capture"}));
  app.add_option("--capture", options.capture, "recorded pages for --fleet capture");
  app.add_option("--series", send.workload.series, "number of series")->capture_default_str();
  app.add_option("--start-ms", send.workload.start_ms, "time of step 0");
  app.add_option("--step-ms", send.workload.step_ms, "scrape interval")->capture_default_str();
  app.add_option("--first-step", send.first_step, "first step to send");
  app.add_option("--rate", send.rate, "samples per second; 0 for as many as are taken")
      ->capture_default_str();
  app.add_option("--senders", send.senders, "connections that write")->capture_default_str();
  app.add_option("--batch", send.batch, "series of a request")->capture_default_str();
  app.add_option("--dashboards", look.dashboards, "how many are open")->capture_default_str();
  app.add_option("--parallel", look.parallel, "panels of one that load at a time")
      ->capture_default_str()
      ->check(CLI::Range(1, 12));
  app.add_option("--refresh", look.refresh_seconds, "seconds; 0 for without a pause")
      ->capture_default_str();
  app.add_option("--range-ms", look.range_ms, "span of the panels")->capture_default_str();
  app.add_option("--backoff-ms", send.backoff_ms, "before what was refused is sent again")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  look.backoff_ms = send.backoff_ms;
  return firn::bench::Run(std::move(options));
}
