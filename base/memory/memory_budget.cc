#include "base/memory/memory_budget.h"

#include "base/check.h"

namespace firn {

MemoryBudget::~MemoryBudget() {
  if (parent_ != nullptr) parent_->Release(used());
}

void MemoryBudget::NotePeak(uint64_t used) {
  uint64_t peak = peak_.load(std::memory_order_relaxed);
  while (used > peak && !peak_.compare_exchange_weak(peak, used, std::memory_order_relaxed)) {
  }
}

bool MemoryBudget::TryAdd(uint64_t bytes) {
  const uint64_t before = used_.fetch_add(bytes, std::memory_order_relaxed);
  if (limit_ == 0 || (bytes <= limit_ && before <= limit_ - bytes)) {
    NotePeak(before + bytes);
    return true;
  }
  used_.fetch_sub(bytes, std::memory_order_relaxed);
  refused_.fetch_add(1, std::memory_order_relaxed);
  return false;
}

Status MemoryBudget::Charge(uint64_t bytes) {
  if (!TryAdd(bytes)) {
    return ResourceExhausted("{} bytes more would exceed the {} bytes of memory for {}, {} in use",
                             bytes, limit_, name_, used());
  }
  if (parent_ == nullptr) return OkStatus();
  Status status = parent_->Charge(bytes);
  if (!status.ok()) used_.fetch_sub(bytes, std::memory_order_relaxed);
  return status;
}

void MemoryBudget::ChargeAnyway(uint64_t bytes) {
  NotePeak(used_.fetch_add(bytes, std::memory_order_relaxed) + bytes);
  if (parent_ != nullptr) parent_->ChargeAnyway(bytes);
}

void MemoryBudget::Release(uint64_t bytes) {
  const uint64_t before = used_.fetch_sub(bytes, std::memory_order_relaxed);
  FIRN_DCHECK(before >= bytes);
  if (parent_ != nullptr) parent_->Release(bytes);
}

void MemoryBudget::SetUsed(uint64_t bytes) {
  const uint64_t before = used();
  if (bytes > before) ChargeAnyway(bytes - before);
  if (bytes < before) Release(before - bytes);
}

bool MemoryBudget::exhausted() const {
  if (limit_ != 0 && used() > limit_) return true;
  return parent_ != nullptr && parent_->exhausted();
}

MemoryCharge& MemoryCharge::operator=(MemoryCharge&& other) noexcept {
  if (this == &other) return *this;
  Clear();
  budget_ = other.budget_;
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

Status MemoryCharge::Grow(uint64_t bytes) {
  if (budget_ == nullptr) return OkStatus();
  FIRN_RETURN_IF_ERROR(budget_->Charge(bytes));
  bytes_ += bytes;
  return OkStatus();
}

void MemoryCharge::GrowAnyway(uint64_t bytes) {
  if (budget_ == nullptr) return;
  budget_->ChargeAnyway(bytes);
  bytes_ += bytes;
}

Status MemoryCharge::Resize(uint64_t bytes) {
  if (bytes >= bytes_) return Grow(bytes - bytes_);
  budget_->Release(bytes_ - bytes);
  bytes_ = bytes;
  return OkStatus();
}

void MemoryCharge::Clear() {
  if (bytes_ != 0) budget_->Release(bytes_);
  bytes_ = 0;
}

}  // namespace firn
