#include <algorithm>
#include <atomic>
#include <memory>

#include "base/check.h"
#include "base/mutex.h"
#include "query/forecast/forecast.h"

namespace firn::query {

namespace {

// Lets helpers in until it is closed.
class HelperGate {
 public:
  bool Enter() {
    MutexLock lock(&mutex_);
    if (closed_) return false;
    ++inside_;
    return true;
  }
  void Leave() {
    MutexLock lock(&mutex_);
    if (--inside_ == 0) left_.NotifyAll();
  }
  // Returns when all that entered have left.
  void Close() {
    MutexLock lock(&mutex_);
    closed_ = true;
    while (inside_ > 0) left_.Wait(&mutex_);
  }

 private:
  Mutex mutex_;
  CondVar left_;
  size_t inside_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

std::vector<Result<Forecast>> MakeForecasts(std::span<const ForecastInput> inputs,
                                            std::span<const ForecastOptions> options,
                                            ThreadPool* pool, const std::function<bool()>& stop) {
  FIRN_CHECK(inputs.size() == options.size());
  std::vector<Result<Forecast>> forecasts(inputs.size(), Result<Forecast>(Cancelled("stopped")));
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < inputs.size(); i = next++) {
      if (stop && stop()) return;
      forecasts[i] = MakeForecast(inputs[i], options[i]);
    }
  };
  // Helpers that the pool begins too late must not touch this frame.
  const auto gate = std::make_shared<HelperGate>();
  const size_t helpers = pool == nullptr ? 0 : std::min(pool->size(), inputs.size());
  for (size_t i = 0; i < helpers; ++i) {
    pool->Submit([gate, &work] {
      if (!gate->Enter()) return;
      work();
      gate->Leave();
    });
  }
  work();
  gate->Close();
  return forecasts;
}

}  // namespace firn::query
