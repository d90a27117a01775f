// What a label set must satisfy to become a series.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/labels.h"
#include "base/status.h"

namespace firn::engine {

struct LabelLimits {
  size_t labels_max = 128;  // Labels of one series, the metric name included.
  size_t name_bytes_max = 1024;
  size_t value_bytes_max = 16384;
};

// InvalidArgument naming the label and the rule or limit it breaks: no metric name, empty
// or repeated name, invalid UTF-8, too many labels, too long. Labels with an empty value
// are as good as absent. REQUIRES: `sorted` is sorted by name.
Status CheckLabels(std::span<const LabelView> sorted, const LabelLimits& limits);

// Packs sorted, checked labels, leaving out empty values; replaces `packed`.
void PackLabels(std::span<const LabelView> sorted, std::string* packed);

// True if packing `labels`, in this order, would give `packed`. Labels with empty values
// are not looked through: false then.
bool EqualsPacked(std::span<const LabelView> labels, std::string_view packed);

}  // namespace firn::engine
