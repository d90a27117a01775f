// Bytes of the pages in a data directory that nobody has open.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "storage/page/page_format.h"

namespace firn::bench {

struct KindBytes {
  uint64_t pages = 0;
  uint64_t keys = 0;
  uint64_t plain = 0;
  uint64_t packed = 0;  // zstd level 1 over blocks of 16 KiB of keys and pages of this kind.
};

struct PageBytes {
  // By tier number and kind.
  std::map<std::pair<int, storage::PageKind>, KindBytes> kinds;
  uint64_t samples = 0;      // Raw ones.
  uint64_t series = 0;       // Of windows of raw samples, added up.
  uint64_t page_tables = 0;  // Table files with pages.
  uint64_t directory = 0;    // All files.
};

PageBytes MeasurePages(const std::string& path);
void PrintPages(const PageBytes& bytes);

}  // namespace firn::bench
