#include "bench/load/paced_sender.h"

#include <algorithm>
#include <thread>

#include <fmt/core.h>
#include <snappy.h>

#include "tools/http_client.h"

namespace firn::bench {

struct PacedSender::Sender {
  std::unique_ptr<Workload> workload;
  std::unique_ptr<tools::HttpClient> client;
  std::atomic<uint64_t> done = 0;  // Steps sent whole.
  SendFigures figures;
  std::thread thread;
};

PacedSender::PacedSender(const SendOptions& options, const Fleet& fleet) : options_(options) {
  for (uint32_t s = 0; s < options.senders; ++s) {
    auto sender = std::make_unique<Sender>();
    sender->workload = std::make_unique<Workload>(options.workload, fleet, s, options.senders);
    if (sender->workload->size() == 0) break;  // Fewer targets than senders.
    if (options.first_step > 0) sender->workload->Advance(options.first_step - 1);
    sender->client = std::make_unique<tools::HttpClient>(options.host, options.port);
    senders_.push_back(std::move(sender));
  }
}

PacedSender::~PacedSender() {
  stop_ = true;
  for (const auto& sender : senders_) {
    if (sender->thread.joinable()) sender->thread.join();
  }
}

void PacedSender::Start() {
  begin_ = SteadyClock::now();
  for (const auto& sender : senders_) {
    sender->thread = std::thread([this, s = sender.get()] { Run(s); });
  }
}

SendFigures PacedSender::Stop() {
  stop_ = true;
  SendFigures all;
  for (const auto& sender : senders_) {
    sender->thread.join();
    SendFigures& one = sender->figures;
    all.ack_ms.insert(all.ack_ms.end(), one.ack_ms.begin(), one.ack_ms.end());
    all.refused_ms.insert(all.refused_ms.end(), one.refused_ms.begin(), one.refused_ms.end());
    all.samples += one.samples;
    all.failed += one.failed;
    if (all.failure.empty()) all.failure = one.failure;
  }
  std::sort(all.ack_ms.begin(), all.ack_ms.end());
  std::sort(all.refused_ms.begin(), all.refused_ms.end());
  return all;
}

uint64_t PacedSender::steps() const {
  uint64_t least = UINT64_MAX;
  for (const auto& sender : senders_) least = std::min(least, sender->done.load());
  return least;
}

uint64_t PacedSender::steps_begun() const {
  uint64_t most = 0;
  for (const auto& sender : senders_) most = std::max(most, sender->done.load());
  return most + 1;
}

int64_t PacedSender::now_ms() const {
  const auto step = static_cast<int64_t>(options_.first_step + steps()) - 1;
  return options_.workload.start_ms + step * options_.workload.step_ms;
}

bool PacedSender::SendOne(Sender* sender, const std::string& body, uint32_t samples) {
  SendFigures& figures = sender->figures;
  while (true) {
    const auto sent = SteadyClock::now();
    const auto answer =
        sender->client->Post("/api/v1/write", "application/x-protobuf", "snappy", body);
    const double ms = 1e3 * Seconds(SteadyClock::now() - sent);
    if (answer.ok() && answer->status / 100 == 2) {
      figures.ack_ms.push_back(ms);
      figures.samples += samples;
      return true;
    }
    if (!answer.ok() || (answer->status != 503 && answer->status != 429)) {
      if (figures.failed++ == 0) {
        figures.failure = answer.ok() ? fmt::format("status {}: {}", answer->status, answer->body)
                                      : answer.status().ToString();
      }
      return false;
    }
    figures.refused_ms.push_back(ms);
    if (stop_) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(options_.backoff_ms));
  }
}

void PacedSender::Run(Sender* sender) {
  Workload& workload = *sender->workload;
  const double step_seconds =
      options_.rate > 0 ? static_cast<double>(options_.workload.series) / options_.rate : 0;
  std::string message;
  std::string body;
  for (uint64_t step = 0; !stop_; ++step) {
    workload.Advance(options_.first_step + step);
    for (uint32_t begin = 0; begin < workload.size(); begin += options_.batch) {
      const uint32_t end = std::min(begin + options_.batch, workload.size());
      const double at = static_cast<double>(step) + static_cast<double>(begin) / workload.size();
      std::this_thread::sleep_until(begin_ + std::chrono::duration_cast<SteadyClock::duration>(
                                                 std::chrono::duration<double>(at * step_seconds)));
      const uint32_t samples = workload.EncodeRequest(begin, end, &message);
      snappy::Compress(message.data(), message.size(), &body);
      // A step that has begun is sent whole, or else a later one would count samples twice.
      if (!SendOne(sender, body, samples)) return;
    }
    sender->done.store(step + 1);
  }
}

}  // namespace firn::bench
