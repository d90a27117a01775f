#include "base/labels.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "base/hash.h"
#include "base/memory/label_arena.h"

namespace firn {
namespace {

constexpr unsigned char kLongLength = 255;

// ReadPackedString with bounds; null if the bytes end too early.
const char* ReadPackedChecked(const char* p, const char* end, std::string_view* text) {
  if (p == end) return nullptr;
  const auto first = static_cast<unsigned char>(*p);
  if (first == kLongLength && end - p < 4) return nullptr;
  const auto* u = reinterpret_cast<const unsigned char*>(p);
  const size_t n = first != kLongLength ? first
                                        : u[1] | (static_cast<size_t>(u[2]) << 8) |
                                              (static_cast<size_t>(u[3]) << 16);
  p += first == kLongLength ? 4 : 1;
  if (static_cast<size_t>(end - p) < n) return nullptr;
  *text = std::string_view(p, n);
  return p + n;
}

// How many bytes two texts have in common at their front.
size_t CommonPrefix(std::string_view a, std::string_view b) {
  const size_t shared = std::min(a.size(), b.size());
  size_t i = 0;
  for (; i + sizeof(uint64_t) <= shared; i += sizeof(uint64_t)) {
    uint64_t x;
    uint64_t y;
    std::memcpy(&x, a.data() + i, sizeof(x));
    std::memcpy(&y, b.data() + i, sizeof(y));
    if (x != y) return i + static_cast<size_t>(std::countr_zero(x ^ y)) / 8;
  }
  while (i < shared && a[i] == b[i]) ++i;
  return i;
}

size_t PackedSize(size_t n) { return n + (n >= kLongLength ? 4 : 1); }

// Writes PackedSize() bytes and returns what is behind them.
char* PutPacked(std::string_view text, char* out) {
  const size_t n = text.size();
  FIRN_CHECK(n <= kLabelStringBytesMax);
  if (n < kLongLength) {
    *out++ = static_cast<char>(n);
  } else {
    *out++ = static_cast<char>(kLongLength);
    for (int i = 0; i < 3; ++i) *out++ = static_cast<char>((n >> (8 * i)) & 0xff);
  }
  return out + text.copy(out, n);
}

}  // namespace

void AppendPackedString(std::string_view text, std::string* out) {
  const size_t at = out->size();
  out->resize(at + PackedSize(text.size()));
  PutPacked(text, out->data() + at);
}

Labels Labels::OfSize(size_t bytes, char** out) {
  Labels labels;
  if (bytes == 0) return labels;
  FIRN_CHECK(bytes <= UINT32_MAX);
  void* const memory = ::operator new(sizeof(Block) + bytes);
  labels.block_ = new (memory) Block{{1}, static_cast<uint32_t>(bytes)};
  *out = reinterpret_cast<char*>(labels.block_ + 1);
  return labels;
}

void Labels::Free(Block* block, bool in_arena) {
  if (in_arena) return LabelArena::Free(block);
  block->~Block();
  ::operator delete(block);
}

Labels Labels::FromPairs(std::vector<std::pair<std::string, std::string>> pairs) {
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<LabelView> views;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (i + 1 < pairs.size() && pairs[i + 1].first == pairs[i].first) continue;
    if (!pairs[i].second.empty()) views.push_back({pairs[i].first, pairs[i].second});
  }
  return FromSortedViews(views);
}

Labels Labels::FromSortedViews(const std::vector<LabelView>& views) {
  size_t bytes = 0;
  for (const LabelView& view : views) {
    bytes += PackedSize(view.name.size()) + PackedSize(view.value.size());
  }
  char* out = nullptr;
  Labels labels = OfSize(bytes, &out);
  for (const LabelView& view : views) out = PutPacked(view.value, PutPacked(view.name, out));
  return labels;
}

Status Labels::CheckPacked(std::string_view packed) {
  const char* p = packed.data();
  const char* const end = p + packed.size();
  std::string_view last;
  bool first = true;
  while (p != end) {
    std::string_view name, value;
    p = ReadPackedChecked(p, end, &name);
    if (p != nullptr) p = ReadPackedChecked(p, end, &value);
    if (p == nullptr) return InvalidArgument("packed labels end too early");
    if (name.empty() || value.empty()) return InvalidArgument("packed labels hold an empty string");
    if (!first && name <= last) return InvalidArgument("packed labels are not sorted");
    last = name;
    first = false;
  }
  return OkStatus();
}

