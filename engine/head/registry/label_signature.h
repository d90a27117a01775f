// A few bits per label pair of a series, so that who looks for a value passes over nearly all
// series that do not have it without reading their labels (Bloom, "Space/Time Trade-offs in Hash
// Coding with Allowable Errors", 1970).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/labels.h"
#include "base/matcher.h"

namespace firn::engine {

using LabelSignature = uint32_t;

inline LabelSignature SignatureOf(std::string_view name, std::string_view value) {
  // Two of 32 bits: with six labels one series in ten has those of a value by chance.
  constexpr int kBits = 5;
  const uint64_t hash = Xxh3(value) + 0x9e3779b97f4a7c15 * Xxh3(name);
  return uint32_t{1} << (hash >> (64 - kBits)) | uint32_t{1} << (hash >> (64 - 2 * kBits) & 31);
}

// The name of the metric has none: its series stand together anyway.
inline LabelSignature SignatureOf(const Labels& labels) {
  LabelSignature all = 0;
  for (const LabelView label : labels) {
    if (label.name != kMetricName) all |= SignatureOf(label.name, label.value);
  }
  return all;
}

// One for each value that the matcher lets pass; none if there are others, or series without the
// label pass.
inline std::vector<LabelSignature> SignaturesOf(const Matcher& m) {
  std::vector<LabelSignature> all;
  if (m.name() == kMetricName) return all;
  const auto add = [&](const std::string& value) {
    if (!value.empty()) all.push_back(SignatureOf(m.name(), value));
    return !value.empty();
  };
  if (m.type() == MatchType::kEqual) {
    add(m.value());
  } else if (!std::all_of(m.set_matches().begin(), m.set_matches().end(), add)) {
    all.clear();
  }
  return all;
}

// What the signature of a series must have that matches all of some matchers.
class SignatureFilter {
 public:
  SignatureFilter() = default;
  explicit SignatureFilter(const Matchers& matchers) {
    for (const Matcher& m : matchers) {
      std::vector<LabelSignature> values = SignaturesOf(m);
      if (values.size() == 1) {
        all_ |= values[0];
      } else if (values.size() <= kValuesMax && values.size() > one_of_.size()) {
        one_of_ = std::move(values);
      }
    }
  }
  bool passes_all() const { return all_ == 0 && one_of_.empty(); }
  bool Passes(LabelSignature series) const {
    const auto has = [&](LabelSignature wanted) { return (series & wanted) == wanted; };
    return has(all_) && (one_of_.empty() || std::any_of(one_of_.begin(), one_of_.end(), has));
  }

 private:
  // With more most series have the bits of one.
  static constexpr size_t kValuesMax = 16;

  LabelSignature all_ = 0;
  std::vector<LabelSignature> one_of_;
};

}  // namespace firn::engine
