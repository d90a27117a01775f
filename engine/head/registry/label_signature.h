// A few bits per label pair of a series, so that who looks for a value passes over nearly all
// series that do not have it without reading their labels (Bloom, "Space/Time Trade-offs in Hash
// Coding with Allowable Errors", 1970).
#pragma once

#include <cstdint>
#include <string_view>

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

// Bits of every series that matches all of these.
inline LabelSignature SignatureOf(const Matchers& matchers) {
  LabelSignature all = 0;
  for (const Matcher& m : matchers) {
    if (m.type() != MatchType::kEqual || m.value().empty() || m.name() == kMetricName) continue;
    all |= SignatureOf(m.name(), m.value());
  }
  return all;
}

}  // namespace firn::engine
