// Does one piece of work, between marks that callgrind sees; without arguments lists them.
#include <cstdio>
#include <string_view>

#include "bench/counts/case.h"

extern "C" {
[[gnu::noinline]] void firn_counted(const std::function<void()>* work) { (*work)(); }
}

int main(int argc, char** argv) {
  const std::string_view wanted = argc > 1 ? argv[1] : "";
  for (const auto& cases :
       {firn::bench::StorageCases(), firn::bench::IngestCases(), firn::bench::QueryCases()}) {
    for (const firn::bench::Case& c : cases) {
      if (wanted.empty()) {
        std::printf("%s\t%llu\n", c.name.c_str(), static_cast<unsigned long long>(c.items));
      } else if (wanted == c.name) {
        const std::function<void()> work = c.prepare();
        work();
        firn_counted(&work);
        return 0;
      }
    }
  }
  return wanted.empty() ? 0 : 1;
}
