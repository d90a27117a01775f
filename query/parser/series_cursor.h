// A place in a series line, and the readers that move it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "query/parser/series_description.h"

namespace firn::query {

// One line, one thread. Keeps the first error; every reader that fails returns nothing.
class SeriesCursor {
 public:
  SeriesCursor(std::string_view text, size_t at) : text_(text), at_(at) {}

  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  bool AtBlank() const { return Peek() == ' ' || Peek() == '\t'; }
  size_t at() const { return at_; }
  void Skip(size_t bytes) { at_ += bytes; }
  bool SkipBlanks();
  // Moves behind `word` if it stands here, letters in any case if `any_case`.
  bool Consume(std::string_view word, bool any_case = false);
  // [a-z_]*
  std::string_view Word();
  // An optional sign and a number, `Inf` or `NaN`.
  std::optional<double> SignedNumber();
  std::optional<int64_t> SignedInteger();
  std::optional<uint64_t> Count();

  std::nullopt_t Fail(size_t at, std::string message);
  std::nullopt_t Unexpected();
  const Status& error() const { return error_; }

 private:
  const std::string_view text_;
  size_t at_;
  Status error_;
};

// `{{schema:1 sum:3 buckets:[1 2]}}`; `hint_was_set` tells whether it names a hint.
// REQUIRES: at the braces.
std::optional<FloatHistogram> ReadHistogramLiteral(SeriesCursor* cursor, bool* hint_was_set);

// The default HistogramStep.
Result<FloatHistogram> AddHistograms(const FloatHistogram& current, const FloatHistogram& step,
                                     bool subtract);

}  // namespace firn::query
