// Which sets of label names the series of a metric have, so that who lists names looks at one
// series of each set, not at all.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <absl/container/flat_hash_map.h>

#include "base/labels.h"

namespace firn::engine {

// The label names of a series in order, each ended by a byte that no UTF-8 text holds.
class NameSet {
 public:
  explicit NameSet(const Labels& labels) {
    for (const LabelView label : labels) {
      text_ += label.name;
      text_ += kEnd;
    }
  }
  const std::string& text() const { return text_; }
  // Calls visit(name) for each of `text` until it returns false; whether it never did.
  template <typename Visit>
  static bool All(std::string_view text, const Visit& visit) {
    while (!text.empty()) {
      const size_t size = text.find(kEnd);
      if (!visit(text.substr(0, size))) return false;
      text.remove_prefix(size + 1);
    }
    return true;
  }

 private:
  static constexpr char kEnd = '\xFF';
  std::string text_;
};

// Counts the series of each set. One thread at a time may change it.
class NameSets {
 public:
  void Add(const NameSet& names) { ++users_[names.text()]; }
  // REQUIRES: it was added, and not yet removed as often.
  void Remove(const NameSet& names) {
    const auto it = users_.find(names.text());
    if (--it->second == 0) users_.erase(it);
  }
  // Pairs of a NameSet's text and its count.
  auto begin() const { return users_.begin(); }
  auto end() const { return users_.end(); }

 private:
  absl::flat_hash_map<std::string, size_t> users_;
};

}  // namespace firn::engine
