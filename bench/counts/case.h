// A piece of work whose instructions are counted.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace firn::bench {

struct Case {
  std::string name;
  uint64_t items = 0;  // In one run of the work.
  // Makes what the work needs, from fixed seeds, and returns the work. It is run once to warm up
  // and once more to be counted.
  std::function<std::function<void()>()> prepare;
};

std::vector<Case> StorageCases();
std::vector<Case> IngestCases();
std::vector<Case> QueryCases();

// Keeps the compiler from leaving out what nobody looks at.
template <typename T>
void Keep(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

}  // namespace firn::bench
