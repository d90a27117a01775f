// A chunk of any bytes decodes or is Corruption; what decodes survives being written again.
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "storage/encoding/gorilla.h"

using firn::TimestampMs;
using firn::storage::GorillaAppender;
using firn::storage::GorillaDecode;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<TimestampMs> t;
  std::vector<double> v;
  if (!GorillaDecode({reinterpret_cast<const char*>(data), size}, &t, &v).ok()) return 0;
  GorillaAppender chunk;
  for (size_t i = 0; i < t.size(); ++i) chunk.Append(t[i], v[i]);
  std::vector<TimestampMs> t_again;
  std::vector<double> v_again;
  FIRN_CHECK(GorillaDecode(chunk.bytes(), &t_again, &v_again).ok());
  FIRN_CHECK(t == t_again);
  FIRN_CHECK(v.size() == v_again.size());
  FIRN_CHECK(v.empty() || std::memcmp(v.data(), v_again.data(), v.size() * sizeof(double)) == 0);
  return 0;
}
