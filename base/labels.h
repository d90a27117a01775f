// The identity of a series: name/value pairs, sorted by name (byte-wise), names unique,
// no empty values. Kept packed in one string, each name and value preceded by its length:
// one byte below 255, else 0xFF and three bytes little-endian. That is the byte sequence
// over which Prometheus' stringlabels build hashes, and limit_ratio depends on it.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace firn {

inline constexpr std::string_view kMetricName = "__name__";
inline constexpr std::string_view kBucketLabel = "le";
// The longest name or value that a label set can hold. Who makes labels of what came from
// outside checks lengths first.
inline constexpr size_t kLabelStringBytesMax = (size_t{1} << 24) - 1;

// Reads a packed string at `p` and returns what follows. REQUIRES: the bytes are well formed.
inline const char* ReadPackedString(const char* p, std::string_view* text) {
  constexpr unsigned char kLongLength = 255;
  const auto* u = reinterpret_cast<const unsigned char*>(p);
  size_t n = u[0];
  p += 1;
  if (n == kLongLength) [[unlikely]] {
    n = u[1] | (static_cast<size_t>(u[2]) << 8) | (static_cast<size_t>(u[3]) << 16);
    p += 3;
  }
  *text = std::string_view(p, n);
  return p + n;
}

struct LabelView {
  std::string_view name;
  std::string_view value;
  friend bool operator==(const LabelView&, const LabelView&) = default;
  friend auto operator<=>(const LabelView&, const LabelView&) = default;
};

// Immutable but for assignment; copies share the bytes, any thread may make and drop them. Ordered
// as Prometheus orders label sets: pair by pair, name before value, the shorter first if one is a
// prefix of the other.
class Labels {
 public:
  // What it gives out are views of the labels that it walks.
  class Iterator {
   public:
    using value_type = LabelView;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using pointer = const LabelView*;
    using reference = const LabelView&;

    Iterator() = default;
    Iterator(const char* p, const char* end) : p_(p), end_(end) { Read(); }
    const LabelView& operator*() const { return label_; }
    const LabelView* operator->() const { return &label_; }
    Iterator& operator++() {
      p_ = next_;
      Read();
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      ++*this;
      return old;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.p_ == b.p_; }

   private:
    void Read() {
      if (p_ == end_) return;
      next_ = ReadPackedString(ReadPackedString(p_, &label_.name), &label_.value);
    }

    const char* p_ = nullptr;
    const char* next_ = nullptr;
    const char* end_ = nullptr;
    LabelView label_;
  };

  Labels() = default;
  Labels(const Labels& other) : block_(other.block_) {
    if (block_ != nullptr) block_->shares.fetch_add(1, std::memory_order_relaxed);
  }
  Labels(Labels&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Labels& operator=(Labels other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Labels() {
    // What other threads did with their shares must have happened before the end.
    if (block_ == nullptr) return;
    const uint32_t before = block_->shares.fetch_sub(1, std::memory_order_acq_rel);
    if ((before & ~Block::kInArena) == 1) Free(block_, (before & Block::kInArena) != 0);
  }

  // Sorts, drops empty values; of equal names the last one wins.
  // REQUIRES: no string is longer than kLabelStringBytesMax, all together below 4 GiB.
  static Labels FromPairs(std::vector<std::pair<std::string, std::string>> pairs);
  // The same for views that are already sorted by name, unique and free of empty values.
  static Labels FromSortedViews(const std::vector<LabelView>& views);
  // Copies bytes in packed form; InvalidArgument if they are not sorted and well formed.
  static Result<Labels> FromPacked(std::string_view packed);
  // Whether FromPacked takes them.
  static Status CheckPacked(std::string_view packed);

  // The value of a label, "" if absent.
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const;
  std::string_view metric_name() const { return Get(kMetricName); }

  bool empty() const { return block_ == nullptr; }
  size_t size() const;  // Number of pairs; walks them.
  Iterator begin() const {
    const std::string_view all = packed();
    return {all.data(), all.data() + all.size()};
  }
  Iterator end() const {
    const char* const end = packed().data() + packed().size();
    return {end, end};
  }
  std::string_view packed() const {
    if (block_ == nullptr) return {};
    return {reinterpret_cast<const char*>(block_ + 1), block_->size};
  }

  // xxhash64 with seed 0 over packed(): equal to Prometheus' labels hash.
  uint64_t Hash() const;
  // `name{a="b", c="d"}` as Prometheus prints it in messages.
  std::string ToString() const;

  friend bool operator==(const Labels& a, const Labels& b) {
    return a.block_ == b.block_ || a.packed() == b.packed();
  }
  friend std::strong_ordering operator<=>(const Labels& a, const Labels& b);

 private:
  friend class LabelsBuilder;
  friend class LabelArena;
  // The bytes follow. One pointer, since there is one for each series and row of an answer.
  struct Block {
    static constexpr uint32_t kInArena = uint32_t{1} << 31;  // Beside the number of shares.
    std::atomic<uint32_t> shares;
    uint32_t size;
  };

  // Of so many bytes, which are to be written at once.
  static Labels OfSize(size_t bytes, char** out);
  static void Free(Block* block, bool in_arena);

  Block* block_ = nullptr;
};

struct LabelsHash {
  size_t operator()(const Labels& labels) const { return labels.Hash(); }
};

// Changes a label set. One thread at a time.
class LabelsBuilder {
 public:
  LabelsBuilder() = default;
  explicit LabelsBuilder(const Labels& base);
  // An empty value deletes the label.
  LabelsBuilder& Set(std::string_view name, std::string_view value);
  LabelsBuilder& Del(std::string_view name);
  template <typename Names>
  LabelsBuilder& Keep(const Names& names) {
    std::erase_if(pairs_, [&](const auto& pair) { return !In(names, pair.first); });
    return *this;
  }
  template <typename Names>
  LabelsBuilder& Drop(const Names& names) {
    std::erase_if(pairs_, [&](const auto& pair) { return In(names, pair.first); });
    return *this;
  }
  std::string_view Get(std::string_view name) const;
  // Bytes of the longest name or value.
  size_t LongestString() const;
  // REQUIRES: LongestString() <= kLabelStringBytesMax.
  Labels Build() const;

 private:
  template <typename Names>
  static bool In(const Names& names, std::string_view name) {
    for (const auto& candidate : names) {
      if (name == candidate) return true;
    }
    return false;
  }
  std::vector<std::pair<std::string, std::string>> pairs_;  // Sorted by name.
};

// Appends one packed string (length and bytes) to `out`.
// REQUIRES: text.size() <= kLabelStringBytesMax.
void AppendPackedString(std::string_view text, std::string* out);

bool IsValidUtf8(std::string_view text);
// [a-zA-Z_][a-zA-Z0-9_]*
bool IsLegacyLabelName(std::string_view name);
// [a-zA-Z_:][a-zA-Z0-9_:]*
bool IsLegacyMetricName(std::string_view name);
// `"text"` with Go's escapes.
std::string QuoteGo(std::string_view text);

}  // namespace firn
