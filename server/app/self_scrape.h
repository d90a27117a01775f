// Stores the server's own metrics in its own store, so that it can be watched with nothing
// but itself.
#pragma once

#include <string>
#include <thread>

#include "base/clock.h"
#include "base/mutex.h"
#include "engine/api/admin.h"
#include "engine/api/appender.h"
#include "server/http/metrics.h"

namespace firn::server {

struct SelfScrapeOptions {
  DurationMs interval = 15 * kSecondMs;
  std::string instance;  // The label `instance` of all series; `job` is "firn".
};

// Thread-safe. Borrows everything given to it.
class SelfScrape {
 public:
  SelfScrape(SelfScrapeOptions options, const MetricsRegistry* metrics,
             engine::Appendable* appendable, engine::Admin* admin, const Clock* clock);
  ~SelfScrape();  // Stops.
  SelfScrape(const SelfScrape&) = delete;
  SelfScrape& operator=(const SelfScrape&) = delete;

  // Scrapes at once and then every interval. Once only.
  void Start();
  void Stop();

  // One scrape at the clock's time: all metrics and `up`. The error of the store if it
  // refuses; nothing is kept then.
  Status ScrapeOnce();

 private:
  void Run();
  Status AppendAll(const std::vector<MetricFamily>& families, engine::Appender* appender) const;

  const SelfScrapeOptions options_;
  const MetricsRegistry* const metrics_;
  engine::Appendable* const appendable_;
  engine::Admin* const admin_;
  const Clock* const clock_;

  Mutex mutex_;
  CondVar wake_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  size_t described_ = 0;  // Families whose help is stored; used by the scraping thread.
  std::thread thread_;
};

}  // namespace firn::server
