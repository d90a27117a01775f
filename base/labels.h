// The identity of a series: name/value pairs, sorted by name (byte-wise), names unique,
// no empty values. Kept packed in one string, each name and value preceded by its length:
// one byte below 255, else 0xFF and three bytes little-endian. That is the byte sequence
// over which Prometheus' stringlabels build hashes, and limit_ratio depends on it.
#pragma once

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

struct LabelView {
  std::string_view name;
  std::string_view value;
  friend bool operator==(const LabelView&, const LabelView&) = default;
  friend auto operator<=>(const LabelView&, const LabelView&) = default;
};

// Immutable but for assignment. Ordered as Prometheus orders label sets: pair by pair,
// name before value, the shorter first if one is a prefix of the other.
class Labels {
 public:
  class Iterator {
   public:
    using value_type = LabelView;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using pointer = const LabelView*;
    using reference = LabelView;

    Iterator() = default;
    explicit Iterator(const char* p) : p_(p) {}
    LabelView operator*() const;
    Iterator& operator++();
    Iterator operator++(int) {
      Iterator old = *this;
      ++*this;
      return old;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const char* p_ = nullptr;
  };

  Labels() = default;
  // Sorts, drops empty values; of equal names the last one wins.
  // REQUIRES: no string is longer than kLabelStringBytesMax.
  static Labels FromPairs(std::vector<std::pair<std::string, std::string>> pairs);
  // The same for views that are already sorted by name, unique and free of empty values.
  static Labels FromSortedViews(const std::vector<LabelView>& views);
  // Adopts bytes in packed form; InvalidArgument if they are not sorted and well formed.
  static Result<Labels> FromPacked(std::string packed);

  // The value of a label, "" if absent.
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const;
  std::string_view metric_name() const { return Get(kMetricName); }

  bool empty() const { return packed_.empty(); }
  size_t size() const;  // Number of pairs; walks them.
  Iterator begin() const { return Iterator(packed_.data()); }
  Iterator end() const { return Iterator(packed_.data() + packed_.size()); }
  std::string_view packed() const { return packed_; }

  // xxhash64 with seed 0 over packed(): equal to Prometheus' labels hash.
  uint64_t Hash() const;
  // `name{a="b", c="d"}` as Prometheus prints it in messages.
  std::string ToString() const;

  friend bool operator==(const Labels&, const Labels&) = default;
  friend std::strong_ordering operator<=>(const Labels& a, const Labels& b);

 private:
  friend class LabelsBuilder;
  std::string packed_;
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
