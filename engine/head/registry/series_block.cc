#include "engine/head/registry/series_block.h"

#include <new>

namespace firn::engine {

void SeriesPtr::Free(Series* series) {
  SeriesBlock* const block = SeriesBlock::Of(series);
  series->~Series();
  SeriesBlock::Drop(block);
}

Series* SeriesBlock::Make(uint32_t ref, Labels labels) {
  shares_.fetch_add(1, std::memory_order_relaxed);
  Series* const series = new (At(ref)) Series(ref, std::move(labels));
  series->shares_.store(1, std::memory_order_relaxed);
  return series;
}

void SeriesBlock::Drop(SeriesBlock* block) {
  if (block->shares_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete block;
}

SeriesBlock* SeriesBlock::Of(Series* series) {
  // The memory is the first member.
  return reinterpret_cast<SeriesBlock*>(series - series->ref() % kSeries);
}

}  // namespace firn::engine
