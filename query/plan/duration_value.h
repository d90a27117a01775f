// The value of a duration written as an expression: `[5m * 2]`, `offset (step() + 1)`.
#pragma once

#include "base/status.h"
#include "base/time.h"
#include "query/parser/ast.h"

namespace firn::query {

struct DurationScope {
  DurationMs step = 0;   // step(): 0 for instant queries.
  DurationMs range = 0;  // range(): end - start.
};

enum class DurationSign : uint8_t { kAny, kPositive };

// Milliseconds, truncated toward zero. InvalidArgument ("start:end: message") if the value
// is not finite, is out of range, divides by zero or has the wrong sign.
Result<DurationMs> EvaluateDuration(const DurationExpr& expr, const DurationScope& scope,
                                    DurationSign sign);

}  // namespace firn::query
