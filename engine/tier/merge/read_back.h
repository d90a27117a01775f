// What is to take the place of other windows is read back from the disk and compared first.
#pragma once

#include <atomic>
#include <string>

#include "base/labels.h"
#include "storage/kv/store.h"
#include "storage/page/window.h"

namespace firn::engine {

// One number for labels, times and values of all series of a window, in order.
class ContentHash {
 public:
  void Add(const Labels& labels, const storage::SeriesColumns& columns);
  uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 0;
  std::string histograms_;
};

// Corruption if the pages are not those of a window of this content; Cancelled soon after `stop`
// turns true.
Status VerifyWritten(storage::PageBatch* pages, const storage::WindowId& id,
                     const ContentHash& content, const std::atomic<bool>& stop);

}  // namespace firn::engine