Result<Labels> Labels::FromPacked(std::string_view packed) {
  FIRN_RETURN_IF_ERROR(CheckPacked(packed));
  char* out = nullptr;
  Labels labels = OfSize(packed.size(), &out);
  if (out != nullptr) packed.copy(out, packed.size());
  return labels;
}

std::string_view Labels::Get(std::string_view name) const {
  if (name.empty()) return {};
  const auto first = static_cast<unsigned char>(name.front());
  const std::string_view all = packed();
  const char* p = all.data();
  const char* const end = p + all.size();
  while (p != end) {
    std::string_view candidate, value;
    p = ReadPackedString(ReadPackedString(p, &candidate), &value);
    // Names are sorted, and first bytes tell most of them apart without a call.
    const auto its_first = static_cast<unsigned char>(candidate.front());
    if (its_first > first) break;
    if (its_first == first && candidate == name) return value;
  }
  return {};
}

bool Labels::Has(std::string_view name) const { return !Get(name).empty(); }

size_t Labels::size() const { return static_cast<size_t>(std::distance(begin(), end())); }

uint64_t Labels::Hash() const { return XxHash64(packed()); }

std::string Labels::ToString() const {
  std::string out(IsLegacyMetricName(metric_name()) ? metric_name() : "");
  const bool name_outside = !out.empty();
  bool first = true;
  for (const LabelView label : *this) {
    if (name_outside && label.name == kMetricName) continue;
    out += first ? "{" : ", ";
    first = false;
    out += IsLegacyLabelName(label.name) ? std::string(label.name) : QuoteGo(label.name);
    out += "=";
    out += QuoteGo(label.value);
  }
  if (!first) out += "}";
  if (out.empty()) out = "{}";
  return out;
}

std::strong_ordering operator<=>(const Labels& a, const Labels& b) {
  if (a.block_ == b.block_) return std::strong_ordering::equal;
  const std::string_view x = a.packed();
  const std::string_view y = b.packed();
  const size_t same = CommonPrefix(x, y);
  // A set that is the beginning of the other has fewer pairs.
  if (same == std::min(x.size(), y.size())) return x.size() <=> y.size();
  // The first strings that differ decide, in their lengths or in their bytes.
  for (const char* p = x.data();;) {
    std::string_view of_x;
    const char* const next = ReadPackedString(p, &of_x);
    if (static_cast<size_t>(next - x.data()) > same) {
      std::string_view of_y;
      ReadPackedString(y.data() + (p - x.data()), &of_y);
      return of_x <=> of_y;
    }
    p = next;
  }
}

LabelsBuilder::LabelsBuilder(const Labels& base) {
  for (const LabelView label : base) pairs_.emplace_back(label.name, label.value);
}

LabelsBuilder& LabelsBuilder::Set(std::string_view name, std::string_view value) {
  if (value.empty()) return Del(name);
  const auto it =
      std::lower_bound(pairs_.begin(), pairs_.end(), name,
                       [](const auto& pair, std::string_view n) { return pair.first < n; });
  if (it != pairs_.end() && it->first == name) {
    it->second = value;
  } else {
    pairs_.emplace(it, std::string(name), std::string(value));
  }
  return *this;
}

LabelsBuilder& LabelsBuilder::Del(std::string_view name) {
  std::erase_if(pairs_, [&](const auto& pair) { return pair.first == name; });
  return *this;
}

std::string_view LabelsBuilder::Get(std::string_view name) const {
  for (const auto& [key, value] : pairs_) {
    if (key == name) return value;
  }
  return {};
}

size_t LabelsBuilder::LongestString() const {
  size_t longest = 0;
  for (const auto& [name, value] : pairs_) {
    longest = std::max({longest, name.size(), value.size()});
  }
  return longest;
}

Labels LabelsBuilder::Build() const {
  size_t bytes = 0;
  for (const auto& [name, value] : pairs_) {
    bytes += PackedSize(name.size()) + PackedSize(value.size());
  }
  char* out = nullptr;
  Labels labels = Labels::OfSize(bytes, &out);
  for (const auto& [name, value] : pairs_) out = PutPacked(value, PutPacked(name, out));
  return labels;
}

}  // namespace firn
