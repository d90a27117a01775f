// Whatever is asked, in generated words or the fuzzer's own: no crash, no fault of Firn's, and
// each step of a range query is what an instant query finds there.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "tests/support/query_generator.h"
#include "tests/support/query_invariants.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const firn::testing::MemoryStore store = firn::testing::MakeQueryStore();
  if (size == 0) return 0;
  const bool verbatim = data[0] % 4 == 0;
  const std::string text = verbatim ? std::string(reinterpret_cast<const char*>(data) + 1, size - 1)
                                    : firn::testing::QueryGenerator({data + 1, size - 1}).Query();
  // Times that are relative to the range differ from those of an instant.
  if (verbatim && (text.find("start") != text.npos || text.find("end") != text.npos ||
                   text.find("step") != text.npos || text.find("range") != text.npos)) {
    return 0;
  }
  bool evaluated = false;
  FIRN_CHECK(firn::testing::CheckQuery(store, text, &evaluated) == "");
  return 0;
}
