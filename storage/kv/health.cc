#include "storage/kv/health.h"

#include <algorithm>
#include <utility>

namespace firn::storage {

namespace {
constexpr DurationMs kFirstPauseMs = 1000;
constexpr DurationMs kPauseMsMax = 5000;
}  // namespace

bool Health::AcceptsWrites(std::string* why) const {
  MutexLock lock(&mutex_);
  if (error_.empty() && disk_low_.empty()) return true;
  if (why != nullptr) *why = error_.empty() ? disk_low_ : error_;
  return false;
}

void Health::Failed(std::string why) {
  MutexLock lock(&mutex_);
  if (!error_.empty()) return;  // The first error is the cause, later ones are echoes.
  error_ = std::move(why);
  ++failures_;
  pause_ms_ = kFirstPauseMs;
  next_attempt_ms_ = clock_->NowMs();
}

void Health::Recovered() {
  MutexLock lock(&mutex_);
  if (error_.empty()) return;
  error_.clear();
  ++recoveries_;
}

void Health::SetDiskLow(std::string why) {
  MutexLock lock(&mutex_);
  disk_low_ = std::move(why);
}

void Health::CompactionDamaged(std::string what) {
  MutexLock lock(&mutex_);
  damage_ = std::move(what);
  ++damaged_compactions_;
}

std::string Health::TakeDamage() {
  MutexLock lock(&mutex_);
  return std::exchange(damage_, "");
}

uint64_t Health::damaged_compactions() const {
  MutexLock lock(&mutex_);
  return damaged_compactions_;
}

bool Health::failed() const {
  MutexLock lock(&mutex_);
  return !error_.empty();
}

bool Health::TakeResumeTurn() {
  MutexLock lock(&mutex_);
  const TimestampMs now = clock_->NowMs();
  // A clock that was set back must not stretch the pause.
  next_attempt_ms_ = std::min(next_attempt_ms_, now + pause_ms_);
  if (error_.empty() || now < next_attempt_ms_) return false;
  next_attempt_ms_ = now + pause_ms_;
  pause_ms_ = std::min(2 * pause_ms_, kPauseMsMax);
  return true;
}

uint64_t Health::failures() const {
  MutexLock lock(&mutex_);
  return failures_;
}

uint64_t Health::recoveries() const {
  MutexLock lock(&mutex_);
  return recoveries_;
}

}  // namespace firn::storage
