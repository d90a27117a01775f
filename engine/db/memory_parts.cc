#include "engine/db/memory_parts.h"

#include <algorithm>

#include "engine/db/impl.h"

namespace firn::engine {
namespace {

constexpr double kHeadShare = 0.6;
constexpr double kBlockCacheShare = 0.15;
constexpr double kTablesShare = 0.05;
constexpr double kUpkeepShare = 0.25;
// Below these nothing works.
constexpr uint64_t kBlockCacheBytesMin = uint64_t{8} << 20;
constexpr uint64_t kTablesBytesMin = uint64_t{4} << 20;
constexpr uint64_t kUpkeepBytesMin = uint64_t{32} << 20;

uint64_t Share(double share, uint64_t limit_bytes, uint64_t least = 0) {
  return std::max(least, static_cast<uint64_t>(share * static_cast<double>(limit_bytes)));
}

}  // namespace

MemoryParts::MemoryParts(uint64_t limit_bytes, MemoryBudget* whole)
    : head("the head", Share(kHeadShare, limit_bytes), whole),
      block_cache("the block cache", Share(kBlockCacheShare, limit_bytes, kBlockCacheBytesMin),
                  whole),
      tables("label tables", Share(kTablesShare, limit_bytes, kTablesBytesMin), whole),
      store("the store", 0, whole),
      upkeep("sealing and merging", Share(kUpkeepShare, limit_bytes, kUpkeepBytesMin), whole) {}

namespace {

// Ticks of a second: longer than any query may run.
constexpr uint64_t kWaitTicksMax = 600;
constexpr uint64_t kWorkBytes = uint64_t{4} << 20;
// Of one input: pages of data, clocks and series, and a row of its tables.
constexpr uint64_t kInputBytes = uint64_t{256} << 10;
constexpr uint64_t kRowBytes = 160;

}  // namespace

void Database::Impl::MeasureMemory() {
  memory_.head.SetUsed(head_.Measure().allocated_bytes);
  const storage::StoreFigures store = store_->Figures();
  memory_.block_cache.SetUsed(store.block_cache_bytes_used);
  uint64_t bytes = 0;
  for (const storage::FamilyFigures& family : store.families) {
    bytes += family.memtable_bytes + family.table_reader_bytes;
  }
  memory_.store.SetUsed(bytes);
}

bool Database::Impl::ChargeUpkeep(std::span<const ScanInput> inputs, bool may_wait,
                                  MemoryCharge* charge) {
  uint64_t bytes = kWorkBytes;
  for (const ScanInput& input : inputs) {
    bytes += kInputBytes + kRowBytes * std::min<uint64_t>(input.reader->summary().series,
                                                          storage::kSegmentRowsMax);
  }
  if (!charge->Grow(bytes).ok()) {
    // What is not merged costs memory too.
    if (may_wait && ++upkeep_waiting_ <= kWaitTicksMax) {
      ++upkeep_waits_;
      return false;
    }
    charge->GrowAnyway(bytes);
  }
  upkeep_waiting_ = 0;
  return true;
}

}  // namespace firn::engine
