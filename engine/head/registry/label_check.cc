#include "engine/head/registry/label_check.h"

#include <cstring>

namespace firn::engine {
namespace {

// Names and values can be huge or binary: messages show a bounded, escaped part.
std::string Shown(std::string_view text) {
  constexpr size_t kShownBytes = 80;
  return QuoteGo(text.substr(0, kShownBytes)) + (text.size() > kShownBytes ? "..." : "");
}

Status CheckLabel(const LabelView& label, const LabelLimits& limits) {
  if (label.name.empty()) {
    return InvalidArgument("a label with value {} has an empty name", Shown(label.value));
  }
  if (label.name.size() > limits.name_bytes_max) {
    return InvalidArgument("label name {} has {} bytes, the limit is {}", Shown(label.name),
                           label.name.size(), limits.name_bytes_max);
  }
  if (label.value.size() > limits.value_bytes_max) {
    return InvalidArgument("value of label {} has {} bytes, the limit is {}", Shown(label.name),
                           label.value.size(), limits.value_bytes_max);
  }
  if (!IsValidUtf8(label.name)) {
    return InvalidArgument("label name {} is not valid UTF-8", Shown(label.name));
  }
  if (!IsValidUtf8(label.value)) {
    return InvalidArgument("value {} of label {} is not valid UTF-8", Shown(label.value),
                           Shown(label.name));
  }
  return OkStatus();
}

template <typename Word>
bool SameWord(const char* a, const char* b) {
  Word x;
  Word y;
  std::memcpy(&x, a, sizeof(x));
  std::memcpy(&y, b, sizeof(y));
  return x == y;
}

// What memcmp does, without its call: labels are short.
inline bool SameBytes(const char* a, const char* b, size_t n) {
  if (n >= 8) {
    for (size_t i = 0; i + 8 < n; i += 8) {
      if (!SameWord<uint64_t>(a + i, b + i)) return false;
    }
    return SameWord<uint64_t>(a + n - 8, b + n - 8);
  }
  if (n >= 4) {
    return SameWord<uint32_t>(a, b) && SameWord<uint32_t>(a + n - 4, b + n - 4);
  }
  for (size_t i = 0; i < n; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

}  // namespace

Status CheckLabels(std::span<const LabelView> sorted, const LabelLimits& limits) {
  bool has_name = false;
  size_t count = 0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    FIRN_RETURN_IF_ERROR(CheckLabel(sorted[i], limits));
    if (i > 0 && sorted[i].name == sorted[i - 1].name) {
      return InvalidArgument("label {} occurs twice", Shown(sorted[i].name));
    }
    count += sorted[i].value.empty() ? 0 : 1;
    has_name |= sorted[i].name == kMetricName && !sorted[i].value.empty();
  }
  if (!has_name) return InvalidArgument("the series has no metric name (label __name__)");
  if (count > limits.labels_max) {
    return InvalidArgument("series of metric {} has {} labels, the limit is {}", Shown([&] {
                             for (const LabelView& l : sorted) {
                               if (l.name == kMetricName) return l.value;
                             }
                             return std::string_view();
                           }()),
                           count, limits.labels_max);
  }
  return OkStatus();
}

void PackLabels(std::span<const LabelView> sorted, std::string* packed) {
  packed->clear();
  for (const LabelView& label : sorted) {
    if (label.value.empty()) continue;
    AppendPackedString(label.name, packed);
    AppendPackedString(label.value, packed);
  }
}

bool EqualsPacked(std::span<const LabelView> labels, std::string_view packed) {
  constexpr size_t kOneByteLengths = 255;
  const char* p = packed.data();
  const char* const end = p + packed.size();
  for (const LabelView& label : labels) {
    const size_t name = label.name.size();
    const size_t value = label.value.size();
    if (name >= kOneByteLengths || value >= kOneByteLengths || value == 0) return false;
    if (static_cast<size_t>(end - p) < name + value + 2) return false;
    if (static_cast<unsigned char>(p[0]) != name ||
        static_cast<unsigned char>(p[1 + name]) != value) {
      return false;
    }
    // Values differ more often than names.
    if (!SameBytes(p + 2 + name, label.value.data(), value)) return false;
    if (!SameBytes(p + 1, label.name.data(), name)) return false;
    p += 2 + name + value;
  }
  return p == end;
}

}  // namespace firn::engine
