// Relabelling rules as Prometheus has them: change, add and remove labels of a series, or
// drop the series.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/status.h"

namespace firn {

enum class RelabelAction : uint8_t {
  kReplace,
  kKeep,
  kDrop,
  kKeepEqual,
  kDropEqual,
  kHashMod,
  kLabelMap,
  kLabelDrop,
  kLabelKeep,
  kLowercase,
  kUppercase,
};

std::string_view RelabelActionName(RelabelAction action);
// In any case; nothing if there is no such action.
std::optional<RelabelAction> ParseRelabelAction(std::string_view name);

// One rule as it is written down; the values are Prometheus' defaults.
struct RelabelConfig {
  std::vector<std::string> source_labels;
  std::string separator = ";";
  std::string regex = "(.*)";
  uint64_t modulus = 0;
  std::string target_label;
  std::string replacement = "$1";
  RelabelAction action = RelabelAction::kReplace;

  friend bool operator==(const RelabelConfig&, const RelabelConfig&) = default;
};

// What `hashmod` hashes with: the last eight bytes of the text's MD5, big-endian. Given by
// the caller, since this folder knows no cryptography.
using RelabelHash = uint64_t (*)(std::string_view text);

// Rules that are applied one after another. Immutable, cheap to copy, thread-safe.
class RelabelRules {
 public:
  // None: everything stays as it is.
  RelabelRules() = default;
  // InvalidArgument, in Prometheus' words, for the first rule that asks for what its action
  // does not do or whose regular expression does not compile. `hash` may be null where no
  // rule is a hashmod.
  static Result<RelabelRules> Create(const std::vector<RelabelConfig>& configs, RelabelHash hash);

  bool empty() const { return rules_ == nullptr; }
  // Changes the labels; false if the series is to be dropped.
  bool Apply(LabelsBuilder* labels) const;

 private:
  class Rule;
  std::shared_ptr<const std::vector<Rule>> rules_;
};

}  // namespace firn
