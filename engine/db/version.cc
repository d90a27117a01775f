#include "engine/db/version.h"

#include <algorithm>

namespace firn::engine {

void SortWindows(std::vector<StoredWindow>* windows) {
  std::sort(windows->begin(), windows->end(), [](const StoredWindow& a, const StoredWindow& b) {
    return std::pair(a.record.id.start, a.record.order) <
           std::pair(b.record.id.start, b.record.order);
  });
  for (auto first = windows->begin(); first != windows->end();) {
    TimestampMs end = first->record.id.end;
    auto last = first + 1;
    for (; last != windows->end() && last->record.id.start < end; ++last) {
      end = std::max(end, last->record.id.end);
    }
    std::sort(first, last, [](const StoredWindow& a, const StoredWindow& b) {
      return a.record.order < b.record.order;
    });
    first = last;
  }
}

}  // namespace firn::engine
