// Samples as exposition text.
#pragma once

#include <string>
#include <string_view>

#include "base/histogram.h"
#include "base/labels.h"
#include "base/time.h"

namespace firn::server {

enum class TextFormat : uint8_t { kPrometheus, kOpenMetrics };

// What becomes of names that only newer readers understand.
enum class NameEscaping : uint8_t { kUnderscores, kAllowUtf8 };

struct TextStyle {
  TextFormat format = TextFormat::kPrometheus;
  NameEscaping escaping = NameEscaping::kUnderscores;
  // Say instance="" of series without one: federated, they must not take on that of the server
  // they come from.
  bool empty_instance = true;

  std::string ContentType() const;
};

// What stands before the samples of a metric family.
struct FamilyText {
  std::string_view name;
  std::string_view type = {};  // "": the one that says nothing.
  std::string_view unit = {};  // OpenMetrics only; the name must end with it.
  std::string_view help = {};
};

// The style that an Accept header prefers among those known here; the default if none is.
TextStyle NegotiateTextStyle(std::string_view accept);

// One thread at a time. Borrows the text that it appends to.
class ExpositionWriter {
 public:
  ExpositionWriter(TextStyle style, std::string* out) : style_(style), out_(*out) {}

  // Lines for type, unit and help, unless the name is the one of the last call.
  void Family(const FamilyText& family);
  // One line: `name` plus `suffix`, the labels but for the metric name, and `le` if not empty.
  void Sample(const Labels& labels, std::string_view suffix, std::string_view le, double v,
              TimestampMs t);
  // A histogram with custom buckets as the classic one that it was made of.
  // REQUIRES: h.UsesCustomBuckets().
  void ClassicHistogram(const Labels& labels, const FloatHistogram& h, TimestampMs t);
  // To be called last.
  void End();

 private:
  void AppendName(std::string_view name, bool is_metric);
  void AppendLabel(std::string_view name, std::string_view value, bool* first);
  void AppendValue(double v);

  const TextStyle style_;
  std::string& out_;
  std::string family_;
};

}  // namespace firn::server
