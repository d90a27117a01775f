// Senders of remote write that keep a pace, or send as fast as they are let.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bench/load/figures.h"
#include "bench/load/fleet.h"
#include "bench/load/workload.h"

namespace firn::bench {

struct SendOptions {
  std::string host = "127.0.0.1";
  std::string port = "9797";
  WorkloadOptions workload;
  uint32_t senders = 4;
  uint32_t batch = 2000;  // Series of a request.
  double rate = 200'000;  // Samples per second of all senders; 0 for as many as are taken.
  uint64_t first_step = 0;
  int64_t backoff_ms = 100;  // Before a refused request is sent again.
};

struct SendFigures {
  std::vector<double> ack_ms;      // Of requests that were taken, each time they were sent.
  std::vector<double> refused_ms;  // Of answers 429 and 503.
  uint64_t samples = 0;            // Acknowledged.
  uint64_t failed = 0;             // Any other answer, or none.
  std::string failure;             // The first of them.
};

// Its senders run in threads of their own from Start to Stop. The fleet must outlive this.
class PacedSender {
 public:
  PacedSender(const SendOptions& options, const Fleet& fleet);
  ~PacedSender();

  void Start();
  // Ends after the requests that are under way; once.
  SendFigures Stop();
  // The newest time of which all samples have been acknowledged.
  int64_t now_ms() const;
  // Steps that all senders have sent, and that any of them may have begun.
  uint64_t steps() const;
  uint64_t steps_begun() const;

 private:
  struct Sender;
  void Run(Sender* sender);
  // False if it was given up, since time is up or the answer cannot be helped.
  bool SendOne(Sender* sender, const std::string& body, uint32_t samples);

  const SendOptions options_;
  std::atomic<bool> stop_{false};
  SteadyClock::time_point begin_;
  std::vector<std::unique_ptr<Sender>> senders_;
};

}  // namespace firn::bench
