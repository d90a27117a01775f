// Whatever parses prints as text that parses to the same text, pretty or not; nothing crashes.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "query/parser/parser.h"
#include "query/parser/series_description.h"

namespace {

using firn::query::Expr;

// Timestamps beyond a double's 53 bits are printed rounded.
bool HasRoundedTimestamp(const Expr& root) {
  bool rounded = false;
  const auto note = [&](const firn::query::TimeModifiers& time) {
    if (std::fabs(static_cast<double>(time.at_ms)) > 0x1p52) rounded = true;
  };
  firn::query::Walk(root, [&](const Expr& expr) {
    if (const auto* selector = expr.As<firn::query::VectorSelector>()) note(selector->time);
    if (const auto* subquery = expr.As<firn::query::Subquery>()) note(subquery->time);
  });
  return rounded;
}

void CheckRoundTrip(std::string_view text) {
  constexpr firn::query::ParserOptions kEverything{.experimental_functions = true,
                                                   .extended_range_selectors = true,
                                                   .binop_fill_modifiers = true};
  const auto expr = firn::query::ParseExpr(text, kEverything);
  if (!expr.ok() || HasRoundedTimestamp(**expr)) return;
  const std::string printed = firn::query::PrintExpr(**expr);
  const std::string pretty = firn::query::PrettyPrintExpr(**expr);
  // The printed form of a long number may exceed the limit that the query kept.
  if (printed.size() > firn::query::kQueryBytesMax || pretty.size() > firn::query::kQueryBytesMax) {
    return;
  }
  const auto again = firn::query::ParseExpr(printed, kEverything);
  FIRN_CHECK(again.ok());
  FIRN_CHECK(firn::query::PrintExpr(**again) == printed);
  const auto from_pretty = firn::query::ParseExpr(pretty, kEverything);
  FIRN_CHECK(from_pretty.ok());
  FIRN_CHECK(firn::query::PrintExpr(**from_pretty) == printed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckRoundTrip(text);
  (void)firn::query::ParseSelector(text);
  // Bounded, so that the fuzzer does not spend its time on `1x999999`.
  if (size < 64) (void)firn::query::ParseSeriesDescription(text);
  return 0;
}
