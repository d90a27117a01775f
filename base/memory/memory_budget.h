// Memory that several parts of the program share: each part has a budget with a limit, all
// are parts of one budget with the limit of the whole. What is charged counts in the part and
// in the whole, so that the parts' limits may add up to more than there is.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include "base/status.h"

namespace firn {

// Thread-safe. A parent must outlive its parts, and a budget what is charged to it.
class MemoryBudget {
 public:
  // `name` is a noun for messages ("queries"). A limit of 0 is none.
  MemoryBudget(std::string name, uint64_t limit_bytes, MemoryBudget* parent = nullptr)
      : name_(std::move(name)), limit_(limit_bytes), parent_(parent) {}
  ~MemoryBudget();
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // Charges all or nothing: ResourceExhausted, with the budget that is used up, if this or a
  // parent would exceed its limit.
  Status Charge(uint64_t bytes);
  // Charges memory that is taken in any case; what comes after it may be refused.
  void ChargeAnyway(uint64_t bytes);
  // REQUIRES: as much was charged before.
  void Release(uint64_t bytes);
  // For parts that are measured from time to time: makes `bytes` all that is charged here. By
  // one thread, and not together with the others.
  void SetUsed(uint64_t bytes);

  const std::string& name() const { return name_; }
  const MemoryBudget* parent() const { return parent_; }  // Null for the whole.
  uint64_t limit() const { return limit_; }
  uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  uint64_t peak() const { return peak_.load(std::memory_order_relaxed); }
  // Charges that this budget itself has refused.
  uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }
  // Whether this or a parent is beyond its limit: no time to begin what can wait.
  bool exhausted() const;

 private:
  bool TryAdd(uint64_t bytes);
  void NotePeak(uint64_t used);

  const std::string name_;
  const uint64_t limit_;
  MemoryBudget* const parent_;
  std::atomic<uint64_t> used_{0};
  std::atomic<uint64_t> peak_{0};
  std::atomic<uint64_t> refused_{0};
};

// What one piece of work has charged; gives it back when it goes. By one thread at a time.
class MemoryCharge {
 public:
  // Of null charges nothing and never fails.
  explicit MemoryCharge(MemoryBudget* budget) : budget_(budget) {}
  ~MemoryCharge() { Clear(); }
  MemoryCharge(MemoryCharge&& other) noexcept
      : budget_(other.budget_), bytes_(std::exchange(other.bytes_, 0)) {}
  MemoryCharge& operator=(MemoryCharge&& other) noexcept;

  // As MemoryBudget::Charge; after an error the charge is what it was.
  Status Grow(uint64_t bytes);
  // As MemoryBudget::ChargeAnyway.
  void GrowAnyway(uint64_t bytes);
  // As Grow, to a total.
  Status Resize(uint64_t bytes);
  void Clear();
  uint64_t bytes() const { return bytes_; }

 private:
  MemoryBudget* budget_;
  uint64_t bytes_ = 0;
};

}  // namespace firn
